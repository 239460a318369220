//! Rate limits for calls to a cloud.

#[cfg(feature = "rest")]
mod lane;
#[cfg(feature = "rest")]
mod local;

use std::{fmt::Debug, sync::Arc, time::Duration};

use async_trait::async_trait;

#[cfg(feature = "rest")]
pub use self::local::LocalRateLimiter;
use crate::SourceError;

/// Keeps calls to a cloud under its rate.
///
/// Tencent's REST API takes 200 calls per second of each command per SDKAppID, for all accounts
/// together, and refuses further ones (codes 60007 and 60011; documented in its REST API overview).
/// So all sources of one SDKAppID share one limiter: a `LocalRateLimiter` (feature `rest`) within a
/// process, or the embedder's own limiter over a server that all processes reach.
///
/// # Contract
/// * A command is the service and command of a URL, such as `recentcontact/get_list`. Each command
///   of each SDKAppID has its own rate and waits for no other.
/// * Calls proceed in the order in which they asked, at least within one process.
/// * Cancel-safe: a dropped [`acquire`](Self::acquire) uses up no call.
/// * A source waits here before each call, without a timeout of its own and outside the call's
///   timeout: a limiter that asks another machine needs its own timeout.
///
/// ```
/// use std::time::Duration;
///
/// use async_trait::async_trait;
/// use conv_sync::{RateLimiter, SourceError};
///
/// #[derive(Debug)]
/// struct SharedByAllProcesses;
///
/// # async fn ask_the_others(_: &str) -> std::io::Result<Duration> { Ok(Duration::ZERO) }
/// # async fn tell_the_others(_: &str, _: Duration) {}
/// #[async_trait]
/// impl RateLimiter for SharedByAllProcesses {
///     async fn acquire(&self, sdk_app_id: u32, command: &str) -> Result<(), SourceError> {
///         let key = format!("{sdk_app_id}/{command}");
///         let wait = ask_the_others(&key).await;
///         let wait = wait.map_err(|_| SourceError::network("rate limiter"))?;
///         tokio::time::sleep(wait).await;
///         Ok(())
///     }
///
///     async fn hold_back(&self, sdk_app_id: u32, command: &str, pause: Duration) {
///         tell_the_others(&format!("{sdk_app_id}/{command}"), pause).await;
///     }
/// }
/// ```
#[async_trait]
pub trait RateLimiter: Debug + Send + Sync + 'static {
    /// Waits until one more call of a command may go out for an SDKAppID.
    ///
    /// # Errors
    /// [`SourceError::Network`] or [`SourceError::TimedOut`] if the shared state cannot be reached.
    /// The call then fails with that error without going out, and a pull retries it after a pause.
    /// A limiter may instead let the call through: the cloud has its own limiter.
    async fn acquire(&self, sdk_app_id: u32, command: &str) -> Result<(), SourceError>;

    /// Holds back all further calls of a command for `pause`, because the cloud refused one as too
    /// many. Of two pauses, the one that ends later counts. Should return soon: the refused call
    /// waits for it.
    async fn hold_back(&self, sdk_app_id: u32, command: &str, pause: Duration);
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl<T: RateLimiter + ?Sized> RateLimiter for Arc<T> {
    async fn acquire(&self, sdk_app_id: u32, command: &str) -> Result<(), SourceError> {
        (**self).acquire(sdk_app_id, command).await
    }

    async fn hold_back(&self, sdk_app_id: u32, command: &str, pause: Duration) {
        (**self).hold_back(sdk_app_id, command, pause).await;
    }
}
