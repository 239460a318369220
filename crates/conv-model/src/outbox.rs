//! The mutations of one account that the cloud has not yet shown to be done.

mod capacity;
mod change;
mod enqueue;
mod order;
mod pending;
mod progress;
mod reading;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

pub use self::{
    capacity::Capacity,
    change::{Enqueue, OutboxChange},
    enqueue::Enqueued,
    pending::{Acknowledgement, Pending, PendingState},
    progress::{Outcome, OutcomeKind, Progress, Progressed},
};
use crate::{
    Conversation, ConversationId, GroupTarget, Mutation, MutationFailure, PendingFacets, Slot,
};

/// The mutations of one account that the cloud has not yet shown to be done.
///
/// The mutations of one [`Slot`] follow one another: those that the cloud acknowledged, then at most
/// one that is under way, then at most one that waits behind it. Beside them, mutations may be held
/// that were accepted for other apps.
///
/// It is data: a store keeps it, a sender reads the next mutations and reports their progress. Each change
/// of it is one whole step, and names the slots whose records are to be written.
///
/// ```
/// use conv_model::{Capacity, ConversationId, Mutation, Outbox, PendingState};
///
/// let alice = ConversationId::c2c("alice")?;
/// let mut outbox = Outbox::default();
/// let pin = Mutation::Pin { id: alice.clone(), is_pinned: true };
/// outbox.enqueue(pin, None, |_| false, &Capacity::default()).expect("it has room");
///
/// let pending: Vec<_> = outbox.pending().collect();
/// assert_eq!(pending[0].state, PendingState::Queued);
///
/// // What waits is replaced: unpinning what the cloud does not show as pinned leaves nothing to do.
/// let unpin = Mutation::Pin { id: alice, is_pinned: false };
/// outbox.enqueue(unpin, None, |_| true, &Capacity::default()).expect("it has room");
/// assert!(outbox.is_empty());
/// # Ok::<(), conv_model::ParseIdError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outbox {
    /// Per slot in the order of their numbers; no slot without any.
    slots: BTreeMap<Slot, Vec<Arc<Pending>>>,
    /// The greatest number given so far.
    last: u64,
}

impl Outbox {
    /// The maximum number of mutations that failed: 200. When a further one fails, the oldest one
    /// leaves, as if its owner had dropped it.
    pub const MAX_FAILED: usize = 200;

    /// Builds an outbox from a store's records: the mutations, in any order, and the greatest
    /// number that it ever gave.
    ///
    /// A mutation that was being sent when the process ended may have arrived or not: it is queued
    /// again, and [uncertain](Pending::is_uncertain).
    pub fn restore(pending: impl IntoIterator<Item = Pending>, last: u64) -> Self {
        let interrupted = |mut one: Pending| {
            if one.state == PendingState::Sending {
                one.state = PendingState::Queued;
                one.doubt();
            }
            one
        };
        Self::of_records(pending.into_iter().map(interrupted), last)
    }

    /// Builds an outbox from the records of another process, which may be sending at this moment.
    pub fn of_records(pending: impl IntoIterator<Item = Pending>, last: u64) -> Self {
        let mut pending: Vec<_> = pending.into_iter().collect();
        pending.sort_by_key(|pending| pending.number);
        let mut outbox = Self { slots: BTreeMap::new(), last };
        for one in pending {
            outbox.last = outbox.last.max(one.number);
            outbox.slots.entry(one.mutation.slot()).or_default().push(Arc::new(one));
        }
        outbox
    }

    /// Returns true if nothing is pending, settling or failed.
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// Returns the greatest number given so far, for a store to keep: numbers are never given twice.
    pub fn last_number(&self) -> u64 {
        self.last
    }

    /// Returns every mutation, by slot, and in order within it.
    pub fn pending(&self) -> impl Iterator<Item = &Arc<Pending>> {
        self.slots.values().flatten()
    }

    /// Returns the mutations of one slot: what a store writes in one record.
    pub fn of_slot(&self, slot: &Slot) -> impl Iterator<Item = &Arc<Pending>> {
        self.slots.get(slot).into_iter().flatten()
    }

    /// Returns the mutation with a number.
    pub fn get(&self, number: u64) -> Option<&Arc<Pending>> {
        self.pending().find(|pending| pending.number == number)
    }

