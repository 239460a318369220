//! Rows of one set or of several, in list order.

use std::sync::Arc;

use conv_model::{Conversation, ConversationQuery, PageKey};

use super::plan::Plan;
use crate::list::{
    row::{Member, PlaceKey, Row},
    tree::{Entry, Iter, Tree},
};

/// The capacity for rows whose number is unknown.
const ROOM: usize = 64;

/// The rows that a query asks for, in list order, each once.
pub(crate) struct Matching<'a> {
    pub(super) candidates: Candidates<'a>,
    /// The query that a candidate must match; `None` if all candidates do.
    query: Option<&'a ConversationQuery>,
}

impl<'a> Matching<'a> {
    /// Reads a whole list.
    pub(super) fn of_list(
        list: &'a Tree<Row>,
        query: &'a ConversationQuery,
        after: Option<&PageKey>,
    ) -> Self {
        let candidates = Candidates::List(begin(list, after));
        Self { candidates, query: (*query != ConversationQuery::All).then_some(query) }
    }

    /// Reads the sets of a plan.
    pub(super) fn of_plan(
        plan: &Plan<'a>,
        query: &'a ConversationQuery,
        after: Option<&PageKey>,
    ) -> Self {
        Self { candidates: Candidates::of(plan, after), query: plan.is_loose.then_some(query) }
    }
}

impl Matching<'_> {
    /// Returns the first rows, at most `most`. Branches on the kind of candidates once, not per row.
    pub(crate) fn first(self, most: usize) -> Vec<Arc<Conversation>> {
        match (self.query, self.candidates) {
            (None, Candidates::List(rows)) => first(rows, most, Row::listed),
            (None, Candidates::Set(members)) => first(members, most, |member| &member.row),
            (query, candidates) => {
                let mut first = Vec::with_capacity(most.min(ROOM));
                first.extend(Matching { candidates, query }.take(most).cloned());
                first
            }
        }
    }
}

/// Collects leaf by leaf, since the length of a slice is known.
fn first<E: Entry>(
    mut entries: Iter<'_, E>,
    most: usize,
    row: fn(&E) -> &Arc<Conversation>,
) -> Vec<Arc<Conversation>> {
    let mut first = Vec::with_capacity(most.min(ROOM));
    while first.len() < most {
        let slice = entries.next_slice(most.saturating_sub(first.len()));
        if slice.is_empty() {
            break;
        }
        first.extend(slice.iter().map(|entry| Arc::clone(row(entry))));
    }
    first
}

impl<'a> Iterator for Matching<'a> {
    type Item = &'a Arc<Conversation>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.query {
            None => self.candidates.next(),
            Some(query) => self.candidates.find(|row| query.matches(row)),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let (least, _) = self.candidates.size_hint();
        (if self.query.is_none() { least } else { 0 }, None)
    }
}

/// Rows in list order, each once.
pub(super) enum Candidates<'a> {
    List(Iter<'a, Row>),
    Set(Iter<'a, Member>),
    /// The next member of each set, and the iterator of the ones after it.
    Sets(Vec<(Option<&'a Member>, Iter<'a, Member>)>),
}

impl<'a> Candidates<'a> {
    /// Starts with the rows of all sets, after a place if one is given.
    fn of(plan: &Plan<'a>, after: Option<&PageKey>) -> Self {
        if let [set] = *plan.sets {
            return Self::Set(begin(&set.rows, after));
        }
        let iters = plan.sets.iter().map(|set| begin(&set.rows, after));
        Self::Sets(iters.map(|mut iter| (iter.next(), iter)).collect())
    }
}

impl<'a> Iterator for Candidates<'a> {
    type Item = &'a Arc<Conversation>;

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::List(rows) => rows.next().map(Row::listed),
            Self::Set(members) => members.next().map(|member| &member.row),
            Self::Sets(sets) => next_of(sets),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match self {
            Self::List(rows) => rows.size_hint(),
            Self::Set(members) => members.size_hint(),
            Self::Sets(_) => (0, None),
        }
    }
}

/// Returns the least of the next members and advances each set that has it.
fn next_of<'a>(
    sets: &mut [(Option<&'a Member>, Iter<'a, Member>)],
) -> Option<&'a Arc<Conversation>> {
    let next = sets.iter().filter_map(|(next, _)| *next);
    let least = next.min_by_key(|member| (member.rank, &member.row.id))?;
    for (next, iter) in sets {
        if next.is_some_and(|next| next.row.id == least.row.id) {
            *next = iter.next();
        }
    }
    Some(&least.row)
}

fn begin<'a, E: Entry<Key = PlaceKey>>(set: &'a Tree<E>, after: Option<&PageKey>) -> Iter<'a, E> {
    let Some(key) = after else { return set.iter() };
    let key = (key.rank(), Some(key.id().clone()));
    let iter = set.from(&key);
    let mut rest = iter.clone();
    let is_there = rest.next().is_some_and(|entry| entry.compare(&key).is_eq());
    if is_there { rest } else { iter }
}
