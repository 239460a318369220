//! sled's tree as a file of rows.

use std::{
    fmt,
    fs::File,
    mem,
    path::Path,
    sync::{Mutex, MutexGuard},
};

use ::sled::{Batch, Db};

use super::{ahead::Ahead, error::failed};
use crate::{
    Durability, StoreError,
    disk::{Changes, Found, RowFile},
    sync::lock,
};

/// sled's database.
pub(super) struct SledRows {
    db: Db,
    /// sled's own file, for the fsync that its `flush` does not do on Linux.
    file: File,
    /// As long as nothing was written.
    ahead: Mutex<Ahead>,
}

impl SledRows {
    /// An open database, with its data file.
    pub(super) fn new(db: Db, data: &Path) -> Result<Self, StoreError> {
        let file = File::options().write(true).open(data);
        let file = file.map_err(|error| StoreError::io("opening rows", error))?;
        Ok(Self { db, file, ahead: Mutex::default() })
    }

    /// Reads all of it once; returns the bytes of its keys and values.
    pub(super) fn read_all(&self) -> Result<u64, StoreError> {
        let mut ahead = Ahead::default();
        let mut bytes = 0_u64;
        for item in self.db.iter() {
            let (key, value) = item.map_err(|error| failed("reading rows", error))?;
            bytes = bytes.saturating_add((key.len() as u64).saturating_add(value.len() as u64));
            ahead.note(key, value);
        }
        *self.ahead() = ahead;
        Ok(bytes)
    }

    /// Takes the rows that were read ahead of an account; they are there once.
    fn take_ahead(&self, prefix: &[u8]) -> Option<Ahead> {
        let mut ahead = self.ahead();
        ahead.is_of(prefix).then(|| mem::take(&mut *ahead))
    }

    fn ahead(&self) -> MutexGuard<'_, Ahead> {
        lock(&self.ahead)
    }

    fn change(&self, work: impl FnOnce(&Db) -> ::sled::Result<()>) -> Result<(), StoreError> {
        work(&self.db).map_err(|error| failed("writing rows", error))
    }
}

impl RowFile for SledRows {
    fn scan(&self, prefix: &[u8], each: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), StoreError> {
        if let Some(ahead) = self.take_ahead(prefix) {
            ahead.rows().for_each(|(key, value)| each(key, value));
            return Ok(());
        }
        for item in self.db.scan_prefix(prefix) {
            let (key, value) = item.map_err(|error| failed("reading rows", error))?;
            each(&key, &value);
        }
        Ok(())
    }

    fn scan_accounts(&self, each: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), StoreError> {
        if self.ahead().each_of_all(each) { Ok(()) } else { self.scan(&[], each) }
    }

    fn first_from(&self, key: &[u8]) -> Result<Found, StoreError> {
        let first = self.db.range(key..).next().transpose();
        let first = first.map_err(|error| failed("reading rows", error))?;
        Ok(first.map(|(key, value)| (key.to_vec(), value.to_vec())))
    }

    fn write(&self, changes: &Changes) -> Result<(), StoreError> {
        *self.ahead() = Ahead::default();
        self.change(|db| match (changes.put.as_slice(), changes.delete.as_slice()) {
            // A batch rolls sled's I/O buffer; one key alone is whole without it.
            ([(key, bytes)], []) => db.insert(key, &**bytes).map(drop),
            _ => db.apply_batch(batch(changes)),
        })
    }

    fn flush(&self, durability: Durability) -> Result<(), StoreError> {
        self.change(|db| db.flush().map(drop))?;
        if durability == Durability::Disk {
            let synced = self.file.sync_data();
            synced.map_err(|error| StoreError::io("making rows durable", error))?;
        }
        Ok(())
    }
}

/// sled's own would print all that is stored.
impl fmt::Debug for SledRows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SledRows").finish_non_exhaustive()
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

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &[u8] = b"an account's row";

    fn values(rows: &SledRows) -> Vec<Vec<u8>> {
        let mut values = Vec::new();
        rows.scan(KEY, &mut |_, value| values.push(value.to_vec())).unwrap();
        values
    }

    #[test]
    fn rows_read_ahead_are_used_once_and_not_after_a_write() {
        let folder = tempfile::tempdir().unwrap();
        let db = ::sled::open(folder.path()).unwrap();
        let rows = SledRows::new(db.clone(), &folder.path().join("db")).unwrap();
        let put =
            |value: &[u8]| Changes { put: vec![(KEY.to_vec(), value.into())], delete: vec![] };
        rows.write(&put(b"one")).unwrap();
        assert_eq!(rows.read_all().unwrap(), 19);
        // Behind its back, to distinguish the two ways.
        db.insert(KEY, "two").unwrap();
        assert_eq!(values(&rows), [b"one"]);
        assert_eq!(values(&rows), [b"two"]);

        rows.read_all().unwrap();
        rows.write(&put(b"three")).unwrap();
        assert_eq!(values(&rows), [b"three"]);
    }
}
