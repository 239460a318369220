//! The progress of mutations.

use std::{collections::BTreeSet, sync::Arc};

use serde::{Deserialize, Serialize};

use super::{Acknowledgement, Outbox, Pending, PendingState};
use crate::{Aspect, GroupName, GroupTarget, Mutation, MutationFailure, PassId, Slot, Timestamp};

/// The progress of a mutation, as its sender learned it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Progress {
    /// A call is about to go out.
    Sending,
    /// It has to be sent again; `is_uncertain` if the cloud may have applied it.
    Returned {
        /// The failure.
        failure: MutationFailure,
        /// True if the cloud may have applied it.
        is_uncertain: bool,
    },
    /// Nothing of its call went out, since there was no connection: it is sent later, and was not sent
    /// so far.
    Unsent(MutationFailure),
    /// The app's account is at fault.
    Held(MutationFailure),
    /// It was accepted for another app than the sender's.
    HeldForApp(MutationFailure),
    /// The app's account is repaired.
    Released,
    /// The cloud acknowledged it, at a moment that is not known, and a listing is to show it.
    Acknowledged,
    /// The cloud acknowledged it, and a listing is to show it.
    AcknowledgedAt(Acknowledgement),
    /// A pass, which began late enough to count, showed another value: the newest that has begun, as
    /// far as its number is known.
    Disagreed(Option<PassId>),
    /// It is done: a listing showed it.
    Settled,
    /// It is done, and no listing will show it: the base takes its value over.
    SettledUnseen,
    /// The cloud's list shows another value, although it acknowledged this one: another device
    /// changed it.
    Overridden,
    /// The cloud refused it for good.
    Failed(MutationFailure),
    /// It was not sent within its time. The failure of one that was held says so.
    Expired,
    /// Its owner wants to send it again after it failed. A store refuses that where
    /// [`Outbox::check_retry`] finds no room.
    Retry,
    /// Its owner wants to send it again, from this time on: its age counts from now, and it is a change
    /// of its own to a cloud that knows repeated ones by their time.
    RetryAt(Timestamp),
    /// Its owner takes it back, or no longer wants to see that it failed.
    Drop,
    /// Its owner no longer waits for a listing to show it, which the cloud acknowledged.
    Dismiss,
}

/// The end of a mutation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Outcome {
    /// The number that it was accepted with.
    pub number: u64,
    /// The mutation.
    pub mutation: Mutation,
    /// The kind of end.
    pub kind: OutcomeKind,
}

/// The kind of a mutation's end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum OutcomeKind {
    /// The cloud has the value.
    Done,
    /// The cloud acknowledged it, and another device changed it since.
    Overridden,
    /// A later mutation took its place.
    Replaced,
    /// Its owner took it back before it was sent.
    Cancelled,
    /// The cloud refused it; the list shows the cloud's value again.
    Failed(MutationFailure),
    /// It was not sent within its time; the list shows the cloud's value again.
    Expired,
    /// The cloud acknowledged it, and its owner dropped it before a listing showed it; the list shows
    /// what the cloud said last.
    Dismissed,
    /// There was nothing to send: the cloud's list, as it was read a moment ago, has the value.
    Unchanged,
}

/// The effect of a step.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Progressed {
    /// The slots whose mutations are other than before.
    pub slots: BTreeSet<Slot>,
    /// The mutations that ended, and how.
    pub outcomes: Vec<Outcome>,
    /// A value that the cloud has and the base is to take over, since no listing will say it.
    pub settled: Option<Mutation>,
}

impl Outcome {
    /// The end of a mutation.
    pub fn new(number: u64, mutation: Mutation, kind: OutcomeKind) -> Self {
        Self { number, mutation, kind }
    }

    pub(super) fn of(pending: &Pending, kind: OutcomeKind) -> Self {
        Self { number: pending.number, mutation: pending.mutation.clone(), kind }
    }
}

impl Outbox {
    /// Stores the progress of the mutation with a number. A number that is no longer pending
    /// changes nothing: its answer came late. Neither does a step that does not fit its state: a
    /// mutation under way cannot be withdrawn.
    pub fn progress(&mut self, number: u64, progress: Progress) -> Progressed {
        let Some(pending) = self.get(number).cloned() else { return Progressed::default() };
        let mut step = Step { outbox: self, pending, done: Progressed::default() };
        step.take(progress);
        step.done
    }
}

impl Outbox {
    /// Fails a mutation that is held for another app, since it holds too many of them.
    pub(super) fn fail_foreign(&mut self, number: u64) -> Progressed {
        let Some(pending) = self.get(number).cloned() else { return Progressed::default() };
        let failure = MutationFailure::crowded_out(pending.app.unwrap_or_default());
        let mut step = Step { outbox: self, pending, done: Progressed::default() };
        step.fail(Some(failure.clone()), OutcomeKind::Failed(failure));
        step.done
    }
}

