//! Addresses, passwords, TLS, and what is checked at the opening.

use std::{fs, path::Path, process::Command, time::Duration};

use conv_model::{Delta, ErrorClass};
use conv_store::{ConversationDatabase, ConversationStore, StoreError};
use conv_store_redis::{
    RedisDatabase, RedisError,
    testing::{self, NodeOptions, TestNode},
};
use tempfile::TempDir;

use crate::support::{CLUSTER, On, account, at, fault};

#[tokio::test]
async fn what_is_no_server_is_told_apart() {
    let open = |urls: &'static [&'static str]| {
        RedisDatabase::options().answer_within(Duration::from_secs(2)).open(urls)
    };
    let none = open(&[]).await.unwrap_err();
    assert_eq!(none.class(), ErrorClass::InvalidArgument);
    let no_address = open(&["http://127.0.0.1"]).await.unwrap_err();
    assert_eq!(no_address.class(), ErrorClass::InvalidArgument);
    let nobody = open(&["redis://127.0.0.1:1"]).await.unwrap_err();
    assert!(matches!(fault(&nobody), RedisError::Unreachable(_)), "{nobody:?}");
    assert_eq!(nobody.class(), ErrorClass::Transient);
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
async fn several_servers_that_are_no_cluster_are_refused() {
    let urls = On::Single.urls();
    let Some(url) = urls.first() else { return };
    let refused = RedisDatabase::open([url, url]).await.unwrap_err();
    assert!(matches!(fault(&refused), RedisError::Options { .. }), "{refused:?}");
}

#[tokio::test]
async fn a_wrong_password_is_refused_and_not_told() {
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

#[tokio::test]
async fn a_server_is_reached_through_tls_and_its_certificate_is_checked() {
    let folder = TempDir::new().unwrap();
    if !testing::is_there() || !certificates(folder.path()) {
        return;
    }
    let tls = Some(folder.path().to_str().unwrap().to_owned());
    let node = TestNode::start_unchecked(NodeOptions { tls, ..NodeOptions::default() }).unwrap();
    let root = fs::read(folder.path().join("ca.crt")).unwrap();
    let mut opened = Err(StoreError::Closed);
    for _ in 0..200 {
        let options = RedisDatabase::options().answer_within(Duration::from_secs(30));
        opened = options.root_certificate(root.clone()).open([node.url()]).await;
        if opened.is_ok() {
            break;
        }
        // The server may still be starting.
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let store = opened.unwrap().account(&account()).await.unwrap();
    store.apply(Delta::listed([at("alice", 1)])).await.unwrap();
    let unknown = RedisDatabase::open([node.url()]).await.unwrap_err();
    assert_eq!(unknown.class(), ErrorClass::Transient, "{unknown:?}");
    let plain = node.url().replace("rediss", "redis");
    assert!(RedisDatabase::open([plain]).await.is_err());
}

/// Makes an authority and a server's certificate; needs the program `openssl`.
fn certificates(folder: &Path) -> bool {
    let script = r#"
        openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=test -keyout ca.key -out ca.crt &&
        openssl req -newkey rsa:2048 -nodes -subj /CN=127.0.0.1 -keyout redis.key -out redis.csr &&
        echo subjectAltName=IP:127.0.0.1 >san &&
        openssl x509 -req -days 2 -CA ca.crt -CAkey ca.key -CAcreateserial -extfile san \
            -in redis.csr -out redis.crt"#;
    let made = Command::new("sh").args(["-c", script]).current_dir(folder).output();
    made.is_ok_and(|made| made.status.success())
}
