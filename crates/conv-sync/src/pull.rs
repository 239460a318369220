//! One pass over an account's list, as a plain state machine.
//!
//! The machine has no I/O, clock or randomness: the same inputs give the same effects. Machine,
//! inputs and effects serialise, so a pass can be recorded as a trace and replayed.
//!
//! # Why it works this way
//!
//! * **Two listings must agree.** The meaning of the cloud's cursors is undocumented, so a row can
//!   slip past a page boundary unseen. Reading the head again cannot find it; listing again does
//!   (`pages`).
//! * **Exact cursors are a promise, not a guess.** A pass reads only the head again where the
//!   source promises exact cursors and newest rows first. At the plan's limit it reads the whole
//!   list even there: rows that left have used up places of the first listing, and a row at the
//!   edge would be missed (`listing`).
//! * **The pass is the fence.** Beginning a pass is a commit that takes a greater number than all
//!   passes before; a store refuses changes of an older pass. Over a shared engine, the number is
//!   also the fence of the lease.
//! * **Removal is data.** The machine remembers the IDs that its listings confirmed and hands them
//!   over as `keep` with its last change. Stamping rows with their pass would rewrite every stored
//!   row in each pass.
//! * **Changes since a position replace listings** where a source keeps the list itself, such as a
//!   gateway (`upstream`).
//! * **The names of conversation groups are part of the sync state.** Rows carry numbers; one call
//!   per pass reads the names (`naming`).

mod answers;
mod calls;
mod cloud_time;
mod ending;
mod exchange;
mod facets;
mod hydration;
mod listing;
mod naming;
mod options;
mod pages;
mod retries;
mod upstream;
mod window;

use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeSet, VecDeque},
    time::Duration,
};

use conv_model::{
    ConversationId, Cursor, Delta, Facet, PassFailure, PassId, Rank, SkippedRow, SyncState,
    SyncStep, Timestamp, UpstreamPosition,
};

use self::{
    calls::{Calls, Question},
    cloud_time::CloudTime,
    ending::Ending,
    hydration::Hydration,
    listing::{Listing, Seen},
    naming::Naming,
    upstream::{Mirror, first_stage},
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

/// The maximum number of listings per pass, which lists again until two agree.
const MAX_LISTINGS: u32 = 4;

/// The role of a change in the pass, which decides what follows once it is applied.
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
    /// The machine asks for the changes since the stored position.
    Refreshing {
        stored: UpstreamPosition,
    },
    /// The machine reads pages.
    Listing,
    /// The machine asks for the changes since the first page of a listing.
    Closing {
        since: Cursor,
    },
    /// All rows are in; the last change waits for the names of groups.
    Naming {
        ending: Ending,
    },
    /// The change that says `Complete` is being applied.
    Finishing,
    /// The list is complete; the machine still reads facets.
    Hydrating,
    /// The pass is stopping and makes no more calls.
    Stopping,
    Over,
}

/// One pass over an account's list.
///
/// [`Puller`](crate::Puller) drives it against a source. To drive it by hand, carry out every
/// [`Effect`] that [`start`](Self::start) and [`step`](Self::step) return, and pass each result to
/// `step`.
///
/// ```
/// use conv_model::SyncState;
/// use conv_sync::{Capabilities, PullOptions, testing::{Effect, Pull}};
///
/// let (pull, effects) =
///     Pull::start(PullOptions::default(), &Capabilities::default(), &SyncState::default());
/// // The first change makes this pass the newest one.
/// assert!(matches!(effects[..], [Effect::Apply(_)]));
/// assert!(pull.outcome().is_none());
/// ```
#[derive(Debug, Serialize, Deserialize)]
pub struct Pull {
    options: PullOptions,
    capabilities: Capabilities,
    pass: PassId,
    /// The start of the pass, on the driver's clock; unknown before the first step.
    started: Option<Duration>,
    stage: Stage,
    mirror: Mirror,
    listing: Listing,
    /// Rows that are held back until the listing ends.
    window: Window,
    /// The list that the store held before the pass, if the driver provided it.
    known: Option<Seen>,
    /// The rows of the previous listing, to compare with.
    previous: Option<Seen>,
    listings: u32,
    /// Set once the rows of a first screen are listed and applied.
    is_head_shown: bool,
    /// Set once the first listing is applied: few new rows will follow.
    is_shown: bool,
    /// The IDs that the pass's own listings confirmed. A resumed listing confirms none.
    keep: BTreeSet<ConversationId>,
    /// Set once a listing met a row without a readable ID, which may be any row.
    is_blind: bool,
    restarted: bool,
    /// Set if the stored checkpoint is useless, so that the store drops it.
    forgets: bool,
    naming: Naming,
    hydration: Hydration,
    calls: Calls,
    cloud_time: CloudTime,
    as_of: Option<Timestamp>,
    /// Skipped rows for the report of the next step.
    unreported: Vec<SkippedRow>,
    /// The number of rows without an ID reported so far.
    nameless: usize,
    broken_promises: Vec<String>,
    outbox: VecDeque<(DeltaKind, Delta)>,
    applying: Option<DeltaKind>,
    outcome: Option<Result<(), SourceError>>,
}

