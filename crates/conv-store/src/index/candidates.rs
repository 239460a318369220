//! Rows of one set or of several, in list order.

use std::sync::Arc;

use conv_model::{Conversation, PageKey};

use crate::{
    row::{Member, PlaceKey, Row},
    tree::{Entry, Iter, Tree},
};

/// Rows in list order, each once.
pub(crate) enum Candidates<'a> {
    List(Iter<'a, Row>),
    Set(Iter<'a, Member>),
    /// What each set gives next, and what it gives afterwards.
    Sets(Vec<(Option<&'a Member>, Iter<'a, Member>)>),
}

impl<'a> Candidates<'a> {
    /// The rows of a list, after a place if one is given.
    pub(super) fn of_list(list: &'a Tree<Row>, after: Option<&PageKey>) -> Self {
        Self::List(begin(list, after))
    }

    /// The rows of all sets, after a place if one is given.
    pub(super) fn of_sets(sets: &[&'a Tree<Member>], after: Option<&PageKey>) -> Self {
        let begin = |set: &&'a Tree<Member>| begin(*set, after);
        if let [set] = sets {
            return Self::Set(begin(set));
        }
        let iters = sets.iter().map(begin);
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
}

/// The least of what the sets give next; each that gives it goes on.
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
