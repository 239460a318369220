//! The cloud's rate, shared by all processes.

use std::{
    collections::HashMap,
    fmt,
    num::NonZeroU32,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use conv_model::ErrorClass;
use conv_sync::{RateLimiter, SourceError};
use tokio::time::sleep;

use crate::{
    RedisDatabase, RedisError,
    script::{ACQUIRE, HOLD_BACK},
    server::Server,
    sync::lock,
};

/// Keeps the calls of all processes that share a server under a rate: by default 180 per second of
/// each command of an SDKAppID, under the cloud's 200.
///
/// A twentieth of the rate, at least one call, may go out at once after a silence. Within a process
/// calls come on in the order of asking; of several processes none is preferred. Time is the
/// server's. If the server cannot be reached, calls fail as
/// [`SourceError::Network`] does, and a pull tries again.
///
/// ```no_run
/// use std::sync::Arc;
///
/// use conv_store_redis::{RedisDatabase, RedisRateLimiter};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), conv_store::StoreError> {
/// let database = RedisDatabase::open(["redis://127.0.0.1:6379"]).await?;
/// let limiter = Arc::new(RedisRateLimiter::new(&database));
/// // RestSource::builder(…).rate_limiter(limiter)
/// # let _ = limiter;
/// # Ok(())
/// # }
/// ```
pub struct RedisRateLimiter {
    server: Arc<Server>,
    /// Microseconds between two calls.
    between: u64,
    /// Microseconds of calls that may go out at once.
    burst: u64,
    /// Held by the first waiting call of this process. The map's own lock is held for a look-up
    /// only.
    lines: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
}

/// The default rate in calls per second; the rest of the cloud's 200 is for other calls of the app.
const RATE: NonZeroU32 = NonZeroU32::MIN.saturating_add(179);
/// The part of a second's calls that may go out at once.
const BURST: u32 = 20;
/// The longest time that calls are held back for.
const LONGEST_HOLD: Duration = Duration::from_secs(24 * 3600);
/// Longer than any cloud asks to wait: so long a process sleeps before it looks again.
const LONG: Duration = Duration::from_secs(5);

impl RedisRateLimiter {
    /// Creates a limiter of 180 calls per second, for all processes together.
    pub fn new(database: &RedisDatabase) -> Self {
        Self::with_rate(database, RATE)
    }

    /// Creates a limiter of another rate, in calls per second of each command, for all processes
    /// together; above a million it is a million. They all have to name the same one.
    pub fn with_rate(database: &RedisDatabase, calls_per_second: NonZeroU32) -> Self {
        // Rounded up, so that no rate is exceeded and none is without end.
        let between = 1_000_000_u64.div_ceil(u64::from(calls_per_second.get()));
        let burst = u64::from(calls_per_second.get() / BURST).max(1);
        Self {
            server: Arc::clone(database.server()),
            between,
            burst: between * (burst - 1),
            lines: Mutex::default(),
        }
    }

    /// Takes one call, or gives how long to wait before asking again.
    async fn ask(&self, key: &str) -> Result<Duration, RedisError> {
        let [rate, hold] = [format!("{key}:rate"), format!("{key}:hold")];
        let words = [self.between, self.burst].map(|micros| micros.to_string());
        let arguments = words.each_ref().map(|word| word.as_bytes());
        let link = self.server.link(key);
        let micros: u64 = ACQUIRE.run(&link, &[&rate, &hold], &arguments).await?;
        Ok(Duration::from_micros(micros))
    }

    fn key(&self, sdk_app_id: u32, command: &str) -> String {
        format!("{}:{{{sdk_app_id}/{command}}}", self.server.options.prefix)
    }

    fn line(&self, key: &str) -> Arc<tokio::sync::Mutex<()>> {
        let mut lines = lock(&self.lines);
        Arc::clone(lines.entry(key.to_owned()).or_default())
    }
}

#[async_trait]
impl RateLimiter for RedisRateLimiter {
    async fn acquire(&self, sdk_app_id: u32, command: &str) -> Result<(), SourceError> {
        let key = self.key(sdk_app_id, command);
        let line = self.line(&key);
        let _first = line.lock().await;
        loop {
            let wait = self.ask(&key).await.map_err(source_error)?;
            if wait.is_zero() {
                return Ok(());
            }
            sleep(wait.min(LONG)).await;
        }
    }

    async fn hold_back(&self, sdk_app_id: u32, command: &str, pause: Duration) {
        let key = self.key(sdk_app_id, command);
        let millis = pause.min(LONGEST_HOLD).as_millis().max(1).to_string();
        let link = self.server.link(&key);
        let held: Result<(), _> =
            HOLD_BACK.run(&link, &[&format!("{key}:hold")], &[millis.as_bytes()]).await;
        if let Err(error) = held {
            // The cloud says so again to a caller that is too early.
            tracing::debug!(class = error.class().as_str(), "other processes are not held back");
        }
    }
}

fn source_error(error: RedisError) -> SourceError {
    match error.class() {
        ErrorClass::Transient if matches!(error, RedisError::TimedOut { .. }) => {
            SourceError::TimedOut
        }
        _ => SourceError::network("rate limiter"),
    }
}

impl fmt::Debug for RedisRateLimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisRateLimiter")
            .field("between_micros", &self.between)
            .finish_non_exhaustive()
    }
}
