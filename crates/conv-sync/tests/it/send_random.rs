//! Random outboxes, answers, orders, lost replies and restarts.

use std::collections::{BTreeMap, BTreeSet};

use conv_model::{
    Capacity, ConversationId, ErrorClass, Mutation, PendingState, Progress,
    testing::{known_ids, mutations},
};
use conv_sync::{
    Retry, SendOptions, SourceError, WriteCapabilities, WriteKind,
    testing::{Habits, Script, SendEffect, SendInput, Sender},
};
use proptest::{collection::vec, prelude::*, sample::select};

use crate::send_support::{MINUTE, SECOND, World, refused};

/// The next event.
#[derive(Clone, Debug)]
enum Act {
    Enqueue(Box<Mutation>),
    /// Takes back or retries one of the pending mutations.
    Own(usize, bool),
    /// Stores the progress that was given.
    Store,
    /// Answers one of the open calls.
    Answer(usize),
    Wait(u32),
    Pass,
    StalePass,
    Message(ConversationId),
    Retry,
    Release,
    Script(Fault),
    Deliver,
    /// Goes on with the sender as it was serialised.
    Resume,
    /// Goes on with a new sender.
    Restart,
}

#[derive(Clone, Copy, Debug)]
enum Fault {
    LoseAnswer,
    ApplyLater,
    TimedOut,
    Code(i32, ErrorClass, Retry),
}

impl Fault {
    fn script(self) -> Script {
        match self {
            Self::LoseAnswer => Script::LoseAnswer,
            Self::ApplyLater => Script::ApplyLater,
            Self::TimedOut => Script::Refuse(SourceError::TimedOut),
            Self::Code(code, class, retry) => Script::Refuse(refused(code, class, retry)),
        }
    }
}

fn faults() -> impl Strategy<Value = Fault> {
    let codes = vec![
        Fault::LoseAnswer,
        Fault::ApplyLater,
        Fault::TimedOut,
        Fault::Code(60007, ErrorClass::RateLimited, Retry::BackOff),
        Fault::Code(50002, ErrorClass::InvalidArgument, Retry::Never),
        Fault::Code(51006, ErrorClass::InvalidArgument, Retry::Never),
        Fault::Code(51007, ErrorClass::Cloud, Retry::Once),
        Fault::Code(51009, ErrorClass::NotFound, Retry::Never),
        Fault::Code(51013, ErrorClass::Unsupported, Retry::Never),
        Fault::Code(70001, ErrorClass::Auth, Retry::Reauthenticate),
        Fault::Code(70003, ErrorClass::Auth, Retry::Never),
    ];
    select(codes)
}

fn acts() -> impl Strategy<Value = Act> {
    prop_oneof![
        8 => mutations().prop_map(|mutation| Act::Enqueue(Box::new(mutation))),
        1 => (any::<usize>(), any::<bool>()).prop_map(|(at, drops)| Act::Own(at, drops)),
        8 => Just(Act::Store),
        8 => any::<usize>().prop_map(Act::Answer),
        4 => (0..120_u32).prop_map(Act::Wait),
        2 => Just(Act::Pass),
        1 => Just(Act::StalePass),
        1 => known_ids().prop_map(Act::Message),
        1 => Just(Act::Retry),
        1 => Just(Act::Release),
        4 => faults().prop_map(Act::Script),
        1 => Just(Act::Deliver),
        1 => Just(Act::Resume),
        1 => Just(Act::Restart),
    ]
}

fn habits() -> impl Strategy<Value = Habits> {
    any::<[bool; 5]>().prop_map(|[created, renamed, partly, absent, empty]| {
        let mut habits = Habits::default();
        (habits.merges_created, habits.merges_renamed) = (created, renamed);
        (habits.pins_partly, habits.deletes_absent) = (partly, absent);
        habits.creates_empty = empty;
        habits
    })
}

/// A world, and what must hold in it at every step.
struct Checked {
    world: World,
    capabilities: WriteCapabilities,
    /// Numbers that are over.
    over: BTreeSet<u64>,
    seen: usize,
    /// Calls of earlier senders, whose answers still come.
    orphans: Vec<SendEffect>,
}

