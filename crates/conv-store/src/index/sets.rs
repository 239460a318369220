//! Rows by what filters ask for, each set in list order.

use std::{cmp::Ordering, collections::BTreeMap, sync::Arc};

use conv_model::{Conversation, MarkType};

use crate::{
    row::{Member, Row},
    totals::Totals,
    tree::{Entry, Tree},
};

/// What the rows of a set have in common. What most rows have, or do *not* have, needs no set: a
/// type of conversation, no mark.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    Unread,
    Mention,
    Mark(MarkType),
    Group(Arc<str>),
}

/// The sets that are not empty.
#[derive(Clone, Debug, Default)]
pub(super) struct Sets(Tree<Set>);

/// Rows in list order, and what is counted over them.
#[derive(Clone, Debug)]
pub(super) struct Set {
    key: Key,
    pub(super) rows: Tree<Member>,
    pub(super) totals: Totals,
}

impl Entry for Set {
    type Key = Key;

    fn key(&self) -> Key {
        self.key.clone()
    }

    fn compare(&self, key: &Key) -> Ordering {
        self.key.cmp(key)
    }
}

impl Sets {
    /// Of rows in list order.
    pub(super) fn from_sorted<'a>(rows: impl IntoIterator<Item = &'a Row>) -> Self {
        let mut sets: BTreeMap<Key, Vec<Member>> = BTreeMap::new();
        for row in rows {
            for key in keys(row.listed()) {
                sets.entry(key).or_default().push(Member::new(row));
            }
        }
        let sets = sets.into_iter().map(|(key, rows)| Set {
            key,
            totals: rows.iter().map(|member| member.row.as_ref()).collect(),
            rows: Tree::from_sorted(rows),
        });
        Self(Tree::from_sorted(sets.collect()))
    }

    pub(super) fn get(&self, key: &Key) -> Option<&Set> {
        self.0.get(key)
    }

    /// A row after another one with the same ID.
    pub(super) fn replace(&mut self, old: Option<&Row>, new: Option<&Row>) {
        if let Some(old) = old {
            let beside = new.filter(|new| old.rank == new.rank);
            for key in keys(old.listed()) {
                let stays = beside.is_some_and(|new| has(new.listed(), &key));
                self.change(key, |set| set.remove(old, stays));
            }
        }
        if let Some(new) = new {
            for key in keys(new.listed()) {
                self.change(key, |set| set.insert(new));
            }
        }
    }

    fn change(&mut self, key: Key, change: impl FnOnce(&mut Set)) {
        let is_left_empty = match self.0.get_mut(&key) {
            Some(set) => {
                change(set);
                set.totals.conversations == 0
            }
            None => {
                let mut set = Set::new(key.clone());
                change(&mut set);
                self.0.insert(set);
                false
            }
        };
        if is_left_empty {
            self.0.remove(&key);
        }
    }
}

impl Set {
    fn new(key: Key) -> Self {
        Self { key, rows: Tree::default(), totals: Totals::default() }
    }

    fn insert(&mut self, row: &Row) {
        self.totals.add(row.listed());
        self.rows.insert(Member::new(row));
    }

    /// Takes a row out; one that comes back to its place, changed, may stay there until then.
    fn remove(&mut self, row: &Row, stays: bool) {
        self.totals.subtract(row.listed());
        if !stays {
            self.rows.remove(&row.key());
        }
    }
}

fn is_unread(row: &Conversation) -> bool {
    row.unread.count.is_some_and(|count| count > 0)
}

fn is_mentioned(row: &Conversation) -> bool {
    row.group_at_info().is_some_and(|info| !info.is_empty())
}

/// The sets that a row belongs to.
fn keys(row: &Conversation) -> impl Iterator<Item = Key> {
    let marks = (!row.listing.marks.is_empty()).then(|| row.listing.marks.iter().map(Key::Mark));
    let groups = row.listing.groups.iter().map(|name| Key::Group(Arc::clone(name)));
    let (unread, mention) = (is_unread(row), is_mentioned(row));
    (unread.then_some(Key::Unread).into_iter())
        .chain(mention.then_some(Key::Mention))
        .chain(marks.into_iter().flatten())
        .chain(groups)
}

/// Whether a row belongs to a set.
fn has(row: &Conversation, key: &Key) -> bool {
    match key {
        Key::Unread => is_unread(row),
        Key::Mention => is_mentioned(row),
        Key::Mark(mark) => row.listing.marks.contains(*mark),
        Key::Group(name) => row.listing.groups.contains(name),
    }
}
