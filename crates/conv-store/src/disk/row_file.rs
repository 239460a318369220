//! An engine's part of a database: bytes under keys, in one file of rows.

use std::{fmt::Debug, sync::Arc};

use super::Durability;
use crate::StoreError;

/// An engine's file of rows, while it is open: a map of bytes.
///
/// Everything blocks. One thread writes; others may read at the same time. An error or a panic ends the
/// use of the value: it is dropped, and the file is reopened.
pub(crate) trait RowFile: Debug + Send + Sync + 'static {
    /// Passes on every key that begins with a prefix, in order. These keys are not written meanwhile.
    fn scan(&self, prefix: &[u8], each: Each<'_>) -> Result<(), StoreError>;

    /// Passes on every key that belongs to an account; may pass on others.
    fn scan_accounts(&self, each: Each<'_>) -> Result<(), StoreError> {
        self.scan(&[], each)
    }

    /// Returns the first key at or after this one, with its value.
    fn first_from(&self, key: &[u8]) -> Result<Found, StoreError>;

    /// Changes keys: all of them or none, also when the process dies in the middle. A crash leaves a
    /// prefix of the writes that were not flushed.
    fn write(&self, changes: &Changes) -> Result<(), StoreError>;

    /// Makes all writes so far at least as durable as a level says.
    fn flush(&self, durability: Durability) -> Result<(), StoreError>;
}

/// Receives keys and values.
pub(crate) type Each<'a> = &'a mut dyn FnMut(&[u8], &[u8]);

/// A key and its value, if there is one.
pub(crate) type Found = Option<(Vec<u8>, Vec<u8>)>;

/// Opens the file, initially and after it failed.
pub(crate) type Opener<R> = Box<dyn Fn() -> Result<R, StoreError> + Send + Sync>;

/// One whole write of a file: keys to delete, then keys to put.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Changes {
    pub(crate) delete: Vec<Vec<u8>>,
    pub(crate) put: Vec<(Vec<u8>, Arc<[u8]>)>,
}
