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
}

impl<'a, E: Entry> Iter<'a, E> {
    /// From a key on; `None`: from the first.
    pub(super) fn new(root: &'a Node<E>, from: Option<&E::Key>) -> Self {
        let mut iter = Self { leaf: [].iter(), above: Vec::new() };
        iter.descend(root, from);
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

impl<'a, E: Entry> Iterator for Iter<'a, E> {
    type Item = &'a E;

    fn next(&mut self) -> Option<&'a E> {
        loop {
            if let Some(entry) = self.leaf.next() {
                return Some(entry);
            }
            match self.above.last_mut()?.next() {
                Some(child) => self.descend(&child.node, None),
                None => {
                    self.above.pop();
                }
            }
        }
    }
}
