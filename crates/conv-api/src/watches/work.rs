//! The change that a mark reports, and the pending work of an account.

use std::{collections::BTreeSet, time::Duration};

use conv_model::{ConversationId, ConversationType, Facet};

/// The most facets of rows that wait for an account; beyond it, its list is read instead.
const MOST: usize = 32;

/// A change in the cloud. Everything but `Listing` is read without reading the list.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Work {
    /// The list: rows came, went or moved, or it is not known what changed.
    Listing,
    /// The name or picture of a user or group.
    Profile(ConversationId),
    /// The newest message of a row, which was edited or recalled; its time and place stay.
    LastMessage(ConversationId),
    /// The unread messages of some rows.
    Unread(Vec<ConversationId>),
    /// The unread messages of all one-to-one rows: a user read everything.
    UnreadOfUsers,
}

/// Pending work, bounded: too much of it becomes a reading of the list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Pending {
    pub(super) is_listing: bool,
    pub(super) facets: BTreeSet<(Facet, ConversationId)>,
    /// The unread messages of every one-to-one row.
    pub(super) unread_of_users: bool,
}

impl Pending {
    /// Returns one facet of one row.
    pub(super) fn of(facet: Facet, row: ConversationId) -> Self {
        Self { facets: BTreeSet::from([(facet, row)]), ..Self::default() }
    }

    pub(super) fn is_empty(&self) -> bool {
        !self.is_listing && !self.has_facets()
    }

    pub(super) fn add(&mut self, work: Work) {
        let (facet, rows) = match work {
            Work::Listing => {
                self.is_listing = true;
                return;
            }
            Work::UnreadOfUsers => {
                self.unread_of_users = true;
                return;
            }
            Work::Profile(row) => (Facet::Profile, vec![row]),
            Work::LastMessage(row) => (Facet::LastMessage, vec![row]),
            Work::Unread(rows) => (Facet::Unread, rows),
        };
        for row in rows {
            self.facets.insert((facet, row));
            if self.facets.len() > MOST {
                self.read_the_list();
                return;
            }
        }
    }

    /// Returns true if there are facets to read; a listing is not a facet.
    pub(super) fn has_facets(&self) -> bool {
        self.unread_of_users || !self.facets.is_empty()
    }

    fn read_the_list(&mut self) {
        (self.is_listing, self.facets) = (true, BTreeSet::new());
    }

    /// Adds other pending work.
    pub(super) fn merge(&mut self, other: &Self) {
        self.is_listing |= other.is_listing;
        self.unread_of_users |= other.unread_of_users;
        self.facets.extend(other.facets.iter().cloned());
        if self.facets.len() > MOST {
            self.read_the_list();
        }
    }
}

/// Facets that could not be read, and may be later.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Failed {
    pub(super) work: Pending,
    /// The time that the cloud asked to wait.
    pub(super) pause: Option<Duration>,
}

impl Failed {
    /// Adds rows that failed. `unread_of_users`: those of the unread facet were all of a list.
    pub(super) fn add(
        &mut self,
        facet: Facet,
        rows: impl IntoIterator<Item = ConversationId>,
        unread_of_users: bool,
    ) {
        let before = self.work.facets.len();
        self.work.facets.extend(rows.into_iter().map(|row| (facet, row)));
        if facet == Facet::Unread && unread_of_users && self.work.facets.len() > before {
            self.work.unread_of_users = true;
            self.work.facets.retain(|(facet, row)| {
                *facet != Facet::Unread || row.conversation_type() != ConversationType::C2c
            });
        }
    }
}

impl From<Work> for Pending {
    fn from(work: Work) -> Self {
        let mut pending = Self::default();
        pending.add(work);
        pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_many_rows_become_a_listing() {
        let rows =
            |n: usize| (0..n).map(|n| ConversationId::c2c(&n.to_string()).unwrap()).collect();
        let few = Pending::from(Work::Unread(rows(MOST)));
        assert_eq!((few.is_listing, few.facets.len()), (false, MOST));
        let many = Pending::from(Work::Unread(rows(MOST + 1)));
        assert_eq!((many.is_listing, many.facets.len()), (true, 0));
        let mut merged = few;
        merged.merge(&Work::Profile("C2Calice".parse().unwrap()).into());
        assert_eq!((merged.is_listing, merged.facets.len()), (true, 0));
    }
}
