//! The machine of a pass alone: whatever its inputs and their order, it stays within bounds.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use conv_model::{
    Checkpoint, ConversationId, ConversationPatch, Cursor, ErrorClass, Facet, Seq, SkippedRow,
    SyncState, Timestamp,
};
use conv_sync::{
    Capabilities, Groups, Hydrated, ListingOrder, Page, PullOptions, Retry, SourceError,
    testing::{CallId, Effect, Input, NOW, Pull, SYNC_RULES, row},
};
use proptest::prelude::*;
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};

use crate::support::plan;

/// The start of a machine.
#[derive(Clone, Debug)]
struct Start {
    limit: u32,
    order: ListingOrder,
    checkpoint: Option<u32>,
    has_marks: bool,
}

/// The kind of input of a step.
#[derive(Clone, Copy, Debug)]
enum Kind {
    /// The answer to one of the open effects.
    Answer,
    /// An answer that may be to no open call.
    Stray,
    Retry,
    Cancel,
}

/// One thing to tell it.
#[derive(Clone, Debug)]
struct Move {
    kind: Kind,
    /// The index of the open effect that is answered, or the kind of a stray input.
    choice: usize,
    waited: Duration,
    page: Result<Page, SourceError>,
    groups: Result<Groups, SourceError>,
    hydrated: Result<Hydrated, SourceError>,
    needs_profile: Vec<ConversationId>,
}

impl Move {
    /// An answer of some kind to some call, open or not.
    fn stray(self) -> Input {
        let call = serde_json::from_value((self.choice / 5).into()).unwrap();
        let asked = Seq::ZERO;
        match self.choice % 5 {
            0 => Input::Applied { needs_profile: self.needs_profile },
            1 => Input::Listed { call, asked, answer: self.page },
            2 => Input::Named { call, asked, answer: self.groups },
            3 => Input::Hydrated { call, asked, answer: self.hydrated },
            _ => Input::Woke(call),
        }
    }

    fn answer(self, effect: &Effect) -> Input {
        let asked = Seq::ZERO;
        match *effect {
            Effect::Apply(_) => Input::Applied { needs_profile: self.needs_profile },
            Effect::List { call, .. } => Input::Listed { call, asked, answer: self.page },
            Effect::Name { call } => Input::Named { call, asked, answer: self.groups },
            Effect::Hydrate { call, .. } => Input::Hydrated { call, asked, answer: self.hydrated },
            Effect::Wait { call, .. } => Input::Woke(call),
            ref other => panic!("not answered: {other:?}"),
        }
    }
}

/// The call that an effect opens, or leaves open while it pauses.
fn call(effect: &Effect) -> Option<CallId> {
    match effect {
        Effect::List { call, .. }
        | Effect::Name { call }
        | Effect::Hydrate { call, .. }
        | Effect::Wait { call, .. } => Some(*call),
        _ => None,
    }
}

fn answers(input: &Input, effect: &Effect) -> bool {
    match (input, effect) {
        (Input::Applied { .. }, Effect::Apply(_)) => true,
        (Input::Listed { call, .. }, Effect::List { call: open, .. })
        | (Input::Named { call, .. }, Effect::Name { call: open })
        | (Input::Hydrated { call, .. }, Effect::Hydrate { call: open, .. })
        | (Input::Woke(call), Effect::Wait { call: open, .. }) => call == open,
        _ => false,
    }
}

/// A pause that the cloud did not ask for.
fn is_free_pause(effect: &Effect) -> bool {
    matches!(effect, Effect::Wait { delay, .. } if delay.least.is_zero())
}

/// Two machines with the same inputs, their open effects, and the trace.
struct Bench {
    machines: [Pull; 2],
    open: Vec<Effect>,
    is_done: bool,
    now: Duration,
    trace: Vec<String>,
    /// The requests that each call was last sent for.
    kinds: BTreeMap<CallId, Kinds>,
}

/// A kind of call, of which so many may be open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kinds {
    Page,
    Groups,
    Facet,
}

impl Kinds {
    fn of(effect: &Effect) -> Option<Self> {
        match effect {
            Effect::List { .. } => Some(Self::Page),
            Effect::Name { .. } => Some(Self::Groups),
            Effect::Hydrate { .. } => Some(Self::Facet),
            _ => None,
        }
    }

    fn most(self) -> usize {
        if self == Self::Facet { 4 } else { 1 }
    }
}

impl Bench {
    fn new(start: &Start) -> Self {
        let (options, capabilities, state) = start.parts();
        let (one, effects) = Pull::start(options.clone(), &capabilities, &state);
        let (two, same) = Pull::start(options, &capabilities, &state);
        let mut bench = Self {
            machines: [one, two],
            open: Vec::new(),
            is_done: false,
            now: Duration::ZERO,
            trace: vec![format!("{start:?}")],
            kinds: BTreeMap::new(),
        };
        bench.take("start".into(), effects, same);
        bench
    }

