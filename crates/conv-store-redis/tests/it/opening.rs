//! Addresses, passwords, and the checks at the opening.

use std::{collections::BTreeMap, time::Duration};

use conv_model::{Delta, ErrorClass, Seq};
use conv_store::{ConversationDatabase, ConversationStore, LeaseGrant, StoreError};
use conv_store_redis::{
    RedisDatabase, RedisError, RedisRateLimiter,
    testing::{self, NodeOptions, TestNode},
};
use conv_sync::RateLimiter;

use crate::support::{CLUSTER, On, account, at, fault, until};

#[tokio::test]
async fn an_address_without_a_server_has_an_error_of_its_own() {
    let open = |urls: &'static [&'static str]| {
        RedisDatabase::options().answer_within(Duration::from_secs(2)).open(urls)
    };
    let none = open(&[]).await.unwrap_err();
    assert_eq!(none.class(), ErrorClass::InvalidArgument);
    let no_address = open(&["http://127.0.0.1"]).await.unwrap_err();
    assert_eq!(no_address.class(), ErrorClass::InvalidArgument);
    let unserved = open(&["redis://127.0.0.1:1"]).await.unwrap_err();
    assert!(matches!(fault(&unserved), RedisError::Unreachable(_)), "{unserved:?}");
    assert_eq!(unserved.class(), ErrorClass::Transient);
}

#[test]
fn outside_a_runtime_it_is_an_error() {
    let opening = std::pin::pin!(RedisDatabase::open(["redis://127.0.0.1:1"]));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let opened = opening.poll(&mut context);
    assert!(matches!(opened, std::task::Poll::Ready(Err(StoreError::NoRuntime))));
}

#[tokio::test]
async fn any_node_of_a_cluster_leads_to_all() {
    let Some(cluster) = &*CLUSTER else { return };
    let account = account();
    let urls = cluster.urls();
    let dead = "redis://127.0.0.1:1".to_owned();
    for nodes in [vec![urls[0].clone()], vec![dead, urls[2].clone()], urls.clone()] {
        let database = RedisDatabase::open(nodes).await.unwrap();
        let store = database.account(&account).await.unwrap();
        store.apply(Delta::listed([at("alice", 1)])).await.unwrap();
        assert_eq!(store.snapshot().len(), 1);
    }
}

#[tokio::test]
async fn times_without_end_are_taken_or_refused_and_end_nothing() {
    let urls = On::Single.urls();
    if urls.is_empty() {
        return;
    }
    let options = RedisDatabase::options().lease(Duration::MAX);
    let refused = options.open(&urls).await.unwrap_err();
    assert!(matches!(fault(&refused), RedisError::Options { .. }), "{refused:?}");
    let options = RedisDatabase::options().check_every(Duration::MAX).expire_after(Duration::MAX);
    let options = options.answer_within(Duration::MAX).lease(Duration::from_secs(24 * 3600));
    let (here, there) =
        (options.clone().open(&urls).await.unwrap(), options.open(&urls).await.unwrap());
    let account = account();
    let (a, b) = (here.account(&account).await.unwrap(), there.account(&account).await.unwrap());
    for round in 0..3 {
        a.apply(Delta::listed([at(&format!("u{round}"), 1)])).await.unwrap();
        until(&*b, |snapshot| snapshot.len() > round).await;
    }
    let LeaseGrant::Ours(lease) = here.pass_leases().unwrap().take(&account).await.unwrap() else {
        panic!("it is free")
    };
    lease.give_back(Some(Seq::ZERO)).await;
}

#[tokio::test]
async fn several_servers_that_are_no_cluster_are_refused() {
    let urls = On::Single.urls();
    let Some(url) = urls.first() else { return };
    let refused = RedisDatabase::open([url, url]).await.unwrap_err();
    assert!(matches!(fault(&refused), RedisError::Options { .. }), "{refused:?}");
}