impl Checked {
    fn new(habits: Habits, options: SendOptions, capabilities: WriteCapabilities) -> Self {
        let world = World::with(options, capabilities.clone());
        world.cloud.set_habits(habits);
        Self { world, capabilities, over: BTreeSet::new(), seen: 0, orphans: Vec::new() }
    }

    fn act(&mut self, act: Act, options: &SendOptions) {
        let world = &mut self.world;
        match act {
            Act::Enqueue(mutation) => {
                let met = |_: &Mutation| false;
                // The sender ignores the refused ones.
                let _ = world.view.outbox.enqueue(*mutation, None, met, &Capacity::default());
                world.input(SendInput::Changed);
            }
            Act::Own(at, drops) => {
                let numbers: Vec<_> =
                    world.view.outbox.pending().map(|pending| pending.number).collect();
                if let Some(number) = numbers.get(at % numbers.len().max(1)) {
                    let progress = if drops { Progress::Drop } else { Progress::Retry };
                    if !drops && world.state(*number) == Some(PendingState::Failed) {
                        self.over.remove(number);
                    }
                    world.view.outbox.progress(*number, progress);
                    world.input(SendInput::Changed);
                }
            }
            Act::Store => self.store(),
            Act::Answer(at) => {
                let calls: Vec<_> = world
                    .open
                    .iter()
                    .enumerate()
                    .filter(|(_, effect)| !matches!(effect, SendEffect::Progress(_)))
                    .map(|(at, _)| at)
                    .collect();
                if let Some(at) = calls.get(at % calls.len().max(1)).copied() {
                    let effect = world.open.remove(at);
                    self.answer(effect);
                } else if let Some(effect) = self.orphans.pop() {
                    self.answer(effect);
                }
            }
            Act::Wait(seconds) => self.wait(seconds),
            Act::Pass => self.pass(true),
            Act::StalePass => self.pass(false),
            Act::Message(id) => {
                let time = conv_model::Timestamp::from_secs(1_800_000_000 + world.now.as_secs());
                world.cloud.add_message(&id, time);
            }
            Act::Retry => world.input(SendInput::Retry),
            Act::Release => world.input(SendInput::Release),
            Act::Script(fault) => world.cloud.script(fault.script()),
            Act::Deliver => world.cloud.deliver(),
            Act::Resume => {
                let text = serde_json::to_string(&world.sender).unwrap();
                world.sender = serde_json::from_str(&text).unwrap();
                self.orphan(true);
                self.world.input(SendInput::Abandoned);
            }
            Act::Restart => {
                world.sender = Sender::new(options.clone(), &self.capabilities);
                self.orphan(false);
                self.world.input(SendInput::Changed);
            }
        }
        self.check();
    }

    /// The calls of a sender that is gone. Those of one that was serialised may still be answered;
    /// the numbers of another one begin again.
    fn orphan(&mut self, may_answer: bool) {
        self.orphans.append(&mut self.world.open);
        self.orphans.retain(|effect| may_answer && !matches!(effect, SendEffect::Progress(_)));
        self.world.waits.clear();
    }

    fn store(&mut self) {
        let world = &mut self.world;
        let is_progress = |effect: &SendEffect| matches!(effect, SendEffect::Progress(_));
        let Some(at) = world.open.iter().position(is_progress) else { return };
        let SendEffect::Progress(progress) = world.open.remove(at) else { return };
        world.view.store(&progress);
        world.progress.extend(progress);
        world.input(SendInput::Applied);
    }

    fn answer(&mut self, effect: SendEffect) {
        match effect {
            SendEffect::Call { call, write } => {
                let answer = self.world.cloud.answer(&write);
                self.world.input(SendInput::Written { call, answer });
            }
            SendEffect::Look { call } => {
                let answer = self.world.cloud.answer_look();
                self.world.input(SendInput::Looked { call, answer });
            }
            SendEffect::LookAtGroup { call, .. } => {
                self.world.input(SendInput::GroupLooked { call, answer: Ok(None) });
            }
            _ => {}
        }
    }

    /// Pauses end, while calls stay open.
    fn wait(&mut self, seconds: u32) {
        let world = &mut self.world;
        world.now += SECOND * seconds;
        let now = world.now;
        let (over, left) = world.waits.drain(..).partition(|(_, until)| *until <= now);
        world.waits = left;
        let over: Vec<_> = over;
        for (pause, _) in over {
            world.input(SendInput::Woke(pause));
        }
    }

