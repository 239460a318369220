//! Time and randomness for the driver of a pull.

use std::{fmt::Debug, time::Duration};

use async_trait::async_trait;
use conv_model::Timestamp;

/// Time and randomness for a [`Puller`](crate::Puller) or a [`Dispatcher`](crate::Dispatcher), so that tests can control both.
#[async_trait]
pub trait Clock: Debug + Send + Sync + 'static {
    /// Returns the time since some fixed moment. Monotonic, without relation to dates.
    fn now(&self) -> Duration;

    /// Completes after `time`.
    async fn sleep(&self, time: Duration);

    /// Returns a random number from 0 up to 1, which spreads retries.
    fn chance(&self) -> f64;

    /// Returns the date, which may be set, and goes on while the device is suspended; `None` without a
    /// clock of dates. The system's by default, and `None` in a browser.
    fn wall_time(&self) -> Option<Timestamp> {
        system_time()
    }
}

/// In a browser, the standard library's clock panics.
fn system_time() -> Option<Timestamp> {
    use std::time::{SystemTime, UNIX_EPOCH};

    if cfg!(all(target_family = "wasm", target_os = "unknown")) {
        return None;
    }
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    Some(Timestamp::from_secs(since_1970.as_secs()))
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

        // Each `RandomState` has its own key: random enough for jitter, without a crate.
        let drawn = RandomState::new().build_hasher().finish();
        (drawn >> 11) as f64 / (1_u64 << 53) as f64
    }
}
