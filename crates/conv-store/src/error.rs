//! Errors of stores.

use std::{io, path::PathBuf, sync::Arc, time::Duration};

use conv_model::{ErrorClass, MutationError, Superseded};
use thiserror::Error;

/// The reason that a store could not do what it was asked.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The store was closed.
    #[error("store is closed")]
    Closed,
    /// A later pass began; this one must stop.
    #[error(transparent)]
    Superseded(#[from] Superseded),
    /// Another writer wrote first. An engine answers with it if a write was computed from an older
    /// state; the store then computes the change again, and returns this error only if conflicts do
    /// not end.
    #[error("another writer wrote first")]
    Conflict,
    /// The database is open elsewhere.
    #[error("database at {} is open elsewhere", path.display())]
    Locked {
        /// The path of the database.
        path: PathBuf,
    },
    /// The database did not open in time. Nothing was repaired or quarantined; the attempt that is
    /// still running holds the folder until it ends.
    #[error("database did not open within {limit:?}")]
    OpenTimedOut {
        /// The time it had.
        limit: Duration,
    },
    /// The data was written by a newer version; it is left as it is.
    #[error("data has schema version {found}, newest known is {known}")]
    NewerSchema {
        /// The version that was met.
        found: u8,
        /// The newest one that this version reads.
        known: u8,
    },
    /// The database was opened for reading alone.
    #[error("database was opened for reading alone")]
    ReadOnly {
        /// The error of opening it for writing; `None` if reading alone was requested.
        #[source]
        why: Option<Arc<StoreError>>,
    },
    /// Stored data is damaged.
    #[error("stored data is damaged: {what}")]
    Corrupt {
        /// The damage that was found.
        what: String,
    },
    /// A change is larger than a store takes.
    #[error("record of {bytes} bytes is larger than {limit}")]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// The most a record may have.
        limit: usize,
    },
    /// A file could not be read or written.
    #[error("storage failed while {doing}")]
    Io {
        /// The operation that failed.
        doing: &'static str,
        /// The system's error.
        #[source]
        source: Arc<io::Error>,
    },
    /// The backend failed in a way of its own.
    #[error("storage engine failed")]
    Engine(#[source] Arc<dyn std::error::Error + Send + Sync>),
    /// The server that keeps the data failed, or cannot be reached.
    #[error("server of the store failed")]
    Remote {
        /// The class of the error.
        class: ErrorClass,
        /// The backend's own error.
        #[source]
        source: Arc<dyn std::error::Error + Send + Sync>,
    },
    /// A mutation fails its check, or the outbox has no room for it. Nothing was accepted.
    #[error(transparent)]
    Refused(#[from] MutationError),
    /// The store has no outbox.
    #[error("the store does not support changes for the cloud")]
    Unsupported,
    /// A store was opened outside a Tokio runtime.
    #[error("expected to be called within a Tokio runtime")]
    NoRuntime,
}

impl StoreError {
    /// A system's error met while doing something.
    pub fn io(doing: &'static str, source: io::Error) -> Self {
        Self::Io { doing, source: Arc::new(source) }
    }

    /// A backend's own error.
    pub fn engine(source: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Engine(Arc::new(source))
    }

    /// A server's error, and what kind of error it is.
    pub fn remote(
        class: ErrorClass,
        source: impl std::error::Error + Send + Sync + 'static,
    ) -> Self {
        Self::Remote { class, source: Arc::new(source) }
    }

    /// Returns the class of the error.
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Closed | Self::Superseded(_) => ErrorClass::Cancelled,
            Self::Corrupt { .. } => ErrorClass::Corrupt,
            Self::NewerSchema { .. } | Self::Unsupported => ErrorClass::Unsupported,
            Self::Refused(error) => error.class(),
            Self::TooLarge { .. } | Self::NoRuntime => ErrorClass::InvalidArgument,
            Self::Remote { class, .. } => *class,
            _ => ErrorClass::Store,
        }
    }
}
