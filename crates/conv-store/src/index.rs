//! Rows by ID and in list order, and what is counted over them.

use std::sync::Arc;

use conv_model::{Conversation, ConversationId, Facet};

use crate::{
    row::{Placed, Row},
    totals::{Lacking, Totals},
    tree::{Entry, Iter, Tree},
};

/// All rows of an instant. A copy costs a few pointers and shares every row.
#[derive(Clone, Debug, Default)]
pub(crate) struct Index {
    by_id: Tree<Row>,
    by_place: Tree<Placed>,
    totals: Totals,
    lacking: Lacking,
}

impl Index {
    /// Of rows in order of their IDs, each once.
    pub(crate) fn from_sorted(rows: Vec<Row>) -> Self {
        let mut placed: Vec<Placed> = rows.iter().map(|row| Placed::new(row.listed())).collect();
        placed.sort_unstable_by(|a, b| a.compare_place(b));
        let (mut totals, mut lacking) = (Totals::default(), Lacking::default());
        for row in &rows {
            totals.add(row.listed());
            lacking.add(row.listed());
        }
        Self {
            by_id: Tree::from_sorted(rows),
            by_place: Tree::from_sorted(placed),
            totals,
            lacking,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.by_id.len()
    }

    pub(crate) fn totals(&self) -> Totals {
        self.totals
    }

    pub(crate) fn not_fetched(&self) -> Vec<Facet> {
        self.lacking.facets()
    }

    pub(crate) fn get(&self, id: &ConversationId) -> Option<&Row> {
        self.by_id.get(id)
    }

    /// In order of their IDs.
    pub(crate) fn iter(&self) -> Iter<'_, Row> {
        self.by_id.iter()
    }

    /// In list order, as a list shows them.
    pub(crate) fn listed(&self) -> impl Iterator<Item = &Arc<Conversation>> {
        self.by_place.iter().map(|placed| &placed.row)
    }

    pub(crate) fn set(&mut self, row: Row) {
        self.totals.add(row.listed());
        self.lacking.add(row.listed());
        let placed = Placed::new(row.listed());
        if let Some(old) = self.by_id.insert(row) {
            self.forget(&old, Some(&placed));
        }
        self.by_place.insert(placed);
    }

    pub(crate) fn remove(&mut self, id: &ConversationId) {
        if let Some(old) = self.by_id.remove(id) {
            self.forget(&old, None);
        }
    }

    /// Takes a row out of all but the map by ID; a row that takes its very place replaces it.
    fn forget(&mut self, old: &Row, new: Option<&Placed>) {
        self.totals.subtract(old.listed());
        self.lacking.subtract(old.listed());
        let old = Placed::new(old.listed());
        if new.is_none_or(|new| old.compare_place(new).is_ne()) {
            self.by_place.remove(&old.key());
        }
    }
}