/// The progress of one mutation.
struct Step<'a> {
    outbox: &'a mut Outbox,
    pending: Arc<Pending>,
    done: Progressed,
}

impl Step<'_> {
    fn take(&mut self, progress: Progress) {
        use PendingState::{Failed, Held, Queued, Sending, Settling};
        match (progress, self.pending.state) {
            (Progress::Sending, Queued) => self.set(|pending| {
                pending.state = Sending;
                pending.attempts = pending.attempts.saturating_add(1);
            }),
            (Progress::Returned { failure, is_uncertain }, Sending) => self.set(|pending| {
                (pending.state, pending.failure) = (Queued, Some(failure));
                if is_uncertain {
                    pending.doubt();
                }
            }),
            (Progress::Unsent(failure), Sending) => self.set(|pending| {
                (pending.state, pending.failure) = (Queued, Some(failure));
                pending.attempts = pending.attempts.saturating_sub(1);
            }),
            (Progress::Held(failure), Sending | Queued | Held) => {
                self.set(|pending| pending.hold(failure, false));
            }
            (Progress::HeldForApp(failure), Queued | Held) => {
                self.set(|pending| pending.hold(failure, true));
                let failed = self.outbox.crowd_out();
                self.done.slots.extend(failed.slots);
                self.done.outcomes.extend(failed.outcomes);
            }
            (Progress::Released, Held) => self.set(|pending| {
                (pending.state, pending.failure) = (Queued, None);
                pending.is_foreign = false;
            }),
            (Progress::Acknowledged, Sending) => self.acknowledge(None),
            (Progress::AcknowledgedAt(moment), Sending) => self.acknowledge(Some(moment)),
            (Progress::Disagreed(pass), Settling) => self.set(|pending| {
                let known = pending.acknowledged.get_or_insert_default();
                known.disagreed = Some(pass.unwrap_or(PassId::NONE));
            }),
            (Progress::Settled, Sending | Settling) => self.end(Some(OutcomeKind::Done)),
            (Progress::SettledUnseen, Sending | Settling) => {
                self.done.settled = Some(self.pending.mutation.clone());
                self.end(Some(OutcomeKind::Done));
            }
            (Progress::Overridden, Settling) => self.end(Some(OutcomeKind::Overridden)),
            (Progress::Failed(failure), Sending) => {
                self.fail(Some(failure.clone()), OutcomeKind::Failed(failure));
            }
            (Progress::Expired, Queued) => {
                self.fail(self.pending.failure.clone(), OutcomeKind::Expired);
            }
            (Progress::Expired, Held) => {
                let reason = self.pending.failure.as_ref().map(MutationFailure::expired_while_held);
                self.fail(reason, OutcomeKind::Expired);
            }
            (Progress::Retry, Failed) => self.set(|pending| {
                (pending.state, pending.failure, pending.attempts) = (Queued, None, 0);
            }),
            (Progress::RetryAt(now), Failed) => self.set(|pending| {
                (pending.state, pending.failure, pending.attempts) = (Queued, None, 0);
                pending.queued_at = Some(now);
            }),
            (Progress::Dismiss, Settling) => self.end(Some(OutcomeKind::Dismissed)),
            (Progress::Drop, Failed) => self.end(None),
            (Progress::Drop, _) if self.pending.is_unsent() => {
                self.end(Some(OutcomeKind::Cancelled));
            }
            _ => {}
        }
    }

    /// The cloud has the value: what it acknowledged before for the same slot is of the past.
    fn acknowledge(&mut self, moment: Option<Acknowledgement>) {
        self.set(|pending| {
            (pending.state, pending.failure) = (PendingState::Settling, None);
            pending.acknowledged = moment;
        });
        if let Mutation::Group { group_name, target: GroupTarget::Named(new) } =
            &self.pending.mutation
        {
            let (old, new) = (group_name.clone(), new.clone());
            self.rename_acknowledged(&old, &new);
        }
        let (slot, number) = (self.pending.mutation.slot(), self.pending.number);
        let later = self.outbox.slots.get_mut(&slot).into_iter().flatten();
        for later in later.filter(|one| one.number > number) {
            Arc::make_mut(later).follows_another = true;
        }
        // What is held for another app is in none of this cloud's answers.
        let is_earlier =
            |one: &Pending| one.number < number && !one.is_of_another_app(&self.pending);
        for earlier in self.outbox.take_where(&slot, is_earlier) {
            self.done.outcomes.push(Outcome::of(&earlier, OutcomeKind::Done));
        }
        if let Mutation::Group { group_name, target: GroupTarget::Absent } =
            self.pending.mutation.clone()
        {
            self.end_members(&group_name);
        }
    }

    /// The members of a group go with it. A pass that shows no such group would else deny what they
    /// were before, and a group that is created under the name later would have them.
    fn end_members(&mut self, name: &GroupName) {
        let is_of_group =
            |slot: &Slot| matches!(slot, Slot::Conversation(_, Aspect::Member(of)) if of == name);
        let is_ended = |one: &Pending| {
            one.number < self.pending.number
                && matches!(one.state, PendingState::Queued | PendingState::Settling)
                && !one.is_of_another_app(&self.pending)
        };
        let slots: Vec<_> =
            self.outbox.slots.keys().filter(|slot| is_of_group(slot)).cloned().collect();
        for slot in slots {
            for ended in self.outbox.take_where(&slot, is_ended) {
                self.done.outcomes.push(Outcome::of(&ended, OutcomeKind::Replaced));
                self.done.slots.insert(slot.clone());
            }
        }
    }

    /// A group that was created or got members under its old name has them under the new one: no
    /// listing will show the old name any more.
    fn rename_acknowledged(&mut self, old: &GroupName, new: &GroupName) {
        let is_of_old = |slot: &Slot| match slot {
            Slot::Group(name) | Slot::Conversation(_, Aspect::Member(name)) => name == old,
            Slot::Conversation(..) => false,
        };
        let slots: Vec<_> =
            self.outbox.slots.keys().filter(|slot| is_of_old(slot)).cloned().collect();
        for slot in slots {
            let number = self.pending.number;
            let moved = self.outbox.take_where(&slot, |one| {
                one.state == PendingState::Settling && one.number < number
            });
            for pending in moved {
                let mut pending = Arc::unwrap_or_clone(pending);
                pending.mutation.set_group_name(new);
                let target = pending.mutation.slot();
                self.done.slots.extend([slot.clone(), target.clone()]);
                self.outbox.slots.entry(target).or_default().insert(0, Arc::new(pending));
            }
        }
    }

    /// A mutation that failed stays to be seen, unless another one waits behind it, or until
    /// too many failed after it.
    fn fail(&mut self, failure: Option<MutationFailure>, kind: OutcomeKind) {
        let slot = self.pending.mutation.slot();
        let own = self.outbox.of_slot(&slot).filter(|one| !one.is_of_another_app(&self.pending));
        if own.last().is_some_and(|last| last.number != self.pending.number) {
            return self.end(Some(kind));
        }
        self.done.outcomes.push(Outcome::of(&self.pending, kind));
        self.set(|pending| {
            (pending.state, pending.failure) = (PendingState::Failed, failure);
            pending.is_foreign = false;
        });
        self.evict_failed();
    }

    /// Drops the oldest that failed, beyond the maximum. Their outcomes were reported when they
    /// failed. A record of an earlier version may hold many more than one beyond it.
    fn evict_failed(&mut self) {
        let failed = self.outbox.pending().filter(|one| one.state == PendingState::Failed);
        let mut failed: Vec<_> = failed.map(|one| (one.number, one.mutation.slot())).collect();
        failed.sort_by_key(|(number, _)| *number);
        let beyond = failed.len().saturating_sub(Outbox::MAX_FAILED);
        // The one that failed now stays, however long ago it was accepted.
        failed.retain(|(number, _)| *number != self.pending.number);
        for (number, slot) in failed.into_iter().take(beyond) {
            self.outbox.take_where(&slot, |one| one.number == number);
            self.done.slots.insert(slot);
        }
    }

    fn set(&mut self, change: impl FnOnce(&mut Pending)) {
        let slot = self.pending.mutation.slot();
        let mut queue = self.outbox.slots.get_mut(&slot).into_iter().flatten();
        if let Some(one) = queue.find(|one| one.number == self.pending.number) {
            change(Arc::make_mut(one));
            self.done.slots.insert(slot);
        }
    }

    /// Takes the mutation out; what waited behind it moves up.
    fn end(&mut self, kind: Option<OutcomeKind>) {
        let slot = self.pending.mutation.slot();
        let number = self.pending.number;
        self.outbox.take_where(&slot, |one| one.number == number);
        self.done.slots.insert(slot);
        self.done.outcomes.extend(kind.map(|kind| Outcome::of(&self.pending, kind)));
    }
}

impl Pending {
    pub(super) fn hold(&mut self, failure: MutationFailure, is_foreign: bool) {
        (self.state, self.failure) = (PendingState::Held, Some(failure));
        self.is_foreign = is_foreign;
    }
}

impl Mutation {
    /// Replaces the name of the group that it is about.
    fn set_group_name(&mut self, name: &GroupName) {
        if let Self::Member { group_name, .. } | Self::Group { group_name, .. } = self {
            *group_name = name.clone();
        }
    }
}
