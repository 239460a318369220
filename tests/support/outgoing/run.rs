//! One seed, from the first call to the verdict.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use conv_api::{
    Clock, Conversation, ConversationId, ConversationStore, IfNewer, Mutation, PendingState,
    SendOptions, SourceError, StoreError, Timestamp,
    model::{Delta, Enqueue, OutboxChange, Progress, Seq, SyncStep},
    store::MemoryEngine,
    sync::{Dispatch, Dispatcher, FinishedPass},
};
use fastrand::Rng;

use super::{
    super::sim::engine::LossyEngine,
    cloud::OutCloud,
    judge::{Broken, Judge},
    process::{Event, Process},
    user,
    world::{Row, START},
};

/// The promise that a seed broke.
#[derive(Clone, Debug)]
pub struct Failure {
    pub seed: u64,
    pub broken: BTreeMap<Broken, String>,
}

/// The time after the last fault in which everything must be over.
const SOON: Duration = Duration::from_secs(4 * 60 * 60);

/// Changes, faults, other devices and crashes; then the faults end.
pub fn outgoing(seed: u64) -> Result<(), Failure> {
    run(seed, false)
}

/// The same with two processes over one store, each of which may have the lease to send.
pub fn outgoing_pair(seed: u64) -> Result<(), Failure> {
    run(seed, true)
}

fn run(seed: u64, is_pair: bool) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    let broken = runtime.block_on(async {
        let mut sim = Sim::new(seed).await;
        if is_pair {
            sim.pair().await;
        }
        sim.chaos().await;
        sim.quiet().await;
        sim.verdict()
    });
    if broken.is_empty() { Ok(()) } else { Err(Failure { seed, broken }) }
}

pub(super) struct Sim {
    pub(super) rng: Rng,
    pub(super) cloud: OutCloud,
    pub(super) engine: LossyEngine,
    /// The process that acts.
    pub(super) process: Process,
    /// Another one over the same records, if there are two.
    pub(super) other: Option<Process>,
    /// The last write that a process was answered.
    written: Seq,
    judge: Judge,
    pub(super) options: SendOptions,
    crashes: u8,
    is_traced: bool,
}

impl Sim {
    async fn new(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let cloud = OutCloud::new(rng.fork());
        let engine = LossyEngine::new(MemoryEngine::default(), rng.fork());
        let mut options = SendOptions::default();
        if rng.u8(..4) == 0 {
            options = options.with_max_age(Duration::from_secs(600));
        }
        let crashes = if rng.bool() { 3 } else { 0 };
        let process = Process::open(&engine, &cloud, &options, rng.fork()).await;
        let is_traced = std::env::var("CONV_SIM_TRACE").is_ok();
        let judge = Judge::default();
        let (other, written) = (None, Seq::ZERO);
        Self { rng, cloud, engine, process, other, written, judge, options, crashes, is_traced }
    }

    pub(super) fn trace(&self, what: impl FnOnce() -> String) {
        if self.is_traced {
            let now = self.cloud.lock().now();
            println!("{now:?} process {}: {}", self.process.cloud.process, what());
        }
    }

    async fn chaos(&mut self) {
        self.start_pass();
        self.run_for(Duration::from_secs(30)).await;
        for _ in 0..self.rng.usize(5..40) {
            self.take_turns().await;
            self.act().await;
            let pause = match self.rng.u8(..8) {
                0 => self.rng.u64(20_000..90_000),
                1 | 2 => self.rng.u64(1_000..20_000),
                _ => self.rng.u64(..2_000),
            };
            self.run_for(Duration::from_millis(pause)).await;
        }
    }

    async fn act(&mut self) {
        match self.rng.u8(..20) {
            0..=9 => self.mutate().await,
            10..=12 => {
                let mut state = self.cloud.lock();
                let ids = state.world.ids();
                let call = user::call(&mut self.rng, &ids);
                state.by_other_device(&call);
                drop(state);
                self.trace(|| format!("other device: {call:?}"));
            }
            13 | 14 => {
                let mut state = self.cloud.lock();
                let ids = state.world.ids();
                let id = self.rng.choice(&ids).unwrap();
                state.message(id);
                drop(state);
                self.trace(|| format!("message: {id}"));
            }
            15 => {
                let faults = if self.rng.bool() { 0 } else { self.rng.u8(..70) };
                let is_online = self.rng.u8(..4) > 0;
                self.engine.set_faults(if self.rng.u8(..4) == 0 { 10 } else { 0 });
                let mut state = self.cloud.lock();
                (state.faults, state.is_online) = (faults, is_online);
                drop(state);
                self.trace(|| format!("faults {faults}, online {is_online}"));
            }
            16 => self.start_pass(),
            17 => self.release().await,
            18 => self.process.send(Dispatcher::retry_now),
            _ => self.answer_failure().await,
        }
    }

