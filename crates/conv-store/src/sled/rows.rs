//! sled's tree as a file of rows.

use std::{fs::File, path::Path};

use ::sled::{Batch, Db};

use super::error::failed;
use crate::{
    Durability, StoreError,
    database::{Changes, RowFile},
};

/// sled's database.
#[derive(Debug)]
pub(super) struct SledRows {
    db: Db,
    /// sled's own file, for the fsync that its `flush` does not do on Linux.
    file: File,
}

impl SledRows {
    /// An open database, with its data file.
    pub(super) fn new(db: Db, data: &Path) -> Result<Self, StoreError> {
        let file = File::options().write(true).open(data);
        let file = file.map_err(|error| StoreError::io("opening rows", error))?;
        Ok(Self { db, file })
    }

    fn change(&self, work: impl FnOnce(&Db) -> ::sled::Result<()>) -> Result<(), StoreError> {
        work(&self.db).map_err(|error| failed("writing rows", error))
    }
}

impl RowFile for SledRows {
    fn scan(&self, prefix: &[u8], each: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), StoreError> {
        for item in self.db.scan_prefix(prefix) {
            let (key, value) = item.map_err(|error| failed("reading rows", error))?;
            each(&key, &value);
        }
        Ok(())
    }

    fn write(&self, changes: &Changes) -> Result<(), StoreError> {
        self.change(|db| match (changes.put.as_slice(), changes.delete.as_slice()) {
            // A batch rolls sled's I/O buffer; one key alone is whole without it.
            ([(key, bytes)], []) => db.insert(key, &**bytes).map(drop),
            _ => db.apply_batch(batch(changes)),
        })
    }

    fn settle(&self, durability: Durability) -> Result<(), StoreError> {
        self.change(|db| db.flush().map(drop))?;
        if durability == Durability::Disk {
            let synced = self.file.sync_data();
            synced.map_err(|error| StoreError::io("making rows durable", error))?;
        }
        Ok(())
    }
}

fn batch(changes: &Changes) -> Batch {
    let mut batch = Batch::default();
    for key in &changes.delete {
        batch.remove(key.as_slice());
    }
    for (key, bytes) in &changes.put {
        batch.insert(key.as_slice(), &**bytes);
    }
    batch
}
