//! Faults of a server: classed errors, answers from memory, nothing half written.

use std::{sync::Arc, time::Duration};

use conv_model::{AccountId, Delta, ErrorClass, Local};
use conv_store::{ConversationDatabase, ConversationStore, Engine, StoreError};
use conv_store_redis::{
    RedisDatabase, RedisError, RedisOptions,
    testing::{self, NodeOptions, TestCluster, TestNode},
};

use crate::support::{account, at, fault, records, soon, user};

/// A server of a test's own, and a store with one row on it.
struct Own {
    node: TestNode,
    database: RedisDatabase,
    account: AccountId,
    store: Arc<dyn ConversationStore>,
}

fn options() -> RedisOptions {
    RedisDatabase::options().answer_within(Duration::from_secs(10))
}

impl Own {
    async fn start() -> Option<Self> {
        Self::with(options()).await
    }

    async fn with(options: RedisOptions) -> Option<Self> {
        if !testing::is_there() {
            return None;
        }
        let node = TestNode::start(NodeOptions::default()).unwrap();
        let database = options.open([node.url()]).await.unwrap();
        let account = account();
        let store = database.account(&account).await.unwrap();
        store.apply(Delta::listed([at("alice", 1)])).await.unwrap();
        Some(Self { node, database, account, store })
    }

    /// A change that fails, and leaves the list as it was.
    async fn fails(&self) -> StoreError {
        let before = self.store.snapshot();
        let error =
            self.store.apply(Delta::listed([at("bob", 1), at("carol", 1)])).await.unwrap_err();
        assert!(self.store.snapshot().rows().eq(before.rows()), "answers from memory go on");
        error
    }

    /// A change that succeeds, and what the server holds then.
    async fn works(&self) {
        self.store.apply(Delta::listed([at("dora", 1)])).await.unwrap();
        let loaded = self.database.engine(&self.account).load().await.unwrap();
        assert_eq!(records(&loaded), self.store.snapshot().len());
        assert!(self.store.snapshot().get(&user("dora")).is_some());
    }
}

#[tokio::test]
async fn without_the_server_changes_fail_and_answers_go_on() {
    let Some(mut own) = Own::start().await else { return };
    own.node.kill();
    let error = own.fails().await;
    assert_eq!(error.class(), ErrorClass::Transient, "{error:?}");
    let draft = own.store.put_local(user("alice"), Local::draft("hello")).await;
    assert_eq!(draft.unwrap_err().class(), ErrorClass::Transient);
    let other = own.database.account(&account()).await.unwrap_err();
    let is_classed =
        matches!(fault(&other), RedisError::Unreachable(_) | RedisError::TimedOut { .. });
    assert!(is_classed, "{other:?}");
    own.node.restart().unwrap();
    own.works().await;
}

#[tokio::test]
async fn a_server_that_forgot_the_scripts_is_sent_them_again() {
    let Some(own) = Own::start().await else { return };
    for _ in 0..3 {
        own.node.call::<()>(&["SCRIPT", "FLUSH"]).unwrap();
        own.works().await;
    }
}

#[tokio::test]
async fn a_replica_takes_no_writes_and_is_said_to() {
    let Some(own) = Own::start().await else { return };
    own.node.call::<()>(&["REPLICAOF", "127.0.0.1", "1"]).unwrap();
    let error = own.fails().await;
    assert!(matches!(fault(&error), RedisError::ReadOnly(_)), "{error:?}");
    own.database.engine(&own.account).load().await.unwrap();
    own.node.call::<()>(&["REPLICAOF", "NO", "ONE"]).unwrap();
    own.works().await;
}

#[tokio::test]
async fn a_master_without_the_replicas_it_must_have_takes_no_writes() {
    let Some(own) = Own::start().await else { return };
    own.node.call::<()>(&["CONFIG", "SET", "min-replicas-to-write", "1"]).unwrap();
    let error = own.fails().await;
    assert!(matches!(fault(&error), RedisError::ReadOnly(_)), "{error:?}");
    own.database.engine(&own.account).load().await.unwrap();
    own.node.call::<()>(&["CONFIG", "SET", "min-replicas-to-write", "0"]).unwrap();
    own.works().await;
}

#[tokio::test]
async fn a_server_whose_memory_is_full_writes_nothing() {
    let Some(own) = Own::start().await else { return };
    let before = own.database.engine(&own.account).load().await.unwrap();
    own.node.call::<()>(&["CONFIG", "SET", "maxmemory", "100kb"]).unwrap();
    let error = own.fails().await;
    assert!(matches!(fault(&error), RedisError::OutOfMemory(_)), "{error:?}");
    assert_eq!(error.class(), ErrorClass::Store);
    // A removal needs no room, but what goes with it does.
    let mut both = Delta::listed([at("bob", 1)]);
    both.removed = vec![user("alice")];
    own.store.apply(both).await.unwrap_err();
    assert_eq!(own.database.engine(&own.account).load().await.unwrap(), before);
    own.node.call::<()>(&["CONFIG", "SET", "maxmemory", "0"]).unwrap();
    own.works().await;
}

