//! Walking a tree in order.

use std::slice;

use super::{
    Entry,
    node::{Child, Node},
};

/// Entries, ascending.
pub(crate) struct Iter<'a, E: Entry> {
    leaf: slice::Iter<'a, E>,
    /// What is left of each branch on the way to the leaf, the root's first.
    above: Vec<slice::Iter<'a, Child<E>>>,
    /// At least so many entries are left beyond the leaf.
    rest: usize,
}

impl<'a, E: Entry> Iter<'a, E> {
    /// All of so many entries.
    pub(super) fn all(root: &'a Node<E>, len: usize) -> Self {
        let mut iter = Self::default();
        iter.descend(root, None);
        iter.rest = len.saturating_sub(iter.leaf.len());
        iter
    }

    /// From a key on.
    pub(super) fn from(root: &'a Node<E>, key: &E::Key) -> Self {
        let mut iter = Self::default();
        iter.descend(root, Some(key));
        iter
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
                    let skipped = from.map_or(0, |key| {
                        children.partition_point(|child| child.least <= *key).saturating_sub(1)
                    });
                    let mut rest = children.get(skipped..).unwrap_or_default().iter();
                    let Some(child) = rest.next() else { return };
                    self.above.push(rest);
                    node = &child.node;
                }
            }
        }
    }
}

impl<E: Entry> Clone for Iter<'_, E> {
    fn clone(&self) -> Self {
        Self { leaf: self.leaf.clone(), above: self.above.clone(), rest: self.rest }
    }
}

/// Of nothing.
impl<E: Entry> Default for Iter<'_, E> {
    fn default() -> Self {
        Self { leaf: [].iter(), above: Vec::new(), rest: 0 }
    }
}

impl<'a, E: Entry> Iterator for Iter<'a, E> {
    type Item = &'a E;

    fn next(&mut self) -> Option<&'a E> {
        loop {
            if let Some(entry) = self.leaf.next() {
                return Some(entry);
            }
            match self.above.last_mut()?.next() {
                Some(child) => {
                    self.descend(&child.node, None);
                    self.rest = self.rest.saturating_sub(self.leaf.len());
                }
                None => {
                    self.above.pop();
                }
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.leaf.len().saturating_add(self.rest), None)
    }
}
