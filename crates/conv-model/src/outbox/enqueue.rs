//! Accepts a mutation: a queued mutation of its slot is replaced, one in flight stays.

use std::{collections::BTreeSet, sync::Arc};

use super::{Capacity, Outbox, Outcome, OutcomeKind, Pending, PendingState, order::blocks};
use crate::{Aspect, GroupName, GroupTarget, Mutation, MutationError, Slot, Timestamp};

/// The result of accepting a mutation.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Enqueued {
    /// The number whose outcome is that of the mutation; `None` if there is nothing to do, since the
    /// cloud's list has the value already.
    pub number: Option<u64>,
    /// The slots whose mutations are other than before.
    pub slots: BTreeSet<Slot>,
    /// The outcomes of mutations that this one replaced.
    pub outcomes: Vec<Outcome>,
}

impl Outbox {
    /// Accepts a mutation for any app.
    ///
    /// `is_met` says whether the cloud's list, as it was read last, has a mutation's value already.
    /// It is not asked about slots of which the cloud may know more than the list.
    ///
    /// # Errors
    /// [`MutationError::OutboxFull`]; nothing is changed then.
    pub fn enqueue(
        &mut self,
        mutation: Mutation,
        queued_at: Option<Timestamp>,
        is_met: impl Fn(&Mutation) -> bool,
        capacity: &Capacity,
    ) -> Result<Enqueued, MutationError> {
        self.enqueue_for(None, mutation, queued_at, is_met, capacity)
    }

    /// Accepts a mutation for the app in use, by its `SDKAppID`. A mutation that is pending for another
    /// app, in any state, is not replaced by it, and its outcome is not this one's: its cloud is another
    /// one.
    ///
    /// # Errors
    /// Those of [`enqueue`](Self::enqueue).
    pub fn enqueue_for(
        &mut self,
        app: Option<u64>,
        mutation: Mutation,
        queued_at: Option<Timestamp>,
        is_met: impl Fn(&Mutation) -> bool,
        capacity: &Capacity,
    ) -> Result<Enqueued, MutationError> {
        // A mutation that replaces another one needs no room of its own. One that failed takes none.
        if !self.of_slot(&mutation.slot()).any(|one| one.counts_for(app)) {
            self.check_room(app, &mutation, capacity)?;
        }
        let done = Enqueued::new();
        let mut step = Step { outbox: self, app, queued_at, is_met: &is_met, done };
        step.accept(mutation);
        Ok(step.done)
    }

    pub(super) fn next_number(&mut self) -> u64 {
        self.last = self.last.saturating_add(1);
        self.last
    }
}

impl Enqueued {
    fn new() -> Self {
        Self { number: None, slots: BTreeSet::new(), outcomes: Vec::new() }
    }
}

/// One mutation being accepted.
struct Step<'a, F> {
    outbox: &'a mut Outbox,
    /// The app in use.
    app: Option<u64>,
    queued_at: Option<Timestamp>,
    is_met: &'a F,
    done: Enqueued,
}

