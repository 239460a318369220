//! Clocks that wait for nothing that a test would have to wait for.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use async_trait::async_trait;
use conv_api::{Clock, TokioClock};

/// A clock whose chance is always the least: failed calls are tried again at once. The pauses between
/// failed passes are those of a real clock.
#[derive(Debug, Default)]
pub struct Prompt(TokioClock);

#[async_trait]
impl Clock for Prompt {
    fn now(&self) -> Duration {
        self.0.now()
    }

    async fn sleep(&self, time: Duration) {
        self.0.sleep(time).await;
    }

    fn chance(&self) -> f64 {
        0.0
    }
}

/// A clock that leaps over each pause, also over those between passes. Clones are one clock.
#[derive(Clone, Debug, Default)]
pub struct Leaping {
    real: TokioClock,
    leapt_ms: Arc<AtomicU64>,
}

impl Leaping {
    /// Returns the duration of its pauses, and of everything else that it skipped.
    pub fn leapt(&self) -> Duration {
        Duration::from_millis(self.leapt_ms.load(Relaxed))
    }

    pub fn leap(&self, time: Duration) {
        self.leapt_ms.fetch_add(u64::try_from(time.as_millis()).unwrap(), Relaxed);
    }
}

#[async_trait]
impl Clock for Leaping {
    fn now(&self) -> Duration {
        self.real.now() + self.leapt()
    }

    async fn sleep(&self, time: Duration) {
        self.leap(time);
        tokio::task::yield_now().await;
    }

    fn chance(&self) -> f64 {
        0.5
    }
}
