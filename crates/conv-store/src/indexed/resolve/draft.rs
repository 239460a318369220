//! Rows while a change is made to them.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use conv_model::{
    Conversation, ConversationId, ConversationPatch, PassId, Removal, RowChange, Seq, Timestamp,
    merge,
};

use super::super::view::{Records, View};
use crate::{
    Record, StoreError,
    names::Names,
    record::{Stamp, check_row, encode_row},
    row::{Replacement, Row},
};

/// The rows that a change touches, beside the list it began from.
pub(super) struct Draft<'a> {
    view: &'a View<'a>,
    pass: Option<PassId>,
    touched: BTreeMap<ConversationId, Touched<'a>>,
    /// Of conversation groups that no row is in so far.
    names: Names,
}

struct Touched<'a> {
    before: Option<&'a Row>,
    now: Fate,
}

enum Fate {
    Row(Arc<Conversation>),
    Gone(Removal),
}

/// What became of the rows.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) changes: Vec<RowChange>,
    pub(super) rows: Vec<Replacement>,
    pub(super) put: Vec<(Record, Arc<[u8]>)>,
    pub(super) delete: Vec<ConversationId>,
}

impl Touched<'_> {
    fn row(&self) -> Option<&Conversation> {
        match &self.now {
            Fate::Row(row) => Some(row),
            Fate::Gone(_) => None,
        }
    }
}

impl<'a> Draft<'a> {
    pub(super) fn new(view: &'a View<'a>, pass: Option<PassId>) -> Self {
        Self { view, pass, touched: BTreeMap::new(), names: Names::default() }
    }

    /// A row as it now stands.
    pub(super) fn row(&self, id: &ConversationId) -> Option<&Conversation> {
        match self.touched.get(id) {
            Some(touched) => touched.row(),
            None => self.view.row(id).map(|row| row.whole().as_ref()),
        }
    }

    /// Whether the change's pass must leave a row's listing alone: another writer changed it
    /// since the pass began.
    fn is_guarded(&self, before: Option<&Row>) -> bool {
        let Some(pass) = self.pass else { return false };
        before.is_some_and(|row| row.stamp.seq > self.view.sync.begun && row.stamp.pass != pass)
    }

    /// Merges a row of a listing; one that is absent is made.
    pub(super) fn list(&mut self, patch: &ConversationPatch) {
        self.join(patch, true);
    }

    /// Merges facets; one that is absent stays absent.
    pub(super) fn amend(&mut self, patch: &ConversationPatch) {
        self.join(patch, false);
    }

    fn join(&mut self, patch: &ConversationPatch, is_made: bool) {
        let touched = self.touched.get(&patch.id);
        let before = touched.map_or_else(|| self.view.row(&patch.id), |row| row.before);
        let old = match touched {
            Some(touched) => touched.row(),
            None => before.map(|row| row.whole().as_ref()),
        };
        let mut row = match old {
            // Most rows of a second listing: they say what is known.
            Some(old) if !patch.may_change(old) => return,
            Some(old) => {
                let mut row = merge(Some(old), patch);
                if self.is_guarded(before) {
                    row.listing.clone_from(&old.listing);
                }
                row
            }
            None if !is_made => return,
            None => {
                let mut row = merge(None, patch);
                row.local = self.view.local(&patch.id).cloned().unwrap_or_default();
                row
            }
        };
        self.share_names(&mut row.listing.groups);
        let touched = Touched { before, now: Fate::Row(Arc::new(row)) };
        self.touched.insert(patch.id.clone(), touched);
    }

    /// Rows share the names of their conversation groups.
    fn share_names(&mut self, groups: &mut [Arc<str>]) {
        for name in groups {
            match self.view.shared_name(name) {
                Some(known) => *name = Arc::clone(known),
                None => self.names.share(std::slice::from_mut(name)),
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

    /// Removes each row whose retention ended after one moment and by another.
    pub(super) fn remove_expired(&mut self, after: Timestamp, by: Timestamp, retention: u64) {
        self.remove_where(Removal::Expired, |row| {
            let time = row.listing.time.filter(|time| !time.is_zero());
            let end = time.map(|time| time.plus_secs(retention));
            end.is_some_and(|end| after < end && end <= by)
        });
    }

    fn remove_where(&mut self, cause: Removal, goes: impl Fn(&Conversation) -> bool) {
        let stored = self.view.rows().map(|row| row.whole().as_ref());
        let untouched = stored.filter(|row| !self.touched.contains_key(&row.id));
        let touched = self.touched.values().filter_map(Touched::row);
        let gone = untouched.chain(touched).filter(|row| goes(row));
        let ids: Vec<ConversationId> = gone.map(|row| row.id.clone()).collect();
        for id in ids {
            self.remove(&id, cause);
        }
    }

    fn remove(&mut self, id: &ConversationId, cause: Removal) {
        let before = self.view.row(id);
        if self.row(id).is_some() && !self.is_guarded(before) {
            self.touched.insert(id.clone(), Touched { before, now: Fate::Gone(cause) });
        }
    }

    /// Leaves out what is as it was, and stamps listings that are not.
    pub(super) fn finish(self, seq: Seq) -> Result<Outcome, StoreError> {
        let mut outcome = Outcome::default();
        let fresh = Stamp::new(seq, self.pass.unwrap_or_default());
        for (id, Touched { before, now }) in self.touched {
            match now {
                Fate::Gone(cause) => outcome.remove(id, before, cause),
                Fate::Row(after) => {
                    let Some(stamp) = stamp(before, &after, fresh) else { continue };
                    match self.view.records {
                        Records::Kept => {
                            outcome.put.push((Record::Row(id), encode_row(&after, stamp, seq)?));
                        }
                        Records::Unread => check_row(&after, stamp)?,
                    }
                    outcome.set(before, after, stamp);
                }
            }
        }
        Ok(outcome)
    }
}

/// The stamp of a row that is not as it was: a fresh one if its listing is not.
fn stamp(before: Option<&Row>, after: &Arc<Conversation>, fresh: Stamp) -> Option<Stamp> {
    match before {
        Some(before) if before.whole() == after => None,
        Some(before) if before.whole().listing == after.listing => Some(before.stamp),
        _ => Some(fresh),
    }
}

impl Outcome {
    fn remove(&mut self, id: ConversationId, before: Option<&Row>, cause: Removal) {
        if let Some(before) = before {
            self.changes.push(RowChange::removed(Arc::clone(before.listed()), cause));
            self.delete.push(id);
            self.rows.push(Replacement { old: Some(before.clone()), new: None });
        }
    }

    fn set(&mut self, before: Option<&Row>, after: Arc<Conversation>, stamp: Stamp) {
        let row = Row::new(after, stamp, before);
        let old = before.map(|before| Arc::clone(before.listed()));
        self.changes.push(RowChange::set(old, Arc::clone(row.listed())));
        self.rows.push(Replacement { old: before.cloned(), new: Some(row) });
    }

    /// How many rows there are, where there were some before.
    pub(super) fn len_after(&self, before: usize) -> usize {
        let made = self.changes.iter().filter(|change| change.before.is_none()).count();
        before.saturating_add(made).saturating_sub(self.delete.len())
    }
}
