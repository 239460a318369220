//! Panics of foreign code as errors.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
};

use thiserror::Error;

use crate::StoreError;

/// The storage engine's code panicked.
#[derive(Debug, Error)]
#[error("storage engine panicked: {0}")]
pub(crate) struct Panicked(String);

/// Runs foreign code and turns a panic into [`StoreError::Engine`]. The value that the code worked on
/// must not be used after that.
pub(crate) fn caught<T>(work: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
    // The caller drops or poisons the value that the code worked on.
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|payload| Err(StoreError::engine(Panicked(message(&*payload)))))
}

fn message(payload: &(dyn Any + Send)) -> String {
    payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_owned())
}

/// Returns true if an error is a panic that was caught.
#[cfg(test)]
pub(crate) fn is_panic(error: &StoreError) -> bool {
    matches!(error, StoreError::Engine(source) if source.is::<Panicked>())
}