    fn tell(&mut self, waited: Duration, input: Input) {
        self.now += waited;
        if let Some(place) = self.open.iter().position(|effect| answers(&input, effect)) {
            self.open.remove(place);
        }
        match input {
            // Cancelling drops the calls in flight.
            Input::Cancel => self.open.retain(|effect| call(effect).is_none()),
            Input::Retry => self.open.retain(|effect| !is_free_pause(effect)),
            _ => {}
        }
        let said = format!("{:?} {input:?}", self.now);
        let [one, two] = &mut self.machines;
        let effects = one.step(self.now, input.clone());
        let same = two.step(self.now, input);
        self.take(said, effects, same);
    }

    fn take(&mut self, said: String, effects: Vec<Effect>, same: Vec<Effect>) {
        self.trace.push(format!("{said}\n    -> {effects:?}"));
        assert_eq!(effects, same, "the machines differ after\n{}", self.trace());
        for effect in effects {
            if effect == Effect::Done {
                self.is_done = true;
                continue;
            }
            assert!(!self.is_done, "{effect:?} after the end\n{}", self.trace());
            let is_busy = self.open.iter().any(|open| call(open) == call(&effect));
            assert!(!is_busy, "two at once: {effect:?}\n{}", self.trace());
            if let Some((id, kind)) = call(&effect).zip(Kinds::of(&effect)) {
                self.kinds.insert(id, kind);
            }
            self.open.push(effect);
            self.expect_few_calls();
        }
    }

    fn expect_few_calls(&self) {
        for kind in [Kinds::Page, Kinds::Groups, Kinds::Facet] {
            let open = self.open.iter().filter_map(call);
            let open = open.filter(|id| self.kinds.get(id) == Some(&kind)).count();
            assert!(open <= kind.most(), "{open} calls: {kind:?}\n{}", self.trace());
        }
    }

    fn trace(&self) -> String {
        self.trace.join("\n")
    }

    /// From here on every answer is a good and short one.
    fn finish(&mut self) {
        for _ in 0..100 {
            let Some(effect) = self.open.first() else { break };
            let input = Move::quiet().answer(effect);
            self.tell(Duration::from_secs(1), input);
        }
        assert!(self.is_done, "no end\n{}", self.trace());
    }
}

impl Move {
    fn quiet() -> Self {
        Self {
            kind: Kind::Answer,
            choice: 0,
            waited: Duration::ZERO,
            page: Ok(Page::new(Vec::new(), None, Some(NOW))),
            groups: Ok(Groups::default()),
            hydrated: Ok(Hydrated::default()),
            needs_profile: Vec::new(),
        }
    }
}

impl Start {
    fn parts(&self) -> (PullOptions, Capabilities, SyncState) {
        let mut capabilities = Capabilities::default();
        capabilities.order = self.order;
        capabilities.profile_batch.users = 2;
        let mut options = plan(self.limit);
        if self.has_marks {
            capabilities.facets.push(Facet::Unread);
            options = options.with_facet(Facet::Unread);
        }
        let mut state = SyncState::default();
        state.scope = conv_model::SyncScope::new(self.limit, SYNC_RULES);
        state.checkpoint = self.checkpoint.map(|n| Checkpoint::new(cursor(n), n));
        (options, capabilities, state)
    }
}

fn cursor(number: u32) -> Cursor {
    Cursor::new(number.to_string())
}

fn ids() -> impl Strategy<Value = ConversationId> {
    (0_u8..12, any::<bool>()).prop_map(|(number, is_group)| {
        let name = format!("n{number}");
        if is_group { ConversationId::group(&name) } else { ConversationId::c2c(&name) }.unwrap()
    })
}

fn errors() -> impl Strategy<Value = SourceError> {
    let cloud = |retry| SourceError::Cloud {
        code: 50004,
        class: ErrorClass::Transient,
        retry,
        message: "refused".into(),
        retry_after: Some(Duration::from_secs(3)),
    };
    prop_oneof![
        4 => Just(SourceError::TimedOut),
        2 => Just(SourceError::CursorExpired),
        1 => Just(SourceError::NotFound),
        1 => Just(cloud(Retry::Once)),
        1 => Just(cloud(Retry::Reauthenticate)),
    ]
}

