//! A clock whose chance comes from the seed, so that a seed gives the same run every time.

use std::{sync::Mutex, time::Duration};

use async_trait::async_trait;
use conv_api::{TokioClock, sync::Clock};
use fastrand::Rng;

#[derive(Debug)]
pub struct SeededClock {
    clock: TokioClock,
    rng: Mutex<Rng>,
}

impl SeededClock {
    pub fn new(rng: Rng) -> Self {
        Self { clock: TokioClock::default(), rng: Mutex::new(rng) }
    }
}

#[async_trait]
impl Clock for SeededClock {
    fn now(&self) -> Duration {
        self.clock.now()
    }

    async fn sleep(&self, time: Duration) {
        self.clock.sleep(time).await;
    }

    fn chance(&self) -> f64 {
        self.rng.lock().unwrap().f64()
    }
}
