//! Sending an account's changes, as a plain state machine.
//!
//! No I/O, no clock and no randomness inside: the same inputs give the same effects. Machine,
//! inputs and effects serialise.

mod answer;
mod exchange;
mod finished_pass;
mod launch;
mod looks;
mod meaning;
mod moment;
mod options;
mod passes;
mod pauses;
mod plan;
mod settle;

use std::{
    collections::{BTreeMap, BTreeSet},
    mem,
    time::Duration,
};

use conv_model::{
    Acknowledgement, ConversationId, ErrorClass, Mutation, MutationFailure, Pending, PendingState,
    Progress, ReadMark,
};
use serde::{Deserialize, Serialize};

use self::{
    moment::Moment, passes::Passes, pauses::Pauses, plan::is_replayed_after_pass, settle::Settling,
};
use crate::{WriteCapabilities, WriteKind};

#[cfg_attr(not(feature = "testing"), allow(unreachable_pub))]
pub use self::exchange::{SendEffect, SendId, SendInput};
pub use self::{exchange::SendView, finished_pass::FinishedPass, options::SendOptions};

/// Sends what an account's outbox holds: decides what goes out next, what an answer means, and when
/// a change is over.
///
/// It keeps only the calls under way. The outbox is its owner's, and the sender reads it through a
/// [`SendView`] with each step; how far mutations came is an effect, which the owner stores. A
/// sender that is lost costs a few repeated calls, which are harmless: a mutation says how things
/// shall be.
///
/// [`Dispatcher`](crate::Dispatcher) drives it against a writer. To drive it by hand: carry out every
/// [`SendEffect`], and give every answer back to [`step`](Self::step).
///
/// ```
/// use std::{sync::Arc, time::Duration};
///
/// use conv_model::{
///     Capacity, Conversation, ConversationId, Mutation, Outbox, Progress, Timestamp,
/// };
/// use conv_sync::{
///     SendOptions, SendView, WriteCall, WriteCapabilities,
///     testing::{SendEffect, SendInput, Sender},
/// };
///
/// struct List(Outbox);
///
/// impl SendView for List {
///     fn outbox(&self) -> &Outbox {
///         &self.0
///     }
///     fn base(&self, _id: &ConversationId) -> Option<Arc<Conversation>> {
///         None
///     }
///     fn has_members(&self, _group: &str) -> bool {
///         false
///     }
///     fn wall_time(&self) -> Option<Timestamp> {
///         None
///     }
/// }
///
/// let alice = ConversationId::c2c("alice")?;
/// let mut list = List(Outbox::default());
/// let pin = Mutation::Pin { id: alice.clone(), is_pinned: true };
/// list.0.enqueue(pin, None, |_| false, &Capacity::default()).expect("it has room");
///
/// let mut sender = Sender::new(SendOptions::default(), &WriteCapabilities::default());
/// // That it is being sent is stored before the call goes out.
/// let effects = sender.step(Duration::ZERO, SendInput::Changed, &list);
/// assert_eq!(effects, [SendEffect::Progress(vec![(1, Progress::Sending)])]);
/// list.0.progress(1, Progress::Sending);
///
/// let effects = sender.step(Duration::ZERO, SendInput::Applied, &list);
/// let [SendEffect::Call { write, .. }] = &effects[..] else { panic!("one call") };
/// assert_eq!(*write, WriteCall::Pin { ids: vec![alice], is_pinned: true });
/// # Ok::<(), conv_model::ParseIdError>(())
/// ```
#[derive(Debug, Serialize, Deserialize)]
pub struct Sender {
    options: SendOptions,
    capabilities: WriteCapabilities,
    last: SendId,
    /// The calls that are under way, at most one of each kind.
    flights: BTreeMap<SendId, Flight>,
    /// Progress that is to be stored next, and the calls that go on after that.
    unstored: Vec<(u64, Progress)>,
    waiting: Vec<SendId>,
    /// The calls that go on once the progress given last is stored; `None` if all of it is.
    storing: Option<Vec<SendId>>,
    pauses: Pauses,
    /// The batches that the cloud took, where it refused greater ones.
    batches: BTreeMap<WriteKind, usize>,
    /// The maximum number of mutations in a call with this one, which was refused in greater company.
    most: BTreeMap<u64, usize>,
    /// The app's account is at fault: nothing goes out.
    held: Option<MutationFailure>,
    /// When it was found to be at fault last.
    held_at: Duration,
    is_releasing: bool,
    settling: Settling,
    passes: Passes,
    /// True if a mutation waits for a pass before it is sent.
    is_waiting_for_pass: bool,
    /// When mutations that are sent only after a pass were seen first, or became uncertain.
    first_seen: BTreeMap<u64, Duration>,
    /// The mutations that this process tried to send.
    tried: BTreeSet<u64>,
    /// Up to where the cloud acknowledged conversations as read.
    read_to: BTreeMap<ConversationId, ReadMark>,
    /// The moment of the step under way, as it is stored with an acknowledgement.
    moment: Acknowledgement,
}

