//! Rows while a change is made to them.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use conv_model::{
    Conversation, ConversationId, ConversationPatch, PassId, Removal, RowChange, Seq, Timestamp,
    merge,
};

use crate::{
    Record, StoreError,
    record::{Stamp, encode_row},
    row::Row,
    state::State,
};

/// The rows that a change touches, beside the state it began from.
pub(super) struct Draft<'a> {
    state: &'a State,
    pass: Option<PassId>,
    touched: BTreeMap<ConversationId, Touched>,
}

enum Touched {
    Row(Arc<Conversation>),
    Gone(Removal),
}

/// What became of the rows.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) changes: Vec<RowChange>,
    pub(super) rows: Vec<(ConversationId, Option<Row>)>,
    pub(super) put: Vec<(Record, Arc<[u8]>)>,
    pub(super) delete: Vec<ConversationId>,
}

impl<'a> Draft<'a> {
    pub(super) fn new(state: &'a State, pass: Option<PassId>) -> Self {
        Self { state, pass, touched: BTreeMap::new() }
    }

    /// A row as it now stands.
    pub(super) fn row(&self, id: &ConversationId) -> Option<&Conversation> {
        match self.touched.get(id) {
            Some(Touched::Row(row)) => Some(row),
            Some(Touched::Gone(_)) => None,
            None => self.state.rows.get(id).map(|row| row.whole().as_ref()),
        }
    }

    /// Whether the change's pass must leave a row's listing alone: another writer changed it
    /// since the pass began.
    fn is_guarded(&self, id: &ConversationId) -> bool {
        let Some(pass) = self.pass else { return false };
        self.state
            .rows
            .get(id)
            .is_some_and(|row| row.stamp.seq > self.state.sync.begun && row.stamp.pass != pass)
    }

    /// Merges a row of a listing; one that is absent is made.
    pub(super) fn list(&mut self, patch: &ConversationPatch) {
        let row = match self.row(&patch.id) {
            Some(old) => {
                let mut row = merge(Some(old), patch);
                if self.is_guarded(&patch.id) {
                    row.listing.clone_from(&old.listing);
                }
                row
            }
            None => {
                let mut row = merge(None, patch);
                row.local = self.state.local(&patch.id).cloned().unwrap_or_default();
                row
            }
        };
        self.touched.insert(patch.id.clone(), Touched::Row(Arc::new(row)));
    }

    /// Merges facets; one that is absent stays absent.
    pub(super) fn amend(&mut self, patch: &ConversationPatch) {
        if self.row(&patch.id).is_some() {
            self.list(patch);
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
        let stored = self.state.rows.iter().map(Row::whole);
        let untouched = stored.filter(|row| !self.touched.contains_key(&row.id));
        let touched = self.touched.values().filter_map(|touched| match touched {
            Touched::Row(row) => Some(row),
            Touched::Gone(_) => None,
        });
        let gone = untouched.chain(touched).filter(|row| goes(row));
        let ids: Vec<ConversationId> = gone.map(|row| row.id.clone()).collect();
        for id in ids {
            self.remove(&id, cause);
        }
    }

    fn remove(&mut self, id: &ConversationId, cause: Removal) {
        if self.row(id).is_some() && !self.is_guarded(id) {
            self.touched.insert(id.clone(), Touched::Gone(cause));
        }
    }

    /// Leaves out what is as it was, and stamps listings that are not.
    pub(super) fn finish(self, seq: Seq) -> Result<Outcome, StoreError> {
        let mut outcome = Outcome::default();
        let fresh = Stamp::new(seq, self.pass.unwrap_or_default());
        for (id, touched) in self.touched {
            let before = self.state.rows.get(&id);
            match touched {
                Touched::Gone(cause) => outcome.remove(id, before, cause),
                Touched::Row(after) => outcome.set(id, before, after, fresh)?,
            }
        }
        Ok(outcome)
    }
}

impl Outcome {
    fn remove(&mut self, id: ConversationId, before: Option<&Row>, cause: Removal) {
        if let Some(before) = before {
            self.changes.push(RowChange::removed(Arc::clone(before.listed()), cause));
            self.delete.push(id.clone());
            self.rows.push((id, None));
        }
    }

    fn set(
        &mut self,
        id: ConversationId,
        before: Option<&Row>,
        after: Arc<Conversation>,
        fresh: Stamp,
    ) -> Result<(), StoreError> {
        let stamp = match before {
            Some(before) if *before.whole() == after => return Ok(()),
            Some(before) if before.whole().listing == after.listing => before.stamp,
            _ => fresh,
        };
        self.put.push((Record::Row(id.clone()), encode_row(&after, stamp, fresh.seq)?));
        let row = Row::new(after, stamp, before);
        let old = before.map(|before| Arc::clone(before.listed()));
        self.changes.push(RowChange::set(old, Arc::clone(row.listed())));
        self.rows.push((id, Some(row)));
        Ok(())
    }

    /// How many rows there are, where there were some before.
    pub(super) fn len_after(&self, before: usize) -> usize {
        let made = self.changes.iter().filter(|change| change.before.is_none()).count();
        before.saturating_add(made).saturating_sub(self.delete.len())
    }
}