impl<F: Fn(&Mutation) -> bool> Step<'_, F> {
    fn accept(&mut self, mutation: Mutation) {
        match &mutation {
            // It has the name already.
            Mutation::Group { group_name, target: GroupTarget::Named(new) }
                if group_name == new => {}
            Mutation::Delete { id, .. } => {
                // The row's own slots end with it. Marks, custom data and groups outlive a row.
                for aspect in [Aspect::Pinned, Aspect::ReadTo] {
                    self.give_up(&Slot::Conversation(id.clone(), aspect));
                }
                self.set(mutation);
            }
            Mutation::Group { group_name, target: GroupTarget::Named(new) } => {
                self.rename(&group_name.clone(), &new.clone());
            }
            Mutation::Group { group_name, target: GroupTarget::Absent } => {
                self.delete_group(&group_name.clone());
            }
            _ => self.set(mutation),
        }
    }

    /// Sets the value of a slot.
    fn set(&mut self, mutation: Mutation) {
        let slot = mutation.slot();
        let queue = self.outbox.slots.remove(&slot).unwrap_or_default();
        let (mut other, mut queue): (Vec<_>, Vec<_>) =
            queue.into_iter().partition(|one| one.is_of_other(self.app));
        // One that failed gives way to a later change of the value, for whichever app that is.
        other.retain(|one| one.state != PendingState::Failed);
        let mutation = with_all_read(mutation, &queue);
        // A group that is made again under the name of one that is renamed or deleted is another one.
        let replaced = match &mutation {
            Mutation::Group { .. } => pop_if(&mut queue, |last| last.state == PendingState::Failed),
            _ => pop_if(&mut queue, Pending::is_replaceable),
        };
        if let Some(replaced) = replaced.as_ref().filter(|last| last.state.is_waiting()) {
            self.replaced(replaced);
        }
        let may_differ = replaced.as_ref().is_some_and(|replaced| replaced.is_uncertain);
        let is_done = match queue.last() {
            // It is under way already, and what it replaced cannot have undone that.
            Some(last)
                if last.answers_for(&mutation)
                    && !may_differ
                    && self.is_free(&mutation, last.number) =>
            {
                self.done.number = Some(last.number);
                true
            }
            Some(_) => false,
            None => !may_differ && self.is_met(&mutation),
        };
        if !is_done {
            let mut pending = self.pending(mutation);
            pending.is_uncertain = may_differ;
            // What is under way may be acknowledged before this one is: that is noted then.
            pending.follows_another = replaced.is_some_and(|replaced| replaced.follows_another)
                || queue.iter().any(|earlier| earlier.state == PendingState::Settling);
            queue.push(Arc::new(pending));
        }
        self.done.slots.insert(slot.clone());
        queue.extend(other);
        queue.sort_by_key(|pending| pending.number);
        if !queue.is_empty() {
            self.outbox.slots.insert(slot, queue);
        }
    }

    /// Returns true if it waits, for the app in use.
    fn is_changeable(&self, pending: &Pending) -> bool {
        pending.state.is_waiting() && !pending.is_of_other(self.app)
    }

    /// Returns true if the cloud has the value. While a mutation that it depends on is pending, the
    /// cloud's list may still change.
    fn is_met(&self, mutation: &Mutation) -> bool {
        self.is_free(mutation, 0) && (self.is_met)(mutation)
    }

    /// Returns true if nothing that is pending since a number has to do with a mutation.
    fn is_free(&self, mutation: &Mutation, since: u64) -> bool {
        let mut later = self.outbox.pending().filter(|pending| pending.number > since);
        !later.any(|later| later.is_shown() && blocks(&later.mutation, mutation))
    }

    /// Renames a group. Mutations that are queued for the old name are queued for the new one in
    /// the same step.
    fn rename(&mut self, old: &GroupName, new: &GroupName) {
        let rename = |old: &GroupName| Mutation::Group {
            group_name: old.clone(),
            target: GroupTarget::Named(new.clone()),
        };
        // If it has the old name by a mutation that was not sent yet, that mutation changes.
        let collapsed = self.take_origin(old, |origin, target| match target {
            GroupTarget::Named(_) if origin == new => None,
            GroupTarget::Named(_) => Some(rename(origin)),
            target => Some(Mutation::Group { group_name: new.clone(), target: target.clone() }),
        });
        if let Some(mutation) = collapsed.unwrap_or_else(|| Some(rename(old))) {
            self.set(mutation);
        }
        let number = self.done.number;
        // A group that is being created takes its first members with it: none is made empty.
        let members =
            if self.is_being_created(old) { Vec::new() } else { self.unsent_members(old) };
        for (slot, member) in members {
            // It goes on under a number of its own, behind the new name.
            self.give_up(&slot);
            if let Mutation::Member { id, is_member, .. } = member {
                self.set(Mutation::Member { id, group_name: new.clone(), is_member });
            }
        }
        self.done.number = number;
    }

    /// Returns true if a mutation that creates the group is queued or being sent.
    fn is_being_created(&self, name: &GroupName) -> bool {
        self.outbox.of_groups().any(|one| {
            let is_it = matches!(&one.mutation, Mutation::Group { group_name, target: GroupTarget::Present } if group_name == name);
            let is_own = !one.is_of_other(self.app);
            is_it && is_own && (one.state.is_waiting() || one.state == PendingState::Sending)
        })
    }

    /// Deletes a group. Mutations that are queued for it are dropped.
    fn delete_group(&mut self, name: &GroupName) {
        for (slot, _) in self.unsent_members(name) {
            self.give_up(&slot);
        }
        let delete = |name: &GroupName| Mutation::Group {
            group_name: name.clone(),
            target: GroupTarget::Absent,
        };
        let collapsed = self.take_origin(name, |origin, target| match target {
            // Created here and not sent yet: the cloud knows nothing of it.
            GroupTarget::Present => None,
            _ => Some(delete(origin)),
        });
        if let Some(mutation) = collapsed.unwrap_or_else(|| Some(delete(name))) {
            self.set(mutation);
        }
    }

    /// Takes out the unsent mutation by which a group has its name, its creation or a renaming, and
    /// returns what it becomes: another mutation, or nothing at all.
    ///
    /// `None` if there is no such mutation, or if a later one is about a group of the same name: the
    /// order of the two counts then.
    fn take_origin(
        &mut self,
        name: &GroupName,
        becomes: impl FnOnce(&GroupName, &GroupTarget) -> Option<Mutation>,
    ) -> Option<Option<Mutation>> {
        let gives_name = |pending: &&Arc<Pending>| match &pending.mutation {
            Mutation::Group { group_name, target: GroupTarget::Present } => group_name == name,
            Mutation::Group { target: GroupTarget::Named(new), .. } => new == name,
            _ => false,
        };
        let own = self.outbox.of_groups().filter(|one| !one.is_of_other(self.app));
        let newest = own.filter(gives_name).max_by_key(|one| one.number);
        let origin = Arc::clone(newest.filter(|origin| origin.is_unsent())?);
        let Mutation::Group { group_name, target } = &origin.mutation else { return None };
        let result = becomes(group_name, target);
        let involved = |other: &Mutation| {
            blocks(other, &origin.mutation)
                || result.as_ref().is_some_and(|result| blocks(other, result))
        };
        let is_later = |one: &Pending| {
            one.number > origin.number && !one.is_of_other(self.app) && involved(&one.mutation)
        };
        if self.outbox.of_groups().any(|one| is_later(one)) {
            return None;
        }
        let slot = origin.mutation.slot();
        self.outbox.take_where(&slot, |one| one.number == origin.number);
        self.done.slots.insert(slot);
        self.replaced(&origin);
        Some(result)
    }

    /// The mutations of a group's members that can still be changed.
    fn unsent_members(&self, group: &GroupName) -> Vec<(Slot, Mutation)> {
        let of_group = |slot: &Slot| matches!(slot, Slot::Conversation(_, Aspect::Member(name)) if name == group);
        let queues = self.outbox.slots.iter().filter(|(slot, _)| of_group(slot));
        let unsent = queues.filter_map(|(slot, queue)| {
            let last = queue.iter().rfind(|one| !one.is_of_other(self.app))?;
            let last = Some(last).filter(|last| self.is_changeable(last))?;
            Some((slot.clone(), last.mutation.clone()))
        });
        unsent.collect()
    }

    fn pending(&mut self, mutation: Mutation) -> Pending {
        let number = self.outbox.next_number();
        self.done.number = Some(number);
        let mut pending = Pending::new(number, mutation, self.queued_at);
        pending.app = self.app;
        pending
    }

    fn replaced(&mut self, pending: &Pending) {
        self.done.outcomes.push(Outcome::of(pending, OutcomeKind::Replaced));
    }

    /// Takes the queued mutation out of a slot, and records that it was replaced.
    fn give_up(&mut self, slot: &Slot) {
        if let Some(pending) = self.take(slot) {
            self.replaced(&pending);
        }
    }

    /// Takes the queued mutation out of a slot. Those that are being sent or are acknowledged stay.
    fn take(&mut self, slot: &Slot) -> Option<Arc<Pending>> {
        let queue = self.outbox.slots.get(slot)?;
        let place = queue.iter().rposition(|one| !one.is_of_other(self.app));
        let place = place.filter(|at| queue.get(*at).is_some_and(|one| self.is_changeable(one)));
        let queue = self.outbox.slots.get_mut(slot)?;
        let taken = place.map(|at| queue.remove(at));
        if queue.is_empty() {
            self.outbox.slots.remove(slot);
        }
        self.done.slots.extend(taken.is_some().then(|| slot.clone()));
        taken
    }
}