    fn pass(&mut self, is_fresh: bool) {
        let world = &mut self.world;
        if is_fresh {
            world.view.read(&world.cloud);
        }
        let began = world.now;
        world.input(SendInput::PassFinished(began.into()));
    }

    fn check(&mut self) {
        let world = &self.world;
        let mut kinds: BTreeMap<WriteKind, usize> = BTreeMap::new();
        for effect in &world.open {
            let SendEffect::Call { write, .. } = effect else { continue };
            *kinds.entry(write.kind()).or_default() += 1;
            let ids = write.ids();
            assert!(ids.len() <= self.capabilities.batch(write.kind()), "{write:?}");
            assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "{write:?}");
        }
        assert!(kinds.values().all(|count| *count == 1), "{:?}", world.open);
        let given = world.open.iter().filter(|effect| matches!(effect, SendEffect::Progress(_)));
        assert!(given.count() <= 1, "the next progress comes after the last is stored");
        for (number, progress) in &world.progress[self.seen..] {
            assert!(!self.over.contains(number), "{number} is over: {progress:?}");
            let ends = matches!(
                progress,
                Progress::Settled
                    | Progress::SettledUnseen
                    | Progress::Overridden
                    | Progress::Failed(_)
                    | Progress::Expired
            );
            if ends {
                self.over.insert(*number);
            }
        }
        self.seen = world.progress.len();
    }

    /// The cloud answers from now on: everything settles, or is failed.
    fn finish(&mut self) {
        self.world.cloud.deliver();
        self.world.cloud.clear_scripts();
        self.world.input(SendInput::Release);
        for _ in 0..200 {
            for _ in 0..1_000 {
                self.store();
                let is_call = |effect: &SendEffect| !matches!(effect, SendEffect::Progress(_));
                let Some(at) = self.world.open.iter().position(is_call) else { break };
                let effect = self.world.open.remove(at);
                self.answer(effect);
                self.check();
            }
            let is_open = |state| state != PendingState::Failed;
            if !self.world.view.outbox.pending().any(|pending| is_open(pending.state)) {
                return;
            }
            self.wait(61);
            if self.world.asked > 0 {
                self.world.asked = 0;
                self.pass(true);
            }
            self.check();
        }
        panic!("never comes to an end: {:#?}\n{:#?}", self.world.view.outbox, self.world.sender);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn any_history_ends_each_number_once_and_sends_one_call_per_kind(
        habits in habits(),
        acts in vec(acts(), 0..80),
        batch in 1..4_usize,
        reads in any::<[bool; 2]>(),
    ) {
        let options = SendOptions::default().with_read_groups(reads[0]).with_reads_unread(reads[1]);
        let mut capabilities = WriteCapabilities::default();
        (capabilities.pins, capabilities.items, capabilities.members) = (batch, batch, batch);
        let mut checked = Checked::new(habits, options.clone(), capabilities);
        for id in ["C2Calice", "C2Cbob"] {
            checked.world.cloud.add_row(id.parse().unwrap());
        }
        for act in acts {
            checked.act(act, &options);
        }
        checked.finish();
    }

    #[test]
    fn the_same_inputs_give_the_same_effects_after_any_serialisation(
        queued in vec(mutations(), 1..12),
        resumes_at in 0..30_usize,
    ) {
        let run = |resumes_at: Option<usize>| {
            let mut world = World::new();
            for mutation in &queued {
                let met = |_: &Mutation| false;
                let capacity = Capacity::default();
                let _ = world.view.outbox.enqueue(mutation.clone(), None, met, &capacity);
            }
            world.cloud.script(Script::LoseAnswer);
            world.input(SendInput::Changed);
            for step in 0..30 {
                if resumes_at == Some(step) {
                    let text = serde_json::to_string(&world.sender).unwrap();
                    world.sender = serde_json::from_str(&text).unwrap();
                }
                world.store();
                if !world.answer_one() {
                    world.advance(MINUTE);
                }
            }
            (world.progress, world.cloud.calls())
        };
        prop_assert_eq!(run(None), run(Some(resumes_at)));
    }
}
