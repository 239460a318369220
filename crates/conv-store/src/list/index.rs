//! Rows by ID, in list order and by filter, with the counts over them.

mod candidates;
mod groups;
mod plan;
mod ranks;
mod sets;

use std::sync::Arc;

use conv_model::{Conversation, ConversationId, ConversationQuery, Facet, PageKey};

pub(crate) use self::candidates::Matching;
use self::{
    groups::Groups,
    plan::{Plan, plan},
    ranks::RankById,
    sets::{Members, Sets},
};
use crate::list::{
    row::Row,
    totals::{MissingFacets, Totals},
    tree::{Iter, Tree},
};

/// The number of rows from which sets are kept. Reading a smaller list through takes as long as a
/// look into its sets.
const SMALL: usize = 2048;

/// All rows of an instant. A copy costs a few pointers and shares every row.
#[derive(Clone, Debug, Default)]
pub(crate) struct Index {
    /// In list order.
    rows: Tree<Row>,
    ranks: RankById,
    /// None while the list is small.
    sets: Option<Sets>,
    groups: Groups,
    totals: Totals,
    missing: MissingFacets,
    /// The number of rows with marks or custom data.
    marked: usize,
}

impl Index {
    /// Builds the index of rows with different IDs.
    pub(crate) fn from_rows(
        rows: impl IntoIterator<Item = Row, IntoIter: ExactSizeIterator>,
    ) -> Self {
        let rows = rows.into_iter();
        let mut index = Self::default();
        let mut hashes = Vec::with_capacity(rows.len());
        let mut members = (rows.len() >= SMALL).then(Members::default);
        // Visits each row once, in the order of memory: a cache miss costs more than the visit.
        let look = |row: &Row| {
            index.count(None, Some(row));
            hashes.push(ranks::hash(&row.listed().id));
            members.iter_mut().for_each(|members| members.add(row));
        };
        let mut rows: Vec<Row> = rows.inspect(look).collect();
        index.ranks = RankById::of(&rows, hashes);
        index.sets = members.map(Sets::from);
        rows.sort_unstable_by(Row::compare_place);
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
        self.missing.facets()
    }

    /// Returns the names of the conversation groups that rows are in, ascending.
    pub(crate) fn groups(&self) -> impl Iterator<Item = &Arc<str>> {
        self.groups.names()
    }

    /// Returns the number of rows with marks or custom data.
    pub(crate) fn marked(&self) -> usize {
        self.marked
    }

    /// Returns the number of rows in a conversation group.
    pub(crate) fn members(&self, group: &str) -> usize {
        self.groups.rows(&group.into())
    }

    /// Returns the equal name that rows share already, if any.
    pub(crate) fn shared_name(&self, name: &Arc<str>) -> Option<&Arc<str>> {
        self.groups.name(name)
    }

    pub(crate) fn get(&self, id: &ConversationId) -> Option<&Row> {
        let rank = self.ranks.rank(id)?;
        self.rows.get(&(rank, Some(id.clone())))
    }

    /// Iterates in list order.
    pub(crate) fn iter(&self) -> Iter<'_, Row> {
        self.rows.iter()
    }

    /// Iterates in list order over the rows as a list shows them.
    pub(crate) fn listed(&self) -> impl Iterator<Item = &Arc<Conversation>> {
        self.iter().map(Row::listed)
    }

    /// Iterates in list order over the rows that a query asks for, after a place if one is given.
    pub(crate) fn matching<'a>(
        &'a self,
        query: &'a ConversationQuery,
        after: Option<&PageKey>,
    ) -> Matching<'a> {
        match self.plan(query) {
            Some(plan) => Matching::of_plan(&plan, query, after),
            None => Matching::of_list(&self.rows, query, after),
        }
    }

    /// Returns the sums over the rows that a query asks for.
    pub(crate) fn totals_of(&self, query: &ConversationQuery) -> Totals {
        let plan = self.plan(query);
        match plan.as_ref().and_then(Plan::answer) {
            Some(set) => set.totals,
            None => self.matching(query, None).map(AsRef::as_ref).collect(),
        }
    }

    fn plan(&self, query: &ConversationQuery) -> Option<Plan<'_>> {
        plan(query, self.sets.as_ref()?, self.len())
    }

    /// Sets a row, replacing the one with the same ID if there is one.
    pub(crate) fn set(&mut self, row: Row) {
        let id = row.listed().id.clone();
        self.change(&id, |_| row);
    }

    /// Sets the row that `make` makes of the one with the same ID, if there is one. Each tree is
    /// descended once for the old row, and once for the new one.
    pub(crate) fn change(&mut self, id: &ConversationId, make: impl FnOnce(Option<&Row>) -> Row) {
        let rank = self.ranks.rank_mut(id);
        // A rank may be that of another row, which has another ID.
        let old = rank.as_ref().and_then(|rank| self.rows.remove(&(rank.get(), Some(id.clone()))));
        let new = make(old.as_ref());
        match rank {
            Some(mut rank) if old.is_some() => rank.set(new.rank),
            _ => self.ranks.insert(id, new.rank),
        }
        self.count(old.as_ref(), Some(&new));
        if let Some(sets) = &mut self.sets {
            sets.replace(old.as_ref(), Some(&new));
        }
        self.rows.insert(new);
        self.keep_sets();
    }

    /// Removes the row of an ID, if there is one.
    pub(crate) fn remove(&mut self, id: &ConversationId) {
        let rank = self.ranks.rank(id);
        let Some(old) = rank.and_then(|rank| self.rows.remove(&(rank, Some(id.clone())))) else {
            return;
        };
        self.ranks.remove(id);
        self.count(Some(&old), None);
        if let Some(sets) = &mut self.sets {
            sets.replace(Some(&old), None);
        }
        self.keep_sets();
    }

    /// Builds or drops the sets as the list grows or shrinks.
    fn keep_sets(&mut self) {
        if self.sets.is_none() && self.len() >= SMALL {
            self.sets = Some(self.iter().collect());
        } else if self.len() < SMALL / 2 {
            self.sets = None;
        }
    }

    /// Counts a row instead of another.
    fn count(&mut self, old: Option<&Row>, new: Option<&Row>) {
        if let Some(new) = new {
            self.totals.add(new.listed());
            self.missing.add(new.listed());
            self.marked = self.marked.saturating_add(new.is_marked().into());
        }
        if let Some(old) = old {
            self.totals.subtract(old.listed());
            self.missing.subtract(old.listed());
            self.marked = self.marked.saturating_sub(old.is_marked().into());
        }
        self.groups.replace(old.map_or(&[], Row::groups), new.map_or(&[], Row::groups));
    }
}

#[cfg(test)]
mod tests;
