//! redb's table as a file of rows.

use std::{
    fmt,
    sync::atomic::{AtomicBool, Ordering},
};

use ::redb::{
    Database, Durability as Level, ReadableDatabase, TableDefinition, TableError, WriteTransaction,
};

use super::error::failed;
use crate::{
    Durability, StoreError,
    disk::{Changes, Found, RowFile},
};

const ROWS: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("rows");

const READING: &str = "reading rows";
const WRITING: &str = "writing rows";

/// redb's database.
pub(super) struct RedbRows {
    db: Database,
    /// Set while there is nothing to flush, which would cost an fsync.
    is_flushed: AtomicBool,
}

impl RedbRows {
    pub(super) fn new(db: Database) -> Self {
        Self { db, is_flushed: AtomicBool::new(true) }
    }

    fn commit(
        &self,
        level: Level,
        work: impl FnOnce(&WriteTransaction) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let mut transaction = self.db.begin_write().map_err(|error| failed(WRITING, error))?;
        transaction.set_durability(level).map_err(|error| failed(WRITING, error))?;
        work(&transaction)?;
        transaction.commit().map_err(|error| failed(WRITING, error))
    }
}

impl RowFile for RedbRows {
    fn scan(&self, prefix: &[u8], each: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), StoreError> {
        let transaction = self.db.begin_read().map_err(|error| failed(READING, error))?;
        let table = match transaction.open_table(ROWS) {
            Err(TableError::TableDoesNotExist(_)) => return Ok(()),
            table => table.map_err(|error| failed(READING, error))?,
        };
        for item in table.range(prefix..).map_err(|error| failed(READING, error))? {
            let (key, value) = item.map_err(|error| failed(READING, error))?;
            if !key.value().starts_with(prefix) {
                break;
            }
            each(key.value(), value.value());
        }
        Ok(())
    }

    fn first_from(&self, key: &[u8]) -> Result<Found, StoreError> {
        let transaction = self.db.begin_read().map_err(|error| failed(READING, error))?;
        let table = match transaction.open_table(ROWS) {
            Err(TableError::TableDoesNotExist(_)) => return Ok(None),
            table => table.map_err(|error| failed(READING, error))?,
        };
        let mut rows = table.range(key..).map_err(|error| failed(READING, error))?;
        let first = rows.next().transpose().map_err(|error| failed(READING, error))?;
        Ok(first.map(|(key, value)| (key.value().to_vec(), value.value().to_vec())))
    }

    fn write(&self, changes: &Changes) -> Result<(), StoreError> {
        self.is_flushed.store(false, Ordering::Release);
        self.commit(Level::None, |transaction| {
            let mut table = transaction.open_table(ROWS).map_err(|error| failed(WRITING, error))?;
            for key in &changes.delete {
                table.remove(key.as_slice()).map_err(|error| failed(WRITING, error))?;
            }
            for (key, bytes) in &changes.put {
                table.insert(key.as_slice(), &**bytes).map_err(|error| failed(WRITING, error))?;
            }
            Ok(())
        })
    }

    /// redb keeps unwritten data in its own memory, so no level lies in between.
    fn flush(&self, _durability: Durability) -> Result<(), StoreError> {
        if !self.is_flushed.load(Ordering::Acquire) {
            self.commit(Level::Immediate, |_| Ok(()))?;
            self.is_flushed.store(true, Ordering::Release);
        }
        Ok(())
    }
}

impl fmt::Debug for RedbRows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedbRows").field("is_flushed", &self.is_flushed).finish_non_exhaustive()
    }
}
