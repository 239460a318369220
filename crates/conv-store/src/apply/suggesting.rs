//! Computes the effect of what events state, and of its end. Nothing of it is written.

use std::{borrow::Cow, collections::BTreeSet, sync::Arc};

use conv_model::{Commit, ConversationId, Delta, RowChange, Suggestion};
use tokio::time::Instant;

use super::{change::Effect, outbox::changes, transaction::Applied};
use crate::{
    StoreError,
    list::{state::State, suggestions::Suggestions},
};

/// A change of what events state.
#[derive(Debug)]
pub(super) enum Suggested {
    /// A message came, or was recalled, at this moment.
    Message(Box<Suggestion>, Instant),
    /// This is the moment now.
    Expired(Instant),
}

impl Suggested {
    pub(super) fn resolve(&self, state: &State) -> Result<Effect, StoreError> {
        let mut next = state.clone();
        let rows = match self {
            Self::Message(suggestion, now) => add(&mut next, suggestion, *now),
            Self::Expired(now) => next.suggestions.expire(*now),
        };
        if rows.is_empty() {
            let mut commit = Commit::new(state.seq, Arc::clone(&state.sync));
            commit.written = state.written;
            return Ok(Effect::of_state(next, commit, Vec::new()));
        }
        rows.iter().for_each(|id| next.show_again(id));
        let mut commit = Commit::new(state.next_seq(), Arc::clone(&state.sync));
        commit.written = state.written;
        commit.changes = changes(state, &next, &rows.into_iter().collect());
        Ok(Effect::of_state(next, commit, Vec::new()))
    }
}

/// Adds a message of a row that the list shows. Returns the row if that changes something.
fn add(state: &mut State, suggestion: &Suggestion, now: Instant) -> Vec<ConversationId> {
    let id = &suggestion.id;
    let Some(base) = state.rows.get(id).map(|row| Arc::clone(row.base())) else {
        return Vec::new();
    };
    let is_new = state.suggestions.add(suggestion.clone(), &base, state.sync.pass, now);
    if is_new { vec![id.clone()] } else { Vec::new() }
}

/// A state without the suggestions that a change of the cloud's rows covers. Its rows still show them.
pub(super) struct Covering<'a> {
    state: Cow<'a, State>,
    rows: Vec<ConversationId>,
}

impl<'a> Covering<'a> {
    pub(super) fn of(state: &'a State, delta: &Delta) -> Self {
        let mut suggestions = state.suggestions.clone();
        let rows = suggestions.cover(delta);
        let mut state = Cow::Borrowed(state);
        if !rows.is_empty() {
            state.to_mut().suggestions = suggestions;
        }
        Self { state, rows }
    }

    pub(super) fn state(&self) -> &State {
        &self.state
    }

    pub(super) fn suggestions(self) -> Suggestions {
        self.state.suggestions.clone()
    }

    /// Shows the rows again that had such suggestions, unless the change sets or removes them.
    pub(super) fn show(&self, applied: &mut Applied) {
        if self.rows.is_empty() {
            return;
        }
        let set = applied.rows.iter().map(|placed| &placed.row().base().id);
        let done: BTreeSet<_> = set.chain(&applied.removed).cloned().collect();
        for id in self.rows.iter().filter(|id| !done.contains(*id)) {
            let Some(placed) = self.state.shown_again(id) else { continue };
            let change = placed.change_after(self.state.rows.get(id));
            applied.changes.extend(change);
            applied.rows.push(placed);
        }
        applied.changes.sort_by(|a, b| RowChange::id(a).cmp(&RowChange::id(b)));
    }
}
