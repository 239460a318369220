//! redb's errors as ours.

use ::redb::Error;

use crate::StoreError;

/// An error of redb's, met while doing something.
pub(super) fn failed(doing: &'static str, error: impl Into<Error>) -> StoreError {
    match error.into() {
        Error::Io(error) => StoreError::io(doing, error),
        Error::Corrupted(what) => StoreError::Corrupt { what: format!("{what} while {doing}") },
        error => StoreError::engine(error),
    }
}

/// Returns true if the error means that another process holds the file.
pub(super) fn is_lock(error: &::redb::DatabaseError) -> bool {
    use ::redb::DatabaseError::{DatabaseAlreadyOpen, LockProtocolMismatch};
    matches!(error, DatabaseAlreadyOpen | LockProtocolMismatch)
}
