//! The files of a database together: rows, the log for local state, and the lock over both.

use std::{
    path::{Path, PathBuf},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use super::{
    account::{Account, Gate},
    folder::Claim,
    records,
    row_file::{Opener, RowFile},
    rows::Rows,
};
use crate::{Loaded, Record, StoreError, local_log::LocalLog};

/// Shared by the writer thread and by those who load.
#[derive(Debug)]
pub(super) struct Files<R: RowFile> {
    pub(super) rows: Rows<R>,
    /// Whether changes were acknowledged that the rows do not have yet.
    is_behind: AtomicBool,
    local: Mutex<Option<Local>>,
}

/// The log, and the claim to the folder: dropped in this order.
#[derive(Debug)]
struct Local {
    log: LocalLog,
    _claim: Claim,
}

impl<R: RowFile> Files<R> {
    /// Opens the files of a folder, which is created if it is missing. Blocks.
    pub(super) fn open(folder: &Path, opener: Opener<R>) -> Result<Self, StoreError> {
        let claim = Claim::of(folder)?;
        let rows = Rows::open(opener)?;
        let log = LocalLog::open(folder)?;
        let local = Mutex::new(Some(Local { log, _claim: claim }));
        Ok(Self { rows, is_behind: AtomicBool::new(false), local })
    }

    /// Whether who wants to read must wait for the writer thread: for rows that are to be opened
    /// anew, or given what was acknowledged.
    pub(super) fn are_behind(&self) -> bool {
        self.rows.has_failed() || self.is_behind.load(Ordering::Acquire)
    }

    /// Says, before it is acknowledged, that there is something the rows do not have yet.
    pub(super) fn set_behind(&self, is_behind: bool) {
        self.is_behind.store(is_behind, Ordering::Release);
    }

    /// All records of an account. Blocks.
    pub(super) fn load(&self, account: &Account) -> Result<Loaded, StoreError> {
        let mut gate = account.gate();
        self.read(account, &mut gate)
    }

    fn read(&self, account: &Account, gate: &mut Gate) -> Result<Loaded, StoreError> {
        *gate = Gate::default();
        let scan = |file: &R, era| Ok((records::scan(file, account.prefix)?, era));
        let (rows, era) = self.rows.with(scan)?;
        if rows.name.as_deref().is_some_and(|name| name != account.id.as_str().as_bytes()) {
            return Err(StoreError::Corrupt { what: "records of another account".to_owned() });
        }
        if rows.unknown > 0 {
            tracing::warn!(keys = rows.unknown, "keys of an account are unknown, leaving them");
        }
        let local = self.with_local(|log| log.records(&account.id))?;
        let seq = rows.seq.max(local.seq);
        *gate = Gate { seq: Some(seq), rows: rows.seq, named: rows.name.is_some(), era };
        let mut records = rows.records;
        records.extend(local.records.into_iter().map(|(id, bytes)| (Record::Local(id), bytes)));
        Ok(Loaded::new(seq, records))
    }

    /// What is known of an account before it is written; reads it if nothing is, or if it was
    /// known of rows that have been replaced.
    pub(super) fn known<'a>(
        &self,
        account: &Account,
        gate: &'a mut Gate,
    ) -> Result<&'a mut Gate, StoreError> {
        if gate.seq.is_none() || gate.era != self.rows.era() {
            self.read(account, gate)?;
        }
        Ok(gate)
    }

    pub(super) fn with_local<T>(
        &self,
        work: impl FnOnce(&mut LocalLog) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.lock().as_mut().map_or(Err(StoreError::Closed), |local| work(&mut local.log))
    }

    /// Where damaged bytes of local state went.
    pub(super) fn local_set_aside(&self, folder: &Path) -> Option<PathBuf> {
        self.lock().as_ref().and_then(|local| local.log.put_aside().map(|name| folder.join(name)))
    }

    /// Lets go of all of them; the folder's lock goes last.
    pub(super) fn close(&self) {
        self.rows.close();
        drop(self.lock().take());
    }

    fn lock(&self) -> MutexGuard<'_, Option<Local>> {
        self.local.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
