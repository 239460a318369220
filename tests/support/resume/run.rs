//! One seed, from the first write to the verdict.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};

use conv_api::{
    All, Conversation, ConversationFilter, ConversationId, ConversationPatch, ConversationQuery,
    ConversationStore, ListingPatch, MarkFilter, MarkType, Mutation, PassStatus, Phase, Position,
    Timestamp,
    model::{
        Delta, Finished, Local, Marks, OutboxChange, PassId, Progress, Suggestion, SyncScope,
        SyncStep,
    },
    store::Loaded,
    testing::server::{Process, Server, has_state, settle},
};
use fastrand::Rng;

use super::{Broken, client::Client};

/// The promises that a seed broke.
#[derive(Clone, Debug)]
pub struct Failure {
    pub seed: u64,
    pub broken: BTreeSet<Broken>,
}

const STEPS: usize = 60;
const PROCESSES: usize = 2;
const USERS: usize = 8;

/// Writes, cuts, restarts and losses.
pub fn resume(seed: u64) -> Result<(), Failure> {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build().unwrap();
    let result = runtime.block_on(async {
        let mut sim = Sim::new(seed).await;
        for _ in 0..STEPS {
            sim.step().await?;
            sim.compare()?;
        }
        settle().await;
        sim.read_all()
    });
    result.map_err(|broken| Failure { seed, broken: [broken].into() })
}

fn finish() -> SyncStep {
    let finished = Finished::new(None, Vec::new(), SyncScope::new(100, 1));
    SyncStep::Finish { finished, upstream: None, skipped: Vec::new(), broken: Vec::new() }
}

struct Sim {
    rng: Rng,
    server: Arc<Server>,
    processes: Vec<Process>,
    clients: Vec<Client>,
    backup: Option<Loaded>,
    /// The rows of each position that any process gave.
    seen: HashMap<Position, Vec<Arc<Conversation>>>,
}

impl Sim {
    async fn new(seed: u64) -> Self {
        let (rng, server) = (Rng::with_seed(seed), Server::new());
        let mut processes = Vec::new();
        for _ in 0..PROCESSES {
            processes.push(Process::start(&server).await);
        }
        let starred: ConversationQuery =
            ConversationFilter::mark_type(MarkFilter::With(MarkType::STAR)).into();
        let kinds: [(ConversationQuery, _); 4] =
            [(All.into(), Some(3)), (All.into(), None), (starred, Some(2)), (All.into(), Some(0))];
        let clients = kinds.map(|(query, window)| Client::new(query, window, &processes[0]));
        let (clients, seen) = (clients.into_iter().collect(), HashMap::new());
        Self { rng, server, processes, clients, backup: None, seen }
    }

    fn id(&mut self) -> ConversationId {
        ConversationId::c2c(&format!("user{}", self.rng.usize(..USERS))).unwrap()
    }

    async fn step(&mut self) -> Result<(), Broken> {
        let at = self.rng.usize(..PROCESSES);
        let store = Arc::clone(&self.processes[at].store);
        match self.rng.u32(..40) {
            0..8 => drop(store.apply(Delta::listed([self.row()])).await.unwrap()),
            8..10 => {
                let mut patch = ConversationPatch::new(self.id());
                patch.unread.count = Some(self.rng.u32(..3));
                store.apply(Delta::updates([patch])).await.unwrap();
            }
            10..13 => drop(store.apply(Delta::removed([self.id()])).await.unwrap()),
            13..16 => {
                let text = ["", "Dear", "Hello"][self.rng.usize(..3)];
                store.put_local(self.id(), Local::draft(text)).await.unwrap();
            }
            16 => self.step_of_a_pass(at).await?,
            17..21 => {
                let pin = Mutation::Pin { id: self.id(), is_pinned: self.rng.bool() };
                let _ = store.mutate(OutboxChange::enqueue([pin])).await;
            }
            21..25 => self.progress(at).await,
            25 if self.rng.u32(..4) == 0 => {
                for number in 0..300 {
                    let id = ConversationId::c2c("flood").unwrap();
                    store.put_local(id, Local::draft(number.to_string())).await.unwrap();
                }
            }
            25..28 => {
                settle().await;
                let client = self.rng.usize(..self.clients.len());
                let client = &mut self.clients[client];
                client.read(&self.processes[client.at])?;
            }
            28..33 => {
                let (which, counts) = (self.rng.usize(..self.clients.len()), self.rng.u8(..4) > 0);
                self.clients[which].come_back(at, &self.processes[at], counts)?;
            }
            33 => self.suggest(at).await,
            34..37 => self.restart(at).await?,
            37 => self.suggest(at).await,
            38 => self.backup = Some(self.server.backup().await),
            _ => {
                if let Some(backup) = self.backup.take().filter(has_state) {
                    self.server.restore(&backup).await;
                    settle().await;
                }
            }
        }
        Ok(())
    }

