//! Servers that take no writes: what they hold is opened and read all the same.

use std::{sync::Arc, time::Duration};

use conv_model::{AccountId, Delta, Local};
use conv_store::{ConversationDatabase, ConversationStore, StoreError};
use conv_store_redis::{
    RedisDatabase,
    testing::{self, NodeOptions, TestNode},
};

use crate::support::{at, fault, soon, user};

/// A server with one account on it: one that cannot write its disk, or a cluster of its own.
struct Full {
    node: TestNode,
    account: AccountId,
}

impl Full {
    async fn all() -> Vec<Self> {
        if !testing::is_there() {
            return Vec::new();
        }
        let mut all = Vec::new();
        for config in ["dir /proc", "cluster-enabled yes"] {
            let config = vec![config.to_owned()];
            let node = TestNode::start(NodeOptions { config, ..NodeOptions::default() }).unwrap();
            if !all.is_empty() {
                node.call::<()>(&["CLUSTER", "ADDSLOTSRANGE", "0", "16383"]).unwrap();
                let info = || node.call::<String>(&["CLUSTER", "INFO"]).unwrap();
                while !info().contains("cluster_state:ok") {}
            }
            let full = Self { node, account: "a".parse().unwrap() };
            let store = full.open().await.unwrap();
            store.apply(Delta::listed([at("alice", 1)])).await.unwrap();
            store.put_local(user("alice"), Local::draft("hello")).await.unwrap();
            all.push(full);
        }
        all
    }

    /// As a process that starts now.
    async fn open(&self) -> Result<Arc<dyn ConversationStore>, StoreError> {
        let options = RedisDatabase::options().answer_within(Duration::from_secs(10));
        options.open([self.node.url()]).await?.account(&self.account).await
    }

    /// It takes no writes, and is read.
    async fn is_read(&self, what: &str) {
        let store = soon(self.open()).await.unwrap_or_else(|error| panic!("{what}: {error:?}"));
        let row = store.snapshot().get(&user("alice")).expect(what);
        assert_eq!(row.local, Local::draft("hello"), "{what}");
        let refused = store.apply(Delta::listed([at("bob", 1)])).await.unwrap_err();
        assert!(store.snapshot().get(&user("bob")).is_none(), "{what}: {refused:?}");
        fault(&refused);
    }

    fn set(&self, name: &str, value: &str) {
        self.node.call::<()>(&["CONFIG", "SET", name, value]).unwrap();
    }

    fn is_cluster(&self) -> bool {
        self.node.call::<String>(&["INFO", "cluster"]).unwrap().contains("cluster_enabled:1")
    }
}

#[tokio::test]
async fn a_server_without_memory_or_replicas_is_read_at_the_opening() {
    for full in Full::all().await {
        full.set("maxmemory", "100kb");
        full.is_read("memory is full").await;
        full.set("min-replicas-to-write", "1");
        full.is_read("memory is full, and replicas are missing").await;
        full.set("maxmemory", "0");
        full.is_read("replicas are missing").await;
    }
}

#[tokio::test]
async fn a_server_that_cannot_write_its_disk_is_read_at_the_opening() {
    for full in Full::all().await.into_iter().filter(|full| !full.is_cluster()) {
        full.set("save", "3600 1");
        let _ = full.node.call::<String>(&["BGSAVE"]);
        let info = || full.node.call::<String>(&["INFO", "persistence"]).unwrap();
        while !info().contains("rdb_last_bgsave_status:err") {}
        full.is_read("disk is full").await;
        full.set("maxmemory", "100kb");
        full.is_read("disk and memory are full").await;
    }
}

#[tokio::test]
async fn a_replica_is_read_at_the_opening() {
    for full in Full::all().await.into_iter().filter(|full| !full.is_cluster()) {
        full.node.call::<()>(&["REPLICAOF", "127.0.0.1", "1"]).unwrap();
        full.is_read("it is a replica").await;
        full.set("maxmemory", "100kb");
        full.is_read("it is a replica whose memory is full").await;
    }
}
