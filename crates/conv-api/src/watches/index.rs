//! The watched accounts that hold a row.

use std::collections::{BTreeSet, HashMap};

use conv_model::{AccountId, ConversationId, RowChange};
use conv_store::Snapshot;

/// Row to accounts. A change costs its rows; a row that no account holds takes no room.
#[derive(Debug, Default)]
pub(super) struct Index {
    rows: HashMap<ConversationId, Holders>,
    accounts: Vec<Option<AccountId>>,
    free: Vec<Slot>,
    entries: usize,
}

/// The number of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Slot(u32);

/// Most rows have one holder.
#[derive(Debug)]
enum Holders {
    One(Slot),
    Many(BTreeSet<Slot>),
}

impl Index {
    /// Takes in an account without rows; `None` if there are too many.
    pub(super) fn enter(&mut self, account: &AccountId) -> Option<Slot> {
        let slot = match self.free.pop() {
            Some(slot) => slot,
            None => {
                self.accounts.push(None);
                Slot(u32::try_from(self.accounts.len() - 1).ok()?)
            }
        };
        *self.accounts.get_mut(slot.0 as usize)? = Some(account.clone());
        Some(slot)
    }

    /// Takes out an account that has these rows.
    pub(super) fn leave(&mut self, slot: Slot, list: Option<&Snapshot>) {
        for row in list.into_iter().flat_map(Snapshot::rows) {
            self.remove(slot, &row.id);
        }
        if let Some(account) = self.accounts.get_mut(slot.0 as usize) {
            *account = None;
            self.free.push(slot);
        }
    }

    /// Follows an account's list from one snapshot to a later one.
    pub(super) fn follow(&mut self, slot: Slot, from: Option<&Snapshot>, to: &Snapshot) {
        match from.and_then(|from| to.changes_since(from.seq())) {
            Some(commits) => {
                commits
                    .iter()
                    .flat_map(|commit| &commit.changes)
                    .for_each(|it| self.take(slot, it));
            }
            None => {
                for row in from.into_iter().flat_map(Snapshot::rows) {
                    self.remove(slot, &row.id);
                }
                for row in to.rows() {
                    self.insert(slot, row.id.clone());
                }
            }
        }
    }

    fn take(&mut self, slot: Slot, change: &RowChange) {
        match (&change.before, &change.after) {
            (None, Some(row)) => self.insert(slot, row.id.clone()),
            (Some(row), None) => self.remove(slot, &row.id),
            _ => {}
        }
    }

    fn insert(&mut self, slot: Slot, row: ConversationId) {
        use std::collections::hash_map::Entry;
        let is_new = match self.rows.entry(row) {
            Entry::Vacant(place) => {
                place.insert(Holders::One(slot));
                true
            }
            Entry::Occupied(mut place) => match place.get_mut() {
                Holders::One(one) if *one == slot => false,
                Holders::One(one) => {
                    let both = BTreeSet::from([*one, slot]);
                    place.insert(Holders::Many(both));
                    true
                }
                Holders::Many(slots) => slots.insert(slot),
            },
        };
        self.entries += usize::from(is_new);
    }

    fn remove(&mut self, slot: Slot, row: &ConversationId) {
        let Some(holders) = self.rows.get_mut(row) else { return };
        let (was_there, is_empty) = match holders {
            Holders::One(one) => (*one == slot, *one == slot),
            Holders::Many(slots) => (slots.remove(&slot), slots.is_empty()),
        };
        self.entries = self.entries.saturating_sub(usize::from(was_there));
        if is_empty {
            self.rows.remove(row);
        }
    }

    /// Returns the accounts that hold a row.
    pub(super) fn holders(&self, row: &ConversationId) -> impl Iterator<Item = &AccountId> {
        let (one, many) = match self.rows.get(row) {
            None => (None, None),
            Some(Holders::One(slot)) => (Some(slot), None),
            Some(Holders::Many(slots)) => (None, Some(slots)),
        };
        let slots = one.into_iter().chain(many.into_iter().flatten());
        slots.filter_map(|slot| self.accounts.get(slot.0 as usize)?.as_ref())
    }

    /// Returns the number of rows of all accounts.
    pub(super) fn len(&self) -> usize {
        self.entries
    }
}

#[cfg(test)]
mod tests;
