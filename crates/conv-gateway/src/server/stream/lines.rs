//! The open lines of each caller, limited in number.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

use conv_api::AccountId;
use tokio::sync::oneshot;

use crate::server::caller::Caller;

/// The maximum number of lines of a caller to a list, in this process.
const MAX_LINES: usize = 10;

type Key = (AccountId, AccountId);

/// The lines that are open.
#[derive(Debug, Default)]
pub(in crate::server) struct Lines(Mutex<Open>);

#[derive(Debug, Default)]
struct Open {
    /// Oldest first.
    lines: HashMap<Key, VecDeque<(u64, oneshot::Sender<()>)>>,
    next: u64,
}

/// The place of an open line.
#[derive(Debug)]
pub(in crate::server) struct Place {
    key: Key,
    number: u64,
    /// Completes once a newer line takes the place.
    pub(in crate::server) replaced: oneshot::Receiver<()>,
}

impl Lines {
    /// Opens a line; of too many, the oldest has to end.
    pub(in crate::server) fn open(&self, caller: &Caller) -> Place {
        let key = (caller.principal.clone(), caller.account.clone());
        let (sender, replaced) = oneshot::channel();
        let mut open = self.lock();
        open.next += 1;
        let number = open.next;
        let lines = open.lines.entry(key.clone()).or_default();
        lines.push_back((number, sender));
        let oldest = if lines.len() > MAX_LINES { lines.pop_front() } else { None };
        drop(open);
        // It fails for a line that ends just now.
        oldest.map(|(_, oldest)| oldest.send(()));
        Place { key, number, replaced }
    }

    pub(in crate::server) fn close(&self, place: &Place) {
        let mut open = self.lock();
        if let Some(lines) = open.lines.get_mut(&place.key) {
            lines.retain(|(number, _)| *number != place.number);
            if lines.is_empty() {
                open.lines.remove(&place.key);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