/// A call that is under way, from the plan to its answer.
#[derive(Debug, Serialize, Deserialize)]
struct Flight {
    kind: WriteKind,
    numbers: Vec<u64>,
    stage: Stage,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Stage {
    /// Its mutations are being stored as being sent.
    Storing,
    /// The groups are looked at.
    Looking,
    /// The first members of a group are being stored as being sent.
    Gathering,
    /// The cloud has the call.
    Calling,
    /// The groups are looked at, to name them in these failures.
    Naming(Vec<(u64, MutationFailure)>),
    /// The group of a conversation is looked at: this failure may mean that it is gone.
    Doubting(MutationFailure),
}

impl Flight {
    fn new(kind: WriteKind, numbers: Vec<u64>, stage: Stage) -> Self {
        Self { kind, numbers, stage }
    }
}

impl Sender {
    /// A sender with nothing under way. [`SendInput::Changed`] starts it.
    pub fn new(options: SendOptions, capabilities: &WriteCapabilities) -> Self {
        Self {
            options,
            capabilities: capabilities.clone(),
            last: SendId::default(),
            flights: BTreeMap::new(),
            unstored: Vec::new(),
            waiting: Vec::new(),
            storing: None,
            pauses: Pauses::default(),
            batches: BTreeMap::new(),
            most: BTreeMap::new(),
            held: None,
            held_at: Duration::ZERO,
            is_releasing: false,
            settling: Settling::default(),
            passes: Passes::default(),
            is_waiting_for_pass: false,
            first_seen: BTreeMap::new(),
            tried: BTreeSet::new(),
            read_to: BTreeMap::new(),
            moment: Acknowledgement::default(),
        }
    }

    /// Takes an event at a moment of the driver's clock, and returns the actions to take.
    ///
    /// The view has to show all progress that was reported as applied.
    pub fn step(
        &mut self,
        now: Duration,
        input: SendInput,
        view: &dyn SendView,
    ) -> Vec<SendEffect> {
        let mut out = Vec::new();
        self.moment = Acknowledgement::new(view.newest_pass(), view.wall_time());
        match input {
            SendInput::Changed => {}
            SendInput::Applied => self.on_applied(now, view, &mut out),
            SendInput::Written { call, answer } => {
                self.on_written(now, call, answer, view, &mut out);
            }
            SendInput::Looked { call, answer } => self.on_looked(now, call, answer, view, &mut out),
            SendInput::GroupLooked { call, answer } => {
                self.on_group_looked(now, call, answer, view, &mut out);
            }
            SendInput::Woke(pause) => self.pauses.woke(pause),
            SendInput::PassFinished(pass) => {
                self.passes.finished(Moment::new(now, view.wall_time()), pass.moment());
                self.release_after_pass(pass.began);
                self.settling.pass_finished(pass);
            }
            SendInput::UnreadRead { began, ids } => self.settling.unread_read(began, ids),
            SendInput::Release => {
                self.held = None;
                self.is_releasing = true;
            }
            SendInput::Retry => {
                self.pauses.end();
                self.passes.retry(now);
            }
            SendInput::Abandoned => self.abandon(now, &mut out),
        }
        self.go_on(now, view, &mut out);
        out
    }

