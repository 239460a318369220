//! Rows of one set or of several, in list order.

use std::sync::Arc;

use conv_model::{Conversation, PageKey};

use crate::{
    row::Placed,
    tree::{Entry, Iter, Tree},
};

/// Rows in list order, each once.
pub(crate) struct Candidates<'a> {
    first: Iter<'a, Placed>,
    /// Where there are several sets: what each gives next, and what it gives afterwards.
    others: Vec<(Option<&'a Placed>, Iter<'a, Placed>)>,
}

impl<'a> Candidates<'a> {
    /// The rows of all sets, after a place if one is given.
    pub(super) fn new(sets: &[&'a Tree<Placed>], after: Option<&PageKey>) -> Self {
        let mut iters: Vec<Iter<'a, Placed>> = sets.iter().map(|set| begin(set, after)).collect();
        if iters.len() < 2 {
            let first = iters.pop().unwrap_or_default();
            return Self { first, others: Vec::new() };
        }
        let others = iters.into_iter().map(|mut iter| (iter.next(), iter)).collect();
        Self { first: Iter::default(), others }
    }

    /// The least of what the sets give next; each that gives it goes on.
    fn next_of_several(&mut self) -> Option<&'a Placed> {
        let next = self.others.iter().filter_map(|(next, _)| *next);
        let least = next.min_by(|a, b| a.compare_place(b))?;
        for (next, iter) in &mut self.others {
            if next.is_some_and(|next| next.row.id == least.row.id) {
                *next = iter.next();
            }
        }
        Some(least)
    }
}

impl<'a> Iterator for Candidates<'a> {
    type Item = &'a Arc<Conversation>;

    fn next(&mut self) -> Option<Self::Item> {
        let placed =
            if self.others.is_empty() { self.first.next() } else { self.next_of_several() };
        placed.map(|placed| &placed.row)
    }
}

fn begin<'a>(set: &'a Tree<Placed>, after: Option<&PageKey>) -> Iter<'a, Placed> {
    let Some(key) = after else { return set.iter() };
    let key = (key.rank(), Some(key.id().clone()));
    let iter = set.from(&key);
    let mut rest = iter.clone();
    let is_there = rest.next().is_some_and(|placed| placed.compare(&key).is_eq());
    if is_there { rest } else { iter }
}
