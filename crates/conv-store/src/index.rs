//! Rows by ID, in list order and by what filters ask for, and what is counted over them.

mod candidates;
mod groups;
mod places;
mod plan;
mod sets;

use std::sync::Arc;

use conv_model::{Conversation, ConversationId, ConversationQuery, Facet, PageKey};

pub(crate) use self::candidates::Candidates;
use self::{groups::Groups, places::Places, plan::plan, sets::Sets};
use crate::{
    row::Row,
    totals::{Lacking, Totals},
    tree::{Entry, Iter, Tree},
};

/// Lists with fewer rows are read through: that takes as long as looking into the sets, which
/// would have to be kept.
const SMALL: usize = 2048;

/// All rows of an instant. A copy costs a few pointers and shares every row.
#[derive(Clone, Debug, Default)]
pub(crate) struct Index {
    /// In list order.
    rows: Tree<Row>,
    places: Places,
    /// None while the list is small.
    sets: Option<Sets>,
    groups: Groups,
    totals: Totals,
    lacking: Lacking,
}

impl Index {
    /// Of rows with different IDs.
    pub(crate) fn from_rows(mut rows: Vec<Row>) -> Self {
        rows.sort_unstable_by(Row::compare_place);
        let mut index = Self {
            places: Places::of(&rows),
            sets: (rows.len() >= SMALL).then(|| Sets::from_sorted(&rows)),
            ..Self::default()
        };
        rows.iter().for_each(|row| index.count(row.listed()));
        index.rows = Tree::from_sorted(rows);
        index
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
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
        self.places.ranks(id).find_map(|rank| self.rows.get(&(rank, Some(id.clone()))))
    }

    /// In list order.
    pub(crate) fn iter(&self) -> Iter<'_, Row> {
        self.rows.iter()
    }

    /// In order of their IDs.
    pub(crate) fn sorted(&self) -> Vec<&Row> {
        let mut rows: Vec<&Row> = self.iter().collect();
        rows.sort_unstable_by(|a, b| a.listed().id.cmp(&b.listed().id));
        rows
    }

    /// In list order, as a list shows them.
    pub(crate) fn listed(&self) -> impl Iterator<Item = &Arc<Conversation>> {
        self.iter().map(Row::listed)
    }

    /// In list order, after a place if one is given: every row that a query asks for, and others.
    pub(crate) fn candidates(
        &self,
        query: &ConversationQuery,
        after: Option<&PageKey>,
    ) -> Candidates<'_> {
        let sets = self.sets.as_ref().and_then(|sets| plan(query, sets, self.len()));
        match sets {
            Some(sets) => Candidates::of_sets(&sets, after),
            None => Candidates::of_list(&self.rows, after),
        }
    }

    pub(crate) fn set(&mut self, row: Row) {
        let old = self.get(&row.listed().id).cloned();
        let stays = old.as_ref().is_some_and(|old| old.rank == row.rank);
        self.count(row.listed());
        if let Some(old) = &old {
            self.uncount(old.listed());
            if !stays {
                self.displace(old);
            }
        }
        if !stays {
            self.places.add(&row.listed().id, row.rank);
        }
        if let Some(sets) = &mut self.sets {
            sets.replace(old.as_ref(), Some(&row));
        }
        self.rows.insert(row);
        if self.sets.is_none() && self.len() >= SMALL {
            self.sets = Some(Sets::from_sorted(self.iter()));
        }
    }

    pub(crate) fn remove(&mut self, id: &ConversationId) {
        let Some(old) = self.get(id).cloned() else { return };
        self.uncount(old.listed());
        self.displace(&old);
        if self.len() < SMALL / 2 {
            self.sets = None;
        }
        if let Some(sets) = &mut self.sets {
            sets.replace(Some(&old), None);
        }
    }

    /// Takes a row from its place.
    fn displace(&mut self, row: &Row) {
        self.rows.remove(&row.key());
        self.places.remove(&row.listed().id, row.rank);
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
