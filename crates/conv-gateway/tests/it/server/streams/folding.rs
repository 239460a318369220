//! Whatever happens to a line: what a client received is the list at its position.

use std::{collections::BTreeMap, sync::Arc};

use conv_api::SledDatabase;
use proptest::{collection::vec, prelude::*};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{
    client::{Client, Held},
    quiet::Quiet,
};

#[derive(Clone, Debug)]
enum Op {
    /// Changes a row, in one of several ways.
    Change(u32, u8),
    /// Many changes, more than the list remembers.
    Flood,
    /// Reads so many bytes, which may end within an event.
    Read(usize),
    ReadAll,
    /// Is cut off, loses what it read of an unfinished event, and comes again.
    Cut,
    /// Comes again with what it held a while ago.
    Old(usize),
    /// Reconnects with a text that is not a position of this list.
    Foreign(u8),
    /// The process ends; another one takes over.
    Restart,
    /// The list is forgotten, and begins again.
    Forget,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        12 => (0..30_u32, any::<u8>()).prop_map(|(row, how)| Op::Change(row, how)),
        1 => Just(Op::Flood),
        3 => (1..4_000_usize).prop_map(Op::Read),
        4 => Just(Op::ReadAll),
        3 => Just(Op::Cut),
        2 => any::<usize>().prop_map(Op::Old),
        1 => any::<u8>().prop_map(Op::Foreign),
        1 => Just(Op::Restart),
        1 => Just(Op::Forget),
    ]
}

fn queries() -> Value {
    json!({
        "all": { "query": {}, "window": 12 },
        "unread": { "query": { "hasUnreadCount": true }, "window": 5 },
        "badge": { "query": {}, "window": 0 },
    })
}

/// The lists by their positions, as list calls answered them.
type Known = BTreeMap<(String, String), Vec<Value>>;

struct World {
    folder: TempDir,
    quiet: Quiet,
    client: Client,
    queries: Value,
    known: Known,
    earlier: Vec<BTreeMap<String, Held>>,
    time: u64,
}

async fn opened(folder: &TempDir) -> Quiet {
    let database = Arc::new(SledDatabase::open(folder.path()).await.unwrap());
    Quiet::over(database, 10, |it| it, |it| it).await
}

