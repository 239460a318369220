//! Rows by ID, in list order and by what filters ask for, and what is counted over them.

mod candidates;
mod groups;
mod places;
mod plan;
mod sets;

use std::sync::Arc;

use conv_model::{Conversation, ConversationId, ConversationQuery, Facet, PageKey};

pub(crate) use self::candidates::Matching;
use self::{
    groups::Groups,
    places::Places,
    plan::{Plan, plan},
    sets::{Members, Sets},
};
use crate::list::{
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
    pub(crate) fn from_rows(
        rows: impl IntoIterator<Item = Row, IntoIter: ExactSizeIterator>,
    ) -> Self {
        let rows = rows.into_iter();
        let mut index = Self::default();
        let mut hashes = Vec::with_capacity(rows.len());
        let mut members = (rows.len() >= SMALL).then(Members::default);
        // Each row is looked at once, in the order they came in, as they stand in memory: what is
        // not near any more takes longer to get than to look at.
        let look = |row: &Row| {
            index.count(None, Some(row));
            hashes.push(places::hash(&row.listed().id));
            members.iter_mut().for_each(|members| members.add(row));
        };
        let mut rows: Vec<Row> = rows.inspect(look).collect();
        index.places = Places::of(&rows, hashes);
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
        let rank = self.places.rank(id)?;
        self.rows.get(&(rank, Some(id.clone())))
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

    /// In list order, after a place if one is given: the rows that a query asks for.
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

    /// Sums over the rows that a query asks for.
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

    /// Sets a row in the place of the one with the same ID, if there is one.
    pub(crate) fn set(&mut self, row: Row) {
        let id = row.listed().id.clone();
        self.change(&id, |_| row);
    }

    /// Sets what is made of the row of an ID, if there is one. Each tree is gone down once for the
    /// row that is there, and once more for the one that comes.
    pub(crate) fn change(&mut self, id: &ConversationId, make: impl FnOnce(Option<&Row>) -> Row) {
        let rank = self.places.rank_mut(id);
        // A rank may be that of another row, which has another ID.
        let old = rank.as_ref().and_then(|rank| self.rows.remove(&(rank.get(), Some(id.clone()))));
        let new = make(old.as_ref());
        match rank {
            Some(mut rank) if old.is_some() => rank.set(new.rank),
            _ => self.places.insert(id, new.rank),
        }
        self.count(old.as_ref(), Some(&new));
        if let Some(sets) = &mut self.sets {
            sets.replace(old.as_ref(), Some(&new));
        }
        self.rows.insert(new);
        self.keep_sets();
    }

    pub(crate) fn remove(&mut self, id: &ConversationId) {
        let old = self.get(id).cloned();
        self.replace(old.as_ref(), None);
    }

    /// Puts a row, or none, in the place of the one with the same ID that is there, or of none.
    pub(crate) fn replace(&mut self, old: Option<&Row>, new: Option<Row>) {
        self.count(old, new.as_ref());
        if let Some(sets) = &mut self.sets {
            sets.replace(old, new.as_ref());
        }
        match (old, &new) {
            (Some(old), Some(new)) if old.rank == new.rank => {}
            (Some(old), Some(new)) => {
                self.rows.remove(&old.key());
                self.places.change(&new.listed().id, new.rank);
            }
            (Some(old), None) => {
                self.rows.remove(&old.key());
                self.places.remove(&old.listed().id);
            }
            (None, Some(new)) => self.places.insert(&new.listed().id, new.rank),
            (None, None) => {}
        }
        if let Some(new) = new {
            self.rows.insert(new);
        }
        self.keep_sets();
    }

    /// Sets come and go with the size of the list.
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
            self.lacking.add(new.listed());
        }
        if let Some(old) = old {
            self.totals.subtract(old.listed());
            self.lacking.subtract(old.listed());
        }
        self.groups.replace(old.map_or(&[], Row::groups), new.map_or(&[], Row::groups));
    }
}

#[cfg(test)]
mod tests;
