//! Rows while a change is made to them.

mod fitting;
mod guard;

use std::{
    collections::{BTreeMap, BTreeSet},
    slice,
    sync::Arc,
};

use conv_model::{
    Conversation, ConversationId, ConversationPatch, Delta, Known, Refused, Removal, RowChange,
    Seq, Timestamp, merge,
};

use self::fitting::Fitting;
pub(super) use self::guard::Guard;
use super::change::Encoding;
use crate::{
    Record, StoreError,
    list::{
        names::Names,
        placed::{self, Placed},
        row::Row,
        state::State,
    },
    record::Stamps,
};

/// The rows that a change touches, beside the state it began from, which stays as it is.
pub(super) struct Transaction<'a> {
    state: &'a State,
    guard: Guard,
    touched: BTreeMap<ConversationId, Touched<'a>>,
    /// The names of conversation groups that no row was in before.
    names: Names,
    /// True if a row was left as it is because something of it is newer than the change.
    pub(super) is_overtaken: bool,
}

struct Touched<'a> {
    before: Option<&'a Row>,
    now: RowState,
}

enum RowState {
    Present(Arc<Conversation>),
    Removed(Removal),
}

/// The outcome for the rows. No row is in it twice.
#[derive(Debug, Default)]
pub(super) struct Applied {
    pub(super) changes: Vec<RowChange>,
    /// The rows to set.
    pub(super) rows: Vec<Placed>,
    pub(super) removed: Vec<ConversationId>,
    /// The records of the rows that are set, unless encoding is skipped.
    pub(super) put: Vec<(Record, Arc<[u8]>)>,
    /// The rows and facets that were too large to store.
    pub(super) refused: Vec<Refused>,
    /// The number of rows that are new.
    made: usize,
}

impl Touched<'_> {
    fn row(&self) -> Option<&Conversation> {
        match &self.now {
            RowState::Present(row) => Some(row),
            RowState::Removed(_) => None,
        }
    }
}

impl<'a> Transaction<'a> {
    pub(super) fn new(state: &'a State, delta: &Delta) -> Self {
        let guard = Guard::new(&state.sync, delta);
        let (touched, names) = (BTreeMap::new(), Names::default());
        Self { state, guard, touched, names, is_overtaken: false }
    }

    /// Returns a row as the change has made it so far.
    pub(super) fn row(&self, id: &ConversationId) -> Option<&Conversation> {
        match self.touched.get(id) {
            Some(touched) => touched.row(),
            None => self.state.base_row(id).map(|row| row.base().as_ref()),
        }
    }

    /// Merges a row of a listing; adds one that is absent.
    pub(super) fn list(&mut self, patch: &ConversationPatch) {
        self.join(patch, true);
    }

    /// Merges facets; one that is absent stays absent.
    pub(super) fn update(&mut self, patch: &ConversationPatch) {
        self.join(patch, false);
    }

    fn join(&mut self, patch: &ConversationPatch, is_made: bool) {
        let touched = self.touched.get(&patch.id);
        let before = touched.map_or_else(|| self.state.base_row(&patch.id), |row| row.before);
        let old = match touched {
            Some(touched) => touched.row(),
            None => before.map(|row| row.base().as_ref()),
        };
        let mut row = match old {
            // Most rows of a second listing change nothing.
            Some(old) if !patch.may_change(old) => return,
            Some(old) => {
                let mut row = merge(Some(old), patch);
                if let Some(before) = before {
                    self.is_overtaken |= self.guard.keep_newer(&before.stamps(), old, &mut row);
                }
                row
            }
            None if !is_made => return,
            None => {
                let mut row = merge(None, patch);
                row.local = self.state.local(&patch.id).cloned().unwrap_or_default();
                row
            }
        };
        self.share_names(&mut row.listing.groups);
        let touched = Touched { before, now: RowState::Present(Arc::new(row)) };
        self.touched.insert(patch.id.clone(), touched);
    }

    /// Replaces the names of conversation groups by those that other rows hold already.
    fn share_names(&mut self, groups: &mut [Arc<str>]) {
        for name in groups {
            match self.state.rows.shared_name(name) {
                Some(known) => *name = Arc::clone(known),
                None => self.names.share(slice::from_mut(name)),
            }
        }
    }

    pub(super) fn delete(&mut self, id: &ConversationId) {
        self.remove(id, Removal::Deleted);
    }

    /// Removes each row that no listing confirmed.
    pub(super) fn remove_unlisted(&mut self, keep: &BTreeSet<ConversationId>) {
        self.remove_where(Removal::NotInCloud, |row| !keep.contains(&row.id));
    }

    /// Removes each of these rows, as a listing without them would.
    pub(super) fn remove_gone(&mut self, ids: &BTreeSet<ConversationId>) {
        for id in ids {
            self.remove(id, Removal::NotInCloud);
        }
    }

