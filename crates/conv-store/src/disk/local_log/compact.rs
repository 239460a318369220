//! Rewrites the file without its dead part.

use std::{io, sync::Arc};

use conv_model::{AccountId, Seq};

use super::{
    NAME, entry,
    files::{self, FRESH, LogFile, LogFolder},
    index::{Index, Known},
};
use crate::{
    Record, StoreError,
    disk::frame::{self, HEAD},
    record::{self, LocalRecord},
};

/// An entry is closed once it holds this much.
const ENTRY_BYTES: usize = 1 << 20;

/// A new file with everything that lives.
pub(super) struct Rewritten<F> {
    pub(super) file: F,
    pub(super) end: u64,
    pub(super) index: Index,
    pub(super) version: u8,
}

/// Writes the new file beside the old one, durably. After an error the old one is unchanged,
/// and no half file stays beside it.
pub(super) fn prepare<D: LogFolder>(
    folder: &D,
    index: &Index,
    version: u8,
    read: impl FnMut(u64, usize) -> Result<Arc<[u8]>, StoreError>,
) -> Result<Rewritten<D::File>, StoreError> {
    write(folder, index, version, read).inspect_err(|_| discard(folder))
}

/// Removes the unfinished new file. If that fails, the next opening removes it.
fn discard(folder: &impl LogFolder) {
    let _ = folder.remove(FRESH);
}

fn write<D: LogFolder>(
    folder: &D,
    index: &Index,
    version: u8,
    mut read: impl FnMut(u64, usize) -> Result<Arc<[u8]>, StoreError>,
) -> Result<Rewritten<D::File>, StoreError> {
    let file = folder.create(FRESH).map_err(failed)?;
    let mut fresh = Rewritten { file, end: 0, index: Index::default(), version };
    fresh.append(&files::header(version)).map_err(failed)?;
    for (account, known) in index.accounts() {
        fresh.copy(account, known, &mut read)?;
    }
    fresh.file.sync().map_err(failed)?;
    Ok(fresh)
}

/// Puts the new file in the place of the old one. After an error either may be what a later
/// opening finds.
pub(super) fn install<D: LogFolder>(
    folder: &D,
    fresh: Rewritten<D::File>,
) -> Result<Rewritten<D::File>, StoreError> {
    folder.rename(FRESH, NAME).inspect_err(|_| discard(folder)).map_err(failed)?;
    folder.sync().map_err(failed)?;
    Ok(fresh)
}

impl<F: LogFile> Rewritten<F> {
    fn copy(
        &mut self,
        account: &AccountId,
        known: &Known,
        read: &mut impl FnMut(u64, usize) -> Result<Arc<[u8]>, StoreError>,
    ) -> Result<(), StoreError> {
        let mut records: Vec<(Record, Arc<[u8]>)> = Vec::new();
        let mut bytes = 0_usize;
        for (key, span) in &known.records {
            let record = read(span.at, span.length)?;
            if is_cleared(key, &record) && is_old(&record, known.seq) {
                continue;
            }
            records.push((key.clone(), record));
            bytes = bytes.saturating_add(span.length);
            if bytes >= ENTRY_BYTES {
                self.push(&entry::of_records(account, known.seq, &records))?;
                records.clear();
                bytes = 0;
            }
        }
        // Without records it still keeps the account's number.
        self.push(&entry::of_records(account, known.seq, &records))
    }

    fn push(&mut self, body: &[u8]) -> Result<(), StoreError> {
        let sealed = frame::seal(body)?;
        let at = self.end.saturating_add(HEAD as u64);
        self.append(&sealed).map_err(failed)?;
        if let Some(entry) = entry::decode(body) {
            self.index.apply(at, entry);
        }
        Ok(())
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        self.end = self.end.saturating_add(bytes.len() as u64);
        Ok(())
    }
}

/// Returns true for a record of empty local state, which means the same as no record.
fn is_cleared(key: &Record, record: &[u8]) -> bool {
    matches!(key, Record::Local(_))
        && LocalRecord::decode(record).is_ok_and(|record| record.local.is_empty())
}

/// Returns true if no reader may still have to learn from a record that something was cleared.
fn is_old(record: &[u8], last: Seq) -> bool {
    let seq = record::seq(record).unwrap_or_default();
    seq.as_u64().saturating_add(Record::CLEARED_KEPT) < last.as_u64()
}

fn failed(error: io::Error) -> StoreError {
    StoreError::io("rewriting local state", error)
}
