//! The order in which mutations may be sent.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use super::{Outbox, Pending, PendingState};
use crate::{Aspect, ConversationId, GroupName, GroupTarget, Mutation, Slot};

impl Outbox {
    /// Returns the mutations that may be sent now, in the order in which they were accepted.
    ///
    /// A mutation waits for the earlier ones that it depends on: of its slot; of its conversation,
    /// where one of the two deletes it; of its conversation group, where one of the two creates,
    /// renames or deletes that. Members of a group that is created wait for it, too: see
    /// [`first_members`](Self::first_members). Other mutations do not block one another, nor do those
    /// that were accepted for different apps.
    pub fn ready(&self) -> Vec<&Arc<Pending>> {
        let mut earlier = Earlier::default();
        let mut ready = Vec::new();
        for pending in self.open() {
            let is_queued = pending.state == PendingState::Queued;
            if is_queued && !earlier.blocks(pending) {
                ready.push(pending);
            }
            earlier.add(pending);
        }
        ready
    }

    /// Returns what the cloud has yet to acknowledge, in the order it was accepted.
    fn open(&self) -> Vec<&Arc<Pending>> {
        let is_open = |pending: &&Arc<Pending>| pending.state.is_open() && !pending.is_foreign;
        let mut open: Vec<_> = self.pending().filter(is_open).collect();
        open.sort_by_key(|pending| pending.number);
        open
    }

    /// Returns the members that wait only for the creation of their group, to be sent with it: the
    /// cloud makes no empty group.
    pub fn first_members<'a>(&'a self, created: &'a Pending) -> Vec<&'a Arc<Pending>> {
        let Mutation::Group { group_name, target: GroupTarget::Present } = &created.mutation else {
            return Vec::new();
        };
        let is_first = |pending: &Pending| {
            matches!(&pending.mutation, Mutation::Member { is_member: true, .. })
                && pending.state == PendingState::Queued
                && !pending.is_of_another_app(created)
                && pending.mutation.group_names().any(|name| name == group_name)
        };
        let mut earlier = Earlier::default();
        let mut members = Vec::new();
        for pending in self.open().into_iter().filter(|one| one.number != created.number) {
            if is_first(pending) && !earlier.blocks(pending) {
                members.push(pending);
            }
            earlier.add(pending);
        }
        members
    }
}

/// The slots that earlier mutations block, by the app that they were accepted for.
#[derive(Default)]
struct Earlier<'a>(HashMap<Option<u64>, OfApp<'a>>);

impl<'a> Earlier<'a> {
    fn add(&mut self, pending: &'a Pending) {
        self.0.entry(pending.app).or_default().add(&pending.mutation);
    }

    fn blocks(&self, later: &Pending) -> bool {
        let mut apps = self.0.iter();
        apps.any(|(app, earlier)| !differ(*app, later.app) && earlier.blocks(&later.mutation))
    }
}

/// The slots that earlier mutations of one app block: [`blocks`] for all of them at once, without comparing
/// pairs.
#[derive(Default)]
struct OfApp<'a> {
    slots: HashSet<Slot>,
    conversations: HashSet<&'a ConversationId>,
    deleted: HashSet<&'a ConversationId>,
    /// The conversation groups that are changed as a whole.
    groups: HashSet<&'a GroupName>,
    /// The conversation groups of members.
    of_members: HashSet<&'a GroupName>,
}

impl<'a> OfApp<'a> {
    fn add(&mut self, mutation: &'a Mutation) {
        self.slots.insert(mutation.slot());
        match mutation.conversation_id() {
            Some(id) => {
                self.conversations.insert(id);
                self.of_members.extend(mutation.group_names());
            }
            None => self.groups.extend(mutation.group_names()),
        }
        if let Mutation::Delete { id, .. } = mutation {
            self.deleted.insert(id);
        }
    }

    fn blocks(&self, later: &Mutation) -> bool {
        let is_known = |name: &GroupName| {
            self.groups.contains(name)
                || (later.conversation_id().is_none() && self.of_members.contains(name))
        };
        let is_deletion = matches!(later, Mutation::Delete { .. });
        let is_of_deleted = |id: &ConversationId| {
            self.deleted.contains(id) || (is_deletion && self.conversations.contains(id))
        };
        self.slots.contains(&later.slot())
            || later.group_names().any(is_known)
            || later.conversation_id().is_some_and(is_of_deleted)
    }
}

/// Returns true if two mutations are of different apps, whose clouds know nothing of each other.
pub(super) fn differ(app: Option<u64>, other: Option<u64>) -> bool {
    app.zip(other).is_some_and(|(app, other)| app != other)
}

impl Pending {
    /// Returns true if it and another one were accepted for different apps.
    pub(super) fn is_of_another_app(&self, other: &Self) -> bool {
        differ(self.app, other.app)
    }
}

impl PendingState {
    /// Returns true if the cloud has yet to acknowledge it.
    fn is_open(self) -> bool {
        matches!(self, Self::Queued | Self::Sending | Self::Held)
    }
}

/// Returns true if a mutation depends on an earlier one.
pub(super) fn blocks(earlier: &Mutation, later: &Mutation) -> bool {
    let (before, after) = (earlier.slot(), later.slot());
    if before == after {
        return true;
    }
    let is_group = |slot: &Slot| matches!(slot, Slot::Group(_));
    if is_group(&before) || is_group(&after) {
        return earlier.group_names().any(|name| later.group_names().any(|other| name == other));
    }
    let deletes = |slot: &Slot| matches!(slot, Slot::Conversation(_, Aspect::Exists));
    (deletes(&before) || deletes(&after)) && before.conversation_id() == after.conversation_id()
}

#[cfg(all(test, feature = "testing"))]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_index_says_the_same_as_all_pairs(
            mut outbox in crate::testing::outboxes(),
            second in 0_u64..20,
        ) {
            outbox.assign_app(second / 2, 1);
            outbox.assign_app(second, 2);
            let open = outbox.open();
            let is_free = |later: &Arc<Pending>| {
                let mut earlier = open.iter().take_while(|one| one.number < later.number);
                earlier.all(|before| {
                    before.is_of_another_app(later) || !blocks(&before.mutation, &later.mutation)
                })
            };
            let is_ready = |one: &&Arc<Pending>| one.state == PendingState::Queued && is_free(one);
            let expected: Vec<_> = open.iter().copied().filter(is_ready).collect();
            prop_assert_eq!(outbox.ready(), expected);
        }
    }
}
