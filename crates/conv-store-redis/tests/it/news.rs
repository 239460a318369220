//! News of other processes' writes, whatever becomes of the connections they come on.

use std::sync::Arc;

use conv_model::{AccountId, Delta, ErrorClass};
use conv_store::{ConversationDatabase, ConversationStore};
use conv_store_redis::testing::{self, NodeOptions, TestCluster, TestNode};
use tokio::task::JoinSet;

use crate::{
    faults::move_slot,
    support::{account, at, by_news, soon, until, user},
    way::Way,
};

type Store = Arc<dyn ConversationStore>;

/// A server of a test's own.
enum Own {
    Single(TestNode),
    Cluster(TestCluster),
}

impl Own {
    fn both() -> Vec<Self> {
        if !testing::is_there() {
            return Vec::new();
        }
        let single = TestNode::start(NodeOptions::default()).unwrap();
        vec![Self::Single(single), Self::Cluster(TestCluster::start(1, 0).unwrap())]
    }

    fn node(&self) -> &TestNode {
        match self {
            Self::Single(node) => node,
            Self::Cluster(cluster) => &cluster.nodes[0],
        }
    }

    async fn store(&self, account: &AccountId) -> Store {
        let database = by_news().open([self.node().url()]).await.unwrap();
        database.account(account).await.unwrap()
    }

    /// The channels with a subscriber.
    fn channels(&self) -> Vec<String> {
        let all = match self {
            Self::Single(_) => "CHANNELS",
            Self::Cluster(_) => "SHARDCHANNELS",
        };
        self.node().call(&["PUBSUB", all]).unwrap()
    }

    /// Waits until so many channels are heard.
    async fn until_heard(&self, count: usize) {
        soon(async {
            while self.channels().len() != count {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }
}

#[tokio::test]
async fn writes_during_a_lost_connection_are_seen() {
    for own in Own::both() {
        let account = "a".parse().unwrap();
        let store = own.store(&account).await;
        store.apply(Delta::listed([at("alice", 1)])).await.unwrap();
        own.until_heard(1).await;
        let mut connection = own.node().connect().unwrap();
        let key = "conv:{a}:rows";
        let copy = "{a}copy";
        own.node().call::<i64>(&["COPY", key, copy]).unwrap();
        store.apply(Delta::listed([at("bob", 1)])).await.unwrap();
        // At once, so that no process hears while it is written.
        let mut both = redis::pipe();
        both.atomic().cmd("CLIENT").arg("KILL").arg("TYPE").arg("pubsub");
        both.cmd("COPY").arg(copy).arg(key).arg("REPLACE");
        let (killed, _): (u64, u64) = both.query(&mut connection).unwrap();
        assert!(killed > 0);
        until(&*store, |snapshot| snapshot.len() == 1).await;
        // And the next news come as ever.
        let other = own.store(&account).await;
        other.apply(Delta::listed([at("carol", 1)])).await.unwrap();
        until(&*store, |snapshot| snapshot.get(&user("carol")).is_some()).await;
    }
}

#[tokio::test]
async fn writes_before_a_subscription_began_are_seen() {
    for own in Own::both() {
        let (here, there) = (
            by_news().connections(2).open([own.node().url()]).await.unwrap(),
            by_news().connections(2).open([own.node().url()]).await.unwrap(),
        );
        let mut rounds = JoinSet::new();
        for _ in 0..200 {
            let (here, there) = (here.clone(), there.clone());
            rounds.spawn(async move {
                let account = account();
                let writer = here.account(&account).await.unwrap();
                let reader = there.account(&account).await.unwrap();
                writer.apply(Delta::listed([at("alice", 1)])).await.unwrap();
                until(&*reader, |snapshot| snapshot.len() == 1).await;
            });
        }
        while let Some(round) = rounds.join_next().await {
            round.unwrap();
        }
    }
}

#[tokio::test]
async fn a_closed_store_is_unsubscribed() {
    for own in Own::both() {
        let database = by_news().open([own.node().url()]).await.unwrap();
        let names = [account(), account()];
        let one = database.account(&names[0]).await.unwrap();
        let same = database.engine(&names[0]);
        let other = database.account(&names[1]).await.unwrap();
        own.until_heard(2).await;
        other.close().await.unwrap();
        drop(other);
        own.until_heard(1).await;
        one.close().await.unwrap();
        drop(one);
        drop(same);
        own.until_heard(0).await;
    }
}

#[tokio::test]
async fn a_closed_store_leaves_no_connection() {
    for own in Own::both() {
        let store = own.store(&account()).await;
        store.apply(Delta::listed([at("alice", 1)])).await.unwrap();
        store.close().await.unwrap();
        drop(store);
        let clients = || -> usize {
            let all: String = own.node().call(&["CLIENT", "LIST"]).unwrap();
            all.lines().count()
        };
        soon(async {
            // The one that asks.
            while clients() > 1 {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }
}

#[tokio::test]
async fn news_come_from_the_server_that_a_slot_moved_to() {
    if !testing::is_there() {
        return;
    }
    let cluster = TestCluster::start(2, 0).unwrap();
    let account: AccountId = "moving".parse().unwrap();
    let mut stores: Vec<Store> = Vec::new();
    for _ in 0..2 {
        let database = by_news().open(cluster.urls()).await.unwrap();
        stores.push(database.account(&account).await.unwrap());
    }
    for round in 0..4 {
        stores[0].apply(Delta::listed([at(&format!("u{round}"), round)])).await.unwrap();
        until(&*stores[1], |snapshot| snapshot.len() as u64 == round + 1).await;
        move_slot(&cluster, "conv:{moving}:rows");
    }
}

#[tokio::test]
async fn a_name_that_leads_to_another_server_by_now_is_followed() {
    if !testing::is_there() {
        return;
    }
    let [old, new] = [(); 2].map(|()| TestNode::start(NodeOptions::default()).unwrap());
    let name = Way::to(&old, usize::MAX).await;
    let account = account();
    let store = by_news().open([name.url()]).await.unwrap().account(&account).await.unwrap();
    store.apply(Delta::listed([at("alice", 1)])).await.unwrap();
    // The old master is a replica now, and existing connections to it stay.
    name.lead_to(&new);
    old.call::<()>(&["REPLICAOF", "127.0.0.1", &new.port().to_string()]).unwrap();
    soon(async {
        while let Err(error) = store.apply(Delta::listed([at("bob", 1)])).await {
            assert_eq!(error.class(), ErrorClass::Transient, "{error:?}");
        }
    })
    .await;
    let other = by_news().open([new.url()]).await.unwrap().account(&account).await.unwrap();
    assert!(other.snapshot().get(&user("bob")).is_some());
    for round in 0..3 {
        let name = format!("u{round}");
        other.apply(Delta::listed([at(&name, 1)])).await.unwrap();
        until(&*store, |snapshot| snapshot.get(&user(&name)).is_some()).await;
    }
}
