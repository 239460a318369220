//! A rate limiter within one process.

use std::{
    collections::HashMap,
    num::NonZeroU32,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use governor::Quota;

use super::lane::Lane;
use crate::{RateLimiter, SourceError};

/// Keeps the calls of one process under a rate: 180 per second of each command by default, below
/// the cloud's 200.
///
/// After a silence, a burst of a twentieth of the rate, at least one call, may go out at once, so
/// no second has more calls than the rate plus the burst. Waiting calls proceed in the order in
/// which they asked. Waits on Tokio's clock.
///
/// Several processes of one SDKAppID share the cloud's rate: give each its part, or write a
/// [`RateLimiter`] over a shared server.
///
/// ```
/// use std::{num::NonZeroU32, sync::Arc};
///
/// use conv_sync::{LocalRateLimiter, Region, RestSource, UserSigSigner};
///
/// // One of four processes, with two sources of one app.
/// let rate = NonZeroU32::new(45).ok_or("zero")?;
/// let limiter = Arc::new(LocalRateLimiter::new(rate));
/// let sources = ["administrator", "bot"].map(|admin| {
///     let signer = UserSigSigner::new(admin, "the secret key of the app");
///     RestSource::builder(Region::Singapore, 1_400_000_000, signer)
///         .rate_limiter(limiter.clone())
///         .build()
/// });
/// # let _ = sources;
/// # Ok::<(), &str>(())
/// ```
///
/// Keeps a few hundred bytes per command and SDKAppID until it is dropped.
#[derive(Debug)]
pub struct LocalRateLimiter {
    quota: Quota,
    // Held for a look-up only, never across an await.
    lanes: Mutex<HashMap<Key, Arc<Lane>>>,
}

/// SDKAppID and command.
type Key = (u32, Box<str>);

/// Calls per second, of 200: the rest is for the app's other calls.
const RATE: NonZeroU32 = NonZeroU32::MIN.saturating_add(179);
/// The rate divided by this is the burst.
const BURST: u32 = 20;

impl LocalRateLimiter {
    /// Makes a limiter of `calls_per_second` of each command.
    pub fn new(calls_per_second: NonZeroU32) -> Self {
        let burst = NonZeroU32::new(calls_per_second.get() / BURST).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::per_second(calls_per_second).allow_burst(burst);
        Self { quota, lanes: Mutex::default() }
    }

    fn lane(&self, sdk_app_id: u32, command: &str) -> Arc<Lane> {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        let lane = lanes.entry((sdk_app_id, command.into()));
        Arc::clone(lane.or_insert_with(|| Arc::new(Lane::new(self.quota))))
    }
}

impl Default for LocalRateLimiter {
    fn default() -> Self {
        Self::new(RATE)
    }
}

#[async_trait]
impl RateLimiter for LocalRateLimiter {
    /// Never fails.
    async fn acquire(&self, sdk_app_id: u32, command: &str) -> Result<(), SourceError> {
        self.lane(sdk_app_id, command).next().await;
        Ok(())
    }

    async fn hold_back(&self, sdk_app_id: u32, command: &str, pause: Duration) {
        self.lane(sdk_app_id, command).hold_back(pause);
    }
}
