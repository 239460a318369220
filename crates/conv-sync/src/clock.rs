//! Time and chance, as the driver of a pull needs them.

use std::{fmt::Debug, time::Duration};

use async_trait::async_trait;

/// Time and chance for a [`Puller`](crate::Puller), so that tests can turn both.
#[async_trait]
pub trait Clock: Debug + Send + Sync + 'static {
    /// Time since some fixed moment. Never goes back; knows nothing of dates.
    fn now(&self) -> Duration;

    /// Ends after a time.
    async fn sleep(&self, time: Duration);

    /// A number from 0 up to 1, drawn at random, that spreads retries.
    fn chance(&self) -> f64;
}

/// Tokio's clock. Must be used within a Tokio runtime with time enabled.
#[cfg(feature = "tokio")]
#[derive(Clone, Copy, Debug)]
pub struct TokioClock {
    start: tokio::time::Instant,
}

#[cfg(feature = "tokio")]
impl Default for TokioClock {
    fn default() -> Self {
        Self { start: tokio::time::Instant::now() }
    }
}

#[cfg(feature = "tokio")]
#[async_trait]
impl Clock for TokioClock {
    fn now(&self) -> Duration {
        self.start.elapsed()
    }

    async fn sleep(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }

    fn chance(&self) -> f64 {
        use std::hash::{BuildHasher, Hasher, RandomState};

        // Each `RandomState` has a key of its own: chance enough for jitter, without a crate.
        let drawn = RandomState::new().build_hasher().finish();
        (drawn >> 11) as f64 / (1_u64 << 53) as f64
    }
}
