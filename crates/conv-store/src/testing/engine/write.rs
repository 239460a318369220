//! Writes as a store makes them.

use std::{collections::BTreeMap, sync::Arc};

use conv_model::{Local, ParseIdError, Seq, SyncState};

use super::super::{
    Failure,
    rows::{id, soon},
};
use crate::{
    Engine, Record, StoreError, Write,
    record::{LocalRecord, StateRecord},
};

pub(super) type Records = BTreeMap<Record, Arc<[u8]>>;

pub(super) fn row(user: &str) -> Result<Record, ParseIdError> {
    id(user).map(Record::Row)
}

pub(super) fn local(user: &str) -> Result<Record, ParseIdError> {
    id(user).map(Record::Local)
}

/// A write after another, and its records: their content distinguishes them.
pub(super) fn write(
    expected: u64,
    seq: u64,
    put: impl IntoIterator<Item = (Record, &'static str)>,
) -> Result<Write, StoreError> {
    let mut write = Write::new(Seq::new(expected), Seq::new(seq));
    for (record, text) in put {
        let bytes = bytes(&record, seq, text)?;
        write.put.push((record, bytes));
    }
    Ok(write)
}

/// An engine does not look into what an envelope holds.
pub(super) fn bytes(record: &Record, seq: u64, text: &str) -> Result<Arc<[u8]>, StoreError> {
    match record {
        Record::State => StateRecord::new(&SyncState::default()).encode(Seq::new(seq)),
        _ => LocalRecord::new(Local::draft(text)).encode(Seq::new(seq)),
    }
}

/// A write that deletes, with the record that carries its number.
pub(super) fn deletion(
    expected: u64,
    seq: u64,
    delete: impl IntoIterator<Item = Record>,
) -> Result<Write, StoreError> {
    let mut write = write(expected, seq, [(Record::State, "")])?;
    write.delete = delete.into_iter().collect();
    Ok(write)
}

pub(super) async fn load(engine: &impl Engine) -> Result<(u64, Records), Failure> {
    let loaded = soon("loading", engine.load()).await?;
    let count = loaded.records.len();
    let records: Records = loaded.records.into_iter().collect();
    if records.len() != count {
        return Err(Failure::new("a record is loaded twice"));
    }
    Ok((loaded.seq.as_u64(), records))
}

pub(super) async fn commit(engine: &impl Engine, writes: &[Write]) -> Result<(), Failure> {
    soon("a commit", engine.commit(writes)).await
}
