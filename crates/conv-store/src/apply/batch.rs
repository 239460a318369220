//! Changes that share one write.

use conv_model::Commit;

use super::change::{Change, Encoding};
use crate::{StoreError, Write, list::state::State};

/// One result per change of a batch, in their order.
pub(super) type Results = Vec<Result<Commit, StoreError>>;

/// Runs changes one after another on a working copy of a state.
///
/// Nothing else sees the copy: the writer publishes it once the engine has the writes, or drops it.
#[derive(Debug)]
pub(super) struct Batch {
    encoding: Encoding,
    /// The working copy. It shares with the published state everything that no change touched.
    pub(super) next: State,
    /// The writes that lead to the copy, in order.
    pub(super) writes: Vec<Write>,
    pub(super) results: Results,
    /// Set if each write must be stored before the next one is begun.
    pub(super) is_stepwise: bool,
}

impl Batch {
    /// Starts with a copy of `published`, which costs a few pointers.
    pub(super) fn on(published: &State, encoding: Encoding) -> Self {
        let (writes, results) = (Vec::new(), Vec::new());
        Self { encoding, next: published.clone(), writes, results, is_stepwise: false }
    }

    /// Runs a change on the copy. A change that is refused leaves the copy as it was.
    pub(super) fn run(&mut self, change: &Change) {
        self.is_stepwise |= change.is_of_two_steps();
        let result = change.resolve(&self.next, self.encoding).map(|effect| {
            let commit = Commit::clone(&effect.commit);
            self.writes.extend(effect.apply(&mut self.next));
            commit
        });
        self.results.push(result);
    }

    /// Answers a change with an error without running it.
    pub(super) fn refuse(&mut self, error: &StoreError) {
        self.results.push(Err(error.clone()));
    }
}