impl World {
    async fn new(queries: Value) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let quiet = opened(&folder).await;
        let client = quiet.open(queries.clone()).await;
        let (known, earlier, time) = (Known::new(), Vec::new(), 1_800_000_000);
        let mut world = Self { folder, quiet, client, queries, known, earlier, time };
        world.learn().await;
        world
    }

    async fn apply(mut self, op: &Op) -> Self {
        match op {
            Op::Change(row, how) => self.change(*row, *how).await,
            Op::Flood => {
                for row in 0..300 {
                    self.time += 1;
                    self.quiet.say(row % 20, self.time).await;
                }
            }
            Op::Read(bytes) => _ = self.client.read(*bytes),
            Op::ReadAll => _ = self.client.read_all(),
            Op::Cut => self.again(self.client.held.clone()).await,
            Op::Old(which) => self.again(self.earlier[which % self.earlier.len()].clone()).await,
            Op::Foreign(which) => self.foreign(*which).await,
            Op::Restart => self = self.restart().await,
            Op::Forget => self.quiet.forget().await,
        }
        self.learn().await;
        self
    }

    async fn change(&mut self, row: u32, how: u8) {
        self.time += 1;
        match how % 4 {
            0 | 1 => self.quiet.say(row, self.time).await,
            2 => self.quiet.set_unread(row, u32::from(how / 64)).await,
            _ => self.quiet.rename(row, &format!("name {how}")).await,
        }
    }

    /// Records the answers of list calls at this position.
    async fn learn(&mut self) {
        for (key, asked) in self.queries.as_object().unwrap() {
            let window = usize::try_from(asked["window"].as_u64().unwrap()).unwrap();
            let (mut rows, position) = self.quiet.listed(&asked["query"], window.max(1)).await;
            rows.truncate(window);
            if let Some(position) = position.as_str() {
                self.known.insert((key.clone(), position.to_owned()), rows);
            }
        }
        self.check();
        self.earlier.push(self.client.held.clone());
    }

    /// Checks that the client holds the rows that were listed at its position, if that was seen.
    fn check(&self) {
        for (key, held) in &self.client.held {
            let Some(position) = &held.position else { continue };
            if let Some(rows) = self.known.get(&(key.clone(), position.clone())) {
                assert_eq!(&held.rows, rows, "{key} at {position}");
            }
        }
    }

    async fn again(&mut self, held: BTreeMap<String, Held>) {
        self.client.held = held;
        let queries = self.client.queries(&self.queries);
        let client = self.quiet.open(queries).await;
        self.client = client.holding(std::mem::take(&mut self.client.held));
    }

    async fn foreign(&mut self, which: u8) {
        let mut held = self.client.held.clone();
        for held in held.values_mut() {
            let text = match (which % 4, &held.position) {
                (0, Some(position)) => format!("{}.99999999", &position[..16]), // ahead
                (1, _) => "00000000c0ffee00.3".to_owned(),
                (2, _) => String::new(),
                _ => "garbage.\u{1F980}".to_owned(),
            };
            held.position = Some(text);
        }
        self.again(held).await;
        self.client.read_all();
        let resets = self.client.events.iter().filter(|event| event.name == "reset").count();
        assert_eq!(resets, self.queries.as_object().unwrap().len());
    }

    async fn restart(self) -> Self {
        let Self { folder, quiet, mut client, queries, known, earlier, time } = self;
        let held = client.held.clone();
        quiet.accounts.close().await.unwrap();
        client.read_all();
        drop((quiet, client));
        let quiet = opened(&folder).await;
        let mut client = quiet.open(json!({"none": {}})).await;
        client.held.clear();
        let mut world = Self { folder, quiet, client, queries, known, earlier, time };
        world.again(held).await;
        world
    }

    /// In the end, a client that is not cut off has the newest list.
    async fn settle(mut self) {
        self.again(self.client.held.clone()).await;
        self.client.read_all();
        self.learn().await;
        for (key, asked) in self.queries.as_object().unwrap() {
            let window = usize::try_from(asked["window"].as_u64().unwrap()).unwrap();
            let (mut rows, position) = self.quiet.listed(&asked["query"], window.max(1)).await;
            rows.truncate(window);
            let held = &self.client.held[key];
            assert_eq!(held.rows, rows, "{key}");
            assert_eq!(json!(held.position), position, "{key}");
            assert_eq!(held.conversations, Some(self.totals(&asked["query"])), "{key}");
            assert!(held.sum.is_some());
        }
    }

    fn totals(&self, query: &Value) -> u64 {
        let query: conv_api::ConversationQuery = serde_json::from_value(query.clone()).unwrap();
        self.quiet.list().totals(query).conversations
    }
}

fn run(queries: &Value, ops: &[Op]) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut world = World::new(queries.clone()).await;
        for op in ops {
            world = world.apply(op).await;
        }
        world.settle().await;
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    #[test]
    fn the_received_rows_are_the_list_at_their_position(ops in vec(op(), 1..24)) {
        run(&queries(), &ops);
    }
}

#[test]
fn after_a_restart_a_window_gets_its_difference() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut world = World::new(json!({ "all": { "query": {}, "window": 8 } })).await;
        world.client.read_all();
        world = world.apply(&Op::Change(3, 0)).await;
        world = world.apply(&Op::Restart).await;
        world.client.read_all();
        assert_eq!(world.quiet.gateway.stream_stats().resumed_sync, 1);
        let sync = world.client.wait_for("sync").await;
        assert_eq!(sync.data["order"].as_array().unwrap().len(), 8);
        let sent = sync.data["rows"].as_array().unwrap().len();
        assert!((1..8).contains(&sent), "{sent} rows of which one changed");
        world.settle().await;
    });
}