    /// Returns the mutations of one conversation's own slots.
    pub fn of_conversation<'a>(
        &'a self,
        id: &'a ConversationId,
    ) -> impl Iterator<Item = &'a Arc<Pending>> + 'a {
        let slots = self.slots.range(Slot::first_of(id)..);
        let own = slots.take_while(move |(slot, _)| slot.conversation_id() == Some(id));
        own.flat_map(|(_, queue)| queue)
    }

    /// Returns the mutations of conversation groups as a whole.
    pub fn of_groups(&self) -> impl Iterator<Item = &Arc<Pending>> {
        let groups = self.slots.iter().rev().take_while(|(slot, _)| matches!(slot, Slot::Group(_)));
        groups.flat_map(|(_, queue)| queue)
    }

    /// Returns a row as the list shows it, or `None` if it is hidden. A failed mutation is shown
    /// only in the row's [`pending`](Conversation::pending) parts.
    pub fn shown(&self, base: &Arc<Conversation>) -> Option<Arc<Conversation>> {
        let mut own: Vec<_> = self.of_groups().chain(self.of_conversation(&base.id)).collect();
        if own.is_empty() {
            return Some(Arc::clone(base));
        }
        // A conversation may have been put into a group before that was renamed.
        own.sort_by_key(|pending| pending.number);
        let mut row = Conversation::clone(base);
        row.pending = PendingFacets::default();
        for pending in own {
            row.pending.add(pending, &row.listing.groups);
            if pending.is_shown() && !pending.mutation.show(&mut row) {
                return None;
            }
        }
        Some(if row == **base { Arc::clone(base) } else { row.into() })
    }

    /// Returns the names of the conversation groups as the list shows them.
    pub fn shown_groups<'a>(
        &'a self,
        base: impl IntoIterator<Item = &'a Arc<str>>,
    ) -> BTreeSet<Arc<str>> {
        let mut names: BTreeSet<_> = base.into_iter().cloned().collect();
        let mut groups: Vec<_> = self.of_groups().collect();
        groups.retain(|pending| pending.is_shown());
        groups.sort_by_key(|pending| pending.number);
        for pending in groups {
            let Mutation::Group { group_name, target } = &pending.mutation else { continue };
            match target {
                GroupTarget::Present => drop(names.insert(group_name.as_arc().clone())),
                GroupTarget::Absent => drop(names.remove(group_name.as_str())),
                GroupTarget::Named(new) => {
                    if names.remove(group_name.as_str()) {
                        names.insert(new.as_arc().clone());
                    }
                }
            }
        }
        names
    }

    /// Notes for which app the mutations were accepted that have a greater number than this.
    pub fn assign_app(&mut self, after: u64, app: u64) {
        for pending in self.slots.values_mut().flatten() {
            if pending.number > after {
                Arc::make_mut(pending).app = Some(app);
            }
        }
    }

    /// Holds the mutations that were accepted for another app and have yet to be sent: the list does not
    /// show them, and no mutation of this app takes their place. The oldest beyond
    /// [`MAX_FOREIGN`](Self::MAX_FOREIGN) fail.
    pub fn hold_others(&mut self, app: u64) -> Progressed {
        let is_other = |one: &Pending| {
            one.state.is_waiting() && !one.is_foreign && one.app.is_some_and(|other| other != app)
        };
        let mut slots = BTreeSet::new();
        for (slot, queue) in &mut self.slots {
            for pending in queue.iter_mut().filter(|one| is_other(one)) {
                let failure = MutationFailure::of_another_app(pending.app.unwrap_or_default());
                Arc::make_mut(pending).hold(failure, true);
                slots.insert(slot.clone());
            }
        }
        if slots.is_empty() {
            return Progressed::default();
        }
        let mut done = self.crowd_out();
        done.slots.extend(slots);
        done
    }

    /// Takes mutations out of a slot.
    pub(super) fn take_where(
        &mut self,
        slot: &Slot,
        goes: impl Fn(&Pending) -> bool,
    ) -> Vec<Arc<Pending>> {
        let queue = self.slots.remove(slot).unwrap_or_default();
        let (taken, left): (Vec<_>, Vec<_>) = queue.into_iter().partition(|one| goes(one));
        if !left.is_empty() {
            self.slots.insert(slot.clone(), left);
        }
        taken
    }
}
