//! Changes that are written together.

use std::mem;

use conv_model::Commit;

use super::{
    request::Change,
    resolve::{Resolved, resolve},
    view::View,
};
use crate::{Snapshot, StoreError, Write, list::state::State};

/// The most rows that are changed in the list where it stands, for which readers wait: fewer where
/// others hold the list, as then what changes is copied.
const ALONE: usize = 128;
const SHARED: usize = 8;

/// Changes that were resolved one after another, and what they make of the list that is shown.
#[derive(Default)]
pub(super) struct Group {
    changes: Vec<Resolved>,
    /// A copy of the list with all of them; none while they are few.
    next: Option<State>,
    /// What was shown before.
    former: Option<Snapshot>,
    pub(super) writes: Vec<Write>,
    pub(super) results: Vec<Result<Commit, StoreError>>,
}

impl Group {
    /// Resolves a change that comes after those before, of which the view need not know yet.
    pub(super) fn add(&mut self, view: &mut View<'_>, change: &Change) {
        view.follow(&self.changes);
        match resolve(view, change) {
            Ok(mut resolved) => {
                self.results.push(Ok(resolved.commit().clone()));
                if resolved.publishes() {
                    self.writes.extend(resolved.take_write());
                    self.changes.push(resolved);
                }
            }
            Err(error) => self.results.push(Err(error)),
        }
    }

    /// Makes ready what [`show`](Self::show) would take long for; while there is time to spare, also
    /// what it would not.
    pub(super) fn prepare(&mut self, shown: &Snapshot, has_time: bool) {
        let rows: usize = self.changes.iter().map(|change| change.rows().len()).sum();
        if rows > if has_time || shown.is_shared() { SHARED } else { ALONE } {
            let mut next = shown.state().clone();
            self.make_of(&mut next);
            self.next = Some(next);
        }
    }

    /// Makes a list the next one, once. What that replaces is kept, and goes with this.
    pub(super) fn show(&mut self, shown: &mut Snapshot) {
        match self.next.take() {
            Some(next) => self.former = Some(mem::replace(shown, Snapshot::new(next))),
            None if self.changes.is_empty() => {}
            None => self.make_of(shown.state_mut()),
        }
    }

    /// Whether it was made ready, and shown at once.
    pub(super) fn was_prepared(&self) -> bool {
        self.former.is_some()
    }

    fn make_of(&mut self, state: &mut State) {
        self.changes.iter_mut().for_each(|change| change.apply(state));
    }
}
