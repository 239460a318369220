//! Changes that are written together.

use std::mem;

use conv_model::Commit;

use super::{
    request::Change,
    resolve::{Resolved, resolve},
};
use crate::{Snapshot, StoreError, Write, state::State};

/// The most rows of a change that is made of the list where it stands, for which readers wait: fewer
/// where others hold the list, as then what changes is copied.
const ALONE: usize = 128;
const SHARED: usize = 8;

/// Changes that are resolved one after another, and what they make of the list that is shown.
#[derive(Default)]
pub(super) struct Group {
    /// A copy with all changes but the last; none while that is the only one.
    ahead: Option<State>,
    /// The last change, yet to be made.
    last: Option<Resolved>,
    /// What was shown before.
    former: Option<Snapshot>,
    pub(super) writes: Vec<Write>,
    pub(super) results: Vec<Result<Commit, StoreError>>,
}

impl Group {
    /// Resolves a change that comes after those before.
    pub(super) fn add(&mut self, shown: &State, change: &Change) {
        self.advance(shown);
        match resolve(self.ahead.as_ref().unwrap_or(shown), change) {
            Ok(mut resolved) => {
                self.results.push(Ok(resolved.commit().clone()));
                if resolved.publishes() {
                    self.writes.extend(resolved.take_write());
                    self.last = Some(resolved);
                }
            }
            Err(error) => self.results.push(Err(error)),
        }
    }

    /// Makes ready what [`show`](Self::show) would take long for.
    pub(super) fn prepare(&mut self, shown: &Snapshot) {
        let most = if shown.is_shared() { SHARED } else { ALONE };
        let is_large = self.last.as_ref().is_some_and(|last| last.rows() > most);
        if is_large || self.ahead.is_some() {
            self.advance(shown.state());
        }
    }

    /// Makes a list the next one, once. What that replaces is kept, and goes with this.
    pub(super) fn show(&mut self, shown: &mut Snapshot) {
        if let Some(state) = self.ahead.take() {
            self.former = Some(mem::replace(shown, Snapshot::new(state)));
        }
        if let Some(last) = &mut self.last {
            last.apply(shown.state_mut());
        }
    }

    /// Makes the last change of the copy, too.
    fn advance(&mut self, shown: &State) {
        if let Some(mut last) = self.last.take() {
            last.apply(self.ahead.get_or_insert_with(|| shown.clone()));
        }
    }
}
