//! sled's errors as ours.

use ::sled::Error;

use crate::StoreError;

/// An error of sled's, met while doing something.
pub(super) fn failed(doing: &'static str, error: Error) -> StoreError {
    match error {
        Error::Io(error) => StoreError::io(doing, error),
        Error::Corruption { .. } => StoreError::Corrupt { what: format!("{error} while {doing}") },
        error => StoreError::engine(error),
    }
}

/// Returns true if the error means that another process holds the file. sled has no error kind for
/// that.
pub(super) fn is_lock(error: &Error) -> bool {
    matches!(error, Error::Io(error) if error.to_string().contains("could not acquire lock"))
}
