//! Bare sled, with the records that the store would write.

use std::{path::Path, sync::Arc};

use conv_model::{Seq, merge};
use conv_store::record::{RowRecord, Stamp};
use sled::{
    Batch, Config, Db, Transactional, Tree,
    transaction::{ConflictableTransactionError, TransactionalTree},
};

use super::{PAGE, patch};

pub(crate) struct Raw {
    db: Db,
    by_time: Tree,
    by_mark: Tree,
    meta: Tree,
}

impl Raw {
    pub(crate) fn open(path: &Path) -> Self {
        let config = Config::new().path(path).cache_capacity(8 << 20);
        let db = loop {
            // The threads of a handle that was dropped let go of the file a moment later.
            match config.open() {
                Ok(db) => break db,
                Err(_) => std::thread::yield_now(),
            }
        };
        let [by_time, by_mark, meta] =
            ["time", "mark", "meta"].map(|name| db.open_tree(name).unwrap());
        Self { db, by_time, by_mark, meta }
    }

    pub(crate) fn open_and_decode(path: &Path) -> (Self, usize) {
        let raw = Self::open(path);
        let rows = raw.db.iter().filter_map(|item| {
            let (key, bytes) = item.unwrap();
            let id = std::str::from_utf8(&key).unwrap().parse().ok()?;
            Some(RowRecord::decode(&id, &bytes).unwrap())
        });
        let rows: Vec<_> = rows.collect();
        (raw, rows.len())
    }

    pub(crate) fn page(&self, first: usize, round: usize) {
        let mut batch = Batch::default();
        for number in first..first + PAGE {
            let (key, bytes) = record(number, round);
            batch.insert(key.as_bytes(), &*bytes);
        }
        batch.insert("0 state", &(round as u64).to_le_bytes());
        self.db.apply_batch(batch).unwrap();
        self.db.flush().unwrap();
    }

    pub(crate) fn one(&self, number: usize, round: usize) {
        let (key, bytes) = record(number, round);
        self.db.insert(key, &*bytes).unwrap();
        self.db.flush().unwrap();
    }

    /// Rows, two indexes and a checkpoint, as one transaction.
    pub(crate) fn four_trees(&self, first: usize, round: usize) {
        let rows: &Tree = &self.db;
        let trees = (rows, &self.by_time, &self.by_mark, &self.meta);
        let written = trees.transaction(|(rows, by_time, by_mark, meta)| {
            for number in first..first + PAGE {
                let (key, bytes) = record(number, round);
                rows.insert(key.as_bytes(), &*bytes)?;
                index(by_time, round, &key)?;
                index(by_mark, number % 10, &key)?;
            }
            meta.insert("state", &(round as u64).to_le_bytes())?;
            Ok::<(), ConflictableTransactionError<()>>(())
        });
        written.unwrap();
        self.db.flush().unwrap();
    }
}

fn index(
    tree: &TransactionalTree,
    place: usize,
    key: &str,
) -> Result<(), ConflictableTransactionError<()>> {
    tree.insert(format!("{place:020}/{key}").as_bytes(), &[])?;
    Ok(())
}

fn record(number: usize, round: usize) -> (String, Arc<[u8]>) {
    let row = Arc::new(merge(None, &patch(number, round)));
    let key = row.id.as_str().to_owned();
    let bytes = RowRecord::new(row, Stamp::default()).encode(Seq::new(round as u64)).unwrap();
    (key, bytes)
}
