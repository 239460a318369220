//! Chooses the mutations that are sent next.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use conv_model::{
    ErrorClass, GroupTarget, Mutation, MutationFailure, Pending, PendingState, Progress,
};

use super::{Flight, SendView, Sender, Stage, moment::Moment};
use crate::WriteKind;

/// The web SDK's number for what a cloud does not offer.
const UNSUPPORTED: i32 = 3122;

impl Sender {
    /// Takes what is ready into calls: for each kind at most one. Their mutations are stored as being
    /// sent before a call goes out, so that a crash in between leaves them uncertain instead of
    /// forgotten.
    pub(super) fn plan(&mut self, now: Duration, view: &dyn SendView) {
        self.is_waiting_for_pass = false;
        if self.is_held(view) || !self.may_send(view) {
            return;
        }
        let mut candidates: BTreeMap<WriteKind, Vec<&Arc<Pending>>> = BTreeMap::new();
        for pending in view.outbox().ready() {
            match self.offered(&pending.mutation) {
                None => self.refuse_unsent(pending.number, unsupported()),
                Some(kind) if !self.is_free(pending.number, kind) => {}
                Some(_) if self.needs_pass(now, pending, view) => {
                    self.is_waiting_for_pass = true;
                    self.passes.want_now(now);
                }
                Some(kind) => candidates.entry(kind).or_default().push(pending),
            }
        }
        for (kind, candidates) in candidates {
            let numbers = self.batch(kind, &candidates);
            for number in &numbers {
                self.unstored.push((*number, Progress::Sending));
            }
            let id = self.last.next();
            self.waiting.push(id);
            self.flights.insert(id, Flight::new(kind, numbers, Stage::Storing));
        }
    }

    /// Returns whether any mutation could go out. Cheaper than asking the outbox for their order.
    fn may_send(&self, view: &dyn SendView) -> bool {
        view.outbox().pending().any(|pending| {
            pending.state == PendingState::Queued
                && self
                    .offered(&pending.mutation)
                    .is_none_or(|kind| self.is_free(pending.number, kind))
        })
    }

    /// Returns the kind of call for a mutation, if the cloud and the options offer it.
    fn offered(&self, mutation: &Mutation) -> Option<WriteKind> {
        let kind = WriteKind::of(mutation).filter(|kind| self.capabilities.kinds.contains(kind));
        kind.filter(|kind| *kind != WriteKind::ReadGroup || self.options.read_groups)
    }

    fn is_free(&self, number: u64, kind: WriteKind) -> bool {
        let is_busy = self.flights.values().any(|flight| flight.kind == kind);
        !is_busy && !self.pauses.is_paused(number, kind)
    }

    /// Returns whether a mutation must not go out before another pass. A deletion deletes what is
    /// there when it arrives, and a group's number of unread messages replaces what came since.
    pub(super) fn needs_pass(&self, now: Duration, pending: &Pending, view: &dyn SendView) -> bool {
        let seen = self.first_seen.get(&pending.number).copied().unwrap_or(now);
        match &pending.mutation {
            Mutation::Delete { clears_history, .. } => {
                let is_blind = pending.is_uncertain && *clears_history;
                let now = Moment::new(now, view.wall_time());
                !self.passes.is_recent(now, seen) || (is_blind && !self.passes.began_after(seen))
            }
            mutation if is_replayed_after_pass(mutation) => {
                pending.is_uncertain && !self.passes.began_after(seen)
            }
            _ => false,
        }
    }

    /// Refuses a mutation that was not sent, by the steps that the outbox knows.
    pub(super) fn refuse_unsent(&mut self, number: u64, failure: MutationFailure) {
        self.unstored.push((number, Progress::Sending));
        self.unstored.push((number, Progress::Failed(failure)));
    }

    /// Returns the numbers of those that go out together with the first one.
    fn batch(&self, kind: WriteKind, candidates: &[&Arc<Pending>]) -> Vec<u64> {
        let items = self.batch_of(kind);
        let mut most = usize::MAX;
        let mut ids = BTreeSet::new();
        let mut numbers = Vec::new();
        for pending in candidates {
            let is_like_first = candidates
                .first()
                .is_some_and(|first| goes_with(&first.mutation, &pending.mutation));
            let id = pending.mutation.conversation_id();
            let is_full = ids.len() >= items && !ids.contains(&id);
            let limit = most.min(self.most_of(pending.number));
            if is_like_first && !is_full && numbers.len() < limit {
                most = limit;
                ids.insert(id);
                numbers.push(pending.number);
            }
        }
        numbers
    }

    /// Returns the maximum number of conversations in a call, as the cloud declared or refused it.
    pub(super) fn batch_of(&self, kind: WriteKind) -> usize {
        let learned = self.batches.get(&kind).copied().unwrap_or(usize::MAX);
        self.capabilities.batch(kind).min(learned)
    }

    /// Returns the maximum number of mutations in a call with this one.
    pub(super) fn most_of(&self, number: u64) -> usize {
        self.most.get(&number).copied().unwrap_or(usize::MAX)
    }
}

/// Returns whether a mutation names a value instead of a change, so that repeating it needs a look.
pub(super) fn is_replayed_after_pass(mutation: &Mutation) -> bool {
    WriteKind::of(mutation) == Some(WriteKind::ReadGroup)
}

/// Returns whether one call can carry two mutations of a kind.
fn goes_with(first: &Mutation, other: &Mutation) -> bool {
    match (first, other) {
        (Mutation::Pin { is_pinned, .. }, Mutation::Pin { is_pinned: other, .. }) => {
            is_pinned == other
        }
        (Mutation::Member { group_name, .. }, Mutation::Member { group_name: other, .. }) => {
            group_name == other
        }
        (Mutation::Mark { .. }, Mutation::Mark { .. })
        | (Mutation::CustomData { .. }, Mutation::CustomData { .. }) => true,
        _ => first == other,
    }
}

/// Returns whether the cloud is asked first which groups exist.
pub(super) fn looks_first(mutation: &Mutation) -> bool {
    matches!(mutation, Mutation::Group { target: GroupTarget::Present | GroupTarget::Named(_), .. })
}

fn unsupported() -> MutationFailure {
    let what = "the cloud does not offer this change";
    MutationFailure::new(ErrorClass::Unsupported, Some(UNSUPPORTED), what)
}