    fn row(&mut self) -> ConversationPatch {
        let mut patch = ConversationPatch::new(self.id());
        let mut listing = ListingPatch::at(Timestamp::from_secs(self.rng.u64(1..50)));
        listing.marks =
            Some(if self.rng.bool() { Marks::NONE.with(MarkType::STAR) } else { Marks::NONE });
        patch.listing = Some(listing);
        patch
    }

    /// An event states a message, or that one was recalled; or time passes.
    async fn suggest(&mut self, at: usize) {
        if self.rng.u8(..8) == 0 {
            tokio::time::advance(Duration::from_secs(self.rng.u64(10..40))).await;
            return;
        }
        let (id, key) = (self.id(), self.rng.u8(..6).to_string());
        let suggestion = match self.rng.u8(..6) {
            0 => Suggestion::recall(id, key),
            _ => Suggestion::new(id, key, Timestamp::from_secs(self.rng.u64(1..60))).unread(),
        };
        self.processes[at].store.suggest(suggestion);
        if self.rng.bool() {
            settle().await;
        }
    }

    /// Begins a pass, ends one, or goes on with one, which is not stored.
    async fn step_of_a_pass(&mut self, at: usize) -> Result<(), Broken> {
        let store = &self.processes[at].store;
        let pass = store.snapshot().sync().pass;
        let begin = SyncStep::Begin { scope: SyncScope::new(100, 1), resume: false };
        let status = PassStatus::running(Phase::Listing, self.rng.u32(..9), None);
        let (skipped, broken) = (Vec::new(), Vec::new());
        let page = SyncStep::Page { status, checkpoint: None, skipped, broken };
        match self.rng.u8(..4) {
            _ if pass == PassId::NONE => drop(store.apply(Delta::step(pass.next(), begin)).await),
            0 => drop(store.apply(Delta::step(pass, page)).await),
            1 => drop(store.apply(Delta::step(pass, finish())).await),
            2 => {
                // A whole pass ends what events stated before it.
                drop(store.apply(Delta::step(pass.next(), begin)).await);
                let ended = store.apply(Delta::step(pass.next(), finish())).await.is_ok();
                let is_stale = |row: &Arc<Conversation>| !row.provisional.is_empty();
                if ended && store.snapshot().rows().any(is_stale) {
                    return Err(Broken::Stale);
                }
            }
            _ => drop(store.apply(Delta::step(pass.next(), begin)).await),
        }
        Ok(())
    }

    async fn progress(&mut self, at: usize) {
        let store = &self.processes[at].store;
        let numbers: Vec<u64> = store.snapshot().outbox().pending().map(|it| it.number).collect();
        let steps = [
            Progress::Sending,
            Progress::Acknowledged,
            Progress::Settled,
            Progress::SettledUnseen,
            Progress::Drop,
            Progress::Drop,
        ];
        let step = steps[self.rng.usize(..steps.len())].clone();
        if let Some(number) = self.rng.choice(numbers) {
            let _ = store.mutate(OutboxChange::progress(number, step)).await;
        }
    }

    /// Ends a process and what it had in memory; its clients come back.
    async fn restart(&mut self, at: usize) -> Result<(), Broken> {
        self.processes[at].store.close().await.unwrap();
        self.processes[at] = Process::start(&self.server).await;
        let process = &self.processes[at];
        let mut clients = self.clients.iter_mut().filter(|client| client.at == at);
        clients.try_for_each(|client| client.come_back(at, process, true))
    }

    fn read_all(&mut self) -> Result<(), Broken> {
        let processes = &self.processes;
        self.clients.iter_mut().try_for_each(|client| client.read(&processes[client.at]))
    }

    /// A position means the same rows in every process, at any time.
    fn compare(&mut self) -> Result<(), Broken> {
        for process in &self.processes {
            let snapshot = process.store.snapshot();
            let rows = snapshot.list(&All.into());
            let Some(position) = snapshot.position() else { continue };
            if *self.seen.entry(position).or_insert_with(|| rows.clone()) != rows {
                return Err(Broken::Position);
            }
        }
        Ok(())
    }
}
