//! The files of a database together: rows, the log for local state, and the lock over both.

use std::{
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
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
        Ok(Self { rows, local: Mutex::new(Some(Local { log, _claim: claim })) })
    }

    /// All records of an account; none while it is changing. Blocks.
    pub(super) fn load(&self, account: &Account) -> Result<Option<Loaded>, StoreError> {
        let mut gate = account.gate();
        if gate.is_changing {
            return Ok(None);
        }
        self.read(account, &mut gate).map(Some)
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
        let named = rows.name.is_some();
        *gate = Gate { seq: Some(seq), rows: rows.seq, named, is_changing: false, era };
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