#[tokio::test]
async fn a_server_that_hangs_is_waited_for_so_long_and_no_longer() {
    let limit = Duration::from_secs(1);
    let Some(own) = Own::with(options().answer_within(limit)).await else { return };
    own.node.pause();
    let error = soon(own.fails()).await;
    assert!(matches!(fault(&error), RedisError::TimedOut { limit: l } if *l == limit), "{error:?}");
    assert_eq!(error.class(), ErrorClass::Transient);
    own.node.resume();
    // Commands that the server got before it hung may be written now: whole.
    while own.store.apply(Delta::listed([at("erin", 1)])).await.is_err() {}
    let loaded = own.database.engine(&own.account).load().await.unwrap();
    let late = [user("bob"), user("carol")].map(|id| {
        loaded.records.iter().any(|(record, _)| *record == conv_store::Record::Row(id.clone()))
    });
    assert!(late[0] == late[1], "{late:?}");
    own.works().await;
}

#[tokio::test]
async fn a_slow_server_is_waited_for() {
    let Some(own) = Own::start().await else { return };
    own.node.call::<()>(&["CLIENT", "PAUSE", "200", "ALL"]).unwrap();
    own.works().await;
}

#[tokio::test]
async fn a_slot_that_moves_takes_its_accounts_along() {
    if !testing::is_there() {
        return;
    }
    let cluster = TestCluster::start(3, 0).unwrap();
    let database = options().open(cluster.urls()).await.unwrap();
    let other = options().open(cluster.urls()).await.unwrap();
    let account: AccountId = "moving".parse().unwrap();
    let store = database.account(&account).await.unwrap();
    store.put_local(user("u0"), Local::draft("hello")).await.unwrap();
    let writing = {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            for number in 0..400 {
                store.apply(Delta::listed([at(&format!("u{number}"), number)])).await.unwrap();
            }
        })
    };
    // Others read it all the while.
    let reading = {
        let engines = [database.engine(&account), other.engine(&account)];
        tokio::spawn(async move {
            let mut rows = 0;
            while rows < 401 {
                for engine in &engines {
                    let loaded = engine.load().await.unwrap();
                    assert!(records(&loaded) >= rows && !loaded.lost);
                    rows = records(&loaded);
                }
            }
        })
    };
    let cluster = tokio::task::spawn_blocking(move || {
        for _ in 0..3 {
            move_slot(&cluster, "conv:{moving}:rows");
        }
        cluster
    });
    let cluster = cluster.await.unwrap();
    writing.await.unwrap();
    reading.await.unwrap();
    let loaded = database.engine(&account).load().await.unwrap();
    assert_eq!(records(&loaded), 401);
    drop(cluster);
}

/// Moves the slot of a key, with what is in it, to the node after its own.
pub(crate) fn move_slot(cluster: &TestCluster, key: &str) {
    let from = cluster.master_of(key).unwrap();
    let to = (from + 1) % cluster.nodes.len();
    let [from, to] = [from, to].map(|at| &cluster.nodes[at]);
    let id = |node: &TestNode| node.call::<String>(&["CLUSTER", "MYID"]).unwrap();
    let slot: u64 = from.call(&["CLUSTER", "KEYSLOT", key]).unwrap();
    let slot = slot.to_string();
    to.call::<()>(&["CLUSTER", "SETSLOT", &slot, "IMPORTING", &id(from)]).unwrap();
    from.call::<()>(&["CLUSTER", "SETSLOT", &slot, "MIGRATING", &id(to)]).unwrap();
    loop {
        let keys: Vec<String> = from.call(&["CLUSTER", "GETKEYSINSLOT", &slot, "100"]).unwrap();
        if keys.is_empty() {
            break;
        }
        let port = to.port().to_string();
        let mut words = vec!["MIGRATE", "127.0.0.1", &port, "", "0", "5000", "KEYS"];
        words.extend(keys.iter().map(String::as_str));
        from.call::<String>(&words).unwrap();
    }
    for node in [to, from] {
        node.call::<()>(&["CLUSTER", "SETSLOT", &slot, "NODE", &id(to)]).unwrap();
    }
    let port = to.port();
    cluster
        .until("all know who serves the slot", |_| {
            Ok(cluster.nodes[cluster.master_of(key)?].port() == port)
        })
        .unwrap();
}
