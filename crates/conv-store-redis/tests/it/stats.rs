//! The counters of a database.

use std::time::Duration;

use conv_model::Delta;
use conv_store::{ConversationDatabase, ConversationStore, Engine, StoreError, Write};
use conv_store_redis::{
    RedisDatabase,
    testing::{self, NodeOptions, TestNode},
};

use crate::support::{account, at, soon, until};

#[tokio::test]
async fn traffic_and_troubles_are_counted() {
    if !testing::is_there() {
        return;
    }
    let mut node = TestNode::start(NodeOptions::default()).unwrap();
    let options = RedisDatabase::options().check_every(Duration::from_millis(50));
    let options = options.answer_within(Duration::from_secs(1)).connections(1);
    let database = options.open([node.url()]).await.unwrap();
    let account = account();
    let store = database.account(&account).await.unwrap();
    store.apply(Delta::listed([at("alice", 1)])).await.unwrap();
    let before = database.stats();
    assert!(before.calls > 0 && before.answering > Duration::ZERO, "{before:?}");
    let troubles = (before.unreachable, before.writes_refused, before.conflicts, before.lost);
    assert_eq!((troubles, before.renewals), ((0, 0, 0, 0), 0));

    let other = database.engine(&account);
    let seq = store.snapshot().seq();
    let stale = Write::new(seq.next(), seq.next().next());
    assert!(matches!(other.commit(&[stale]).await, Err(StoreError::Conflict)));
    assert_eq!(database.stats().conflicts, 1);

    node.call::<()>(&["CONFIG", "SET", "min-replicas-to-write", "1"]).unwrap();
    store.apply(Delta::listed([at("bob", 1)])).await.unwrap_err();
    assert!(database.stats().writes_refused > 0);
    node.call::<()>(&["CONFIG", "SET", "min-replicas-to-write", "0"]).unwrap();

    node.call::<()>(&["FLUSHALL"]).unwrap();
    until(&*store, conv_store::Snapshot::is_empty).await;
    assert_eq!(database.stats().lost, 1);

    node.pause();
    store.apply(Delta::listed([at("carol", 1)])).await.unwrap_err();
    assert!(database.stats().unreachable > 0);
    node.resume();
    node.kill();
    while database.stats().unreachable < before.unreachable + 3 {
        store.apply(Delta::listed([at("dora", 1)])).await.unwrap_err();
    }
    node.restart().unwrap();
    // The connections are replaced.
    soon(async {
        while database.stats().renewals == 0 {
            let _ = other.load().await;
            tokio::task::yield_now().await;
        }
    })
    .await;
}
