//! What is known of one account while anybody uses it.

use std::{
    collections::HashSet,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use conv_model::{AccountId, Seq};

use super::{
    key::{self, Prefix},
    records,
    rows::Era,
    tally::Mark,
};
use crate::{Record, Write};

/// One account. Everybody who works on it shares this value.
#[derive(Debug)]
pub(crate) struct Account {
    pub(super) id: AccountId,
    pub(super) prefix: Prefix,
    closed: AtomicBool,
    gate: Mutex<Gate>,
}

/// Held while the account's records are read, and while they are written: a scan beside a write may
/// see half of it. Never taken on an async thread.
#[derive(Debug, Default)]
pub(super) struct Gate {
    /// The number of the last write; unknown at first.
    pub(super) seq: Option<Seq>,
    /// The number of the last one that changed rows.
    pub(super) rows: Seq,
    /// The hashes of the IDs of the rows that exist after it.
    pub(super) held: HashSet<u64>,
    /// Whether the clear ID is stored, and right.
    pub(super) named: bool,
    /// Whether a write was admitted and is not finished: until then the rows do not tell what is,
    /// or will be, acknowledged.
    pub(super) is_changing: bool,
    /// The opening of the rows that this was read from.
    pub(super) era: Era,
    /// The last acknowledged write of rows; unknown until rows are first read. Survives a reopening,
    /// which must find as much.
    pub(super) acknowledged: Option<Mark>,
    /// The number of acknowledged rows that are missing; `None` if nothing was lost.
    pub(super) lost: Option<u64>,
    /// Set once the store has loaded that loss. Before, its writes are refused: the number of a draft
    /// that was saved after the lost rows would hide the loss.
    pub(super) is_told: bool,
}

impl Gate {
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
        Self { id, prefix, closed: AtomicBool::new(false), gate: Mutex::default() }
    }

    pub(super) fn gate(&self) -> MutexGuard<'_, Gate> {
        // Whoever panicked here left nothing half done: the gate is set after the work.
        self.gate.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Nobody writes through this value any more.
    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::Release);
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }
}
