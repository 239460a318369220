//! The tree: rows and sync states of all accounts.

use std::{
    fs::File,
    sync::{Arc, OnceLock, PoisonError, RwLock},
};

use ::sled::{Batch, Db};
use conv_model::Seq;

use super::{
    account::Account,
    error::failed,
    key::{self, Key, Prefix},
};
use crate::{Record, StoreError, Write, record};

/// The keys that a wipe takes at once: while a batch is applied, all of sled waits.
const WIPE: usize = 256;

/// sled's database, as long as it is open.
#[derive(Debug)]
pub(super) struct Rows {
    open: RwLock<Option<Open>>,
    /// Why it cannot be used any more. After a failed write sled's handle shows what was not
    /// written, and never recovers.
    failed: OnceLock<StoreError>,
}

#[derive(Debug)]
struct Open {
    db: Db,
    /// sled's own file, for the fsync that its `flush` does not do on Linux.
    file: File,
}

/// An account's part of the tree.
#[derive(Debug, Default)]
pub(super) struct Scan {
    /// The account that the records say they are of.
    pub(super) name: Option<Vec<u8>>,
    pub(super) seq: Seq,
    pub(super) records: Vec<(Record, Arc<[u8]>)>,
    /// Keys that nobody knows.
    pub(super) unknown: usize,
}

impl Rows {
    pub(super) fn new(db: Db, file: File) -> Self {
        Self { open: RwLock::new(Some(Open { db, file })), failed: OnceLock::new() }
    }

    /// Why it cannot be used any more, if so.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        self.with(|_| Ok(()))
    }

    /// All of an account. The caller holds its gate.
    pub(super) fn scan(&self, prefix: Prefix) -> Result<Scan, StoreError> {
        self.with(|Open { db, .. }| {
            let mut scan = Scan::default();
            for item in db.scan_prefix(prefix) {
                let (key, value) = item.map_err(|error| failed("reading rows", error))?;
                match key::parse(&key) {
                    Some(Key::Record(record)) => scan.records.push((record, Arc::from(&*value))),
                    Some(Key::Name) => scan.name = Some(value.to_vec()),
                    Some(Key::Seq) => scan.seq = read_seq(&value),
                    None => scan.unknown = scan.unknown.saturating_add(1),
                }
            }
            scan.seq = scan.seq.max(record::last_seq(scan.records.iter().map(|(_, bytes)| bytes)));
            Ok(scan)
        })
    }

    /// One whole write. The caller holds the account's gate; `named` says that the account's
    /// clear ID is stored.
    pub(super) fn write(
        &self,
        account: &Account,
        write: &Write,
        named: bool,
    ) -> Result<(), StoreError> {
        let prefix = account.prefix;
        let single = match (write.put.as_slice(), write.delete.as_slice()) {
            ([(record, bytes)], []) if named && carries(bytes, write) => {
                key::record(prefix, record).map(|key| (key, bytes))
            }
            _ => None,
        };
        self.change(|db| match single {
            // A batch rolls sled's I/O buffer; one key alone is whole without it.
            Some((key, bytes)) => db.insert(key, &**bytes).map(drop),
            None => db.apply_batch(batch(account, write, named)),
        })
    }

    /// Removes all of an account, its state first, so that what a crash leaves is no list.
    pub(super) fn wipe(&self, prefix: Prefix) -> Result<(), StoreError> {
        self.change(|db| {
            loop {
                let mut batch = Batch::default();
                let mut keys = 0_usize;
                for key in db.scan_prefix(prefix).keys().take(WIPE) {
                    batch.remove(key?);
                    keys = keys.saturating_add(1);
                }
                if keys == 0 {
                    return Ok(());
                }
                db.apply_batch(batch)?;
            }
        })
    }

    /// Hands what was written to the system: it survives this process.
    pub(super) fn flush(&self) -> Result<(), StoreError> {
        self.change(|db| db.flush().map(drop))
    }

    /// Brings what was flushed to the disk: it survives a power cut.
    pub(super) fn sync(&self) -> Result<(), StoreError> {
        self.with(|Open { file, .. }| {
            let synced = file.sync_data();
            synced.map_err(|error| self.fail(StoreError::io("making rows durable", error)))
        })
    }

    /// Lets go of sled, once nobody reads.
    pub(super) fn close(&self) {
        drop(self.open.write().unwrap_or_else(PoisonError::into_inner).take());
    }

    fn change(&self, work: impl FnOnce(&Db) -> ::sled::Result<()>) -> Result<(), StoreError> {
        self.with(|Open { db, .. }| {
            work(db).map_err(|error| self.fail(failed("writing rows", error)))
        })
    }

    /// Ends the use of it; gives the first error that did.
    pub(super) fn fail(&self, error: StoreError) -> StoreError {
        self.failed.get_or_init(|| error).clone()
    }

    fn with<T>(&self, work: impl FnOnce(&Open) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let open = self.open.read().unwrap_or_else(PoisonError::into_inner);
        match (open.as_ref(), self.failed.get()) {
            (None, _) => Err(StoreError::Closed),
            (_, Some(error)) => Err(error.clone()),
            (Some(open), None) => work(open),
        }
    }
}

fn batch(account: &Account, write: &Write, named: bool) -> Batch {
    let prefix = account.prefix;
    let mut batch = Batch::default();
    if !named {
        batch.insert(key::name(prefix), account.id.as_str());
    }
    if !write.put.iter().any(|(_, bytes)| carries(bytes, write)) {
        batch.insert(key::seq(prefix), &write.seq.as_u64().to_le_bytes());
    }
    for key in write.delete.iter().filter_map(|record| key::record(prefix, record)) {
        batch.remove(key);
    }
    for (record, bytes) in &write.put {
        if let Some(key) = key::record(prefix, record) {
            batch.insert(key, &**bytes);
        }
    }
    batch
}

/// Whether a record tells its write's number.
fn carries(bytes: &[u8], write: &Write) -> bool {
    record::seq(bytes).is_ok_and(|seq| seq == write.seq)
}

/// A number that cannot be read is none: the records' own are there too.
fn read_seq(value: &[u8]) -> Seq {
    value.try_into().map_or(Seq::ZERO, |bytes| Seq::new(u64::from_le_bytes(bytes)))
}
