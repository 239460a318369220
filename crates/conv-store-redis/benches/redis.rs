//! Measures the engine's overhead over bare calls, how masters scale, and the cost of an account.
//!
//! `cargo bench -p conv-store-redis --bench redis` starts its own servers on loopback. Figures are
//! ratios of one run: the lower tenths of batches that take turns, since a busy machine adds to both.

// Clippy knows the bodies of tests, but not those of benchmarks.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use conv_model::{
    AccountId, All, ConversationId, ConversationPatch, Delta, Known, LastMessage, ListingPatch,
    MessageKind, Seq, Timestamp,
};
use conv_store::{ConversationDatabase, ConversationStore, Engine, MemoryStore, Record, Write};
use conv_store_redis::{
    RedisDatabase,
    testing::{self, NodeOptions, TestCluster, TestNode},
};
use redis::aio::MultiplexedConnection;

const ROWS: u64 = 100;
const BATCHES: usize = 100;
const IN_A_BATCH: u64 = 10;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    if !testing::is_there() {
        return;
    }
    pages_and_loads().await;
    top_of_a_loaded_account().await;
    masters().await;
    copies().await;
    bytes_an_account().await;
}

/// A page of rows as a cloud gives them, a second later each time.
fn page(number: u64) -> Delta {
    Delta::listed((0..ROWS).map(|row| {
        let mut patch =
            ConversationPatch::new(ConversationId::c2c(&format!("user_{row:05}")).unwrap());
        let time = Timestamp::from_secs(1_700_000_000 + number * 1_000 + row);
        patch.listing = Some(ListingPatch::at(time));
        patch.profile.name = Some(format!("Name of user {row}").into());
        patch.profile.avatar = Some(format!("https://example.com/avatars/{row}.png").into());
        patch.unread.count = Some(row as u32 % 7);
        let mut message = LastMessage::new(MessageKind::Text);
        message.sequence = number;
        patch.last_message = Known::Value(Arc::new(message));
        patch
    }))
}

fn account(number: usize) -> AccountId {
    format!("user_{number:06}").parse().unwrap()
}

/// The lower tenth of batches of some things that take turns, in microseconds a piece.
fn tenths<const N: usize>(mut times: [Vec<Duration>; N]) -> [f64; N] {
    times.each_mut().map(|times| {
        times.sort_unstable();
        times[times.len() / 10].as_secs_f64() * 1e6 / IN_A_BATCH as f64
    })
}

/// The records of an account as the engine has them, written by bare calls of the same size.
struct Bare {
    connection: MultiplexedConnection,
    records: Vec<(Vec<u8>, Arc<[u8]>)>,
}

impl Bare {
    async fn new(node: &TestNode, records: &[(Record, Arc<[u8]>)]) -> Self {
        let client = redis::Client::open(node.url()).unwrap();
        let connection = client.get_multiplexed_async_connection().await.unwrap();
        let field = |record: &Record| match record {
            Record::Row(id) => format!(":{id}").into_bytes(),
            _ => b"state".to_vec(),
        };
        let records = records.iter().map(|(key, bytes)| (field(key), Arc::clone(bytes))).collect();
        Self { connection, records }
    }

    /// One script that sets all rows.
    async fn write(&mut self) {
        const SCRIPT: &str = "redis.call('HSET', KEYS[1], unpack(ARGV)) return 1";
        let mut command = redis::cmd("EVAL");
        command.arg(SCRIPT).arg(1).arg("bare");
        for (field, bytes) in &self.records {
            command.arg(field).arg(&**bytes);
        }
        let _: i64 = command.query_async(&mut self.connection).await.unwrap();
    }

    async fn read(&mut self) -> usize {
        let read: BTreeMap<Vec<u8>, Vec<u8>> =
            redis::cmd("HGETALL").arg("bare").query_async(&mut self.connection).await.unwrap();
        read.len()
    }
}