impl Pending {
    /// Returns true if a later mutation of its slot and app takes its place.
    fn is_replaceable(&self) -> bool {
        self.state.is_waiting() || self.state == PendingState::Failed
    }

    /// Returns true if an equal mutation is done with this one. Another device may have set another value
    /// since the cloud acknowledged this one: the later wish counts.
    fn answers_for(&self, mutation: &Mutation) -> bool {
        let is_value = !matches!(
            mutation,
            Mutation::Delete { .. } | Mutation::Read { .. } | Mutation::Group { .. }
        );
        self.mutation == *mutation && (!is_value || self.state != PendingState::Settling)
    }
}

fn pop_if(queue: &mut Vec<Arc<Pending>>, goes: fn(&Pending) -> bool) -> Option<Arc<Pending>> {
    if queue.last().is_some_and(|last| goes(last)) { queue.pop() } else { None }
}

/// Extends a mark as read to everything that was marked before: it counts for no less than an older
/// mark that is queued or was sent.
fn with_all_read(mutation: Mutation, queue: &[Arc<Pending>]) -> Mutation {
    let Mutation::Read { id, mut until, mut count } = mutation else { return mutation };
    for earlier in queue {
        let Mutation::Read { until: other, count: counted, .. } = earlier.mutation else {
            continue;
        };
        if until != until.max(other) {
            count = counted;
        }
        until = until.max(other);
    }
    Mutation::Read { id, until, count }
}
