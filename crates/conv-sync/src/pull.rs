//! One pass over an account's list, as a plain state machine.
//!
//! No I/O, no clock and no randomness inside: the same inputs give the same effects. Machine,
//! inputs and effects serialise, so that a pass can be kept as a trace and replayed.

mod exchange;
mod facets;
mod hydration;
mod listing;
mod naming;
mod open;
mod options;
mod pages;
mod retries;

use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeSet, VecDeque},
    time::Duration,
};

use conv_model::{
    ConversationId, Delta, Facet, PassFailure, PassId, SyncState, SyncStep, Timestamp,
};

use self::{
    hydration::Hydration,
    listing::{Listing, Seen},
    naming::Naming,
    open::Open,
    retries::Retries,
};
use crate::{Capabilities, Groups, Hydrated, Page, SourceError};

pub use self::{
    exchange::{Effect, Input, Line},
    options::{PullOptions, SYNC_EPOCH},
    retries::Delay,
};

/// The most listings of one pass: it lists again until two agree, this often at most.
const MAX_LISTINGS: u32 = 4;

/// What an applied change was, to know what comes after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Mail {
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
    /// A page waits for the names of its groups.
    Naming(Page),
    /// The list is complete; profiles are still read.
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
/// use conv_sync::{Capabilities, Effect, Pull, PullOptions};
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
    stage: Stage,
    listing: Listing,
    /// The listing before, to compare with.
    previous: Option<Seen>,
    listings: u32,
    /// What the pass's own listings confirmed; a resumed one confirms nothing.
    keep: BTreeSet<ConversationId>,
    restarted: bool,
    naming: Naming,
    hydration: Hydration,
    retries: Retries,
    /// When the newest head read was asked for, on the driver's clock.
    head_asked: Duration,
    as_of: Option<Timestamp>,
    /// The cloud's time in the newest page.
    server_time: Option<Timestamp>,
    outbox: VecDeque<(Mail, Delta)>,
    applying: Option<Mail>,
    open: Open,
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
            stage: Stage::Listing,
            previous: None,
            listings: 0,
            keep: BTreeSet::new(),
            restarted: false,
            naming: Naming::new(state.groups.clone(), options.profile_freshness),
            hydration: Hydration::new(capabilities),
            retries: Retries::default(),
            head_asked: Duration::ZERO,
            as_of: None,
            server_time: None,
            outbox: VecDeque::new(),
            applying: None,
            open: Open::default(),
            outcome: None,
            options,
        };
        pull.post(Mail::Begin, Delta::step(pull.pass, begin));
        let effects = pull.settle(Vec::new());
        (pull, effects)
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
        if !self.is_awaited(&input) {
            return effects;
        }
        match input {
            Input::Applied { wanting } => self.on_applied(now, wanting, &mut effects),
            Input::Listed(answer) => self.on_listed(now, answer, &mut effects),
            Input::Named(answer) => self.on_named(now, answer, &mut effects),
            Input::Hydrated(answer) => self.on_hydrated(now, answer, &mut effects),
            Input::Woke(line) => self.ask_again(now, line, &mut effects),
            Input::Retry => self.retry_now(now, &mut effects),
            Input::Cancel => self.cancel(),
        }
        self.settle(effects)
    }

    /// Whether an input answers anything. Nothing is taken in once the pass is over.
    fn is_awaited(&mut self, input: &Input) -> bool {
        let is_over = matches!(self.stage, Stage::Over);
        let is_answer = match input {
            Input::Applied { .. } => self.applying.is_some(),
            _ => self.open.takes(input),
        };
        is_answer && !is_over
    }

    /// Who cancels has dropped the calls in flight.
    fn cancel(&mut self) {
        self.open = Open::default();
        self.fail(SourceError::Cancelled, false);
    }

    /// What failed before counts no more. A pause that the cloud asked for goes on.
    fn retry_now(&mut self, now: Duration, out: &mut Vec<Effect>) {
        self.retries = Retries::default();
        for line in [Line::Listing, Line::Hydration] {
            if self.open.ends_pause(line) {
                self.ask_again(now, line, out);
            }
        }
    }

    fn ask_again(&mut self, now: Duration, line: Line, out: &mut Vec<Effect>) {
        match line {
            Line::Listing => self.ask(now, out),
            Line::Hydration if matches!(self.stage, Stage::Stopping) => {}
            Line::Hydration => out.extend(self.hydration.again()),
        }
    }

    fn on_applied(&mut self, now: Duration, wanting: Vec<ConversationId>, out: &mut Vec<Effect>) {
        self.hydration.want(Facet::Profile, wanting);
        match self.applying.take() {
            Some(Mail::Begin | Mail::Page) => self.ask(now, out),
            Some(Mail::Finish) => self.finished(),
            Some(Mail::Fail) => self.stage = Stage::Over,
            Some(Mail::Amend) | None => {}
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

    /// Asks for what the listing line needs next.
    fn ask(&mut self, now: Duration, out: &mut Vec<Effect>) {
        match self.stage {
            Stage::Listing => {
                let cursor = self.listing.cursor();
                if cursor.is_none() {
                    self.head_asked = now;
                }
                out.push(Effect::List { cursor });
            }
            Stage::Naming(_) => out.push(Effect::Name),
            _ => {}
        }
    }

    fn on_listed(
        &mut self,
        now: Duration,
        answer: Result<Page, SourceError>,
        out: &mut Vec<Effect>,
    ) {
        if !matches!(self.stage, Stage::Listing) {
            return;
        }
        match answer {
            Ok(page) => {
                self.retries.succeeded(Line::Listing);
                if self.naming.is_needed(&page) {
                    self.stage = Stage::Naming(page);
                    out.push(Effect::Name);
                } else {
                    self.take_in(now, page);
                }
            }
            Err(SourceError::CursorExpired) if self.may_restart() => {
                self.restart();
                self.ask(now, out);
            }
            Err(error) => self.retry(now, Line::Listing, error, out),
        }
    }

    fn on_named(
        &mut self,
        now: Duration,
        answer: Result<Groups, SourceError>,
        out: &mut Vec<Effect>,
    ) {
        let Stage::Naming(page) = std::mem::replace(&mut self.stage, Stage::Listing) else {
            return;
        };
        match answer {
            Ok(groups) => {
                self.retries.succeeded(Line::Listing);
                self.naming.learn(groups);
                self.take_in(now, page);
            }
            Err(error) => match self.retries.delay(now, Line::Listing, &error) {
                Some(delay) => {
                    self.stage = Stage::Naming(page);
                    out.push(Effect::Wait { line: Line::Listing, delay });
                }
                // Rows count more than the names of their groups: those keep what they had.
                None => {
                    self.naming.give_up();
                    self.take_in(now, page);
                }
            },
        }
    }

    fn on_hydrated(
        &mut self,
        now: Duration,
        answer: Result<Hydrated, SourceError>,
        out: &mut Vec<Effect>,
    ) {
        match answer {
            Ok(hydrated) => {
                self.retries.succeeded(Line::Hydration);
                if let Some((facet, _)) = self.hydration.answered() {
                    self.take_in_facets(facet, hydrated);
                }
            }
            // Names are worth a few tries, not the pass: those missing are wanted next time.
            Err(error) => match self.retries.delay(now, Line::Hydration, &error) {
                Some(delay) => out.push(Effect::Wait { line: Line::Hydration, delay }),
                None => {
                    if let Some((facet, ids)) = self.hydration.answered() {
                        self.give_up_facets(facet, &ids, &error);
                    }
                }
            },
        }
    }

    /// A checkpoint of an earlier run may be stale, and a listing may begin anew once.
    fn may_restart(&self) -> bool {
        self.listing.cursor().is_some() && (self.listing.is_resumed() || !self.restarted)
    }

    fn restart(&mut self) {
        if !self.listing.is_resumed() {
            self.restarted = true;
        }
        self.listing = self.listing.anew();
    }

    fn retry(&mut self, now: Duration, line: Line, error: SourceError, out: &mut Vec<Effect>) {
        match self.retries.delay(now, line, &error) {
            Some(delay) => out.push(Effect::Wait { line, delay }),
            None => self.fail(error, false),
        }
    }

    fn fail(&mut self, error: SourceError, forget: bool) {
        if matches!(self.stage, Stage::Stopping | Stage::Over) {
            return;
        }
        // A list that is complete stays so, even where names are still missing.
        if matches!(self.stage, Stage::Hydrating) {
            self.stage = Stage::Over;
            self.outcome = Some(Err(error));
            return;
        }
        let forget = forget || matches!(error, SourceError::CursorExpired);
        let failure = PassFailure::from(&error);
        self.outbox.clear();
        self.stage = Stage::Stopping;
        self.outcome = Some(Err(error));
        self.post(Mail::Fail, Delta::step(self.pass, SyncStep::Fail { failure, forget }));
    }

    fn post(&mut self, mail: Mail, delta: Delta) {
        self.outbox.push_back((mail, delta));
    }

    /// Adds what follows from the state: the next change, the next batch, the end.
    fn settle(&mut self, mut effects: Vec<Effect>) -> Vec<Effect> {
        let is_listing = matches!(self.stage, Stage::Listing | Stage::Naming(_));
        if is_listing || matches!(self.stage, Stage::Hydrating) {
            effects.extend(self.hydration.next(!is_listing));
        }
        if self.applying.is_none() && !matches!(self.stage, Stage::Over) {
            if let Some((mail, delta)) = self.outbox.pop_front() {
                self.applying = Some(mail);
                effects.push(Effect::Apply(Box::new(delta)));
            }
        }
        let is_idle = self.applying.is_none() && self.hydration.is_idle();
        if matches!(self.stage, Stage::Hydrating) && is_idle {
            self.stage = Stage::Over;
            self.outcome = Some(Ok(()));
        }
        if matches!(self.stage, Stage::Over) {
            effects.push(Effect::Done);
        }
        self.open.note(&effects);
        effects
    }
}
