//! Derives from the cloud's answer what happens to its mutations.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use conv_model::{ConversationId, ErrorClass, Mutation, MutationFailure, Pending, Progress};

use super::{
    Flight, SendEffect, SendId, SendView, Sender, Stage,
    launch::{conversations, sending},
    meaning::{
        FAULT_OR_GONE, Meaning, NO_SUCH_GROUP, failure, is_done_already, is_of_group, is_removal,
        may_be_applied, meaning,
    },
    plan::{is_replayed_after_pass, looks_first},
};
use crate::{SourceError, WriteKind, Written};

impl Sender {
    pub(super) fn on_written(
        &mut self,
        now: Duration,
        id: SendId,
        answer: Result<Written, SourceError>,
        view: &dyn SendView,
        out: &mut Vec<SendEffect>,
    ) {
        if !self.flights.get(&id).is_some_and(|flight| flight.stage == Stage::Calling) {
            return;
        }
        let Some(flight) = self.flights.remove(&id) else { return };
        let sending = sending(view, &flight.numbers);
        let written = match answer {
            Ok(written) => written,
            Err(error) => return self.on_refused(now, &flight, &sending, &error, out),
        };
        self.pauses.accepted(flight.kind);
        let Some(results) = written.items else {
            return sending.iter().for_each(|pending| self.done(now, pending));
        };
        self.on_items(now, &flight, &sending, results, out);
    }

    /// Each item has an answer of its own, and one that is not named has none.
    fn on_items(
        &mut self,
        now: Duration,
        flight: &Flight,
        sending: &[Arc<Pending>],
        results: Vec<(ConversationId, Result<(), SourceError>)>,
        out: &mut Vec<SendEffect>,
    ) {
        let mut by_id: BTreeMap<ConversationId, Result<(), SourceError>> = BTreeMap::new();
        for (id, result) in results {
            // Of two answers for one item the worse one counts.
            if result.is_err() || !by_id.contains_key(&id) {
                by_id.insert(id, result);
            }
        }
        let mut refusal = Refusal::default();
        let mut refused: BTreeMap<&ConversationId, Vec<Arc<Pending>>> = BTreeMap::new();
        for pending in sending {
            let id = pending.mutation.conversation_id();
            match id.map(|id| (id, by_id.get(id))) {
                // The group itself was created.
                None | Some((_, Some(Ok(())))) => self.done(now, pending),
                Some((id, Some(Err(_)))) => {
                    refused.entry(id).or_default().push(Arc::clone(pending))
                }
                Some((_, None)) => {
                    let what = "the cloud's answer does not name the conversation";
                    let failure = MutationFailure::new(ErrorClass::Cloud, None, what);
                    self.returned(now, pending, failure, true);
                    refusal.later(pending, None);
                }
            }
        }
        for (id, pending) in refused {
            if let Some(Err(error)) = by_id.get(id) {
                self.refuse(now, flight.kind, &pending, error, &mut refusal, out);
            }
        }
        self.end_refusal(flight.kind, refusal, out);
    }

    /// A call was refused as a whole.
    pub(super) fn on_refused(
        &mut self,
        now: Duration,
        flight: &Flight,
        sending: &[Arc<Pending>],
        error: &SourceError,
        out: &mut Vec<SendEffect>,
    ) {
        let mut refusal = Refusal { is_look: flight.stage == Stage::Looking, ..Refusal::default() };
        self.refuse(now, flight.kind, sending, error, &mut refusal, out);
        self.end_refusal(flight.kind, refusal, out);
    }

