//! The outcomes of changes, as far as this process saw them.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use conv_model::{Outcome, OutcomeKind};
use tokio::sync::{RwLock, RwLockReadGuard, watch};

/// The number of outcomes that are kept for those who have not read them.
const KEPT: usize = 4_096;

/// The newest outcomes of a list, in order.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    recent: Mutex<Recent>,
    position: watch::Sender<Position>,
    /// Held for reading from a change of the store until its outcomes are noted.
    noting: RwLock<()>,
}

#[derive(Debug, Default)]
struct Recent {
    /// The position of the first that is kept.
    first: u64,
    outcomes: VecDeque<Outcome>,
}

/// The progress of the ledger.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Position {
    pub(super) next: u64,
    /// No outcome follows.
    pub(super) is_closed: bool,
}

impl Ledger {
    /// To be held while the store is changed, until [`note`](Self::note).
    pub(super) async fn noting(&self) -> RwLockReadGuard<'_, ()> {
        self.noting.read().await
    }

    /// Waits until every change that the store shows has its outcomes noted.
    pub(super) async fn noted(&self) {
        drop(self.noting.write().await);
    }

    pub(super) fn note(&self, outcomes: &[Outcome]) {
        if outcomes.is_empty() {
            return;
        }
        let next = {
            let mut recent = self.lock();
            recent.outcomes.extend(outcomes.iter().cloned());
            let surplus = recent.outcomes.len().saturating_sub(KEPT);
            recent.outcomes.drain(..surplus);
            recent.first = recent.first.saturating_add(surplus as u64);
            recent.first.saturating_add(recent.outcomes.len() as u64)
        };
        self.position.send_modify(|position| position.next = position.next.max(next));
    }

    /// Returns the newest outcome of a change.
    pub(super) fn of(&self, number: u64) -> Option<OutcomeKind> {
        let recent = self.lock();
        let outcome = recent.outcomes.iter().rev().find(|outcome| outcome.number == number);
        outcome.map(|outcome| outcome.kind.clone())
    }

    /// Returns the outcome at a position, or the first one after it that is kept, and the position
    /// that follows.
    pub(super) fn at(&self, position: u64) -> Option<(Outcome, u64)> {
        let recent = self.lock();
        let index = position.saturating_sub(recent.first);
        let outcome = recent.outcomes.get(usize::try_from(index).ok()?)?;
        Some((outcome.clone(), recent.first.saturating_add(index).saturating_add(1)))
    }

    pub(super) fn watch(&self) -> watch::Receiver<Position> {
        self.position.subscribe()
    }

    pub(super) fn close(&self) {
        self.position.send_modify(|position| position.is_closed = true);
    }

    /// Sections are short and none of them panics.
    fn lock(&self) -> MutexGuard<'_, Recent> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use conv_model::{ConversationId, Mutation};

    use super::*;

    fn done(number: u64) -> Outcome {
        let id = ConversationId::c2c("alice").unwrap();
        Outcome::new(number, Mutation::Pin { id, is_pinned: true }, OutcomeKind::Done)
    }

    #[test]
    fn a_reader_that_lags_goes_on_with_what_is_kept() {
        let ledger = Ledger::default();
        ledger.note(&(0..KEPT as u64).map(done).collect::<Vec<_>>());
        ledger.note(&[done(9_001), done(9_002)]);
        assert_eq!(ledger.at(0).map(|(outcome, next)| (outcome.number, next)), Some((2, 3)));
        let last = KEPT as u64 + 1;
        assert_eq!(ledger.at(last).map(|(outcome, _)| outcome.number), Some(9_002));
        assert_eq!(ledger.at(last + 1), None);
        assert_eq!(ledger.watch().borrow().next, last + 1);
    }
}
