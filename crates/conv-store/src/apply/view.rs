//! What a change is resolved against.

use std::{collections::HashMap, sync::Arc};

use conv_model::{ConversationId, Local, Seq, SyncState};

use super::resolve::Resolved;
use crate::{
    Record,
    list::{row::Row, state::State},
};

/// Whether an engine is given the records of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Records {
    /// They are encoded for it.
    Kept,
    /// Nobody would read them: it is only looked whether they could be kept.
    Unread,
}

/// The list that is shown, and what changes that nobody sees yet make of it. They are made of the
/// list once they are written; until then a copy of it would cost more than they do.
pub(super) struct View<'a> {
    shown: &'a State,
    pub(super) seq: Seq,
    pub(super) written: Seq,
    pub(super) sync: Arc<SyncState>,
    pub(super) garbage: &'a [Record],
    pub(super) redacted: &'a [ConversationId],
    pub(super) records: Records,
    /// How many rows there are.
    pub(super) len: usize,
    rows: HashMap<ConversationId, Option<Row>>,
    locals: HashMap<ConversationId, Local>,
    /// How many changes it knows of.
    changes: usize,
}

impl<'a> View<'a> {
    /// The list as it is shown.
    pub(super) fn new(shown: &'a State, records: Records) -> Self {
        Self {
            shown,
            records,
            seq: shown.seq,
            written: shown.written,
            sync: Arc::clone(&shown.sync),
            garbage: &shown.garbage,
            redacted: &shown.redacted,
            len: shown.rows.len(),
            rows: HashMap::new(),
            locals: HashMap::new(),
            changes: 0,
        }
    }

    /// The number of the next change: after all that is shown, and after all that is stored. Writes of
    /// others that cancel each other out move the second alone.
    pub(super) fn next_seq(&self) -> Seq {
        self.seq.max(self.written).next()
    }

    pub(super) fn row(&self, id: &ConversationId) -> Option<&Row> {
        match self.rows.get(id) {
            Some(changed) => changed.as_ref(),
            None => self.shown.rows.get(id),
        }
    }

    /// All rows, in no order.
    pub(super) fn rows(&self) -> impl Iterator<Item = &Row> {
        let is_same = |row: &&Row| !self.rows.contains_key(&row.listed().id);
        self.shown.rows.iter().filter(is_same).chain(self.rows.values().flatten())
    }

    pub(super) fn local(&self, id: &ConversationId) -> Option<&Local> {
        self.locals.get(id).or_else(|| self.shown.local(id))
    }

    /// The name that rows share, if one has it already.
    pub(super) fn shared_name(&self, name: &Arc<str>) -> Option<&Arc<str>> {
        self.shown.rows.shared_name(name)
    }

    /// Takes changes into account that were resolved against it; it knows the first ones already.
    pub(super) fn follow(&mut self, changes: &[Resolved]) {
        changes.iter().skip(self.changes).for_each(|change| self.take(change));
        self.changes = changes.len();
    }

    fn take(&mut self, change: &Resolved) {
        self.seq = change.commit().seq;
        self.sync = Arc::clone(&change.commit().sync);
        self.written = change.written().unwrap_or(self.written);
        match change.local() {
            Some(entry) => drop(self.locals.insert(entry.id.clone(), entry.local.clone())),
            None if change.written().is_some() => (self.garbage, self.redacted) = (&[], &[]),
            None => {}
        }
        for row in change.rows() {
            if let Some(either) = row.new.as_ref().or(row.old.as_ref()) {
                self.rows.insert(either.listed().id.clone(), row.new.clone());
            }
            self.len = self.len.saturating_add(row.new.iter().len());
            self.len = self.len.saturating_sub(row.old.iter().len());
        }
    }
}