    /// The user changes the list.
    async fn mutate(&mut self) {
        let list = self.process.store.snapshot();
        let mutation = user::mutation(&mut self.rng, &list);
        let mut enqueue = Enqueue::new([mutation.clone()]);
        enqueue.queued_at = Some(Timestamp::from_secs(self.cloud.lock().time()));
        if let Mutation::Delete { id, seen, if_newer, .. } = &mutation {
            self.note_deletion(id, *seen, *if_newer);
        }
        let answer = self.process.store.mutate(enqueue.into()).await;
        let list = self.process.store.snapshot();
        self.trace(|| format!("user: {mutation:?}: {:?}", answer.as_ref().map(|c| &c.numbers)));
        match answer {
            // It joined a change, or found nothing to do, before it heard of the other process's write:
            // as if it had come before that.
            Ok(commit) if commit.written < self.written => {}
            Ok(commit) => {
                let number = commit.numbers.first().copied().flatten();
                self.written = self.written.max(commit.written);
                self.judge.outcomes(&commit.outcomes);
                let at = self.cloud.lock().now();
                self.judge.accepted(at, &mutation, number, &list);
                self.check();
                if self.crash().await {
                    return;
                }
                self.process.send(Dispatcher::outbox_changed);
            }
            Err(StoreError::Refused(_)) => {}
            Err(_) => self.judge.doubt_accepted(&mutation),
        }
    }

    /// Of two deletions of one conversation either may be sent: the laxer one counts.
    fn note_deletion(&self, id: &ConversationId, seen: Timestamp, if_newer: IfNewer) {
        let mut state = self.cloud.lock();
        let strictness = |if_newer| match if_newer {
            IfNewer::GiveUp => 2,
            IfNewer::KeepHistory => 1,
            _ => 0,
        };
        let (known, before) = state.deletions.get(id).copied().unwrap_or((0, IfNewer::GiveUp));
        let laxer = if strictness(before) < strictness(if_newer) { before } else { if_newer };
        state.deletions.insert(id.clone(), (known.max(seen.as_secs()), laxer));
    }

    /// The user looks at a failed change: sends it again, or drops it.
    async fn answer_failure(&mut self) {
        let list = self.process.store.snapshot();
        let is_failed = |one: &&Arc<conv_api::Pending>| one.state == PendingState::Failed;
        let Some(failed) = list.outbox().pending().find(is_failed).cloned() else { return };
        let retries = self.rng.bool();
        let progress = if retries { Progress::Retry } else { Progress::Drop };
        let steps = vec![(failed.number, progress)];
        self.trace(|| format!("user: {steps:?}"));
        match self.process.store.mutate(OutboxChange::Progress(steps)).await {
            Ok(commit) => {
                self.written = self.written.max(commit.written);
                self.judge.outcomes(&commit.outcomes);
                let list = self.process.store.snapshot();
                // The other process may have dropped it just before.
                if retries && list.outbox().get(failed.number).is_some() {
                    let at = self.cloud.lock().now();
                    self.judge.accepted(at, &failed.mutation, Some(failed.number), &list);
                }
            }
            Err(_) => self.judge.doubt_accepted(&failed.mutation),
        }
        self.process.send(Dispatcher::outbox_changed);
    }

    fn start_pass(&mut self) {
        if self.process.pass.is_none() {
            let began = (self.process.clock.now(), self.cloud.lock().now());
            let puller = self.process.puller();
            self.process.pass = Some((puller, began.0, began.1));
            self.trace(|| "a pass begins".into());
        }
    }

    /// The process dies, one time in some.
    async fn crash(&mut self) -> bool {
        if self.rng.u8(..100) >= self.crashes {
            return false;
        }
        self.trace(|| "crash".into());
        let cloud = self.process.cloud.clone();
        self.process = Process::open(&self.engine, &cloud, &self.options, self.rng.fork()).await;
        self.share();
        self.check();
        true
    }

    async fn run_for(&mut self, time: Duration) {
        let end = tokio::time::Instant::now() + time;
        while tokio::time::Instant::now() < end {
            let event = self.event(end).await;
            if self.crash().await {
                continue;
            }
            match event {
                Event::Time => {}
                Event::Dispatch(Dispatch::Progress(steps)) => self.progress(steps).await,
                Event::Dispatch(_) => self.start_pass(),
                Event::Pulled(answer) => self.pulled(*answer).await,
                Event::Newer(list) => self.newer(&list),
            }
            self.check();
        }
    }

