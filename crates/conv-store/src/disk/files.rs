//! The files of a database together: rows, the log for local state, and the lock over both.

use std::{
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use conv_model::AccountId;

use super::{
    account::{Account, Gate},
    folder::Claim,
    key::Prefix,
    met::Met,
    opened::Opened,
    reading::{self, Reader},
    records,
    row_file::{Opener, RowFile},
    rows::Rows,
    tally::{Mark, Tally},
};
use crate::{
    Loaded, Recovery, StoreError,
    disk::local_log::{Kept, LocalLog, Records},
};

/// Shared by the writer thread and by those who load.
#[derive(Debug)]
pub(super) struct Files<R: RowFile> {
    pub(super) rows: Rows<Opened<R>>,
    local: Mutex<Option<Local>>,
    tally: Mutex<Tally>,
    met: Met,
    /// The error of every change; `None` if the database can be written.
    read_only: Option<StoreError>,
}

/// The log, and the claim to the folder: dropped in this order.
#[derive(Debug)]
struct Local {
    log: Log,
    _claim: Option<Claim>,
}

#[derive(Debug)]
enum Log {
    Open(LocalLog),
    Read(Kept),
}

impl<R: RowFile> Files<R> {
    /// Opens the files of a folder, which is created if it is missing. Blocks.
    pub(super) fn open(folder: &Path, opener: Opener<R>) -> Result<Self, StoreError> {
        let claim = Claim::of(folder)?;
        let tally = Tally::open(folder)?;
        let rows = Rows::open(Box::new(move || opener().map(Opened::File)))?;
        let log = LocalLog::open(folder)?;
        let met = Met::in_folder(folder, Recovery::default());
        met.note_log(&log);
        met.note_losses(rows.with(|file, _| tally.losses(file))?);
        let local = Mutex::new(Some(Local { log: Log::Open(log), _claim: Some(claim) }));
        Ok(Self { rows, local, tally: Mutex::new(tally), met, read_only: None })
    }

    /// Reads the files of a folder and never changes any. Blocks.
    pub(super) fn read_only(
        folder: &Path,
        reader: Reader,
        why: Option<StoreError>,
    ) -> Result<Self, StoreError> {
        let read = reading::read(folder, reader)?;
        let tally = Tally::open(folder)?;
        let met = Met::in_folder(folder, read.recovery);
        met.note_losses(tally.losses(&read.rows)?);
        let local = Mutex::new(Some(Local { log: Log::Read(read.local), _claim: read.claim }));
        let rows = Rows::of(Opened::Copy(read.rows));
        let read_only = Some(StoreError::ReadOnly { why: why.map(Arc::new) });
        Ok(Self { rows, local, tally: Mutex::new(tally), met, read_only })
    }

    /// Returns true if it accepts changes.
    pub(super) fn is_writable(&self) -> bool {
        self.read_only.is_none()
    }

    /// Fails with [`StoreError::ReadOnly`] if it accepts no changes.
    pub(super) fn check_writable(&self) -> Result<(), StoreError> {
        self.read_only.clone().map_or(Ok(()), Err)
    }

    /// All records of an account; none while it is changing. Blocks.
    pub(super) fn load(&self, account: &Account) -> Result<Option<Loaded>, StoreError> {
        let mut gate = account.gate();
        if gate.is_changing {
            return Ok(None);
        }
        let mut loaded = self.read(account, &mut gate)?;
        loaded.lost = gate.lost.is_some();
        loaded.lost_rows = gate.lost.unwrap_or_default();
        gate.is_told = true;
        Ok(Some(loaded))
    }

    fn read(&self, account: &Account, gate: &mut Gate) -> Result<Loaded, StoreError> {
        gate.reset();
        let scan = |file: &Opened<R>, era| Ok((records::scan(file, account.prefix)?, era));
        let (rows, era) = self.rows.with(scan)?;
        if rows.name.as_deref().is_some_and(|name| name != account.id.as_str().as_bytes()) {
            return Err(StoreError::Corrupt { what: "records of another account".to_owned() });
        }
        if rows.unknown > 0 {
            tracing::warn!(keys = rows.unknown, "keys of an account are unknown, leaving them");
        }
        let local = self.local_records(&account.id)?;
        let seq = rows.seq.max(local.seq);
        (gate.seq, gate.rows, gate.named, gate.era) =
            (Some(seq), rows.seq, rows.name.is_some(), era);
        gate.held = rows.held();
        let acknowledged =
            *gate.acknowledged.get_or_insert_with(|| self.tally().mark(account.prefix));
        gate.lost = acknowledged.lost(gate.mark());
        if let Some(lost) = gate.lost {
            tracing::warn!(rows = lost, "rows that were acknowledged are gone");
            self.met.note_losses([(account.prefix, lost)].into());
        }
        let mut records = rows.records;
        records.extend(local.records);
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
        match self.lock().as_mut().map(|local| &mut local.log) {
            Some(Log::Open(log)) => {
                let result = work(log);
                self.met.note_log(log);
                result
            }
            Some(Log::Read(_)) => self.check_writable().and(Err(StoreError::Closed)),
            None => Err(StoreError::Closed),
        }
    }

    fn local_records(&self, account: &AccountId) -> Result<Records, StoreError> {
        if let Some(Local { log: Log::Read(kept), .. }) = &*self.lock() {
            return Ok(kept.accounts.get(account).cloned().unwrap_or_default());
        }
        self.with_local(|log| log.records(account))
    }

    /// Returns the accounts that have local state, in order.
    pub(super) fn local_accounts(&self) -> Result<Vec<AccountId>, StoreError> {
        if let Some(Local { log: Log::Read(kept), .. }) = &*self.lock() {
            let accounts = kept.accounts.iter().filter(|(_, kept)| !kept.records.is_empty());
            return Ok(accounts.map(|(account, _)| account.clone()).collect());
        }
        self.with_local(|log| Ok(log.accounts().cloned().collect()))
    }

    /// Writes an account's mark to the tally. A failure is logged: it loses no data.
    pub(super) fn note(&self, prefix: Prefix, mark: Mark) {
        if let Err(error) = self.tally().set(prefix, mark) {
            tracing::warn!(error = %error, "could not write the tally of rows");
        }
    }

    /// Durably removes an account's mark.
    pub(super) fn forget_mark(&self, prefix: Prefix) -> Result<(), StoreError> {
        let removed = self.tally().remove(prefix);
        removed.map_err(|error| StoreError::io("forgetting an account's tally", error))
    }

    /// Returns the findings so far. Never waits for a disk.
    pub(super) fn recovery(&self) -> Recovery {
        self.met.recovery()
    }

    /// Lets go of all of them; the folder's lock goes last.
    pub(super) fn close(&self) {
        self.rows.close();
        // The system has it; if the sync fails, a power cut can only hide a loss.
        let _ = self.tally().close();
        drop(self.lock().take());
    }

    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, Option<Local>> {
        self.local.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
