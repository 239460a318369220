//! What an engine knows of the last write.

use std::{
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
};

use conv_model::Seq;

use crate::head::Head;

/// What an engine knows of the last write, and of its own.
pub(super) struct Known {
    /// The engine's name among the writers of an account.
    writer: String,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// The last write that was loaded or made here.
    head: Option<Head>,
    /// How many writes this engine tried.
    tried: u64,
    /// The last one of them that is known to be there; 0 is none.
    written: u64,
    /// The news that were looked into, and told nothing new.
    dismissed: u64,
}

impl Known {
    pub(super) fn head(&self) -> Option<Head> {
        self.lock().head.clone()
    }

    /// The head of a write to be tried.
    pub(super) fn next(&self, head: &Head, seq: Seq) -> Head {
        let mut state = self.lock();
        state.tried += 1;
        head.after(&self.writer, state.tried, seq)
    }

    /// A write of this engine's is there.
    pub(super) fn written(&self, head: Head) {
        let mut state = self.lock();
        state.written = head.count(&self.writer).unwrap_or_default().max(state.written);
        state.head = Some(head);
    }

    /// Something was loaded; says whether writes are gone that were known.
    pub(super) fn loaded(&self, head: Head) -> bool {
        let mut state = self.lock();
        let own = head.count(&self.writer).unwrap_or_default();
        let went_back = state.head.as_ref().is_some_and(|known| head.seq < known.seq);
        let lost = went_back || own < state.written;
        state.written = own;
        state.head = Some(head);
        lost
    }

    pub(super) fn dismissed(&self) -> u64 {
        self.lock().dismissed
    }

    pub(super) fn dismiss(&self, count: u64) {
        self.lock().dismissed = count;
    }

    /// Sections are short and none of them panics.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Known {
    fn default() -> Self {
        let writer = format!("{:011x}", fastrand::u64(..1 << 44));
        Self { writer, state: Mutex::default() }
    }
}

impl fmt::Debug for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lock().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes once, acknowledged.
    fn write(known: &Known, head: &Head, seq: u64) -> Head {
        let next = known.next(head, Seq::new(seq));
        known.written(next.clone());
        next
    }

    #[test]
    fn what_others_wrote_is_no_loss() {
        let (a, b) = (Known::default(), Known::default());
        let first = write(&a, &Head::default(), 1);
        let second = write(&b, &first, 2);
        assert!(!a.loaded(second.clone()) && !b.loaded(second));
    }

    #[test]
    fn a_number_that_went_back_is_a_loss_once() {
        let (a, b) = (Known::default(), Known::default());
        let first = write(&a, &Head::default(), 1);
        let second = write(&a, &first, 2);
        assert!(!b.loaded(second));
        assert!(a.loaded(first.clone()) && b.loaded(first.clone()));
        assert!(!a.loaded(first.clone()) && !b.loaded(first));
    }

    #[test]
    fn an_own_write_whose_number_others_bear_now_is_a_loss() {
        let (a, b) = (Known::default(), Known::default());
        let first = write(&a, &Head::default(), 1);
        write(&a, &first, 2);
        // The server fell back to the first write, and another one wrote the second anew.
        let other = write(&b, &first, 2);
        assert!(a.loaded(write(&b, &other, 3)));
    }

    #[test]
    fn a_write_whose_answer_was_lost_is_none_whether_it_is_there_or_not() {
        let known = Known::default();
        let first = write(&known, &Head::default(), 1);
        let unanswered = known.next(&first, Seq::new(2));
        assert!(!known.loaded(first.clone()));
        assert!(!known.loaded(unanswered.clone()));
        assert!(known.loaded(first), "it was there");
    }

    #[test]
    fn an_account_that_was_wiped_is_a_loss() {
        let known = Known::default();
        write(&known, &Head::default(), 1);
        assert!(known.loaded(Head::default()));
    }
}
