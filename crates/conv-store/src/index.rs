//! Rows by ID, in list order and by what filters ask for, and what is counted over them.

mod candidates;
mod groups;
mod plan;
mod sets;

use std::sync::Arc;

use conv_model::{Conversation, ConversationId, ConversationQuery, Facet, PageKey};

pub(crate) use self::candidates::Candidates;
use self::{groups::Groups, plan::plan, sets::Sets};
use crate::{
    row::{Placed, Row, id_key},
    totals::{Lacking, Totals},
    tree::{Entry, Iter, Tree},
};

/// Lists with fewer rows are read through: that takes as long as looking into the sets, which
/// would have to be kept.
const SMALL: usize = 2048;

/// All rows of an instant. A copy costs a few pointers and shares every row.
#[derive(Clone, Debug, Default)]
pub(crate) struct Index {
    by_id: Tree<Row>,
    by_place: Tree<Placed>,
    /// None while the list is small.
    sets: Option<Sets>,
    groups: Groups,
    totals: Totals,
    lacking: Lacking,
}

impl Index {
    /// Of rows with different IDs.
    pub(crate) fn from_rows(mut rows: Vec<Row>) -> Self {
        let mut placed: Vec<Placed> = rows.iter().map(|row| Placed::new(row.listed())).collect();
        placed.sort_unstable_by(|a, b| a.compare_place(b));
        let mut index = Self {
            sets: (rows.len() >= SMALL).then(|| Sets::from_sorted(&placed)),
            by_place: Tree::from_sorted(placed),
            ..Self::default()
        };
        rows.iter().for_each(|row| index.count(row.listed()));
        rows.sort_unstable_by(Row::compare_hash);
        index.by_id = Tree::from_sorted(rows);
        index
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

    /// The names of the conversation groups that rows are in, ascending.
    pub(crate) fn groups(&self) -> impl Iterator<Item = &Arc<str>> {
        self.groups.names()
    }

    /// The name that rows share, if one has it already.
    pub(crate) fn shared_name(&self, name: &Arc<str>) -> Option<&Arc<str>> {
        self.groups.name(name)
    }

    pub(crate) fn get(&self, id: &ConversationId) -> Option<&Row> {
        self.by_id.get(&id_key(id))
    }

    /// In no order that means anything.
    pub(crate) fn iter(&self) -> Iter<'_, Row> {
        self.by_id.iter()
    }

    /// In order of their IDs.
    pub(crate) fn sorted(&self) -> Vec<&Row> {
        let mut rows: Vec<&Row> = self.iter().collect();
        rows.sort_unstable_by(|a, b| a.listed().id.cmp(&b.listed().id));
        rows
    }

    /// In list order, as a list shows them.
    pub(crate) fn listed(&self) -> impl Iterator<Item = &Arc<Conversation>> {
        self.by_place.iter().map(|placed| &placed.row)
    }

    /// In list order, after a place if one is given: every row that a query asks for, and others.
    pub(crate) fn candidates(
        &self,
        query: &ConversationQuery,
        after: Option<&PageKey>,
    ) -> Candidates<'_> {
        let sets = self.sets.as_ref().and_then(|sets| plan(query, sets, self.len()));
        let trees = sets.unwrap_or_else(|| vec![&self.by_place]);
        Candidates::new(&trees, after)
    }

    pub(crate) fn set(&mut self, row: Row) {
        let new = Placed::new(row.listed());
        self.count(&new.row);
        let old = self.by_id.insert(row).map(|old| Placed::new(old.listed()));
        if let Some(old) = &old {
            self.uncount(&old.row);
            if old.compare_place(&new).is_ne() {
                self.by_place.remove(&old.key());
            }
        }
        if let Some(sets) = &mut self.sets {
            sets.replace(old.as_ref(), Some(&new));
        }
        self.by_place.insert(new);
        if self.sets.is_none() && self.len() >= SMALL {
            let placed: Vec<Placed> = self.by_place.iter().cloned().collect();
            self.sets = Some(Sets::from_sorted(&placed));
        }
    }

    pub(crate) fn remove(&mut self, id: &ConversationId) {
        let key = id_key(id);
        if self.by_id.get(&key).is_none() {
            return;
        }
        let Some(old) = self.by_id.remove(&key) else { return };
        let old = Placed::new(old.listed());
        self.uncount(&old.row);
        self.by_place.remove(&old.key());
        if self.len() < SMALL / 2 {
            self.sets = None;
        }
        if let Some(sets) = &mut self.sets {
            sets.replace(Some(&old), None);
        }
    }

    fn count(&mut self, row: &Conversation) {
        self.totals.add(row);
        self.lacking.add(row);
        self.groups.add(&row.listing.groups);
    }

    fn uncount(&mut self, row: &Conversation) {
        self.totals.subtract(row);
        self.lacking.subtract(row);
        self.groups.subtract(&row.listing.groups);
    }
}

#[cfg(test)]
mod tests;