fn pages() -> impl Strategy<Value = Page> {
    let rows = prop::collection::vec((ids(), 0_u64..6, prop::option::of(0_u64..3)), 0..5);
    let skipped = prop::collection::vec(prop::option::of(ids()), 0..2);
    (rows, prop::option::weighted(0.8, 0_u32..40), skipped).prop_map(|(rows, next, skipped)| {
        let rows = rows.into_iter().map(|(id, age, group)| {
            let mut row = row(id, Timestamp::from_secs(NOW.as_secs() - age));
            row.group_ids = group.map(|group| vec![group]);
            row
        });
        let mut page = Page::new(rows.collect(), next.map(cursor), Some(NOW));
        page.skipped = skipped.into_iter().map(|id| SkippedRow::new(id, "bad row")).collect();
        page
    })
}

fn either<T: std::fmt::Debug>(
    good: impl Strategy<Value = T>,
) -> impl Strategy<Value = Result<T, SourceError>> {
    prop_oneof![5 => good.prop_map(Ok), 1 => errors().prop_map(Err)]
}

fn moves() -> impl Strategy<Value = Move> {
    let groups = prop::collection::vec(0_u64..3, 0..3).prop_map(|numbers| {
        Groups::new(numbers.into_iter().map(|n| (n, Arc::from("group"))).collect(), Some(NOW))
    });
    let hydrated = (prop::collection::vec(ids(), 0..3), prop::option::of(ids())).prop_map(
        |(found, failed)| {
            let found = found.into_iter().map(ConversationPatch::new).collect();
            Hydrated::new(found, failed.into_iter().map(|id| (id, SourceError::NotFound)).collect())
        },
    );
    (
        prop_oneof![
            80 => Just(Kind::Answer),
            10 => Just(Kind::Stray),
            4 => Just(Kind::Retry),
            1 => Just(Kind::Cancel),
        ],
        0_usize..60,
        (0_u64..40_000).prop_map(Duration::from_millis),
        either(pages()),
        either(groups),
        either(hydrated),
        prop::collection::vec(ids(), 0..3),
    )
        .prop_map(|(kind, choice, waited, page, groups, hydrated, needs_profile)| Move {
            kind,
            choice,
            waited,
            page,
            groups,
            hydrated,
            needs_profile,
        })
}

fn starts() -> impl Strategy<Value = Start> {
    let order = prop_oneof![Just(ListingOrder::Unordered), Just(ListingOrder::NewestFirst)];
    (1_u32..12, order, prop::option::of(0_u32..20), any::<bool>()).prop_map(
        |(limit, order, checkpoint, has_marks)| Start { limit, order, checkpoint, has_marks },
    )
}

/// The visible state of a pass.
#[derive(Clone, Debug)]
struct Known {
    start: Start,
    is_cancelled: bool,
}

struct Visible;

impl ReferenceStateMachine for Visible {
    type State = Known;
    type Transition = Move;

    fn init_state() -> BoxedStrategy<Known> {
        starts().prop_map(|start| Known { start, is_cancelled: false }).boxed()
    }

    fn transitions(_: &Known) -> BoxedStrategy<Move> {
        moves().boxed()
    }

    fn apply(mut known: Known, step: &Move) -> Known {
        known.is_cancelled |= matches!(step.kind, Kind::Cancel);
        known
    }
}

struct AnyInputs;

impl StateMachineTest for AnyInputs {
    type SystemUnderTest = Bench;
    type Reference = Visible;

    fn init_test(known: &Known) -> Bench {
        Bench::new(&known.start)
    }

    fn apply(mut bench: Bench, _: &Known, step: Move) -> Bench {
        let waited = step.waited;
        match step.kind {
            Kind::Answer if bench.open.is_empty() => {}
            Kind::Answer => {
                let input = step.clone().answer(&bench.open[step.choice % bench.open.len()]);
                bench.tell(waited, input);
            }
            Kind::Stray => bench.tell(waited, step.stray()),
            Kind::Retry => bench.tell(waited, Input::Retry),
            Kind::Cancel => bench.tell(waited, Input::Cancel),
        }
        bench
    }

    fn check_invariants(bench: &Bench, known: &Known) {
        let outcome = bench.machines[0].outcome();
        assert_eq!(bench.is_done, outcome.is_some(), "{}", bench.trace());
        assert!(bench.is_done || !bench.open.is_empty(), "it waits for nothing\n{}", bench.trace());
        if known.is_cancelled {
            let calls = bench.open.iter().filter(|effect| call(effect).is_some());
            assert_eq!(calls.count(), 0, "it asks after it was cancelled\n{}", bench.trace());
        }
    }

    fn teardown(mut bench: Bench, _: Known) {
        bench.finish();
    }
}

prop_state_machine! {
    /// Answers come in any order, without a question, twice, or after the end.
    #[test]
    fn a_pass_stays_within_bounds_for_any_inputs(sequential 1..80 => AnyInputs);
}
