//! Writes that replicas must have before they count.

use std::time::Duration;

use conv_model::{Delta, ErrorClass};
use conv_store::{ConversationDatabase, ConversationStore};
use conv_store_redis::{
    RedisDatabase, RedisError, RedisOptions,
    testing::{self, NodeOptions, TestCluster, TestNode},
};

use crate::support::{account, at, fault, until, user};

fn one_copy() -> RedisOptions {
    RedisDatabase::options().answer_within(Duration::from_secs(10)).copies(1)
}

#[tokio::test]
async fn a_write_counts_once_a_replica_has_it() {
    if !testing::is_there() {
        return;
    }
    let cluster = TestCluster::start(1, 1).unwrap();
    let database = one_copy().open(cluster.urls()).await.unwrap();
    let store = database.account(&account()).await.unwrap();
    let replica = &cluster.nodes[1];
    for round in 0..20 {
        // A script that is sent again is waited for like any other.
        cluster.nodes[0].call::<()>(&["SCRIPT", "FLUSH"]).unwrap();
        store.apply(Delta::listed([at(&format!("u{round}"), round)])).await.unwrap();
        let offset = |node: &TestNode, name: &str| -> u64 {
            let info: String = node.call(&["INFO", "replication"]).unwrap();
            let line = info.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            line.trim().parse().unwrap()
        };
        assert!(offset(replica, "slave_repl_offset:") > 0);
    }
    assert_eq!(database.stats().not_copied, 0);
    replica.pause();
    let late = store.apply(Delta::listed([at("late", 1)])).await.unwrap_err();
    replica.resume();
    let is_late = matches!(fault(&late), RedisError::NotCopied { copies: 0, wanted: 1 });
    assert!(is_late && late.class() == ErrorClass::Transient, "{late:?}");
}

#[tokio::test]
async fn a_write_that_no_replica_has_fails_and_stands_all_the_same() {
    if !testing::is_there() {
        return;
    }
    let node = TestNode::start(NodeOptions::default()).unwrap();
    let options = one_copy().answer_within(Duration::from_secs(2));
    let database = options.open([node.url()]).await.unwrap();
    let store = database.account(&account()).await.unwrap();
    let error = store.apply(Delta::listed([at("alice", 1)])).await.unwrap_err();
    let is_alone = matches!(fault(&error), RedisError::NotCopied { copies: 0, wanted: 1 });
    assert!(is_alone, "{error:?}");
    assert_eq!(database.stats().not_copied, 1);
    until(&*store, |snapshot| snapshot.get(&user("alice")).is_some()).await;
}