    /// Returns the numbers of a call's mutations.
    pub(crate) fn numbers(&self, call: SendId) -> Vec<u64> {
        self.flights.get(&call).map(|flight| flight.numbers.clone()).unwrap_or_default()
    }

    /// Returns whether nothing is under way: no call, and no progress to store.
    pub fn is_idle(&self) -> bool {
        self.flights.is_empty() && self.storing.is_none() && self.unstored.is_empty()
    }

    /// Returns why nothing is sent: the app's account is at fault.
    pub fn held(&self) -> Option<&MutationFailure> {
        self.held.as_ref()
    }

    /// A pass that the cloud accepted since says that the key is right again. It says nothing of a
    /// command that is switched off.
    fn release_after_pass(&mut self, began: Duration) {
        let is_key = |held: &MutationFailure| held.class == ErrorClass::Auth;
        if began >= self.held_at && self.held.as_ref().is_some_and(is_key) {
            self.held = None;
            self.is_releasing = true;
        }
    }

    /// Returns whether a mutation was accepted for another app than that of the writer.
    fn is_foreign(&self, pending: &Pending) -> bool {
        pending.app.zip(self.capabilities.app).is_some_and(|(app, own)| app != own)
    }

    /// Returns whether a mutation is yet to be held, or for another reason than it is.
    fn is_to_be_held(&self, pending: &Pending) -> bool {
        pending.state == PendingState::Queued || (self.is_foreign(pending) && !pending.is_foreign)
    }

    /// Returns why a mutation waits that could be sent by itself.
    fn reason_to_hold(&self, pending: &Pending) -> Option<MutationFailure> {
        if !self.is_foreign(pending) {
            return self.held.clone();
        }
        Some(MutationFailure::of_another_app(pending.app.unwrap_or_default()))
    }

    /// Returns whether progress has to be stored.
    pub fn is_storing(&self) -> bool {
        self.storing.is_some() || !self.unstored.is_empty()
    }

    /// Forgets calls in flight, whose outcome is uncertain: the view alone says what was stored.
    fn abandon(&mut self, now: Duration, out: &mut Vec<SendEffect>) {
        self.flights.clear();
        self.unstored.clear();
        self.waiting.clear();
        self.storing = None;
        self.passes.abandon(now);
        out.extend(self.pauses.begin_again());
    }

    /// Adds what follows from the state. Nothing is planned by a view that lacks progress.
    fn go_on(&mut self, now: Duration, view: &dyn SendView, out: &mut Vec<SendEffect>) {
        if self.storing.is_none() && self.unstored.is_empty() {
            self.sweep(now, view);
            self.settle(now, view);
            if self.unstored.is_empty() {
                self.plan(now, view);
            }
        }
        if self.storing.is_none() && !self.unstored.is_empty() {
            self.storing = Some(mem::take(&mut self.waiting));
            out.push(SendEffect::Progress(mem::take(&mut self.unstored)));
        }
        self.ask_for_pass(now, view, out);
        self.set_alarm(now, view, out);
    }

