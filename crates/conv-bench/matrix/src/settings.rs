//! The sizes of the measurements.

use std::time::Duration;

pub struct Settings {
    pub rounds: usize,
    pub budget: Duration,
    pub is_patient: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { rounds: 50, budget: Duration::from_secs(5), is_patient: true }
    }
}
