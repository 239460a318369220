//! The rows as the cloud knows them, beside those that the list shows.

use std::{cmp::Ordering, sync::Arc};

use conv_model::{Conversation, ConversationId, Outbox, Removal, RowChange};

use crate::{
    list::{row::Row, state::State, suggestions::Suggestions, tree::Entry},
    record::Stamps,
};

/// A row with its place: in the list, or hidden by a pending deletion.
#[derive(Clone, Debug)]
pub(crate) enum Placed {
    Shown(Row),
    Hidden(Row),
}

/// A row that a pending deletion hides: in no list, count or order.
#[derive(Clone, Debug)]
pub(crate) struct HiddenRow(Row);

/// Sorted by ID.
impl Entry for HiddenRow {
    type Key = ConversationId;

    fn key(&self) -> ConversationId {
        self.0.base().id.clone()
    }

    fn compare(&self, key: &ConversationId) -> Ordering {
        self.0.base().id.cmp(key)
    }
}

impl HiddenRow {
    pub(crate) fn new(row: Row) -> Self {
        Self(row)
    }
}

impl Placed {
    /// Builds the row that shows `base` with what events stated, as an outbox leaves it, and shares
    /// forms with the row `before`, shown or hidden, if they stay the same.
    pub(crate) fn of(
        base: Arc<Conversation>,
        stamps: Stamps,
        before: Option<&Row>,
        (suggestions, outbox): (&Suggestions, &Outbox),
    ) -> Self {
        let over = suggestions.over(&base);
        // What an event states brings no deleted row back.
        let is_hidden = !Arc::ptr_eq(&over, &base) && outbox.shown(&base).is_none();
        match outbox.shown(&over).filter(|_| !is_hidden) {
            Some(shown) if Arc::ptr_eq(&shown, &base) => {
                Self::Shown(Row::new(base, stamps, before))
            }
            Some(shown) => Self::Shown(Row::over(base, shown, stamps, before)),
            None => Self::Hidden(Row::new(base, stamps, before)),
        }
    }

    pub(crate) fn row(&self) -> &Row {
        let (Self::Shown(row) | Self::Hidden(row)) = self;
        row
    }

    fn shown(&self) -> Option<&Row> {
        match self {
            Self::Shown(row) => Some(row),
            Self::Hidden(_) => None,
        }
    }

    /// Returns what the list shows of it after another row of the same ID, which was shown.
    pub(crate) fn change_after(&self, before: Option<&Row>) -> Option<RowChange> {
        change(before, self.shown(), Removal::Deleted)
    }
}

/// Returns what the list shows of a row that became another one; `None` if it shows the same.
pub(crate) fn change(
    before: Option<&Row>,
    after: Option<&Row>,
    cause: Removal,
) -> Option<RowChange> {
    match (before, after) {
        (Some(before), Some(after)) if before.is_shown_as(after) => None,
        (before, Some(after)) => {
            let old = before.map(|before| Arc::clone(before.listed()));
            Some(RowChange::set(old, Arc::clone(after.listed())))
        }
        (Some(before), None) => Some(RowChange::removed(Arc::clone(before.listed()), cause)),
        (None, None) => None,
    }
}

impl State {
    /// Returns a row that the cloud knows, shown or hidden.
    pub(crate) fn base_row(&self, id: &ConversationId) -> Option<&Row> {
        self.rows.get(id).or_else(|| self.hidden_row(id))
    }

    fn hidden_row(&self, id: &ConversationId) -> Option<&Row> {
        self.hidden.get(id).map(|hidden| &hidden.0)
    }

    /// Returns true if a pending deletion hides the row of an ID.
    pub(crate) fn is_hidden(&self, id: &ConversationId) -> bool {
        self.hidden_row(id).is_some()
    }

    /// Iterates over all rows that the cloud knows, in no order.
    pub(crate) fn base_rows(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().chain(self.hidden_rows())
    }

    /// Returns the rows that the cloud knows in order of their IDs.
    pub(crate) fn sorted_base_rows(&self) -> Vec<&Row> {
        let mut rows: Vec<&Row> = self.base_rows().collect();
        rows.sort_unstable_by(|a, b| a.base().id.cmp(&b.base().id));
        rows
    }

    /// Iterates over the rows that pending deletions hide.
    pub(crate) fn hidden_rows(&self) -> impl Iterator<Item = &Row> {
        self.hidden.iter().map(|hidden| &hidden.0)
    }

    /// Returns the number of rows that the cloud knows.
    pub(crate) fn base_len(&self) -> usize {
        self.rows.len().saturating_add(self.hidden.len())
    }

    /// Puts a row into its place. The row of the same ID leaves its own.
    pub(crate) fn place(&mut self, placed: Placed) {
        match placed {
            Placed::Shown(row) => {
                self.unhide(&row.listed().id.clone());
                self.rows.set(row);
            }
            Placed::Hidden(row) => {
                self.rows.remove(&row.base().id);
                self.hidden.insert(HiddenRow::new(row));
            }
        }
    }

    /// Removes a row, shown or hidden.
    pub(crate) fn remove_row(&mut self, id: &ConversationId) {
        self.suggestions.remove(id);
        self.rows.remove(id);
        self.unhide(id);
    }

    fn unhide(&mut self, id: &ConversationId) {
        if self.hidden.get(id).is_some() {
            self.hidden.remove(id);
        }
    }

    /// Shows a row again as the outbox now leaves it.
    pub(crate) fn show_again(&mut self, id: &ConversationId) {
        if let Some(placed) = self.shown_again(id) {
            self.place(placed);
        }
    }

    /// Returns a row as suggestions and outbox now leave it.
    pub(crate) fn shown_again(&self, id: &ConversationId) -> Option<Placed> {
        let row = self.base_row(id)?;
        Some(Placed::of(Arc::clone(row.base()), row.stamps(), Some(row), self.overlays()))
    }

    /// Returns what a row shows over the cloud's, in that order.
    pub(crate) fn overlays(&self) -> (&Suggestions, &Outbox) {
        (&self.suggestions, &self.outbox)
    }
}
