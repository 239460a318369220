//! The state of one account in use.

use std::{
    collections::HashSet,
    sync::{
        Mutex, MutexGuard,
        atomic::{AtomicBool, Ordering},
    },
};

use conv_model::{AccountId, Seq};

use super::{
    key::{self, Prefix},
    records,
    rows::Generation,
    tally::Mark,
};
use crate::{Record, Write, sync::lock};

/// One account. Its engines, their jobs and the commit thread share this value.
#[derive(Debug)]
pub(crate) struct Account {
    pub(super) id: AccountId,
    pub(super) prefix: Prefix,
    closed: AtomicBool,
    state: Mutex<AccountState>,
}

/// The known state of an account. Locked while the account's records are read, and while they are
/// written: a scan beside a write may see half of it. Never locked on an async thread.
#[derive(Debug, Default)]
pub(super) struct AccountState {
    /// The number of the last write; `None` until the records are read.
    pub(super) seq: Option<Seq>,
    /// The number of the last write that changed rows.
    pub(super) rows: Seq,
    /// The hashes of the IDs of the rows that exist after it.
    pub(super) held: HashSet<u64>,
    /// True if the account's ID is stored in clear, and correct.
    pub(super) named: bool,
    /// True while a write is admitted and not finished. Until it is, the rows do not show what is
    /// acknowledged, or will be.
    pub(super) is_changing: bool,
    /// The generation of the rows that this was read from.
    pub(super) generation: Generation,
    /// The last acknowledged write of rows; unknown until rows are first read. Survives a reopening,
    /// which must find as much.
    pub(super) acknowledged: Option<Mark>,
    /// The number of acknowledged rows that are missing; `None` if nothing was lost.
    pub(super) lost: Option<u64>,
    /// True once the store has loaded that loss. Before, its writes are refused: the number of a draft
    /// that was saved after the lost rows would hide the loss.
    pub(super) is_loss_loaded: bool,
}

impl AccountState {
    /// Forgets everything that was read from the rows, but not what was acknowledged.
    pub(super) fn reset(&mut self) {
        *self = Self { acknowledged: self.acknowledged, ..Self::default() };
    }

    /// Records a write that the rows have, or will get from the journal.
    pub(super) fn note(&mut self, write: &Write) {
        for record in &write.delete {
            if let Record::Row(id) = record {
                self.held.remove(&records::number_of(id));
            }
        }
        for (record, _) in &write.put {
            if let Record::Row(id) = record {
                self.held.insert(records::number_of(id));
            }
        }
        self.named = true;
        self.rows = write.seq;
    }

    /// Records that all writes so far are acknowledged.
    pub(super) fn acknowledge(&mut self) -> Mark {
        let mark = self.mark();
        (self.acknowledged, self.lost) = (Some(mark), None);
        mark
    }

    /// Returns the state of the rows as a mark.
    pub(super) fn mark(&self) -> Mark {
        Mark { seq: self.rows, rows: self.held.len() as u64 }
    }
}

impl Account {
    pub(super) fn new(id: AccountId) -> Self {
        let prefix = key::prefix(&id);
        Self { id, prefix, closed: AtomicBool::new(false), state: Mutex::default() }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, AccountState> {
        // The state is set after the work, so a panic during the work leaves it whole.
        lock(&self.state)
    }

    /// Refuses all further writes through this value.
    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::Release);
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }
}
