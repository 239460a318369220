//! An engine's knowledge of the last write.

mod history;

use std::{
    fmt, mem,
    sync::{Mutex, MutexGuard},
};

use conv_model::Seq;

pub(super) use self::history::{FORGOTTEN, History};
use crate::{head::Head, sync::lock};

/// An engine's knowledge of the last write, and of its own writes.
///
/// Each write follows all writes before it. So if the last known write is not among those that a load
/// follows, writes are lost.
pub(super) struct WriterState(Mutex<State>);

#[derive(Clone, Debug)]
struct State {
    /// The engine's name among the writers of an account.
    writer: String,
    /// The number of writes tried under that name.
    tried: u64,
    /// The last of them that was not refused: it was made, or may have been.
    open: u64,
    /// The last write that was loaded or made here.
    head: Option<Head>,
    /// The count of the last news that brought nothing new.
    dismissed: u64,
}

/// A write that is tried.
#[derive(Debug)]
pub(super) struct Attempt {
    pub(super) head: Head,
    /// The attempt before it that was not refused.
    before: u64,
}

/// The knowledge at the start of a load.
#[derive(Debug)]
pub(super) struct Asked(State);

impl WriterState {
    pub(super) fn head(&self) -> Option<Head> {
        self.lock().head.clone()
    }

    /// Names a write that is about to be tried.
    pub(super) fn attempt(&self, seq: Seq) -> Attempt {
        let mut state = self.lock();
        state.tried += 1;
        let tried = state.tried;
        let before = mem::replace(&mut state.open, tried);
        Attempt { head: Head::new(seq, &state.writer, state.tried), before }
    }

    /// Records that a write was not made, and never will be.
    pub(super) fn refused(&self, attempt: &Attempt) {
        let mut state = self.lock();
        if attempt.head.writer() == Some((&*state.writer, state.open)) {
            state.open = attempt.before;
        }
    }

    /// Records that a write was made. A later write of others that was loaded since stays the last one.
    pub(super) fn made(&self, attempt: Attempt) {
        let mut state = self.lock();
        if state.head.as_ref().is_none_or(|known| known.seq < attempt.head.seq) {
            state.head = Some(attempt.head);
        }
    }

    /// Starts a load.
    pub(super) fn asked(&self) -> Asked {
        Asked(self.lock().clone())
    }

    /// Ends a load. Returns true if writes are lost that were known when it started.
    pub(super) fn loaded(&self, asked: &Asked, history: &History) -> bool {
        let lost = asked.0.head.as_ref().is_some_and(|known| history.lacks(known));
        let mut state = self.lock();
        let is_open = asked.0.open != 0 && history.own() != Some(asked.0.open);
        if is_open && state.writer == asked.0.writer && state.tried == asked.0.tried {
            // The writes under a name follow one another. A missing write must not seem to be there
            // because of a later one, so later writes get another name.
            (state.writer, state.tried, state.open) = (name(), 0, 0);
        }
        if state.head == asked.0.head {
            state.head = Some(history.head().clone());
        }
        lost
    }

    pub(super) fn dismissed(&self) -> u64 {
        self.lock().dismissed
    }

    pub(super) fn dismiss(&self, count: u64) {
        self.lock().dismissed = count;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.0)
    }
}

impl Asked {
    /// Returns the writers to look up on the server: this engine, and the writer of the last known
    /// write.
    pub(super) fn writers(&self) -> [&str; 2] {
        let last = self.0.head.as_ref().and_then(Head::writer);
        [&self.0.writer, last.map_or(&self.0.writer, |(name, _)| name)]
    }
}

/// Returns a name that no other writer has.
fn name() -> String {
    format!("{:011x}", fastrand::u64(..1 << 44))
}

impl Default for WriterState {
    fn default() -> Self {
        let (tried, open, head, dismissed) = (0, 0, None, 0);
        Self(Mutex::new(State { writer: name(), tried, open, head, dismissed }))
    }
}

impl fmt::Debug for WriterState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lock().fmt(f)
    }
}

#[cfg(test)]
mod tests;