impl Pull {
    /// Begins a pass from the stored state: it resumes from a checkpoint of the same scope, and a
    /// fresh listing follows.
    pub fn start(
        options: PullOptions,
        capabilities: &Capabilities,
        state: &SyncState,
    ) -> (Self, Vec<Effect>) {
        let scope = options.scope();
        let checkpoint = state.checkpoint.clone().filter(|_| state.scope == scope);
        let resume = checkpoint.is_some();
        let begin = SyncStep::Begin { scope, resume };
        let limit = upstream::limit(&options, capabilities.offers_changes);
        let mut pull = Self {
            listing: Listing::new(capabilities.into(), limit, checkpoint),
            capabilities: capabilities.clone(),
            pass: state.pass.next(),
            started: None,
            stage: first_stage(state, scope, capabilities.offers_changes),
            mirror: Mirror::new(state),
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
    /// limit, no page of the first listing shows a row that ranks below all of them. Changes must lead
    /// from their number to the source's.
    #[must_use]
    pub fn with_list(self, rows: impl IntoIterator<Item = (ConversationId, Rank)>) -> Self {
        Self { known: Some(rows.into_iter().collect()), ..self }
    }

    /// Returns the pass's number.
    pub fn pass(&self) -> PassId {
        self.pass
    }

    /// Returns the outcome; `None` while the pass runs.
    pub fn outcome(&self) -> Option<Result<(), &SourceError>> {
        match (&self.stage, &self.outcome) {
            (Stage::Over, Some(outcome)) => Some(outcome.as_ref().copied()),
            _ => None,
        }
    }

    /// Returns the rows in conversation groups whose names the pass did not read.
    pub fn unnamed(&self) -> &BTreeSet<ConversationId> {
        self.naming.unnamed()
    }

    /// Takes in an event at `now` of the driver's clock, and returns the effects to carry out.
    pub fn step(&mut self, now: Duration, input: Input) -> Vec<Effect> {
        let mut effects = Vec::new();
        // A pass that is over ignores late events.
        if matches!(self.stage, Stage::Over) {
            return effects;
        }
        self.started.get_or_insert(now);
        let call = self.calls.answered(&input);
        match (input, call) {
            (Input::Applied { needs_profile }, _) => {
                self.on_applied(now, &needs_profile, &mut effects)
            }
            (Input::Listed { call: id, asked, answer }, Some(call)) => {
                self.on_listed(now, (id, call), asked, answer, &mut effects);
            }
            (Input::Changed { call: id, asked, answer }, Some(call)) => {
                self.on_changed(now, (id, call), asked, answer, &mut effects);
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
            // A late or unknown answer: its call is not open.
            _ => return effects,
        }
        self.settle(now, effects)
    }

    fn on_applied(
        &mut self,
        now: Duration,
        needs_profile: &[ConversationId],
        out: &mut Vec<Effect>,
    ) {
        let Some(kind) = self.applying.take() else { return };
        let rows = self.listing.queued_rows(needs_profile, self.previous.as_ref());
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

    /// The list is complete, and stays so even if the pass was cancelled meanwhile.
    fn finished(&mut self) {
        let was_stopped = matches!(self.stage, Stage::Stopping);
        if was_stopped {
            self.outbox.clear();
        }
        self.stage = if was_stopped { Stage::Over } else { Stage::Hydrating };
    }

    /// Asks for the next page, or for changes, while the machine reads rows.
    fn ask(&mut self, now: Duration, out: &mut Vec<Effect>) {
        let question = match &self.stage {
            Stage::Listing => Question::Page { cursor: self.listing.cursor() },
            Stage::Refreshing { stored } => Question::Changes { since: stored.since.clone() },
            Stage::Closing { since } => Question::Changes { since: since.clone() },
            _ => return,
        };
        out.push(self.calls.send(now, question));
    }

    /// Begins the listing again at the head and returns `true`, unless it already is there. A fresh
    /// listing begins again only once per pass.
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
        self.listing = self.listing.fresh();
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
        // A complete list stays complete even if names are still missing.
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

    /// Adds the effects that follow from the state: the next change, further batches, the end.
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
