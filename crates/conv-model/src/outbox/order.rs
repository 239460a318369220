//! The order in which mutations may be sent.

use std::sync::Arc;

use super::{Outbox, Pending, PendingState};
use crate::{Aspect, GroupTarget, Mutation, Slot};

impl Outbox {
    /// Returns the mutations that may be sent now, in the order in which they were accepted.
    ///
    /// A mutation waits for the earlier ones that it depends on: of its slot; of its conversation,
    /// where one of the two deletes it; of its conversation group, where one of the two creates,
    /// renames or deletes that. Members of a group that is created wait for it, too: see
    /// [`first_members`](Self::first_members). Other mutations do not block one another.
    pub fn ready(&self) -> Vec<&Arc<Pending>> {
        let mut open: Vec<_> = self.pending().filter(|pending| pending.state.is_open()).collect();
        open.sort_by_key(|pending| pending.number);
        let mut ready = Vec::new();
        for (place, pending) in open.iter().enumerate() {
            let earlier = open.iter().take(place);
            let is_free =
                earlier.clone().all(|before| !blocks(&before.mutation, &pending.mutation));
            if pending.state == PendingState::Queued && is_free {
                ready.push(*pending);
            }
        }
        ready
    }

    /// Returns the members that wait only for the creation of their group, to be sent with it: the
    /// cloud makes no empty group.
    pub fn first_members<'a>(&'a self, created: &'a Pending) -> Vec<&'a Arc<Pending>> {
        let Mutation::Group { group_name, target: GroupTarget::Present } = &created.mutation else {
            return Vec::new();
        };
        let is_first = |pending: &&Arc<Pending>| {
            matches!(&pending.mutation, Mutation::Member { is_member: true, .. })
                && pending.state == PendingState::Queued
                && pending.mutation.group_names().any(|name| name == group_name)
        };
        let mut members: Vec<_> = self.pending().filter(is_first).collect();
        members.sort_by_key(|pending| pending.number);
        members.retain(|member| !self.has_other_block(created, member));
        members
    }

    fn has_other_block(&self, created: &Pending, member: &Pending) -> bool {
        self.pending().any(|before| {
            before.state.is_open()
                && before.number < member.number
                && before.number != created.number
                && blocks(&before.mutation, &member.mutation)
        })
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