    async fn progress(&mut self, steps: Vec<(u64, Progress)>) {
        let answer = self.process.store.mutate(OutboxChange::Progress(steps.clone())).await;
        self.trace(|| format!("{steps:?}: {}", answer.is_ok()));
        match answer {
            Ok(commit) => {
                self.written = self.written.max(commit.written);
                self.judge.outcomes(&commit.outcomes);
                if !self.crash().await {
                    self.process.send(Dispatcher::applied);
                }
            }
            Err(_) => {
                self.judge.doubt(&steps);
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }

    async fn pulled(&mut self, answer: Result<Option<Delta>, SourceError>) {
        let Some((puller, began, seen)) = &mut self.process.pass else { return };
        let (began, seen) = (*began, *seen);
        match answer {
            Ok(Some(delta)) => {
                let begins = matches!(delta.step, Some(SyncStep::Begin { .. }));
                match self.process.store.apply(delta).await {
                    Ok(commit) => {
                        puller.applied(&commit);
                        self.written = self.written.max(commit.written);
                    }
                    // Its beginning was stored before, and the acknowledgement lost.
                    Err(StoreError::Superseded(_)) if begins => {
                        let puller = self.process.puller();
                        self.process.pass = Some((puller, began, seen));
                    }
                    Err(_) => self.process.pass = None,
                }
            }
            Ok(None) => {
                let wall_time = Timestamp::from_secs(START + seen.as_secs());
                let pass = FinishedPass::new(began)
                    .with_wall_time(Some(wall_time))
                    .with_unnamed(puller.unnamed().clone());
                self.process.pass = None;
                self.cloud.lock().passed = Some(seen);
                self.trace(|| format!("a pass ends that began at {seen:?}"));
                self.process.finished = Some(pass.clone());
                self.process.send(|sender| sender.pass_finished(pass));
            }
            Err(_) => self.process.pass = None,
        }
    }

    /// A store that has not yet heard of the other process shows what was.
    fn check(&mut self) {
        let list = self.process.store.snapshot();
        if self.other.is_some() && list.written() < self.written {
            return;
        }
        let mut state = self.cloud.lock();
        let broken = self.judge.check(&list, &state.foreign);
        if let Some((broken, what)) = broken {
            let what = format!("{:?} {what}", state.now());
            state.broken.entry(broken).or_insert(what);
        }
    }

    /// The faults end; all is sent, and two passes are made.
    async fn quiet(&mut self) {
        self.crashes = 0;
        self.engine.set_faults(0);
        {
            let mut state = self.cloud.lock();
            (state.faults, state.is_online) = (0, true);
        }
        self.trace(|| "the faults end".into());
        let end = self.cloud.lock().now() + SOON;
        while self.is_busy() && self.cloud.lock().now() < end {
            self.one_sends();
            self.process.send(Dispatcher::release);
            self.process.send(Dispatcher::retry_now);
            self.run_for(Duration::from_secs(30)).await;
        }
        if self.is_busy() {
            let what = format!("{:?}", self.process.store.snapshot().outbox());
            self.cloud.lock().broken.insert(Broken::Stuck, what);
        }
        for _ in 0..2 {
            self.process.pass = None;
            if let Some(other) = &mut self.other {
                other.pass = None;
            }
            self.run_for(Duration::from_secs(10)).await;
            self.start_pass();
            self.run_for(Duration::from_secs(120)).await;
        }
    }

    fn is_busy(&self) -> bool {
        let list = self.process.store.snapshot();
        let is_open = list.outbox().pending().any(|one| one.state != PendingState::Failed);
        is_open || !self.cloud.lock().is_delivered()
    }

    fn verdict(self) -> BTreeMap<Broken, String> {
        let mut state = self.cloud.lock();
        let rows = state.world.rows();
        for process in [Some(&self.process), self.other.as_ref()].into_iter().flatten() {
            let list = process.store.snapshot();
            let shown: BTreeMap<_, _> =
                list.rows().map(|row| (row.id.clone(), shown(row))).collect();
            if shown != rows {
                let differs = |id: &&ConversationId| shown.get(*id) != rows.get(*id);
                let ids = shown.keys().chain(rows.keys()).filter(differs);
                let what = ids.map(|id| format!("{:?} is {:?}", shown.get(id), rows.get(id)));
                let what = what.collect::<Vec<_>>().join("; ");
                state.broken.insert(Broken::Unequal, what);
            }
        }
        let broken = std::mem::take(&mut state.broken);
        drop(state);
        self.trace(|| format!("broken: {broken:?}"));
        broken
    }
}

fn shown(row: &Arc<Conversation>) -> Row {
    Row {
        time: row.listing.time.unwrap_or_default().as_secs(),
        is_pinned: row.listing.is_pinned,
        marks: row.listing.marks,
        custom_data: Arc::clone(&row.listing.custom_data),
        groups: row.listing.groups.iter().cloned().collect(),
    }
}
