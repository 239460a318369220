//! The log of local state: drafts, the embedder's own bytes and mutations that the cloud has yet to
//! show, of all accounts of a database.
//!
//! Rows are a cache that the cloud can fill again; local state exists nowhere else. So it has a
//! file of its own, `local.log`, that no damage to the rows reaches: entries with checksums are
//! only ever appended, each durable before it is acknowledged, whatever the database's level. When
//! more than half of the file is dead, the live part is written to a new file, which is renamed
//! over it.

mod compact;
mod entry;
mod files;
mod folder;
mod index;
mod open;
mod read;
mod replay;
mod tail;

use std::{fmt, path::Path, sync::Arc};

use conv_model::{AccountId, Seq};

use self::{
    compact::Rewritten,
    entry::Entry,
    files::{LogFile, LogFolder},
    folder::Folder,
    index::{Index, Known},
    tail::Tail,
};
use crate::{
    Record, StoreError, Write,
    disk::frame::{self, HEAD},
};

pub(crate) use self::read::{Kept, read};

const NAME: &str = "local.log";
/// The newest version of the file that this code reads.
const VERSION: u8 = 2;
/// The version of a file without mutations: earlier versions of the code read it, too. They would take
/// a mutation for damage, and refuse the newer file instead.
const WITHOUT_MUTATIONS: u8 = 1;
/// A file below this is not worth rewriting.
const SMALL: u64 = 64 << 10;

/// An open log. One writer; reads go through the same handle.
pub(crate) struct LocalLog<D: LogFolder = Folder> {
    folder: D,
    /// The file that damaged bytes went to when it was opened.
    quarantined: Option<String>,
    tail: Tail<D::File>,
    index: Index,
    /// The version in the file's header.
    version: u8,
    /// Set if a sync failed that its callers did not ask for: their own fails then.
    unsynced: Option<StoreError>,
    /// Appended, not yet durable: where each body begins, and what it says.
    pending: Vec<(u64, Entry)>,
    /// The file is rewritten once it is longer than this.
    rewrite_over: u64,
}

impl LocalLog {
    /// Opens the log of a folder, which must be locked against other processes.
    ///
    /// A torn end is cut off; damaged bytes are moved to a file `local.log.damaged-<number>`.
    pub(crate) fn open(folder: &Path) -> Result<Self, StoreError> {
        open::open(Folder(folder.to_owned()))
    }
}

impl<D: LogFolder> LocalLog<D> {
    /// The file that damaged bytes went to, when it was opened or since.
    pub(crate) fn quarantined(&self) -> Option<&str> {
        self.quarantined.as_deref()
    }

    /// The number of the account's last write here, and its records.
    pub(crate) fn records(&mut self, account: &AccountId) -> Result<Records, StoreError> {
        self.reopen_failed()?;
        let Some(known) = self.index.account(account) else {
            return Ok(Records::default());
        };
        Records::of(known, &mut self.tail)
    }

    /// Returns the accounts that have records, in order.
    pub(crate) fn accounts(&self) -> impl Iterator<Item = &AccountId> {
        let accounts = self.index.accounts().filter(|(_, known)| !known.records.is_empty());
        accounts.map(|(account, _)| account)
    }

