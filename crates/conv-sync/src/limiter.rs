//! How often a cloud may be called.

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
/// Tencent's REST API takes 200 calls a second of each command of an SDKAppID, whichever accounts
/// they are for, and refuses those beyond (codes 60007 and 60011; documented in its REST API
/// overview). So all sources of one SDKAppID share one limiter: within a process a
/// `LocalRateLimiter` (feature `rest`), among processes one of the embedder's own, over a place
/// that all of them reach.
///
/// # Contract
/// * A command is the service and command of a URL, such as `recentcontact/get_list`. Each has a
///   rate of its own, for each SDKAppID; none waits for another's.
/// * Calls come on in the order in which they asked, as far as one process can see.
/// * Cancel-safe: a dropped [`acquire`](Self::acquire) takes no call away from the others.
/// * A source waits here before each call, without a bound of its own and outside the call's
///   timeout: a limiter that asks another machine bounds that itself.
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
    /// Waits until one more call of a command may be made for an SDKAppID.
    ///
    /// # Errors
    /// Only where what is shared cannot be reached: [`SourceError::Network`] or
    /// [`SourceError::TimedOut`], which a pull tries again after a pause. The call then fails with
    /// it, unmade. A limiter may as well let the call pass: the cloud has a limiter of its own.
    async fn acquire(&self, sdk_app_id: u32, command: &str) -> Result<(), SourceError>;

    /// The cloud refused a call of a command as one too many: no further call of it is let through
    /// until `pause` has gone by, whoever makes it. Of two pauses the one that ends later counts.
    /// The refused call is answered only after this returns, so it should be soon.
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
