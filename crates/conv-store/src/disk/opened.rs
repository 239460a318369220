//! The rows of a database: the engine's file, or a copy in memory for reading alone.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard},
};

use super::{
    Durability,
    row_file::{Changes, Found, RowFile},
};
use crate::{StoreError, sync::lock};

/// The rows of a database.
#[derive(Debug)]
pub(super) enum Opened<R> {
    /// The file.
    File(R),
    /// A copy of it in memory. The journal's entries and layout migrations are applied to the copy.
    Copy(RowCopy),
}

/// Keys and values in memory.
#[derive(Default)]
pub(super) struct RowCopy(Mutex<BTreeMap<Vec<u8>, Arc<[u8]>>>);

impl RowCopy {
    pub(super) fn insert(&self, key: &[u8], value: &[u8]) {
        self.rows().insert(key.to_vec(), value.into());
    }

    fn rows(&self) -> MutexGuard<'_, BTreeMap<Vec<u8>, Arc<[u8]>>> {
        lock(&self.0)
    }
}

impl RowFile for RowCopy {
    fn scan(&self, prefix: &[u8], each: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), StoreError> {
        let rows = self.rows();
        let from = rows.range(prefix.to_vec()..);
        from.take_while(|(key, _)| key.starts_with(prefix))
            .for_each(|(key, value)| each(key, value));
        Ok(())
    }

    fn first_from(&self, key: &[u8]) -> Result<Found, StoreError> {
        let rows = self.rows();
        Ok(rows.range(key.to_vec()..).next().map(|(key, value)| (key.clone(), value.to_vec())))
    }

    fn write(&self, changes: &Changes) -> Result<(), StoreError> {
        let mut rows = self.rows();
        for key in &changes.delete {
            rows.remove(key);
        }
        rows.extend(changes.put.iter().cloned());
        Ok(())
    }

    fn flush(&self, _durability: Durability) -> Result<(), StoreError> {
        Ok(())
    }
}

impl<R: RowFile> RowFile for Opened<R> {
    fn scan(&self, prefix: &[u8], each: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), StoreError> {
        match self {
            Self::File(file) => file.scan(prefix, each),
            Self::Copy(copy) => copy.scan(prefix, each),
        }
    }

    fn scan_accounts(&self, each: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), StoreError> {
        match self {
            Self::File(file) => file.scan_accounts(each),
            Self::Copy(copy) => copy.scan_accounts(each),
        }
    }

    fn first_from(&self, key: &[u8]) -> Result<Found, StoreError> {
        match self {
            Self::File(file) => file.first_from(key),
            Self::Copy(copy) => copy.first_from(key),
        }
    }

    fn write(&self, changes: &Changes) -> Result<(), StoreError> {
        match self {
            Self::File(file) => file.write(changes),
            Self::Copy(copy) => copy.write(changes),
        }
    }

    fn flush(&self, durability: Durability) -> Result<(), StoreError> {
        match self {
            Self::File(file) => file.flush(durability),
            Self::Copy(copy) => copy.flush(durability),
        }
    }
}

impl fmt::Debug for RowCopy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RowCopy").field("keys", &self.rows().len()).finish()
    }
}