    fn refuse(
        &mut self,
        now: Duration,
        kind: WriteKind,
        sending: &[Arc<Pending>],
        error: &SourceError,
        refusal: &mut Refusal,
        out: &mut Vec<SendEffect>,
    ) {
        let is_uncertain = may_be_applied(error) && !refusal.is_look;
        // Two marks of one conversation are one item, and two that may be at fault.
        let items = sending.iter().filter(|one| one.mutation.conversation_id().is_some()).count();
        let is_split = !refusal.is_look && items > 1;
        let conversations = conversations(sending);
        let is_batch = !refusal.is_look && conversations > 1;
        let meaning = meaning(error);
        let unreached = self.pauses.unreached(kind, error.is_unsent());
        match meaning {
            Meaning::Slow if !refusal.is_slowed => {
                refusal.is_slowed = true;
                let id = self.last.next();
                out.push(self.pauses.kind(id, kind, error));
            }
            Meaning::TooMany if is_batch => {
                self.batches.insert(kind, self.batch_of(kind).min(conversations) / 2);
            }
            _ => {}
        }
        for pending in sending {
            let failure = failure(error);
            let is_second = is_same(pending, error);
            match meaning {
                Meaning::Hold => self.hold(now, pending, failure),
                Meaning::SignAgain if is_second => self.hold(now, pending, failure),
                Meaning::TooMany if is_batch => self.returned(now, pending, failure, false),
                Meaning::Slow | Meaning::SignAgain => self.returned(now, pending, failure, false),
                Meaning::Later if error.is_unsent() => {
                    self.unstored.push((pending.number, Progress::Unsent(failure)));
                    refusal.later(pending, None);
                    refusal.attempts = refusal.attempts.max(unreached);
                }
                Meaning::Later => {
                    self.returned(now, pending, failure, is_uncertain);
                    refusal.later(pending, error.retry_after());
                }
                Meaning::OnceMore if !is_second => {
                    self.returned(now, pending, failure, is_uncertain);
                    refusal.later(pending, error.retry_after());
                }
                Meaning::OnceMore | Meaning::TooMany | Meaning::Final => {
                    self.refuse_for_good(now, pending, error, (items, is_split), refusal);
                }
            }
        }
    }

    fn refuse_for_good(
        &mut self,
        now: Duration,
        pending: &Arc<Pending>,
        error: &SourceError,
        (items, is_split): (usize, bool),
        refusal: &mut Refusal,
    ) {
        let failure = failure(error);
        let mutation = &pending.mutation;
        if is_done_already(mutation, error) {
            self.done(now, pending);
        } else if is_split && error.class() != ErrorClass::Unsupported {
            // One bad item is enough. Sending halves shows which it is; the cloud may have applied
            // the others.
            self.most.insert(pending.number, (items / 2).max(1));
            self.returned(now, pending, failure, true);
        } else if looks_first(mutation) && pending.is_uncertain && !is_same(pending, error) {
            // An earlier call may be what it collides with: another look says.
            self.returned(now, pending, failure, true);
            refusal.later(pending, None);
        } else if matches!(mutation, Mutation::Member { .. }) && error.code() == Some(NO_SUCH_GROUP)
        {
            refusal.nameless.push((pending.number, failure));
        } else if error.code() == Some(FAULT_OR_GONE) && is_of_group(mutation) {
            refusal.doubted.push((Arc::clone(pending), failure));
        } else {
            self.unstored.push((pending.number, Progress::Failed(failure)));
        }
    }

    /// Pauses what has to be sent later, all of it together, and looks for the names of groups that
    /// are missing.
    fn end_refusal(&mut self, kind: WriteKind, refusal: Refusal, out: &mut Vec<SendEffect>) {
        if !refusal.later.is_empty() {
            let id = self.last.next();
            out.push(self.pauses.numbers(id, refusal.later, refusal.attempts, refusal.asked));
        }
        for (pending, failure) in refusal.doubted {
            let Some(id) = pending.mutation.conversation_id().cloned() else { continue };
            let call = self.last.next();
            let flight = Flight::new(kind, vec![pending.number], Stage::Doubting(failure));
            self.flights.insert(call, flight);
            out.push(SendEffect::LookAtGroup { call, id });
        }
        if !refusal.nameless.is_empty() {
            let call = self.last.next();
            let numbers = refusal.nameless.iter().map(|(number, _)| *number).collect();
            let flight = Flight::new(kind, numbers, Stage::Naming(refusal.nameless));
            self.flights.insert(call, flight);
            out.push(SendEffect::Look { call });
        }
    }

