//! Bare sled, with the records that the store would write.

use std::{path::Path, sync::Arc};

use conv_api::{
    ConversationId,
    model::Seq,
    store::record::{RowRecord, Stamps},
};
use sled::{
    Batch, Config, Db, Transactional, Tree,
    transaction::{ConflictableTransactionError, TransactionalTree},
};

use crate::data::Row;

/// Of the sync: as long as a real one with a cursor.
const STATE: [u8; 120] = [7; 120];

pub struct RawSled {
    db: Db,
    by_time: Tree,
    by_mark: Tree,
    meta: Tree,
}

impl RawSled {
    pub fn open(folder: &Path) -> Self {
        let config = Config::new().path(folder).cache_capacity(8 << 20);
        let db = loop {
            // The threads of a dropped handle release the file a moment later.
            match config.open() {
                Ok(db) => break db,
                Err(_) => std::thread::yield_now(),
            }
        };
        let [by_time, by_mark, meta] =
            ["time", "mark", "meta"].map(|name| db.open_tree(name).unwrap());
        Self { db, by_time, by_mark, meta }
    }

    /// All rows, decoded.
    pub fn rows(&self) -> Vec<RowRecord> {
        let rows = self.db.iter().filter_map(|item| {
            let (key, bytes) = item.unwrap();
            let id: ConversationId = std::str::from_utf8(&key).unwrap().parse().ok()?;
            Some(RowRecord::decode(&id, &bytes).unwrap())
        });
        rows.collect()
    }

    /// The rows of one of many accounts.
    pub fn put_account<'a>(&self, number: usize, rows: impl Iterator<Item = &'a Row>) {
        for row in rows {
            let key = [&prefix(number)[..], row.id.as_str().as_bytes()].concat();
            self.db.insert(key, &*record(row)).unwrap();
        }
    }

    pub fn account(&self, number: usize) -> Vec<RowRecord> {
        let rows = self.db.scan_prefix(prefix(number)).map(|item| {
            let (key, bytes) = item.unwrap();
            let id: ConversationId = std::str::from_utf8(&key[8..]).unwrap().parse().unwrap();
            RowRecord::decode(&id, &bytes).unwrap()
        });
        rows.collect()
    }

    pub fn page(&self, rows: &[Row]) {
        let mut batch = Batch::default();
        rows.iter().for_each(|row| batch.insert(row.id.as_str(), &*record(row)));
        batch.insert("0 state", &STATE[..]);
        self.db.apply_batch(batch).unwrap();
        self.flush();
    }

    pub fn put(&self, row: &Row) {
        self.db.insert(row.id.as_str(), &*record(row)).unwrap();
    }

    pub fn flush(&self) {
        self.db.flush().unwrap();
    }

    /// Rows, two indexes and a state, as one transaction.
    pub fn four_trees(&self, rows: &[Row]) {
        let records: Vec<_> = rows.iter().map(|row| (row, record(row))).collect();
        let tree: &Tree = &self.db;
        let trees = (tree, &self.by_time, &self.by_mark, &self.meta);
        let written = trees.transaction(|(tree, by_time, by_mark, meta)| {
            for (row, record) in &records {
                tree.insert(row.id.as_str(), &**record)?;
                index(by_time, row.listing.time.map_or(0, |time| time.as_secs()), row)?;
                index(by_mark, row.listing.marks.bits(), row)?;
            }
            meta.insert("state", &STATE[..])?;
            Ok::<(), ConflictableTransactionError<()>>(())
        });
        written.unwrap();
        self.flush();
    }
}

fn index(
    tree: &TransactionalTree,
    place: u64,
    row: &Row,
) -> Result<(), ConflictableTransactionError<()>> {
    tree.insert(format!("{place:020}/{}", row.id).as_bytes(), &[])?;
    Ok(())
}

/// As in a database, neighbours in name are no neighbours on disk.
fn prefix(number: usize) -> [u8; 8] {
    (number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes()
}

/// Returns the bytes of a row on disk.
pub fn record(row: &Row) -> Arc<[u8]> {
    RowRecord::new(Arc::clone(row), Stamps::default()).encode(Seq::ZERO).unwrap()
}
