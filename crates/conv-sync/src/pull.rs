//! One pass over an account's list, as a plain state machine.
//!
//! No I/O, no clock and no randomness inside: the same inputs give the same effects. Machine,
//! inputs and effects serialise, so that a pass can be kept as a trace and replayed.

mod answers;
mod calls;
mod cloud_time;
mod exchange;
mod facets;
mod hydration;
mod listing;
mod naming;
mod options;
mod pages;
mod retries;
mod window;

use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeSet, VecDeque},
    time::Duration,
};

use conv_model::{
    ConversationId, Delta, Facet, PassFailure, PassId, Rank, SkippedRow, SyncState, SyncStep,
    Timestamp,
};

use self::{
    calls::{Calls, Question},
    cloud_time::CloudTime,
    hydration::Hydration,
    listing::{Listing, Seen},
    naming::Naming,
    window::Window,
};
use crate::{Capabilities, SourceError};

#[cfg(feature = "testing")]
pub use self::options::SYNC_RULES;
pub use self::{
    exchange::{CallId, Effect, Input},
    options::PullOptions,
    retries::Delay,
};

/// The most listings of one pass: it lists again until two agree, this often at most.
const MAX_LISTINGS: u32 = 4;

/// What a change does for the pass, to know what follows once it is applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum DeltaKind {
    Begin,
    Page,
    Finish,
    Amend,
    Fail,
}

#[derive(Debug, Serialize, Deserialize)]
enum Stage {
    /// Pages are read.
    Listing,
    /// All pages are in; the end of the pass waits for the names of groups.
    Naming {
        is_capped: bool,
    },
    /// The change that says `Complete` is under way.
    Finishing,
    /// The list is complete; facets are still read.
    Hydrating,
    /// The pass is stopping: nothing more is asked.
    Stopping,
    Over,
}

/// One pass over an account's list.
///
/// [`Puller`](crate::Puller) drives it against a source. To drive it by hand: hand every
/// [`Effect`] of [`start`](Self::start) and [`step`](Self::step) to the world, and every answer
/// back to `step`.
///
/// ```
/// use conv_model::SyncState;
/// use conv_sync::{Capabilities, PullOptions, testing::{Effect, Pull}};
///
/// let (pull, effects) =
///     Pull::start(PullOptions::default(), &Capabilities::default(), &SyncState::default());
/// // Beginning is a change like any other: it makes this pass the newest one.
/// assert!(matches!(effects[..], [Effect::Apply(_)]));
/// assert!(pull.outcome().is_none());
/// ```
#[derive(Debug, Serialize, Deserialize)]
pub struct Pull {
    options: PullOptions,
    capabilities: Capabilities,
    pass: PassId,
    /// When it was begun, on the driver's clock; unknown before the first step.
    started: Option<Duration>,
    stage: Stage,
    listing: Listing,
    /// Rows of the listing that wait for its end.
    window: Window,
    /// The list as the store held it before the pass, if the driver said so.
    known: Option<Seen>,
    /// The listing before, to compare with.
    previous: Option<Seen>,
    listings: u32,
    /// Whether the rows of a first screen were listed and applied.
    is_head_shown: bool,
    /// Whether the first listing is through and applied: few rows will be new.
    is_shown: bool,
    /// What the pass's own listings confirmed; a resumed one confirms nothing.
    keep: BTreeSet<ConversationId>,
    /// Whether a listing met a row that it could not tell from any other.
    is_blind: bool,
    restarted: bool,
    /// Whether the checkpoint in the store is useless.
    forgets: bool,
    naming: Naming,
    hydration: Hydration,
    calls: Calls,
    cloud_time: CloudTime,
    as_of: Option<Timestamp>,
    /// What the next step of the pass reports.
    unreported: Vec<SkippedRow>,
    /// Rows without an ID that were reported.
    nameless: usize,
    broken_promises: Vec<String>,
    outbox: VecDeque<(DeltaKind, Delta)>,
    applying: Option<DeltaKind>,
    outcome: Option<Result<(), SourceError>>,
}

