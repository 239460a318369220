//! The records of an account in the file of rows.

use std::{
    collections::{HashMap, HashSet},
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};

use conv_model::{ConversationId, Seq};

use super::{
    account::Account,
    key::{self, Key, Prefix},
    row_file::{Changes, RowFile},
    tally::Mark,
};
use crate::{Record, StoreError, Write, record};

/// The number of keys per write of a wipe.
const WIPE: usize = 256;

/// An account's part of the file.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Scan {
    /// The account's ID as stored with the records.
    pub(super) name: Option<Vec<u8>>,
    pub(super) seq: Seq,
    pub(super) records: Vec<(Record, Arc<[u8]>)>,
    /// The number of unknown keys.
    pub(super) unknown: usize,
}

impl Scan {
    /// Returns the hashes of the rows' IDs.
    pub(super) fn held(&self) -> HashSet<u64> {
        let rows = self.records.iter().filter_map(|(record, _)| match record {
            Record::Row(id) => Some(number_of(id)),
            _ => None,
        });
        rows.collect()
    }
}

/// Reads all of an account. The caller has locked its state.
pub(super) fn scan(file: &impl RowFile, prefix: Prefix) -> Result<Scan, StoreError> {
    let mut scan = Scan::default();
    file.scan(&prefix, &mut |key, value| match key::parse(key) {
        Some(Key::Record(record)) => scan.records.push((record, Arc::from(value))),
        Some(Key::Name) => scan.name = Some(value.to_vec()),
        Some(Key::Seq) => scan.seq = read_seq(value),
        None => scan.unknown = scan.unknown.saturating_add(1),
    })?;
    scan.seq = scan.seq.max(record::last_seq(scan.records.iter().map(|(_, bytes)| bytes)));
    Ok(scan)
}

/// Reads the marks of all accounts in one scan.
pub(super) fn count(file: &impl RowFile) -> Result<HashMap<Prefix, Mark>, StoreError> {
    let mut found: HashMap<Prefix, Mark> = HashMap::new();
    file.scan_accounts(&mut |key, value| {
        let Some(prefix) = key.first_chunk() else { return };
        let mark = found.entry(*prefix).or_default();
        match key::parse(key) {
            Some(Key::Record(record)) => {
                mark.rows = mark.rows.saturating_add(u64::from(matches!(record, Record::Row(_))));
                mark.seq = mark.seq.max(record::last_seq([value]));
            }
            Some(Key::Seq) => mark.seq = mark.seq.max(read_seq(value)),
            Some(Key::Name) | None => {}
        }
    })?;
    Ok(found)
}

/// Hashes an ID, to count rows in less memory than their IDs take. A collision makes a count one
/// too small.
pub(super) fn number_of(id: &ConversationId) -> u64 {
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    hasher.finish()
}

/// Returns the changes of a write; `named` is true if the account's ID is stored in clear.
pub(super) fn changes(account: &Account, write: &Write, named: bool) -> Changes {
    let prefix = account.prefix;
    let mut changes = Changes::default();
    if !named {
        changes.put.push((key::name(prefix), account.id.as_str().as_bytes().into()));
    }
    if !write.put.iter().any(|(_, bytes)| carries(bytes, write)) {
        let number = write.seq.as_u64().to_le_bytes();
        changes.put.push((key::seq(prefix), number.as_slice().into()));
    }
    for (record, bytes) in &write.put {
        if let Some(key) = key::record(prefix, record) {
            changes.put.push((key, Arc::clone(bytes)));
        }
    }
    changes.delete.extend(write.delete.iter().filter_map(|record| key::record(prefix, record)));
    changes
}

/// Removes all of an account, the sync state first, so a crash leaves no list. The caller has locked
/// the account's state.
pub(super) fn wipe(file: &impl RowFile, prefix: Prefix) -> Result<(), StoreError> {
    let mut keys = Vec::new();
    file.scan(&prefix, &mut |key, _| keys.push(key.to_vec()))?;
    for some in keys.chunks(WIPE) {
        file.write(&Changes { put: Vec::new(), delete: some.to_vec() })?;
    }
    Ok(())
}

/// Returns true if a record carries its write's number.
fn carries(bytes: &[u8], write: &Write) -> bool {
    record::seq(bytes).is_ok_and(|seq| seq == write.seq)
}

/// Reads a number; zero if it cannot be read, as the records carry their own.
fn read_seq(value: &[u8]) -> Seq {
    value.try_into().map_or(Seq::ZERO, |bytes| Seq::new(u64::from_le_bytes(bytes)))
}
