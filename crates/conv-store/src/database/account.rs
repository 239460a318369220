//! What is known of one account while anybody uses it.

use std::sync::{
    Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use conv_model::{AccountId, Seq};

use super::{
    key::{self, Prefix},
    rows::Era,
};

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
    /// Whether the clear ID is stored, and right.
    pub(super) named: bool,
    /// Whether a write was admitted and is not finished: until then the rows do not tell what is,
    /// or will be, acknowledged.
    pub(super) is_changing: bool,
    /// The opening of the rows that this was read from.
    pub(super) era: Era,
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
