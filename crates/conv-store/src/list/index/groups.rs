//! The conversation groups that rows are in, each name stored once.

use std::{cmp::Ordering, sync::Arc};

use crate::list::tree::{Entry, Tree};

/// The number of rows in each conversation group.
#[derive(Clone, Debug, Default)]
pub(super) struct Groups(Tree<Group>);

#[derive(Clone, Debug)]
struct Group {
    name: Arc<str>,
    rows: usize,
}

impl Entry for Group {
    type Key = Arc<str>;

    fn key(&self) -> Arc<str> {
        Arc::clone(&self.name)
    }

    fn compare(&self, name: &Arc<str>) -> Ordering {
        self.name.cmp(name)
    }
}

impl Groups {
    pub(super) fn names(&self) -> impl Iterator<Item = &Arc<str>> {
        self.0.iter().map(|group| &group.name)
    }

    pub(super) fn name(&self, name: &Arc<str>) -> Option<&Arc<str>> {
        self.0.get(name).map(|group| &group.name)
    }

    /// Returns the number of rows in the group of a name.
    pub(super) fn rows(&self, name: &Arc<str>) -> usize {
        self.0.get(name).map_or(0, |group| group.rows)
    }

    /// Counts the groups of a new row and subtracts those of the old one.
    pub(super) fn replace(&mut self, old: &[Arc<str>], new: &[Arc<str>]) {
        if old != new {
            // Added first: otherwise a name that stays would be dropped and stored again.
            self.add(new);
            self.subtract(old);
        }
    }

    fn add(&mut self, names: &[Arc<str>]) {
        for name in names {
            let known = self.0.get(name).cloned();
            let mut group = known.unwrap_or_else(|| Group { name: Arc::clone(name), rows: 0 });
            group.rows = group.rows.saturating_add(1);
            self.0.insert(group);
        }
    }

    fn subtract(&mut self, names: &[Arc<str>]) {
        for name in names {
            match self.0.get(name).cloned() {
                Some(mut group) if group.rows > 1 => {
                    group.rows -= 1;
                    self.0.insert(group);
                }
                _ => {
                    self.0.remove(name);
                }
            }
        }
    }
}
