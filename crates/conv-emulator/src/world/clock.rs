//! The cloud's clock.

use std::time::{Duration, Instant};

/// A start chosen by the caller, plus the monotonic time since then, so that the world never
/// depends on the device's clock.
#[derive(Debug)]
pub(super) struct Clock {
    base: u64,
    started: Instant,
    skipped: Duration,
}

impl Clock {
    pub(super) fn starting_at(seconds: u64) -> Self {
        Self { base: seconds, started: Instant::now(), skipped: Duration::ZERO }
    }

    pub(super) fn now(&self) -> u64 {
        self.moment().as_secs()
    }

    /// Returns the time since 1970, finer than a second.
    pub(super) fn moment(&self) -> Duration {
        let elapsed = self.started.elapsed().saturating_add(self.skipped);
        Duration::from_secs(self.base).saturating_add(elapsed)
    }

    pub(super) fn advance(&mut self, by: Duration) {
        self.skipped = self.skipped.saturating_add(by);
    }

    pub(super) fn set(&mut self, seconds: u64) {
        *self = Self::starting_at(seconds);
    }
}