    /// Only the group's own answer says that it is gone; else the code was a fault of the server.
    pub(super) fn on_group_looked(
        &mut self,
        now: Duration,
        id: SendId,
        answer: Result<Option<bool>, SourceError>,
        view: &dyn SendView,
        out: &mut Vec<SendEffect>,
    ) {
        let doubts = |flight: &Flight| matches!(flight.stage, Stage::Doubting(_));
        if !self.flights.get(&id).is_some_and(doubts) {
            return;
        }
        let Some(Flight { kind, numbers, stage: Stage::Doubting(failure) }) =
            self.flights.remove(&id)
        else {
            return;
        };
        let mut refusal = Refusal::default();
        for pending in sending(view, &numbers) {
            match &answer {
                Ok(Some(false)) if is_removal(&pending.mutation) => self.done(now, &pending),
                Ok(Some(false) | None) => {
                    self.unstored.push((pending.number, Progress::Failed(failure.clone())));
                }
                Ok(Some(true)) | Err(_) => {
                    self.returned(now, &pending, failure.clone(), true);
                    let asked = answer.as_ref().err().and_then(SourceError::retry_after);
                    refusal.later(&pending, asked);
                }
            }
        }
        self.end_refusal(kind, refusal, out);
    }

    fn returned(
        &mut self,
        now: Duration,
        pending: &Pending,
        failure: MutationFailure,
        is_uncertain: bool,
    ) {
        let needs_newer_pass = is_replayed_after_pass(&pending.mutation)
            || matches!(pending.mutation, Mutation::Delete { .. });
        if is_uncertain && needs_newer_pass {
            self.first_seen.insert(pending.number, now);
        }
        self.unstored.push((pending.number, Progress::Returned { failure, is_uncertain }));
    }

    fn hold(&mut self, now: Duration, pending: &Pending, failure: MutationFailure) {
        self.held_at = now;
        self.held.get_or_insert_with(|| failure.clone());
        self.unstored.push((pending.number, Progress::Held(failure)));
    }

    /// The cloud has the value of a mutation that was sent.
    pub(super) fn done(&mut self, now: Duration, pending: &Pending) {
        if let Mutation::Read { id, until, .. } = &pending.mutation {
            let read = self.read_to.entry(id.clone()).or_default();
            *read = read.max(*until);
        }
        let progress = match self.is_listed(&pending.mutation) {
            true => {
                self.acknowledged(now, pending.number);
                Progress::AcknowledgedAt(self.moment)
            }
            false => Progress::SettledUnseen,
        };
        self.unstored.push((pending.number, progress));
    }
}

/// The common part of the refusals of one answer.
#[derive(Default)]
struct Refusal {
    /// Nothing was sent but a question.
    is_look: bool,
    is_slowed: bool,
    later: Vec<u64>,
    attempts: u32,
    asked: Option<Duration>,
    /// Members of groups that do not exist.
    nameless: Vec<(u64, MutationFailure)>,
    /// Mutations of groups that may be gone.
    doubted: Vec<(Arc<Pending>, MutationFailure)>,
}

impl Refusal {
    fn later(&mut self, pending: &Pending, asked: Option<Duration>) {
        self.later.push(pending.number);
        self.attempts = self.attempts.max(pending.attempts);
        self.asked = self.asked.max(asked);
    }
}

/// Returns whether a mutation was refused in the same way before.
fn is_same(pending: &Pending, error: &SourceError) -> bool {
    pending
        .failure
        .as_ref()
        .is_some_and(|before| before.class == error.class() && before.code == error.code())
}
