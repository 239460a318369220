//! The room in an outbox: what has a part in it, and what leaves when there is too much.

use std::sync::Arc;

use super::{Outbox, Pending, PendingState, Progressed, order::differ};
use crate::{Mutation, MutationError};

/// The capacity of an outbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capacity {
    /// The maximum number of mutations: 1,000. Those that failed count apart, up to
    /// [`Outbox::MAX_FAILED`], and so do those of other apps, up to [`Outbox::MAX_FOREIGN`].
    pub pending: usize,
    /// The maximum size of their texts, in bytes: 1 MiB, without those that failed or are of other apps.
    pub bytes: usize,
}

impl Default for Capacity {
    fn default() -> Self {
        Self { pending: 1_000, bytes: 1 << 20 }
    }
}

impl Outbox {
    /// The maximum number of mutations that are held for other apps than the one in use: 1,000, with
    /// texts of 1 MiB. Beyond either, the oldest fail.
    pub const MAX_FOREIGN: usize = 1_000;
    const MAX_FOREIGN_BYTES: usize = 1 << 20;

    /// Returns an error if a mutation that failed has no room to wait again.
    ///
    /// # Errors
    /// [`MutationError::OutboxFull`].
    pub fn check_retry(&self, number: u64, capacity: &Capacity) -> Result<(), MutationError> {
        match self.get(number).filter(|one| one.state == PendingState::Failed) {
            Some(failed) => self.check_room(failed.app, &failed.mutation, capacity),
            None => Ok(()),
        }
    }

    /// Returns an error if there is no room for one more mutation of an app.
    pub(super) fn check_room(
        &self,
        app: Option<u64>,
        mutation: &Mutation,
        capacity: &Capacity,
    ) -> Result<(), MutationError> {
        let counted = self.pending().filter(|one| one.counts_for(app));
        let (pending, bytes) = counted.fold((0, 0_usize), |(pending, bytes), one| {
            (pending + 1, bytes.saturating_add(one.mutation.bytes()))
        });
        let is_full =
            pending >= capacity.pending || bytes.saturating_add(mutation.bytes()) > capacity.bytes;
        if is_full { Err(MutationError::OutboxFull { pending, bytes }) } else { Ok(()) }
    }

    /// Fails the oldest mutations that are held for other apps, beyond the maximum.
    pub(super) fn crowd_out(&mut self) -> Progressed {
        let mut foreign: Vec<&Arc<Pending>> = self.pending().filter(|one| one.is_foreign).collect();
        foreign.sort_by_key(|one| one.number);
        let (mut left, mut bytes) = (Self::MAX_FOREIGN, Self::MAX_FOREIGN_BYTES);
        let has_room = |one: &&&Arc<Pending>| {
            let after = (left.checked_sub(1), bytes.checked_sub(one.mutation.bytes()));
            let (Some(fewer), Some(less)) = after else { return false };
            (left, bytes) = (fewer, less);
            true
        };
        let stay = foreign.iter().rev().take_while(has_room).count();
        let beyond = foreign.len().saturating_sub(stay);
        let numbers: Vec<u64> = foreign.into_iter().take(beyond).map(|one| one.number).collect();
        let mut done = Progressed::default();
        for number in numbers {
            let failed = self.fail_foreign(number);
            done.slots.extend(failed.slots);
            done.outcomes.extend(failed.outcomes);
        }
        done
    }
}

impl Pending {
    /// Returns true if it has a part in the capacity for an app. With those that failed in it, an
    /// account whose changes the cloud refuses could change nothing more; with those of other apps, an
    /// app that is no longer in use could fill it.
    pub(super) fn counts_for(&self, app: Option<u64>) -> bool {
        self.state != PendingState::Failed && !self.is_of_other(app)
    }

    /// Returns true if it is for another app than this one, which is in use. Where both are known the mark
    /// is not asked: it is of the app that was in use before, until the sender has looked.
    pub(super) fn is_of_other(&self, app: Option<u64>) -> bool {
        let is_known = self.app.is_some() && app.is_some();
        if is_known { differ(self.app, app) } else { self.is_foreign }
    }
}

impl Mutation {
    /// Returns the size of its texts, in bytes.
    fn bytes(&self) -> usize {
        let id = self.conversation_id().map_or(0, |id| id.as_str().len());
        let names: usize = self.group_names().map(|name| name.as_str().len()).sum();
        let text = match self {
            Self::CustomData { custom_data, .. } => custom_data.len(),
            _ => 0,
        };
        id + names + text
    }
}
