//! Serves each user's conversation list to his own devices.

#[cfg(feature = "server")]
mod host;

#[cfg(feature = "server")]
pub use self::host::{Drain, Host, HostOptions};
