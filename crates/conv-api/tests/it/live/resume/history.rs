//! Any history, any cuts: what a client folded is the list of the process that it reads from.

use std::{collections::HashMap, sync::Arc, task::Poll};

use conv_api::{
    Conversation, ConversationId, ConversationQuery, ConversationStore, LiveList, Mutation,
    Position, ResumeFrom,
    model::{Delta, ErrorClass, Local, MutationFailure, OutboxChange, Progress, SyncStep, testing},
    store::Loaded,
    testing::server::{Process, Server, has_state, settle},
};
use proptest::{collection::vec, option, prelude::*};

use crate::live::reader::poll;

#[derive(Clone, Debug)]
enum Operation {
    Apply(usize, Box<Delta>),
    /// A step of a pass: of the first kind it is stored, of the second it is not.
    Begin(usize),
    Page(usize),
    Put(usize, ConversationId, Local),
    Mutate(usize, Mutation),
    Progress(usize, usize, Progress),
    /// More commits than a process remembers.
    Flood(usize),
    /// A client reads on.
    Read(usize),
    /// A client's connection breaks; it comes back to a process, with or without the count of rows.
    Move(usize, usize, bool),
    /// A client comes back with a position that it had long ago, or of nowhere.
    Recall(usize, usize, Option<Position>),
    /// A process forgets what it had in memory.
    Restart(usize),
    Backup,
    /// The server loses what came after the backup.
    Lose,
}

fn progress() -> impl Strategy<Value = Progress> {
    let failure = || MutationFailure::new(ErrorClass::Cloud, Some(50002), "refused");
    prop_oneof![
        4 => Just(Progress::Sending),
        3 => Just(Progress::Acknowledged),
        2 => Just(Progress::Settled),
        3 => Just(Progress::SettledUnseen),
        2 => Just(Progress::Failed(failure())),
        1 => Just(Progress::Retry),
        1 => Just(Progress::Drop),
    ]
}

fn operations() -> impl Strategy<Value = Operation> {
    let process = || 0..PROCESSES;
    let client = || 0..8_usize;
    let positions = (any::<u64>(), 0..50_u64).prop_map(|(epoch, write)| position(epoch, write));
    prop_oneof![
        16 => (process(), testing::deltas()).prop_map(|(at, it)| Operation::Apply(at, it.into())),
        2 => process().prop_map(Operation::Begin),
        3 => process().prop_map(Operation::Page),
        6 => (process(), testing::known_ids(), testing::locals())
            .prop_map(|(at, id, local)| Operation::Put(at, id, local)),
        5 => (process(), testing::mutations()).prop_map(|(at, it)| Operation::Mutate(at, it)),
        6 => (process(), 0..4_usize, progress())
            .prop_map(|(at, which, it)| Operation::Progress(at, which, it)),
        1 => process().prop_map(Operation::Flood),
        8 => client().prop_map(Operation::Read),
        8 => (client(), process(), any::<bool>())
            .prop_map(|(client, to, counts)| Operation::Move(client, to, counts)),
        2 => (client(), process(), option::of(positions))
            .prop_map(|(client, to, position)| Operation::Recall(client, to, position)),
        4 => process().prop_map(Operation::Restart),
        1 => Just(Operation::Backup),
        1 => Just(Operation::Lose),
    ]
}

const PROCESSES: usize = 2;

fn position(epoch: u64, write: u64) -> Position {
    Position::new(epoch, conv_api::model::Seq::new(write))
}

/// A client: it holds rows, and what it has to say when it comes back.
struct Client {
    query: ConversationQuery,
    window: Option<usize>,
    rows: Vec<Arc<Conversation>>,
    /// The rows, and the point that they are of; the last one is that of `rows`.
    points: Vec<(ResumeFrom, Vec<Arc<Conversation>>)>,
    live: LiveList,
    at: usize,
}

impl Client {
    fn subscribe(&self, process: &Process) -> LiveList {
        let live = process.conversations.subscribe(self.query.clone());
        match self.window {
            Some(rows) => live.window(rows),
            None => live,
        }
    }

    fn new(query: ConversationQuery, window: Option<usize>, process: &Process) -> Self {
        let live = process.conversations.subscribe(query.clone());
        let mut client = Self { query, window, rows: Vec::new(), points: Vec::new(), live, at: 0 };
        client.live = client.subscribe(process);
        client
    }

    /// Reads all there is: then the rows are those of the process.
    #[track_caller]
    fn read(&mut self, process: &Process) {
        while let Poll::Ready(update) = poll(&mut self.live) {
            let update = update.unwrap();
            update.apply(&mut self.rows).unwrap();
            let count = update.totals.conversations;
            self.points.extend(update.position.map(|position| {
                (ResumeFrom::from(position).with_conversations(count), self.rows.clone())
            }));
            if update.position.is_none() {
                self.points.clear();
            }
        }
        let mut expected = process.conversations.snapshot().list(&self.query);
        expected.truncate(self.window.unwrap_or(usize::MAX));
        assert_eq!(self.rows, expected, "{:?}", self.query);
    }