impl Pull {
    /// Begins a pass after what the store knows: it goes on from a stored checkpoint of the same
    /// scope, and a fresh listing follows.
    pub fn start(
        options: PullOptions,
        capabilities: &Capabilities,
        state: &SyncState,
    ) -> (Self, Vec<Effect>) {
        let scope = options.scope();
        let checkpoint = state.checkpoint.clone().filter(|_| state.scope == scope);
        let resume = checkpoint.is_some();
        let begin = SyncStep::Begin { scope, resume };
        let mut pull = Self {
            listing: Listing::new(capabilities.into(), options.plan_limit, checkpoint),
            capabilities: capabilities.clone(),
            pass: state.pass.next(),
            started: None,
            stage: Stage::Listing,
            window: Window::default(),
            known: None,
            previous: None,
            listings: 0,
            is_head_shown: false,
            is_shown: false,
            keep: BTreeSet::new(),
            is_blind: false,
            restarted: false,
            forgets: false,
            naming: Naming::new(state.groups.clone()),
            hydration: Hydration::new(capabilities),
            calls: Calls::default(),
            cloud_time: CloudTime::default(),
            as_of: None,
            unreported: Vec::new(),
            nameless: 0,
            broken_promises: Vec::new(),
            outbox: VecDeque::new(),
            applying: None,
            outcome: None,
            options,
        };
        pull.post(DeltaKind::Begin, Delta::step(pull.pass, begin));
        let effects = pull.settle(Duration::ZERO, Vec::new());
        (pull, effects)
    }

    /// Sets all rows that the store holds, with their ranks, before the first step. At the plan's
    /// limit, no page of the first listing shows a row that ranks below all of them.
    #[must_use]
    pub fn with_list(self, rows: impl IntoIterator<Item = (ConversationId, Rank)>) -> Self {
        Self { known: Some(rows.into_iter().collect()), ..self }
    }

    /// The pass's number.
    pub fn pass(&self) -> PassId {
        self.pass
    }

    /// How it ended; `None` while it runs.
    pub fn outcome(&self) -> Option<Result<(), &SourceError>> {
        match (&self.stage, &self.outcome) {
            (Stage::Over, Some(outcome)) => Some(outcome.as_ref().copied()),
            _ => None,
        }
    }

    /// Takes in what happened at a moment of the driver's clock, and says what is to be done.
    pub fn step(&mut self, now: Duration, input: Input) -> Vec<Effect> {
        let mut effects = Vec::new();
        // Nothing is taken in once the pass is over.
        if matches!(self.stage, Stage::Over) {
            return effects;
        }
        self.started.get_or_insert(now);
        let call = self.calls.answered(&input);
        match (input, call) {
            (Input::Applied { wanting }, _) => self.on_applied(now, &wanting, &mut effects),
            (Input::Listed { call: id, asked, answer }, Some(call)) => {
                self.on_listed(now, (id, call), asked, answer, &mut effects);
            }
            (Input::Named { call: id, asked, answer }, Some(call)) => {
                self.on_named(now, (id, call), asked, answer, &mut effects);
            }
            (Input::Hydrated { call: id, asked, answer }, Some(call)) => {
                self.on_hydrated(now, (id, call), asked, answer, &mut effects);
            }
            (Input::Woke(id), _) => effects.extend(self.calls.woke(now, id)),
            (Input::Retry, _) => effects.extend(self.calls.retry_now(now)),
            (Input::Cancel, _) => self.fail(SourceError::Cancelled),
            // Nobody waits for it, or no longer.
            _ => return effects,
        }
        self.settle(now, effects)
    }

