//! The kinds of errors, the same in every crate.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The kind of an error, which decides what a caller can do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ErrorClass {
    /// Network or server trouble: the same call may work later.
    Transient,
    /// Too many calls: wait, then call again.
    RateLimited,
    /// The key, the UserSig or the right to call is missing or wrong.
    Auth,
    /// The call itself is wrong; it will never work.
    InvalidArgument,
    /// The user, group or conversation does not exist or is not visible.
    NotFound,
    /// The cloud, its edition or the source does not offer it.
    Unsupported,
    /// The cloud refused or answered with something else than its protocol.
    Cloud,
    /// The store could not read or write.
    Store,
    /// Stored data is damaged.
    Corrupt,
    /// Stopped, closed or replaced before it ended.
    Cancelled,
}

impl ErrorClass {
    /// Its name in lower case with underscores, as in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Transient => "transient",
            Self::RateLimited => "rate_limited",
            Self::Auth => "auth",
            Self::InvalidArgument => "invalid_argument",
            Self::NotFound => "not_found",
            Self::Unsupported => "unsupported",
            Self::Cloud => "cloud",
            Self::Store => "store",
            Self::Corrupt => "corrupt",
            Self::Cancelled => "cancelled",
        }
    }

    /// Returns true if waiting may help.
    pub const fn is_retryable(self) -> bool {
        matches!(self, Self::Transient | Self::RateLimited)
    }
}

impl fmt::Display for ErrorClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