    /// Returns the rows that [`remove_unlisted`](Self::remove_unlisted) would remove.
    pub(super) fn unlisted(&self, keep: &BTreeSet<ConversationId>) -> Vec<ConversationId> {
        let mut ids = self.rows_where(|row| !keep.contains(&row.id));
        let is_guarded = |id: &ConversationId| {
            self.state.rows.get(id).is_some_and(|row| self.guard.keeps_listing(&row.stamps()))
        };
        // The user deleted the hidden row: it does not count as unconfirmed.
        ids.retain(|id| !is_guarded(id) && !self.state.is_hidden(id));
        ids.sort_unstable();
        ids
    }

    /// Removes each row whose retention ended after one moment and by another.
    pub(super) fn remove_expired(&mut self, after: Timestamp, by: Timestamp, retention: u64) {
        self.remove_where(Removal::Expired, |row| {
            let end = end_of(row.listing.time, retention);
            end.is_some_and(|end| after < end && end <= by)
        });
    }

    /// Removes each message whose own retention ended: its row may stay, its text may not.
    pub(super) fn take_expired_messages(&mut self, by: Timestamp, retention: u64) {
        let is_over = |row: &Conversation| {
            let message = row.last_message.value();
            let end = message.and_then(|message| end_of(message.time, retention));
            end.is_some_and(|end| end <= by)
        };
        for id in self.rows_where(is_over) {
            let mut patch = ConversationPatch::new(id);
            patch.last_message = Known::Nothing;
            self.update(&patch);
        }
    }

    fn remove_where(&mut self, cause: Removal, goes: impl Fn(&Conversation) -> bool) {
        for id in self.rows_where(goes) {
            self.remove(&id, cause);
        }
    }

    fn rows_where(&self, is_one: impl Fn(&Conversation) -> bool) -> Vec<ConversationId> {
        let stored = self.state.base_rows().map(|row| row.base().as_ref());
        let untouched = stored.filter(|row| !self.touched.contains_key(&row.id));
        let touched = self.touched.values().filter_map(Touched::row);
        let found = untouched.chain(touched).filter(|row| is_one(row));
        found.map(|row| row.id.clone()).collect()
    }

    fn remove(&mut self, id: &ConversationId, cause: Removal) {
        let before = self.state.base_row(id);
        let is_guarded = before.is_some_and(|row| self.guard.keeps_listing(&row.stamps()));
        if self.row(id).is_some() && !is_guarded {
            self.touched.insert(id.clone(), Touched { before, now: RowState::Removed(cause) });
        }
        self.is_overtaken |= is_guarded;
    }

    /// Compares the rows with those before, stamps the facets that changed, and encodes.
    ///
    /// A pass has no caller who could shorten a row that is too large: the row or the facet then
    /// stays as it was, and the rest is stored. Any other change is refused as a whole.
    pub(super) fn finish(self, seq: Seq, encoding: Encoding) -> Result<Applied, StoreError> {
        let mut applied = Applied::default();
        let state = self.state;
        let fitting = Fitting { guard: &self.guard, seq, encoding };
        for (id, Touched { before, now }) in self.touched {
            let after = match now {
                RowState::Removed(cause) => {
                    applied.remove(state, id, before, cause);
                    continue;
                }
                RowState::Present(after) => after,
            };
            if before.is_some_and(|before| *before.base() == after) {
                continue;
            }
            let stamps = self.guard.stamps(before, &after, seq);
            let kept = match fitting.encode(&after, stamps) {
                Err(StoreError::TooLarge { .. }) if self.guard.is_of_pass() => {
                    fitting.shrink(before, &after, &mut applied.refused)?
                }
                encoded => Some((after, stamps, encoded?)),
            };
            let Some((after, stamps, record)) = kept else { continue };
            applied.put.extend(record.map(|record| (Record::Row(id), record)));
            applied.set(state, before, after, stamps);
        }
        Ok(applied)
    }
}

/// Returns the time at which the retention of something ends; `None` if its own time is unknown.
fn end_of(time: Option<Timestamp>, retention: u64) -> Option<Timestamp> {
    let time = time.filter(|time| !time.is_zero())?;
    Some(time.plus_secs(retention))
}

impl Applied {
    fn remove(&mut self, state: &State, id: ConversationId, before: Option<&Row>, cause: Removal) {
        if before.is_some() {
            self.changes.extend(placed::change(state.rows.get(&id), None, cause));
            self.removed.push(id);
        }
    }

    fn set(
        &mut self,
        state: &State,
        before: Option<&Row>,
        after: Arc<Conversation>,
        stamps: Stamps,
    ) {
        self.made = self.made.saturating_add(usize::from(before.is_none()));
        let shown = before.filter(|before| !state.is_hidden(&before.base().id));
        let placed = Placed::of(after, stamps, before, state.overlays());
        self.changes.extend(placed.change_after(shown));
        self.rows.push(placed);
    }

    /// Returns true if no row is other than before.
    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.removed.is_empty()
    }

    /// Returns the number of rows after it, given the number before.
    pub(super) fn len_after(&self, before: usize) -> usize {
        before.saturating_add(self.made).saturating_sub(self.removed.len())
    }
}
