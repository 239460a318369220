//! The rows that meet a filter's condition, each set in list order.

use std::{cmp::Ordering, collections::BTreeMap, sync::Arc};

use conv_model::{Conversation, MarkType};

use crate::list::{
    row::{Member, Row},
    totals::Totals,
    tree::{Entry, Tree},
};

/// The condition that the rows of a set meet. A condition that most rows meet needs no set: a type
/// of conversation, no mark.
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

/// The rows of sets that are being built, in any order.
#[derive(Debug, Default)]
pub(super) struct Members(BTreeMap<Key, (Totals, Vec<Member>)>);

/// Rows in list order, with the sums over them.
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
    pub(super) fn get(&self, key: &Key) -> Option<&Set> {
        self.0.get(key)
    }

    /// Replaces a row by another one with the same ID.
    pub(super) fn replace(&mut self, old: Option<&Row>, new: Option<&Row>) {
        if let Some(old) = old {
            let beside = new.filter(|new| old.rank == new.rank);
            each_key(old.listed(), |key| {
                let stays = beside.is_some_and(|new| has(new.listed(), &key));
                self.change(key, |set| set.remove(old, stays));
            });
        }
        if let Some(new) = new {
            each_key(new.listed(), |key| self.change(key, |set| set.insert(new)));
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

impl Members {
    /// Adds a row, whose ID is new.
    pub(super) fn add(&mut self, row: &Row) {
        each_key(row.listed(), |key| {
            let (totals, rows) = self.0.entry(key).or_default();
            totals.add(row.listed());
            rows.push(Member::new(row));
        });
    }
}

impl From<Members> for Sets {
    fn from(members: Members) -> Self {
        let sets = members.0.into_iter().map(|(key, (totals, mut rows))| {
            rows.sort_unstable_by(Member::compare_place);
            Set { key, totals, rows: Tree::from_sorted(rows) }
        });
        Self(Tree::from_sorted(sets.collect()))
    }
}

/// Builds the sets of rows with different IDs.
impl<'a> FromIterator<&'a Row> for Sets {
    fn from_iter<I: IntoIterator<Item = &'a Row>>(rows: I) -> Self {
        let mut members = Members::default();
        rows.into_iter().for_each(|row| members.add(row));
        members.into()
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

    /// Removes a row. One that is about to be replaced in its place may stay there until then.
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

/// Passes the keys of the sets that a row belongs to. Most rows belong to none and cost nothing.
fn each_key(row: &Conversation, mut pass: impl FnMut(Key)) {
    if is_unread(row) {
        pass(Key::Unread);
    }
    if is_mentioned(row) {
        pass(Key::Mention);
    }
    if !row.listing.marks.is_empty() {
        row.listing.marks.iter().for_each(|mark| pass(Key::Mark(mark)));
    }
    row.listing.groups.iter().for_each(|name| pass(Key::Group(Arc::clone(name))));
}

/// Returns true if a row belongs to a set.
fn has(row: &Conversation, key: &Key) -> bool {
    match key {
        Key::Unread => is_unread(row),
        Key::Mention => is_mentioned(row),
        Key::Mark(mark) => row.listing.marks.contains(*mark),
        Key::Group(name) => row.listing.groups.contains(name),
    }
}
