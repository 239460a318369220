//! Rows by what filters ask for, each set in list order.

use std::{cmp::Ordering, collections::BTreeMap, sync::Arc};

use conv_model::{Conversation, ConversationType, MarkType};

use crate::{
    row::Placed,
    tree::{Entry, Tree},
};

/// What the rows of a set have in common. What rows do *not* have needs no set: most do not.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    Type(ConversationType),
    Unread,
    Mention,
    Mark(MarkType),
    Group(Arc<str>),
}

/// The sets that are not empty.
#[derive(Clone, Debug, Default)]
pub(super) struct Sets(Tree<Set>);

#[derive(Clone, Debug)]
struct Set {
    key: Key,
    rows: Tree<Placed>,
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
    pub(super) fn from_sorted(rows: &[Placed]) -> Self {
        let mut sets: BTreeMap<Key, Vec<Placed>> = BTreeMap::new();
        for placed in rows {
            for key in keys(&placed.row) {
                sets.entry(key).or_default().push(placed.clone());
            }
        }
        let sets = sets.into_iter().map(|(key, rows)| Set { key, rows: Tree::from_sorted(rows) });
        Self(Tree::from_sorted(sets.collect()))
    }

    pub(super) fn get(&self, key: &Key) -> Option<&Tree<Placed>> {
        self.0.get(key).map(|set| &set.rows)
    }

    /// A row after another one with the same ID.
    pub(super) fn replace(&mut self, old: Option<&Placed>, new: Option<&Placed>) {
        if let Some(old) = old {
            let stays = new.filter(|new| old.compare_place(new).is_eq());
            for key in keys(&old.row) {
                if !stays.is_some_and(|new| has(&new.row, &key)) {
                    self.change(key, |rows| {
                        rows.remove(&old.key());
                    });
                }
            }
        }
        if let Some(new) = new {
            for key in keys(&new.row) {
                self.change(key, |rows| {
                    rows.insert(new.clone());
                });
            }
        }
    }

    fn change(&mut self, key: Key, change: impl FnOnce(&mut Tree<Placed>)) {
        let is_left_empty = match self.0.get_mut(&key) {
            Some(set) => {
                change(&mut set.rows);
                set.rows.len() == 0
            }
            None => {
                let mut rows = Tree::default();
                change(&mut rows);
                self.0.insert(Set { key: key.clone(), rows });
                false
            }
        };
        if is_left_empty {
            self.0.remove(&key);
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
    std::iter::once(Key::Type(row.conversation_type()))
        .chain(is_unread(row).then_some(Key::Unread))
        .chain(is_mentioned(row).then_some(Key::Mention))
        .chain(marks.into_iter().flatten())
        .chain(groups)
}

/// Whether a row belongs to a set.
fn has(row: &Conversation, key: &Key) -> bool {
    match key {
        Key::Type(kind) => row.conversation_type() == *kind,
        Key::Unread => is_unread(row),
        Key::Mention => is_mentioned(row),
        Key::Mark(mark) => row.listing.marks.contains(*mark),
        Key::Group(name) => row.listing.groups.contains(name),
    }
}
