//! The two files of a database together: sled's for rows, the log for local state.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{
    account::{Account, Gate},
    rows::Rows,
};
use crate::{Loaded, Record, StoreError, local_log::LocalLog};

/// Shared by the writer thread and by those who load.
#[derive(Debug)]
pub(super) struct Files {
    pub(super) rows: Rows,
    local: Mutex<Option<LocalLog>>,
}

impl Files {
    pub(super) fn new(rows: Rows, local: LocalLog) -> Self {
        Self { rows, local: Mutex::new(Some(local)) }
    }

    /// All records of an account. Blocks.
    pub(super) fn load(&self, account: &Account) -> Result<Loaded, StoreError> {
        let mut gate = account.gate();
        self.read(account, &mut gate)
    }

    fn read(&self, account: &Account, gate: &mut Gate) -> Result<Loaded, StoreError> {
        *gate = Gate::default();
        let rows = self.rows.scan(account.prefix)?;
        if rows.name.as_deref().is_some_and(|name| name != account.id.as_str().as_bytes()) {
            return Err(StoreError::Corrupt { what: "records of another account".to_owned() });
        }
        if rows.unknown > 0 {
            tracing::warn!(keys = rows.unknown, "keys of an account are unknown, leaving them");
        }
        let local = self.with_local(|log| log.records(&account.id))?;
        let seq = rows.seq.max(local.seq);
        *gate = Gate { seq: Some(seq), named: rows.name.is_some() };
        let mut records = rows.records;
        records.extend(local.records.into_iter().map(|(id, bytes)| (Record::Local(id), bytes)));
        Ok(Loaded::new(seq, records))
    }

    /// What is known of an account before it is written; reads it if nothing is.
    pub(super) fn known<'a>(
        &self,
        account: &Account,
        gate: &'a mut Gate,
    ) -> Result<&'a mut Gate, StoreError> {
        if gate.seq.is_none() {
            self.read(account, gate)?;
        }
        Ok(gate)
    }

    pub(super) fn with_local<T>(
        &self,
        work: impl FnOnce(&mut LocalLog) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.lock().as_mut().map_or(Err(StoreError::Closed), work)
    }

    /// Lets go of both; sled's lock, which covers both, goes last.
    pub(super) fn close(&self) {
        drop(self.lock().take());
        self.rows.close();
    }

    fn lock(&self) -> MutexGuard<'_, Option<LocalLog>> {
        self.local.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
