//! Why a server could not do it.

use std::{sync::Arc, time::Duration};

use conv_model::ErrorClass;
use conv_store::StoreError;
use redis::{ErrorKind, ServerErrorKind};
use thiserror::Error;

/// What the client met.
type Source = Arc<dyn std::error::Error + Send + Sync>;

/// Why a server could not do it. [`of`](Self::of) finds it in a
/// [`StoreError`].
///
/// Whatever it is, nothing of a change is half written; unless it says that nothing was written,
/// the change may have been written whole.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum RedisError {
    /// No server answers: it is gone, or the network is.
    #[error("server cannot be reached")]
    Unreachable(#[source] Source),
    /// The server did not answer in time.
    #[error("server did not answer within {limit:?}")]
    TimedOut {
        /// The time that it had.
        limit: Duration,
    },
    /// The server takes no writes: it is a replica now, or has too few replicas of its own.
    /// Nothing was written.
    #[error("server takes no writes")]
    ReadOnly(#[source] Source),
    /// The server's memory is full. Nothing was written.
    #[error("memory of the server is full")]
    OutOfMemory(#[source] Source),
    /// No server answers for the account's slot: a master is gone and no replica took over yet,
    /// or the server is loading its data. Nothing was written.
    #[error("no server answers for the slot")]
    NotServed(#[source] Source),
    /// The password is wrong, or the user may not do this.
    #[error("server refused the password or the command")]
    Refused(#[source] Source),
    /// The server may evict keys, so that parts of accounts would vanish.
    #[error("expected maxmemory-policy noeviction, server has {policy}")]
    MayEvict {
        /// What is set.
        policy: String,
    },
    /// Options that make no sense, such as an address that is none.
    #[error("invalid options: {what}")]
    Options {
        /// What is wrong.
        what: String,
    },
    /// The server does not know the script.
    #[error("script is not loaded")]
    NoScript,
    /// The server said something else than expected.
    #[error("unexpected answer of the server")]
    Answer(#[source] Source),
}

impl RedisError {
    /// What kind of error it is: what a caller can do about it.
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Unreachable(_) | Self::TimedOut { .. } => ErrorClass::Transient,
            Self::ReadOnly(_) | Self::NotServed(_) | Self::NoScript => ErrorClass::Transient,
            Self::Refused(_) => ErrorClass::Auth,
            Self::MayEvict { .. } | Self::Options { .. } => ErrorClass::InvalidArgument,
            Self::OutOfMemory(_) | Self::Answer(_) => ErrorClass::Store,
        }
    }

    /// What a store's error came from, if it came from a server.
    ///
    /// ```
    /// use conv_store::StoreError;
    /// use conv_store_redis::RedisError;
    ///
    /// let error = StoreError::from(RedisError::MayEvict { policy: "allkeys-lru".into() });
    /// assert!(matches!(RedisError::of(&error), Some(RedisError::MayEvict { .. })));
    /// assert!(RedisError::of(&StoreError::Closed).is_none());
    /// ```
    pub fn of(error: &StoreError) -> Option<&Self> {
        match error {
            StoreError::Remote { source, .. } => source.downcast_ref(),
            _ => None,
        }
    }

    pub(crate) fn options(what: impl Into<String>) -> Self {
        Self::Options { what: what.into() }
    }
}

impl From<RedisError> for StoreError {
    fn from(error: RedisError) -> Self {
        Self::remote(error.class(), error)
    }
}

impl From<redis::RedisError> for RedisError {
    fn from(error: redis::RedisError) -> Self {
        let kind = error.kind();
        let code = error.code().unwrap_or_default().to_owned();
        let says = |word: &str| code == word || error.to_string().contains(word);
        if says("OOM ") || code == "OOM" {
            return Self::OutOfMemory(Arc::new(error));
        }
        if code == "NOREPLICAS" || code == "MISCONF" {
            return Self::ReadOnly(Arc::new(error));
        }
        if code == "WRONGPASS" || code == "NOAUTH" {
            return Self::Refused(Arc::new(error));
        }
        match kind {
            ErrorKind::Server(kind) => server(kind, error),
            ErrorKind::AuthenticationFailed => Self::Refused(Arc::new(error)),
            ErrorKind::InvalidClientConfig => Self::options(error.to_string()),
            ErrorKind::Io | ErrorKind::ClusterConnectionNotFound => {
                Self::Unreachable(Arc::new(error))
            }
            _ => Self::Answer(Arc::new(error)),
        }
    }
}

fn server(kind: ServerErrorKind, error: redis::RedisError) -> RedisError {
    use ServerErrorKind as Kind;
    match kind {
        Kind::NoScript => RedisError::NoScript,
        Kind::ReadOnly => RedisError::ReadOnly(Arc::new(error)),
        Kind::NoPerm => RedisError::Refused(Arc::new(error)),
        Kind::Moved | Kind::Ask | Kind::TryAgain | Kind::ClusterDown => {
            RedisError::NotServed(Arc::new(error))
        }
        Kind::MasterDown | Kind::BusyLoading => RedisError::NotServed(Arc::new(error)),
        _ => RedisError::Answer(Arc::new(error)),
    }
}