    /// Forgets mutations that are gone, and takes in those that changed without this sender.
    fn sweep(&mut self, now: Duration, view: &dyn SendView) {
        let outbox = view.outbox();
        let numbers: BTreeSet<u64> = outbox.pending().map(|pending| pending.number).collect();
        self.most.retain(|number, _| numbers.contains(number));
        self.first_seen.retain(|number, _| numbers.contains(number));
        self.tried.retain(|number| numbers.contains(number));
        self.settling.retain(outbox);
        let flying: BTreeSet<u64> =
            self.flights.values().flat_map(|flight| &flight.numbers).copied().collect();
        for pending in outbox.pending() {
            match pending.state {
                PendingState::Sending if !flying.contains(&pending.number) => {
                    let failure = interrupted();
                    let progress = Progress::Returned { failure, is_uncertain: true };
                    self.unstored.push((pending.number, progress));
                }
                PendingState::Held
                    if (self.is_releasing || pending.is_foreign) && !self.is_foreign(pending) =>
                {
                    self.unstored.push((pending.number, Progress::Released));
                }
                PendingState::Queued | PendingState::Held if self.is_expired(pending, view) => {
                    self.unstored.push((pending.number, Progress::Expired));
                }
                PendingState::Queued | PendingState::Held if self.is_to_be_held(pending) => {
                    let hold = match self.is_foreign(pending) {
                        true => Progress::HeldForApp,
                        false => Progress::Held,
                    };
                    let reason = self.reason_to_hold(pending);
                    self.unstored.extend(reason.map(|reason| (pending.number, hold(reason))));
                }
                _ => {}
            }
            let needs_pass = matches!(pending.mutation, Mutation::Delete { .. })
                || is_replayed_after_pass(&pending.mutation);
            if needs_pass {
                self.first_seen.entry(pending.number).or_insert(now);
            }
        }
        self.is_releasing = false;
    }

    fn is_held(&self, view: &dyn SendView) -> bool {
        let is_held =
            |pending: &Pending| pending.state == PendingState::Held && !self.is_foreign(pending);
        self.held.is_some() || view.outbox().pending().any(|pending| is_held(pending))
    }

    /// Returns how long a mutation may still wait to be sent; `None` without wall time.
    fn time_left(&self, pending: &Pending, view: &dyn SendView) -> Option<u64> {
        let end = pending.queued_at?.plus_secs(self.options.max_age.as_secs());
        Some(end.as_secs().saturating_sub(view.wall_time()?.as_secs()))
    }

    fn is_expired(&self, pending: &Pending, view: &dyn SendView) -> bool {
        // The clock may have been wrong when it was accepted: what could be sent is tried once, by this
        // process, before it is given up.
        let is_tried =
            pending.state != PendingState::Queued || self.tried.contains(&pending.number);
        is_tried && self.time_left(pending, view) == Some(0)
    }

    fn ask_for_pass(&mut self, now: Duration, view: &dyn SendView, out: &mut Vec<SendEffect>) {
        let is_settling = |pending: &Pending| pending.state == PendingState::Settling;
        let is_needed = self.is_waiting_for_pass
            || self.storing.is_some()
            || view.outbox().pending().any(|pending| is_settling(pending));
        if !is_needed {
            self.passes.clear();
        } else if self.passes.ask(now) {
            out.push(SendEffect::Pass);
        }
    }

    /// Sets the alarm for the next moment that is known beforehand.
    fn set_alarm(&mut self, now: Duration, view: &dyn SendView, out: &mut Vec<SendEffect>) {
        let waits = view.outbox().pending().filter(|pending| pending.state.is_waiting());
        let left = waits.filter_map(|pending| self.time_left(pending, view)).min();
        let expiry = left.map(|left| now.saturating_add(Duration::from_secs(left)));
        let moments = [expiry, self.passes.next_moment()];
        // A moment that has come is dealt with once what is being stored is stored.
        let next = moments.into_iter().flatten().filter(|moment| *moment > now).min();
        if let Some(moment) = next.filter(|moment| self.pauses.lacks_alarm(*moment)) {
            let id = self.last.next();
            out.push(self.pauses.set_alarm(id, now, moment));
        }
    }
}

fn interrupted() -> MutationFailure {
    let what = "the answer was lost: the process ended, or the call was abandoned";
    MutationFailure::new(ErrorClass::Transient, None, what)
}