    fn on_applied(&mut self, now: Duration, wanting: &[ConversationId], out: &mut Vec<Effect>) {
        let Some(kind) = self.applying.take() else { return };
        let rows = self.listing.queued_rows(wanting, self.previous.as_ref());
        self.hydration.want(Facet::Profile, rows);
        if kind != DeltaKind::Amend {
            self.is_head_shown |= self.listing.knows_head();
            self.is_shown |= self.previous.is_some();
        }
        match kind {
            DeltaKind::Begin => self.ask(now, out),
            DeltaKind::Page => {
                self.forgets = false;
                self.ask(now, out);
            }
            DeltaKind::Finish => self.finished(),
            DeltaKind::Fail => self.stage = Stage::Over,
            DeltaKind::Amend => {}
        }
    }

    /// The list is complete, and stays so even if the pass was told to stop in that moment.
    fn finished(&mut self) {
        let was_stopped = matches!(self.stage, Stage::Stopping);
        if was_stopped {
            self.outbox.clear();
        }
        self.stage = if was_stopped { Stage::Over } else { Stage::Hydrating };
    }

    /// Asks for the next page, while pages are read.
    fn ask(&mut self, now: Duration, out: &mut Vec<Effect>) {
        if matches!(self.stage, Stage::Listing) {
            let cursor = self.listing.cursor();
            out.push(self.calls.send(now, Question::Page { cursor }));
        }
    }

    /// Begins the listing again at the head, if that is another place than where it is: a resumed
    /// listing always, a fresh one once a pass.
    fn restarts(&mut self) -> bool {
        let may_restart = self.listing.is_resumed() || !self.restarted;
        if self.listing.cursor().is_none() || !may_restart {
            return false;
        }
        if self.listing.is_resumed() {
            self.forgets = true;
        } else {
            self.restarted = true;
        }
        self.listing = self.listing.anew();
        self.window = Window::default();
        true
    }

    fn elapsed(&self, now: Duration) -> Duration {
        now.saturating_sub(self.started.unwrap_or(now))
    }

    fn fail(&mut self, error: SourceError) {
        if matches!(self.stage, Stage::Stopping | Stage::Over) {
            return;
        }
        self.calls.clear();
        // A list that is complete stays so, even where names are still missing.
        if matches!(self.stage, Stage::Hydrating) {
            self.stage = Stage::Over;
            self.outcome = Some(Err(error));
            return;
        }
        let forget = self.forgets || matches!(error, SourceError::CursorExpired);
        let failure = PassFailure::from(&error);
        self.outbox.clear();
        self.stage = Stage::Stopping;
        self.outcome = Some(Err(error));
        self.post(DeltaKind::Fail, Delta::step(self.pass, SyncStep::Fail { failure, forget }));
    }

    fn post(&mut self, kind: DeltaKind, delta: Delta) {
        self.outbox.push_back((kind, delta));
    }

    /// Adds what follows from the state: the next change, further batches, the end.
    fn settle(&mut self, now: Duration, mut effects: Vec<Effect>) -> Vec<Effect> {
        self.hydrate(now, &mut effects);
        if self.applying.is_none() && !matches!(self.stage, Stage::Over) {
            if let Some((kind, delta)) = self.outbox.pop_front() {
                self.applying = Some(kind);
                effects.push(Effect::Apply(Box::new(delta)));
            }
        }
        let is_idle = self.applying.is_none() && self.calls.is_empty() && self.hydration.is_idle();
        if matches!(self.stage, Stage::Hydrating) && is_idle {
            self.stage = Stage::Over;
            self.outcome = Some(Ok(()));
        }
        if matches!(self.stage, Stage::Over) {
            effects.push(Effect::Done);
        }
        effects
    }

    /// Asks for facets beside the pages.
    fn hydrate(&mut self, now: Duration, out: &mut Vec<Effect>) {
        if matches!(self.stage, Stage::Stopping | Stage::Over) {
            return;
        }
        while self.calls.has_room_for_facets() {
            let batch = self.hydration.next(self.is_head_shown, self.is_shown);
            let Some(batch) = batch else { break };
            out.push(self.calls.send(now, batch));
        }
    }
}