    /// Appends the local records of writes, an entry each; all of them or none. Nothing shows them
    /// until [`sync`](Self::sync).
    pub(crate) fn append<'a>(
        &mut self,
        account: &AccountId,
        writes: impl IntoIterator<Item = &'a Write>,
    ) -> Result<(), StoreError> {
        self.reopen_failed()?;
        let writes: Vec<&Write> = writes.into_iter().collect();
        self.admit(&writes)?;
        let (pending, end) = (self.pending.len(), self.tail.end());
        let mut bodies = writes.into_iter().map(|write| entry::of_write(account, write));
        let appended = bodies.try_for_each(|body| self.push(&body));
        if appended.is_err() {
            self.pending.truncate(pending);
            self.tail.take_back(end);
        }
        appended
    }

    /// Makes sure that the file's version has the records of some writes.
    fn admit(&mut self, writes: &[&Write]) -> Result<(), StoreError> {
        let mut put = writes.iter().flat_map(|write| &write.put);
        let is_mutation =
            |record: &Record| record.is_local() && !matches!(record, Record::Local(_));
        if self.version >= VERSION || !put.any(|(record, _)| is_mutation(record)) {
            return Ok(());
        }
        // Only durable entries are written to the new file.
        if let Err(error) = self.sync() {
            // Those that appended before have yet to learn of it.
            self.unsynced = Some(error.clone());
            return Err(error);
        }
        self.rewrite(VERSION)
    }

    /// Appends that the account has nothing from here back.
    pub(crate) fn forget(&mut self, account: &AccountId) -> Result<(), StoreError> {
        self.reopen_failed()?;
        self.push(&entry::of_forget(account))
    }

    /// Reads the file again after it could not take back a refused entry: its content is unknown
    /// until then. Entries that still wait to be made durable are refused first.
    fn reopen_failed(&mut self) -> Result<(), StoreError> {
        if self.tail.is_failed() && self.pending.is_empty() {
            let reopened = open::open(self.folder.clone())?;
            let before = std::mem::replace(self, reopened);
            self.quarantined = self.quarantined.take().or(before.quarantined);
        }
        Ok(())
    }

    fn push(&mut self, body: &[u8]) -> Result<(), StoreError> {
        let sealed = frame::seal(body)?;
        // An entry that could not be read back is refused, not lost at the next opening.
        let entry = entry::decode(body)
            .ok_or_else(|| StoreError::Corrupt { what: "entry of local state".to_owned() })?;
        let at = self.tail.append(&sealed)?;
        self.pending.push((at.saturating_add(HEAD as u64), entry));
        Ok(())
    }

    /// Makes durable what was appended since the last time, all or nothing.
    pub(crate) fn sync(&mut self) -> Result<(), StoreError> {
        if let Some(error) = self.unsynced.take() {
            return Err(error);
        }
        if self.pending.is_empty() {
            return Ok(());
        }
        let synced = self.tail.sync();
        let pending = std::mem::take(&mut self.pending);
        synced?;
        for (at, entry) in pending {
            self.index.apply(at, entry);
        }
        if self.index.has_forgotten() || self.tail.end() > self.rewrite_over {
            self.rewrite_or_go_on();
        }
        Ok(())
    }

    /// Acknowledged entries are durable in the old file, so a failed rewrite is not an error.
    fn rewrite_or_go_on(&mut self) {
        let version = if self.index.has_mutations() { VERSION } else { WITHOUT_MUTATIONS };
        if let Err(error) = self.rewrite(version) {
            tracing::warn!(error = %error, "could not rewrite the log of local state");
            self.rewrite_over = self.tail.end().saturating_mul(2);
        }
    }

    /// Rewrites the log without its dead part.
    fn rewrite(&mut self, version: u8) -> Result<(), StoreError> {
        let Self { folder, tail, index, .. } = self;
        let folder = &*folder;
        let fresh = compact::prepare(folder, index, version, |at, length| tail.read(at, length))?;
        match compact::install(folder, fresh) {
            Ok(Rewritten { file, end, index, version }) => {
                self.version = version;
                self.rewrite_over = rewrite_over(&index);
                self.index = index;
                self.tail = Tail::new(file, end);
                Ok(())
            }
            Err(error) => {
                // A power cut may leave either of the two files, so neither can acknowledge
                // anything.
                self.tail.fail(error.clone());
                Err(error)
            }
        }
    }
}

/// More than half of a longer file is dead.
fn rewrite_over(index: &Index) -> u64 {
    index.live().saturating_mul(2).max(SMALL)
}

/// An account's local records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Records {
    pub(crate) seq: Seq,
    pub(crate) records: Vec<(Record, Arc<[u8]>)>,
}

impl Records {
    fn of<F: LogFile>(known: &Known, tail: &mut Tail<F>) -> Result<Self, StoreError> {
        let mut records = Vec::with_capacity(known.records.len());
        for (record, span) in &known.records {
            records.push((record.clone(), tail.read(span.at, span.length)?));
        }
        Ok(Self { seq: known.seq, records })
    }
}

impl<D: LogFolder> fmt::Debug for LocalLog<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalLog")
            .field("folder", &self.folder)
            .field("end", &self.tail.end())
            .field("live", &self.index.live())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod faults;
#[cfg(test)]
mod tests;