#[tokio::test]
async fn a_wrong_password_is_refused_and_not_printed() {
    if !testing::is_there() {
        return;
    }
    let options = NodeOptions { password: Some("right".into()), ..NodeOptions::default() };
    let node = TestNode::start(options).unwrap();
    RedisDatabase::open([node.url()]).await.unwrap();
    for url in [format!("redis://127.0.0.1:{}", node.port()), node.url().replace("right", "wr0ng")]
    {
        let refused = RedisDatabase::open([url]).await.unwrap_err();
        assert_eq!(refused.class(), ErrorClass::Auth, "{refused:?}");
        let mut words = format!("{refused} {refused:?}");
        let mut source = std::error::Error::source(&refused);
        while let Some(error) = source {
            words += &format!("{error} {error:?}");
            source = error.source();
        }
        assert!(!words.contains("wr0ng"), "{words}");
    }
}

#[tokio::test]
async fn a_server_that_may_evict_is_refused() {
    if !testing::is_there() {
        return;
    }
    let config = vec!["maxmemory-policy volatile-lru".to_owned()];
    let node = TestNode::start(NodeOptions { config, ..NodeOptions::default() }).unwrap();
    let refused = RedisDatabase::open([node.url()]).await.unwrap_err();
    assert!(matches!(fault(&refused), RedisError::MayEvict { policy } if policy == "volatile-lru"));
}

#[tokio::test]
async fn one_node_of_a_cluster_that_may_evict_is_enough_to_refuse_it() {
    if !testing::is_there() {
        return;
    }
    let cluster = testing::TestCluster::start(3, 0).unwrap();
    let policy = |policy| {
        cluster.nodes[2].call::<()>(&["CONFIG", "SET", "maxmemory-policy", policy]).unwrap();
    };
    policy("allkeys-lfu");
    let refused = RedisDatabase::open(cluster.urls()).await.unwrap_err();
    assert!(matches!(fault(&refused), RedisError::MayEvict { .. }), "{refused:?}");
    policy("noeviction");
    RedisDatabase::open(cluster.urls()).await.unwrap();
}

/// The rights that the documentation says a user needs.
const RIGHTS: &str = "~rights:* &rights:* +@hash +@scripting +@pubsub +@transaction +get +mget +set \
     +del +unlink +pexpire +pttl +time +scan +info +ping +hello";

#[tokio::test]
async fn a_user_with_the_rights_that_are_told_of_can_do_all() {
    if !testing::is_there() {
        return;
    }
    let single = testing::TestNode::start(NodeOptions::default()).unwrap();
    let cluster = testing::TestCluster::start(1, 0).unwrap();
    for (node, more) in [(&single, ""), (&cluster.nodes[0], " +cluster|slots")] {
        let rights = format!("ACL SETUSER some on >word {RIGHTS}{more}");
        node.call::<()>(&rights.split_whitespace().collect::<Vec<_>>()).unwrap();
        let url = node.url().replace("redis://", "redis://some:word@");
        let options = RedisDatabase::options().prefix("rights");
        let database = options.clone().open([&url]).await.unwrap();
        let account = account();
        let (store, other) = (
            database.account(&account).await.unwrap(),
            options.open([&url]).await.unwrap().account(&account).await.unwrap(),
        );
        store.apply(Delta::listed([at("alice", 1)])).await.unwrap();
        until(&*other, |snapshot| snapshot.len() == 1).await;
        let leases = database.pass_leases().unwrap();
        let LeaseGrant::Ours(lease) = leases.take(&account).await.unwrap() else {
            panic!("it is free")
        };
        let LeaseGrant::Theirs(holder) = leases.take(&account).await.unwrap() else {
            panic!("taken")
        };
        lease.give_back(Some(Seq::ZERO)).await;
        assert_eq!(leases.ended(&account, &holder).await.unwrap(), Some(Seq::ZERO));
        RedisRateLimiter::new(&database).acquire(1, "command").await.unwrap();
        let listed = database.accounts().next_page().await.unwrap();
        assert_eq!(listed, Some(vec![account.clone()]));
        database.forget(&account).await.unwrap();
        let log: Vec<BTreeMap<String, redis::Value>> = node.call(&["ACL", "LOG"]).unwrap();
        // Its own name a client may tell or not.
        let denied = log.iter().map(|entry| format!("{:?}", entry["object"]));
        let denied: Vec<String> = denied.filter(|what| !what.contains("setinfo")).collect();
        assert!(denied.is_empty(), "{denied:?}");
    }
}