    /// Comes back to a process: its first update comes at once, whatever the position.
    #[track_caller]
    fn resume(&mut self, to: usize, process: &Process, from: Option<ResumeFrom>) {
        let live = self.subscribe(process);
        (self.at, self.live) = (
            to,
            match from {
                Some(from) => live.resume(from),
                None => live,
            },
        );
        let Poll::Ready(Some(update)) = poll(&mut self.live) else { panic!("silence") };
        update.apply(&mut self.rows).unwrap();
        self.points.clear();
        self.points.extend(update.position.map(|position| {
            let from = ResumeFrom::from(position);
            (from.with_conversations(update.totals.conversations), self.rows.clone())
        }));
        self.read(process);
    }
}

struct World {
    server: Arc<Server>,
    processes: Vec<Process>,
    clients: Vec<Client>,
    backup: Option<Loaded>,
    pass: u64,
    /// The rows of each position that any process gave.
    seen: HashMap<Position, Vec<Arc<Conversation>>>,
}

impl World {
    async fn run(&mut self, operation: Operation) {
        match operation {
            Operation::Apply(at, delta) => drop(self.processes[at].store.apply(*delta).await),
            Operation::Begin(at) => {
                self.pass = self.processes[at].store.snapshot().sync().pass.as_u64() + 1;
                let step = SyncStep::Begin {
                    scope: conv_api::model::SyncScope::new(100, 1),
                    resume: false,
                };
                self.step(at, step).await;
            }
            Operation::Page(at) => {
                let status = conv_api::PassStatus::running(conv_api::Phase::Listing, 1, None);
                let (skipped, broken) = (Vec::new(), Vec::new());
                self.step(at, SyncStep::Page { status, checkpoint: None, skipped, broken }).await;
            }
            Operation::Put(at, id, local) => {
                self.processes[at].store.put_local(id, local).await.unwrap();
            }
            Operation::Mutate(at, mutation) => {
                let _ = self.processes[at].store.mutate(OutboxChange::enqueue([mutation])).await;
            }
            Operation::Progress(at, which, progress) => {
                let store = &self.processes[at].store;
                let number = store.snapshot().outbox().pending().nth(which).map(|one| one.number);
                if let Some(number) = number {
                    let _ = store.mutate(OutboxChange::progress(number, progress)).await;
                }
            }
            Operation::Flood(at) => {
                for number in 0..300 {
                    let id = ConversationId::c2c("flood").unwrap();
                    let local = Local::draft(number.to_string());
                    self.processes[at].store.put_local(id, local).await.unwrap();
                }
            }
            Operation::Read(client) => {
                settle().await;
                let client = client % self.clients.len();
                let client = &mut self.clients[client];
                client.read(&self.processes[client.at]);
            }
            Operation::Move(client, to, counts) => {
                let client = client % self.clients.len();
                let client = &mut self.clients[client];
                let last = client.points.last().map(|(from, _)| *from);
                let from = last.map(|from| if counts { from } else { from.position.into() });
                client.resume(to, &self.processes[to], from);
            }
            Operation::Recall(client, to, position) => {
                let client = client % self.clients.len();
                let client = &mut self.clients[client];
                let old = client.points.first().cloned();
                let from = match (position, old) {
                    (Some(position), _) => position.into(),
                    (None, Some((from, rows))) => {
                        client.rows = rows;
                        from
                    }
                    (None, None) => return,
                };
                client.resume(to, &self.processes[to], Some(from));
            }
            Operation::Restart(at) => {
                self.processes[at].store.close().await.unwrap();
                self.processes[at] = Process::start(&self.server).await;
                for client in self.clients.iter_mut().filter(|client| client.at == at) {
                    let last = client.points.last().map(|(from, _)| *from);
                    client.resume(at, &self.processes[at], last);
                }
            }
            Operation::Backup => self.backup = Some(self.server.backup().await),
            Operation::Lose => {
                if let Some(backup) = self.backup.take().filter(has_state) {
                    self.server.restore(&backup).await;
                    settle().await;
                }
            }
        }
        self.compare();
    }

    async fn step(&self, at: usize, step: SyncStep) {
        let pass = conv_api::model::PassId::new(self.pass);
        let _ = self.processes[at].store.apply(Delta::step(pass, step)).await;
    }

    /// A position means the same rows in every process, at any time.
    #[track_caller]
    fn compare(&mut self) {
        for process in &self.processes {
            let snapshot = process.store.snapshot();
            let rows = snapshot.list(&conv_api::All.into());
            if let Some(position) = snapshot.position() {
                let known = self.seen.entry(position).or_insert_with(|| rows.clone());
                assert_eq!(*known, rows, "{position}");
            }
        }
    }
}

type Subscription = (ConversationQuery, Option<usize>);

async fn agree(subscriptions: Vec<Subscription>, operations: Vec<Operation>) {
    let server = Server::new();
    let mut processes = Vec::new();
    for _ in 0..PROCESSES {
        processes.push(Process::start(&server).await);
    }
    let clients = subscriptions.into_iter();
    let clients = clients.map(|(query, window)| Client::new(query, window, &processes[0]));
    let (clients, seen) = (clients.collect(), HashMap::new());
    let mut world = World { server, processes, clients, backup: None, pass: 0, seen };
    for operation in operations {
        world.run(operation).await;
    }
    settle().await;
    for client in &mut world.clients {
        client.read(&world.processes[client.at]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn clients_fold_the_list_wherever_they_resume(
        subscriptions in vec((testing::queries(), option::weighted(0.7, 0..5_usize)), 1..4),
        operations in vec(operations(), 1..40),
    ) {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_all().start_paused(true).build().unwrap();
        runtime.block_on(agree(subscriptions, operations));
    }
}
