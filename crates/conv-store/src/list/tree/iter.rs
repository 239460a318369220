//! Iteration over a tree in order.

use std::{array, slice};

use super::{
    Entry,
    node::{Child, Node, place},
};

/// More levels than a tree can have: each takes some eight times the insertions of the one below.
const DEPTH: usize = 12;

/// Entries, ascending.
#[derive(Clone)]
pub(crate) struct Iter<'a, E: Entry> {
    leaf: slice::Iter<'a, E>,
    /// The rest of each branch on the way to the leaf, the root's first. An array, because many a walk
    /// takes less time than an allocation.
    above: [slice::Iter<'a, Child<E>>; DEPTH],
    depth: usize,
    /// A lower bound of the entries beyond the leaf.
    rest: usize,
}

impl<'a, E: Entry> Iter<'a, E> {
    /// Iterates over all `len` entries.
    pub(super) fn all(root: &'a Node<E>, len: usize) -> Self {
        let mut iter = Self::default();
        iter.descend(root, None);
        iter.rest = len.saturating_sub(iter.leaf.len());
        iter
    }

    /// Iterates from a key on.
    pub(super) fn from(root: &'a Node<E>, key: &E::Key) -> Self {
        let mut iter = Self::default();
        iter.descend(root, Some(key));
        iter
    }

    /// Returns the next entries, at most `most`, all of one leaf; an empty slice at the end.
    pub(crate) fn next_slice(&mut self, most: usize) -> &'a [E] {
        while self.leaf.len() == 0 && self.step().is_some() {}
        let rest = self.leaf.as_slice();
        let (slice, left) = rest.split_at_checked(most).unwrap_or((rest, &[]));
        self.leaf = left.iter();
        slice
    }

    /// Steps from the end of a leaf towards the next one; `None` after the last.
    #[inline]
    fn step(&mut self) -> Option<()> {
        let level = self.depth.checked_sub(1)?;
        match self.above.get_mut(level)?.next() {
            Some(child) => {
                self.descend(&child.node, None);
                self.rest = self.rest.saturating_sub(self.leaf.len());
            }
            None => self.depth = level,
        }
        Some(())
    }

    fn descend(&mut self, mut node: &'a Node<E>, from: Option<&E::Key>) {
        loop {
            match node {
                Node::Leaf(entries) => {
                    let skipped = from.map_or(0, |key| {
                        entries.partition_point(|entry| entry.compare(key).is_lt())
                    });
                    self.leaf = entries.get(skipped..).unwrap_or_default().iter();
                    return;
                }
                Node::Branch(children) => {
                    let skipped = from.map_or(0, |key| place(children, key));
                    let mut rest = children.get(skipped..).unwrap_or_default().iter();
                    let Some(child) = rest.next() else { return };
                    if let Some(level) = self.above.get_mut(self.depth) {
                        *level = rest;
                        self.depth += 1;
                    }
                    node = &child.node;
                }
            }
        }
    }
}

/// Iterates over nothing.
impl<E: Entry> Default for Iter<'_, E> {
    fn default() -> Self {
        Self { leaf: [].iter(), above: array::from_fn(|_| [].iter()), depth: 0, rest: 0 }
    }
}

impl<'a, E: Entry> Iterator for Iter<'a, E> {
    type Item = &'a E;

    fn next(&mut self) -> Option<&'a E> {
        loop {
            if let Some(entry) = self.leaf.next() {
                return Some(entry);
            }
            self.step()?;
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.leaf.len().saturating_add(self.rest), None)
    }
}
