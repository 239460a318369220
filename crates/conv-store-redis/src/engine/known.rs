//! What an engine knows of the last write.

mod history;

use std::{
    fmt, mem,
    sync::{Mutex, MutexGuard, PoisonError},
};

use conv_model::Seq;

pub(super) use self::history::{FORGOTTEN, History};
use crate::head::Head;

/// What an engine knows of the last write, and of its own.
///
/// Writes are gone if the last one that is known is not among those that what is loaded follows:
/// each write follows all before it, so that one tells of all.
pub(super) struct Known(Mutex<State>);

#[derive(Clone, Debug)]
struct State {
    /// The engine's name among the writers of an account.
    writer: String,
    /// How many writes were tried under that name.
    tried: u64,
    /// The last one of them that was not refused: it was made, or may have been.
    open: u64,
    /// The last write that was loaded or made here.
    head: Option<Head>,
    /// The news that were looked into, and told nothing new.
    dismissed: u64,
}

/// A write that is tried.
#[derive(Debug)]
pub(super) struct Attempt {
    pub(super) head: Head,
    /// The attempt before it that was not refused.
    before: u64,
}

/// What was known when a load began.
#[derive(Debug)]
pub(super) struct Asked(State);

impl Known {
    pub(super) fn head(&self) -> Option<Head> {
        self.lock().head.clone()
    }

    /// A write to be tried.
    pub(super) fn attempt(&self, seq: Seq) -> Attempt {
        let mut state = self.lock();
        state.tried += 1;
        let tried = state.tried;
        let before = mem::replace(&mut state.open, tried);
        Attempt { head: Head::new(seq, &state.writer, state.tried), before }
    }

    /// It was not made, and never will be.
    pub(super) fn refused(&self, attempt: &Attempt) {
        let mut state = self.lock();
        if attempt.head.writer() == Some((&*state.writer, state.open)) {
            state.open = attempt.before;
        }
    }

    /// It is made. Others may have written since, and been loaded: that stays known.
    pub(super) fn made(&self, attempt: Attempt) {
        let mut state = self.lock();
        if state.head.as_ref().is_none_or(|known| known.seq < attempt.head.seq) {
            state.head = Some(attempt.head);
        }
    }

    /// A load begins.
    pub(super) fn asked(&self) -> Asked {
        Asked(self.lock().clone())
    }

    /// A load ended; says whether writes are gone that were known when it began.
    pub(super) fn loaded(&self, asked: &Asked, history: &History) -> bool {
        let lost = asked.0.head.as_ref().is_some_and(|known| history.lacks(known));
        let mut state = self.lock();
        let is_open = asked.0.open != 0 && history.own() != Some(asked.0.open);
        if is_open && state.writer == asked.0.writer && state.tried == asked.0.tried {
            // A writer's name stands for writes that all follow one another. What is not there now
            // must not seem to be there because of a later one.
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

    /// Sections are short and none of them panics.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Asked {
    /// What is looked up among the writers that the server remembers: this engine, and who made the
    /// last write that is known.
    pub(super) fn writers(&self) -> [&str; 2] {
        let last = self.0.head.as_ref().and_then(Head::writer);
        [&self.0.writer, last.map_or(&self.0.writer, |(name, _)| name)]
    }
}

/// A name that no other writer has.
fn name() -> String {
    format!("{:011x}", fastrand::u64(..1 << 44))
}

impl Default for Known {
    fn default() -> Self {
        let (tried, open, head, dismissed) = (0, 0, None, 0);
        Self(Mutex::new(State { writer: name(), tried, open, head, dismissed }))
    }
}

impl fmt::Debug for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lock().fmt(f)
    }
}

#[cfg(test)]
mod tests;