async fn pages_and_loads() {
    let node = TestNode::start(NodeOptions::default()).unwrap();
    let database = RedisDatabase::options().connections(1).open([node.url()]).await.unwrap();
    let store = database.account(&account(0)).await.unwrap();
    store.apply(page(0)).await.unwrap();
    let engine = database.engine(&account(0));
    let loaded = engine.load().await.unwrap();
    let mut bare = Bare::new(&node, &loaded.records).await;
    let other = database.engine(&account(1));
    let (mut pages, mut loads) = ([vec![], vec![], vec![]], [vec![], vec![], vec![]]);
    let (mut number, mut seq) = (0, Seq::default());
    for _ in 0..BATCHES {
        let begin = Instant::now();
        for _ in 0..IN_A_BATCH {
            bare.write().await;
        }
        pages[0].push(begin.elapsed());
        let begin = Instant::now();
        for _ in 0..IN_A_BATCH {
            let mut write = Write::new(seq, seq.next());
            write.put = loaded.records.clone();
            other.commit(&[write]).await.unwrap();
            seq = seq.next();
        }
        pages[1].push(begin.elapsed());
        let deltas: Vec<_> = (0..IN_A_BATCH).map(|at| page(number + at + 1)).collect();
        number += IN_A_BATCH;
        let begin = Instant::now();
        for delta in deltas {
            store.apply(delta).await.unwrap();
        }
        pages[2].push(begin.elapsed());
        let begin = Instant::now();
        for _ in 0..IN_A_BATCH {
            assert_eq!(bare.read().await, ROWS as usize);
        }
        loads[0].push(begin.elapsed());
        let begin = Instant::now();
        for _ in 0..IN_A_BATCH {
            assert_eq!(engine.load().await.unwrap().records.len(), ROWS as usize);
        }
        loads[1].push(begin.elapsed());
        let begin = Instant::now();
        for _ in 0..IN_A_BATCH {
            let fresh = conv_store::IndexedStore::open(database.engine(&account(0))).await.unwrap();
            assert_eq!(fresh.snapshot().len(), ROWS as usize);
        }
        loads[2].push(begin.elapsed());
    }
    let [bare, engine, store] = tenths(pages);
    println!(
        "page of 100: bare script {bare:.0} us, engine {:.2} x, store {:.2} x",
        engine / bare,
        store / bare
    );
    let [bare, engine, store] = tenths(loads);
    println!(
        "load of 100: bare read {bare:.0} us, engine {:.2} x, store {:.2} x",
        engine / bare,
        store / bare
    );
}

async fn top_of_a_loaded_account() {
    let node = TestNode::start(NodeOptions::default()).unwrap();
    let database = RedisDatabase::open([node.url()]).await.unwrap();
    let redis = database.account(&account(0)).await.unwrap();
    let memory = MemoryStore::open().await.unwrap();
    redis.apply(page(0)).await.unwrap();
    memory.apply(page(0)).await.unwrap();
    let stores: [&dyn ConversationStore; 2] = [&memory, &*redis];
    let mut times = [vec![], vec![]];
    for _ in 0..BATCHES * 4 {
        for (store, times) in stores.iter().zip(&mut times) {
            let begin = Instant::now();
            for _ in 0..IN_A_BATCH {
                let top = store.snapshot().page(&All.into(), 50.try_into().unwrap(), None);
                assert_eq!(std::hint::black_box(top).rows.len(), 50);
            }
            times.push(begin.elapsed());
        }
    }
    let [memory, redis] = tenths(times);
    println!("top 50 of a loaded account: memory {memory:.2} us, redis {:.2} x", redis / memory);
}

/// Pages a second of 16 tasks, on one master and on three that take turns, and the time of
/// processors that a page takes: of the servers, all together, and of this process.
async fn masters() {
    let sides = [Side::new(1).await, Side::new(3).await];
    let mut runs = [vec![], vec![]];
    for round in 0..5 {
        for (side, runs) in sides.iter().zip(&mut runs) {
            runs.push(side.run(round).await);
        }
    }
    let [one, three] = runs.map(|mut runs| {
        runs.sort_by(|a, b| a.rate.total_cmp(&b.rate));
        runs.swap_remove(2)
    });
    println!("pages a second: 1 master {:.0}, 3 masters {:.2} x", one.rate, three.rate / one.rate);
    for (name, run) in [("1 master", one), ("3 masters", three)] {
        println!(
            "processor time a page, {name}: servers {:.0} us, client {:.0} us",
            run.servers, run.client
        );
    }
}

