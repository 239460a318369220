//! Errors of the server.

use std::{sync::Arc, time::Duration};

use conv_model::ErrorClass;
use conv_store::StoreError;
use redis::{ErrorKind, ServerError, ServerErrorKind};
use thiserror::Error;

/// The error of the client.
type Source = Arc<dyn std::error::Error + Send + Sync>;

/// The reason that the server could not do what it was asked. [`of`](Self::of) finds it in a
/// [`StoreError`].
///
/// Whatever the error, no change is half written. Unless the error says that nothing was written,
/// the whole change may have been written.
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
    /// Fewer replicas than wanted said in time that they have the write. The master has it.
    #[error("write is on {copies} replicas, expected {wanted}")]
    NotCopied {
        /// The number of replicas that have it.
        copies: u32,
        /// The number of replicas that were wanted: [`copies`](crate::RedisOptions::copies).
        wanted: u32,
    },
    /// The answer to a write was lost, and more others wrote since than the server remembers. The
    /// write may have been made.
    #[error("write may have been made")]
    Unconfirmed,
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
        /// The policy that is set.
        policy: String,
    },
    /// The options are invalid, for instance an address.
    #[error("invalid options: {what}")]
    Options {
        /// The fault.
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
    /// Returns the class of the error: what a caller can do about it.
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Unreachable(_) | Self::TimedOut { .. } => ErrorClass::Transient,
            Self::ReadOnly(_) | Self::NotServed(_) => ErrorClass::Transient,
            Self::NotCopied { .. } | Self::Unconfirmed | Self::NoScript => ErrorClass::Transient,
            Self::Refused(_) => ErrorClass::Auth,
            Self::MayEvict { .. } | Self::Options { .. } => ErrorClass::InvalidArgument,
            Self::OutOfMemory(_) | Self::Answer(_) => ErrorClass::Store,
        }
    }

    /// Returns the server's error that caused a store's error, if there is one.
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

impl RedisError {
    /// Converts the client's error. Of several calls made at once the first that failed counts.
    pub(crate) fn met(error: redis::RedisError) -> Self {
        let said = error.clone().into_server_errors();
        if let Some((_, said)) = said.as_ref().and_then(|all| all.first()) {
            return said_by_server(said, error);
        }
        match error.kind() {
            // Some words of the server's are the client's own by now.
            ErrorKind::Server(kind) => of_kind(Some(kind), error),
            ErrorKind::AuthenticationFailed => Self::Refused(Arc::new(error)),
            ErrorKind::InvalidClientConfig => Self::options(error.to_string()),
            ErrorKind::Io | ErrorKind::ClusterConnectionNotFound => {
                Self::Unreachable(Arc::new(error))
            }
            _ => Self::Answer(Arc::new(error)),
        }
    }
}

fn said_by_server(said: &ServerError, error: redis::RedisError) -> RedisError {
    // In a script that it stopped the server's word is part of a longer text.
    let is_full = said.code() == "OOM" || error.to_string().contains("OOM ");
    match said.code() {
        _ if is_full => RedisError::OutOfMemory(Arc::new(error)),
        "NOREPLICAS" | "MISCONF" => RedisError::ReadOnly(Arc::new(error)),
        "WRONGPASS" | "NOAUTH" => RedisError::Refused(Arc::new(error)),
        _ => of_kind(said.kind(), error),
    }
}

fn of_kind(kind: Option<ServerErrorKind>, error: redis::RedisError) -> RedisError {
    use ServerErrorKind as Kind;
    match kind {
        Some(Kind::NoScript) => RedisError::NoScript,
        Some(Kind::ReadOnly) => RedisError::ReadOnly(Arc::new(error)),
        Some(Kind::NoPerm) => RedisError::Refused(Arc::new(error)),
        Some(Kind::Moved | Kind::Ask | Kind::TryAgain | Kind::ClusterDown) => {
            RedisError::NotServed(Arc::new(error))
        }
        Some(Kind::MasterDown | Kind::BusyLoading) => RedisError::NotServed(Arc::new(error)),
        _ => RedisError::Answer(Arc::new(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Converts a server's answer.
    fn met(answer: &str) -> RedisError {
        let value = redis::parse_redis_value(format!("-{answer}\r\n").as_bytes()).unwrap();
        RedisError::met(value.extract_error().unwrap_err())
    }

    #[test]
    fn errors_of_a_server_are_classed() {
        use RedisError as E;
        let transient = [
            "MOVED 1 127.0.0.1:1",
            "ASK 1 127.0.0.1:1",
            "TRYAGAIN Multiple keys request during rehashing of slot",
            "CLUSTERDOWN The cluster is down",
            "MASTERDOWN Link with MASTER is down",
            "LOADING Redis is loading the dataset in memory",
        ];
        for answer in transient {
            assert!(matches!(met(answer), E::NotServed(_)), "{answer}");
            assert_eq!(met(answer).class(), ErrorClass::Transient);
        }
        for answer in ["READONLY no", "NOREPLICAS Not enough", "MISCONF Errors writing"] {
            assert!(matches!(met(answer), E::ReadOnly(_)), "{answer}");
            assert_eq!(met(answer).class(), ErrorClass::Transient);
        }
        for answer in ["WRONGPASS invalid", "NOAUTH required", "NOPERM no permissions"] {
            assert!(matches!(met(answer), E::Refused(_)), "{answer}");
            assert_eq!(met(answer).class(), ErrorClass::Auth);
        }
        for answer in ["OOM command not allowed", "ERR in a script: OOM command not allowed"] {
            assert!(matches!(met(answer), E::OutOfMemory(_)), "{answer}");
            assert_eq!(met(answer).class(), ErrorClass::Store);
        }
        assert!(matches!(met("NOSCRIPT No matching script"), E::NoScript));
        for answer in ["ERR unknown command", "WRONGTYPE Operation against"] {
            assert!(matches!(met(answer), E::Answer(_)), "{answer}");
            assert_eq!(met(answer).class(), ErrorClass::Store);
        }
    }
}
