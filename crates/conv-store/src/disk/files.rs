//! The files of a database: rows, the log of local state, the tally, and the lock over them.

use std::{
    path::Path,
    sync::{Arc, Mutex, MutexGuard},
};

use conv_model::AccountId;

use super::{
    Durability,
    account::{Account, AccountState},
    folder::Claim,
    key::Prefix,
    met::Met,
    opened::Opened,
    reading::{self, Reader},
    records,
    row_file::{Opener, RowFile},
    rows::Rows,
    tally::{Mark, Tally},
    term::Term,
};
use crate::{
    Loaded, Recovery, StoreError,
    disk::local_log::{Kept, LocalLog, Records},
    sync::lock,
};

/// Shared by the commit thread and the engines that load.
#[derive(Debug)]
pub(super) struct Files<R: RowFile> {
    pub(super) rows: Rows<Opened<R>>,
    local: Mutex<Option<Local>>,
    tally: Mutex<Tally>,
    met: Met,
    term: Term,
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
        let (tally, term) = (Mutex::new(tally), Term::default());
        Ok(Self { rows, local, tally, met, term, read_only: None })
    }

    /// Opens the term of the folder, after the findings of its opening. Blocks.
    pub(super) fn with_term(
        self,
        folder: &Path,
        durability: Durability,
        mut found: Recovery,
    ) -> Self {
        found.join(self.met.recovery());
        let term = match self.is_writable() {
            true => Term::open(folder, durability, &found),
            false => Term::read(folder, &found),
        };
        Self { term, ..self }
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
        let (tally, term) = (Mutex::new(tally), Term::default());
        Ok(Self { rows, local, tally, met, term, read_only })
    }

    /// Returns true if it accepts changes.
    pub(super) fn is_writable(&self) -> bool {
        self.read_only.is_none()
    }

    /// Fails with [`StoreError::ReadOnly`] if it accepts no changes.
    pub(super) fn check_writable(&self) -> Result<(), StoreError> {
        self.read_only.clone().map_or(Ok(()), Err)
    }

    /// Returns all records of an account; `None` while it is changing. Blocks.
    pub(super) fn load(&self, account: &Account) -> Result<Option<Loaded>, StoreError> {
        let mut state = account.state();
        if state.is_changing {
            return Ok(None);
        }
        let mut loaded = self.read(account, &mut state)?;
        loaded.lost = state.lost.is_some();
        loaded.term = self.term.number;
        loaded.lost_rows = state.lost.unwrap_or_default();
        state.is_loss_loaded = true;
        Ok(Some(loaded))
    }

    fn read(&self, account: &Account, state: &mut AccountState) -> Result<Loaded, StoreError> {
        state.reset();
        let scan =
            |file: &Opened<R>, generation| Ok((records::scan(file, account.prefix)?, generation));
        let (rows, generation) = self.rows.with(scan)?;
        if rows.name.as_deref().is_some_and(|name| name != account.id.as_str().as_bytes()) {
            return Err(StoreError::Corrupt { what: "records of another account".to_owned() });
        }
        if rows.unknown > 0 {
            tracing::warn!(keys = rows.unknown, "keys of an account are unknown, leaving them");
        }
        let local = self.local_records(&account.id)?;
        let seq = rows.seq.max(local.seq);
        (state.seq, state.rows, state.named, state.generation) =
            (Some(seq), rows.seq, rows.name.is_some(), generation);
        state.held = rows.held();
        let acknowledged =
            *state.acknowledged.get_or_insert_with(|| self.tally().mark(account.prefix));
        state.lost = acknowledged.lost(state.mark());
        if let Some(lost) = state.lost {
            tracing::warn!(rows = lost, "rows that were acknowledged are gone");
            self.met.note_losses([(account.prefix, lost)].into());
        }
        let mut records = rows.records;
        records.extend(local.records);
        Ok(Loaded::new(seq, records))
    }

    /// Completes the state of an account before a write: reads the account if it was not read, or was
    /// read from rows that were reopened since.
    pub(super) fn known<'a>(
        &self,
        account: &Account,
        state: &'a mut AccountState,
    ) -> Result<&'a mut AccountState, StoreError> {
        if state.seq.is_none() || state.generation != self.rows.generation() {
            self.read(account, state)?;
        }
        Ok(state)
    }

    pub(super) fn with_local<T>(
        &self,
        work: impl FnOnce(&mut LocalLog) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        match self.local().as_mut().map(|local| &mut local.log) {
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
        if let Some(Local { log: Log::Read(kept), .. }) = &*self.local() {
            return Ok(kept.accounts.get(account).cloned().unwrap_or_default());
        }
        self.with_local(|log| log.records(account))
    }

    /// Returns the accounts that have local state, in order.
    pub(super) fn local_accounts(&self) -> Result<Vec<AccountId>, StoreError> {
        if let Some(Local { log: Log::Read(kept), .. }) = &*self.local() {
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

    /// Notes that everything acknowledged is durable, and no more comes.
    pub(super) fn close_term(&self) {
        self.term.close();
    }

    /// Closes all of them, the folder's lock last.
    pub(super) fn close(&self) {
        self.rows.close();
        // The system has the tally. If the sync fails, a power cut can only hide a loss.
        let _ = self.tally().close();
        drop(self.local().take());
    }

    fn tally(&self) -> MutexGuard<'_, Tally> {
        lock(&self.tally)
    }

    fn local(&self) -> MutexGuard<'_, Option<Local>> {
        lock(&self.local)
    }
}