/// Some masters and the stores of 16 tasks on them.
struct Side {
    cluster: TestCluster,
    stores: Vec<Arc<dyn ConversationStore>>,
}

/// The result of a run: pages per second, and microseconds of processors per page.
struct Run {
    rate: f64,
    servers: f64,
    client: f64,
}

impl Side {
    async fn new(masters: usize) -> Self {
        let cluster = TestCluster::start(masters, 0).unwrap();
        let database = RedisDatabase::open(cluster.urls()).await.unwrap();
        let mut stores = Vec::new();
        for task in 0..16 {
            stores.push(database.account(&account(task)).await.unwrap());
        }
        Self { cluster, stores }
    }

    async fn run(&self, round: u64) -> Run {
        const PAGES: u64 = 30;
        let (servers, client, begin) = (self.servers(), client_seconds(), Instant::now());
        let tasks = self.stores.iter().cloned().map(|store| {
            tokio::spawn(async move {
                for number in 0..PAGES {
                    store.apply(page(round * PAGES + number)).await.unwrap();
                }
            })
        });
        for task in tasks.collect::<Vec<_>>() {
            task.await.unwrap();
        }
        let pages = (self.stores.len() as u64 * PAGES) as f64;
        Run {
            rate: pages / begin.elapsed().as_secs_f64(),
            servers: (self.servers() - servers) * 1e6 / pages,
            client: (client_seconds() - client) * 1e6 / pages,
        }
    }

    /// Seconds of processors that the servers took so far.
    fn servers(&self) -> f64 {
        self.cluster.nodes.iter().map(server_seconds).sum()
    }
}

fn server_seconds(node: &TestNode) -> f64 {
    let info: String = node.call(&["INFO", "cpu"]).unwrap();
    let names = ["used_cpu_user:", "used_cpu_sys:"];
    let lines = info.lines().filter_map(|line| names.iter().find_map(|n| line.strip_prefix(n)));
    lines.map(|seconds| seconds.trim().parse::<f64>().unwrap()).sum()
}

/// Seconds of processors that this process took so far; the kernel counts hundredths.
fn client_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    fields.skip(11).take(2).map(|ticks| ticks.parse::<f64>().unwrap()).sum::<f64>() / 100.0
}

/// Measures the cost of waiting until a replica has each write.
async fn copies() {
    let cluster = TestCluster::start(1, 1).unwrap();
    let mut stores = Vec::new();
    for copies in [0, 1] {
        let database = RedisDatabase::options().copies(copies).open(cluster.urls()).await.unwrap();
        stores.push(database.account(&account(copies as usize)).await.unwrap());
    }
    let mut times = [vec![], vec![]];
    for batch in 0..BATCHES as u64 {
        for (store, times) in stores.iter().zip(&mut times) {
            let pages: Vec<_> = (0..IN_A_BATCH).map(|at| page(batch * IN_A_BATCH + at)).collect();
            let begin = Instant::now();
            for page in pages {
                store.apply(page).await.unwrap();
            }
            times.push(begin.elapsed());
        }
    }
    let [none, one] = tenths(times);
    println!("page of 100 that a replica must have: {:.2} x of {none:.0} us", one / none);
}

async fn bytes_an_account() {
    const ACCOUNTS: usize = 1_000;
    let node = TestNode::start(NodeOptions::default()).unwrap();
    let database = RedisDatabase::open([node.url()]).await.unwrap();
    let used = || -> u64 {
        let info: String = node.call(&["INFO", "memory"]).unwrap();
        let line = info.lines().find_map(|line| line.strip_prefix("used_memory_dataset:"));
        line.unwrap().trim().parse().unwrap()
    };
    let before = used();
    for number in 0..ACCOUNTS {
        let store = database.account(&account(number)).await.unwrap();
        store.apply(page(0)).await.unwrap();
        store.close().await.unwrap();
    }
    let each = (used() - before) / ACCOUNTS as u64;
    let loaded = database.engine(&account(0)).load().await.unwrap();
    let raw: usize = loaded.records.iter().map(|(_, bytes)| bytes.len()).sum();
    let resident = node.resident_bytes().unwrap_or_default();
    println!("bytes an account of 100: {each}, raw records {raw}, resident of all {resident}");
}
