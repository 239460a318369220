//! The number of messages that a reading reads.

use std::sync::Arc;

use super::{Outbox, Pending};
use crate::{Conversation, Mutation, mutation::newest, overlay};

impl Outbox {
    /// Returns a mutation as it is to be accepted for an app over a list's row without mutations: for a
    /// reading, with the number of messages that it reads. A store does so when it accepts one, since two
    /// callers may have seen the same list.
    ///
    /// A reading up to the newest message reads what is unread, but for what the readings before it read
    /// that stay. How many messages are up to an older one is not known: no fewer than the waiting reading
    /// reads whose place it takes.
    #[must_use]
    pub fn counted(
        &self,
        app: Option<u64>,
        mutation: &Mutation,
        row: Option<&Conversation>,
    ) -> Mutation {
        let Mutation::Read { id, until, count } = mutation else { return mutation.clone() };
        let slot = mutation.slot();
        let own = self.of_slot(&slot).filter(|one| !one.is_of_other(app));
        let replaced = own.last().filter(|last| last.state.is_waiting());
        let stays = |one: &&Arc<Pending>| {
            one.is_shown() && replaced.is_none_or(|replaced| replaced.number != one.number)
        };
        let staying = self.of_slot(&slot).filter(stays).map(|one| &one.mutation);
        let unread = row
            .and_then(|row| overlay(row, staying))
            .and_then(|row| row.unread.count.filter(|_| newest(&row) <= until.time));
        let count = unread.unwrap_or_else(|| replaced.map_or(0, |one| reads(one)).max(*count));
        Mutation::Read { id: id.clone(), until: *until, count }
    }
}

impl Pending {
    /// Notes that the cloud may have the value. What a reading reads may be read already: taken off once
    /// more, it would hide messages that are newer.
    pub(super) fn doubt(&mut self) {
        self.is_uncertain = true;
        if let Mutation::Read { count, .. } = &mut self.mutation {
            *count = 0;
        }
    }
}

fn reads(pending: &Pending) -> u32 {
    match pending.mutation {
        Mutation::Read { count, .. } => count,
        _ => 0,
    }
}
