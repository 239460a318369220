//! A sorted map whose copies share what they have in common.
//!
//! A B+ tree of shared nodes: a copy costs one pointer, and a change copies the nodes from the root
//! to one leaf, unless they are not shared. So a batch of changes on a working copy copies each node
//! once.

mod iter;
mod node;

use std::{cmp::Ordering, fmt, sync::Arc};

pub(crate) use self::iter::Iter;
use self::node::{Child, Node};

/// A value in a tree, with its key.
pub(crate) trait Entry: Clone {
    /// The sort key. Inner nodes hold copies, so it should be cheap to copy.
    type Key: Ord + Clone;

    /// The cap on entries per leaf: low if they are expensive to copy, high if they are numbers.
    const LEAF: usize = 32;

    /// Returns the entry's key.
    fn key(&self) -> Self::Key;

    /// Returns a key greater than that of the entry before, and not greater than this one's. The
    /// shorter it is, the less a change copies.
    fn bound(&self, _before: &Self) -> Self::Key {
        self.key()
    }

    /// Compares the entry's key with another.
    fn compare(&self, key: &Self::Key) -> Ordering;
}

/// Entries in order of their keys, each key once.
#[derive(Clone)]
pub(crate) struct Tree<E: Entry> {
    root: Arc<Node<E>>,
    len: usize,
}

impl<E: Entry> Tree<E> {
    /// Builds a tree of sorted entries, each key once.
    pub(crate) fn from_sorted(entries: Vec<E>) -> Self {
        let len = entries.len();
        Self { root: Arc::new(Node::from_sorted(entries)), len }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn get(&self, key: &E::Key) -> Option<&E> {
        self.root.get(key)
    }

    /// Returns the entry of a key, to change all of it but the key. Call it for a key that is there: the
    /// nodes are copied either way.
    pub(crate) fn get_mut(&mut self, key: &E::Key) -> Option<&mut E> {
        Arc::make_mut(&mut self.root).get_mut(key)
    }

    /// Sets the entry of a key and returns the former one.
    pub(crate) fn insert(&mut self, entry: E) -> Option<E> {
        let key = entry.key();
        let root = Arc::make_mut(&mut self.root);
        let old = match root.set(&key, entry) {
            Ok(old) => old,
            Err(entry) => {
                if let Some(right) = root.insert(&key, entry) {
                    let left = Child { least: key, node: Arc::clone(&self.root) };
                    self.root = Arc::new(Node::Branch(vec![left, right]));
                }
                None
            }
        };
        if old.is_none() {
            self.len = self.len.saturating_add(1);
        }
        old
    }

    /// Removes the entry of a key and returns it. Call it for a key that is there: the nodes are copied
    /// either way.
    pub(crate) fn remove(&mut self, key: &E::Key) -> Option<E> {
        let root = Arc::make_mut(&mut self.root);
        let old = root.take(key).or_else(|| root.remove(key))?;
        while let Some(only) = self.root.only_child() {
            self.root = only;
        }
        self.len = self.len.saturating_sub(1);
        Some(old)
    }

    /// Iterates over all entries, ascending.
    pub(crate) fn iter(&self) -> Iter<'_, E> {
        Iter::all(&self.root, self.len)
    }

    /// Iterates over the entries from a key on, ascending.
    pub(crate) fn from(&self, key: &E::Key) -> Iter<'_, E> {
        Iter::from(&self.root, key)
    }
}

impl<E: Entry> Default for Tree<E> {
    fn default() -> Self {
        Self::from_sorted(Vec::new())
    }
}

impl<E: Entry + fmt::Debug> fmt::Debug for Tree<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests;
