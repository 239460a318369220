//! A panic of foreign code becomes an error.

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

/// Runs foreign code. A panic in it becomes [`StoreError::Engine`]; what the code was working on
/// must not be used any more.
pub(crate) fn caught<T>(work: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
    // Whoever calls this drops or poisons what the code was working on.
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

/// Whether an error is a panic that was caught.
#[cfg(test)]
pub(crate) fn is_panic(error: &StoreError) -> bool {
    matches!(error, StoreError::Engine(source) if source.is::<Panicked>())
}
