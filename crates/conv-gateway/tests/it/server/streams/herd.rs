//! A process that ends: all its lines go elsewhere, and what that costs is counted.

use std::{collections::BTreeSet, num::NonZeroU32, sync::Arc, time::Duration};

use axum::Router;
use conv_api::{Accounts, BaseUrl, MemoryDatabase, RestSource, Timestamp, UserSigSigner};
use conv_emulator::Emulator;
use conv_gateway::{AccessTokens, Drain, Gateway};
use serde_json::{Value, json};
use tower::ServiceExt;

use super::{
    super::stage::{NOW, post},
    client::Client,
};

const ACCOUNTS: usize = 20;
/// As many as a caller may have.
const LINES_EACH: usize = 10;
const LINES: u64 = 200;

/// One of several processes with the same key, on one database.
struct Node {
    accounts: Accounts,
    gateway: Gateway,
    router: Router,
    drain: Drain,
}

impl Node {
    fn new(cloud: &Emulator, database: &Arc<MemoryDatabase>) -> Self {
        let signer = UserSigSigner::new(cloud.identifier(), cloud.secret_key());
        let url: BaseUrl = cloud.base_url().parse().unwrap();
        let source = RestSource::new(url, cloud.sdk_app_id(), signer);
        let accounts = Accounts::builder(database.clone(), source).build();
        let tokens = AccessTokens::new(cloud.sdk_app_id(), cloud.secret_key()).unwrap();
        let drain = Drain::new();
        let gateway = Gateway::builder(accounts.clone(), tokens)
            .clock(|| Timestamp::from_secs(NOW))
            .requests(NonZeroU32::MAX, Duration::from_secs(1))
            .drain(drain.clone())
            .build();
        let router = gateway.router();
        Self { accounts, gateway, router, drain }
    }

    async fn send(&self, path: &str, token: Option<&str>, body: &Value) -> Client {
        let request = post(&format!("/v1{path}"), token, body);
        Client::new(self.router.clone().oneshot(request).await.unwrap().into_body())
    }

    async fn login(&self, cloud: &Emulator, user: &str) -> String {
        let signer = UserSigSigner::new(user, cloud.secret_key());
        let day = Duration::from_secs(86_400);
        let sig = signer.sign(cloud.sdk_app_id(), Timestamp::from_secs(NOW), day).unwrap();
        let body = json!({ "userID": user, "userSig": sig.expose() });
        let mut answer = self.send("/login", None, &body).await;
        let answer: Value = serde_json::from_slice(&answer.piece().await.unwrap()).unwrap();
        answer["data"]["accessToken"].as_str().unwrap().to_owned()
    }

    async fn open(&self, token: &str, from: Option<&str>) -> Client {
        let mut query = json!({ "window": 5 });
        if let Some(from) = from {
            query["from"] = json!(from);
        }
        let body = json!({ "queries": { "main": query } });
        self.send("/conversations/stream", Some(token), &body).await
    }
}

#[tokio::test]
async fn the_lines_of_a_process_that_drains_go_on_elsewhere_without_the_cloud() {
    let users: Vec<_> = (0..ACCOUNTS).map(|number| format!("user_{number}")).collect();
    let cloud = Emulator::builder().seed(7).conversations(6);
    let cloud = users.iter().fold(cloud, |cloud, user| cloud.account(user));
    let cloud = cloud.start().await.unwrap();
    let database = Arc::new(MemoryDatabase::new());
    let node = Node::new(&cloud, &database);
    let mut lines = Vec::new();
    for user in &users {
        let token = node.login(&cloud, user).await;
        for _ in 0..LINES_EACH {
            lines.push((token.clone(), node.open(&token, None).await));
        }
    }
    for (_, line) in &mut lines {
        while line.wait_for("report").await.data["report"]["reachedMark"] == 0 {}
        line.read_all();
    }
    node.drain.close();
    let mut pauses = BTreeSet::new();
    for (_, line) in &mut lines {
        let bye = line.wait_for("bye").await.data;
        assert_eq!(bye["reason"], "drain");
        pauses.insert(bye["retryAfterMs"].as_u64().unwrap());
        assert_eq!(line.piece().await, None);
    }
    // Spread over ten seconds: none has a quarter of them.
    assert!(pauses.last().is_some_and(|last| *last < 10_000), "{pauses:?}");
    for second in 0..10 {
        let within = pauses.range(second * 1_000..(second + 1) * 1_000).count();
        assert!((1..50).contains(&within), "{within} in second {second}");
    }

    let other = Node::new(&cloud, &database);
    cloud.faults().push(conv_emulator::Rule::always(conv_emulator::Fault::Status(502)));
    for (token, line) in &mut lines {
        let held = std::mem::take(&mut line.held);
        let again = other.open(token, held["main"].position.as_deref()).await;
        let mut again = again.holding(held.clone());
        assert_eq!(again.wait_for("hello").await.data["resumed"]["main"], true);
        again.read_all();
        assert_eq!(again.held["main"].rows, held["main"].rows);
        *line = again;
    }
    assert_eq!(node.gateway.stream_stats().ended_drain, LINES);
    let stats = other.gateway.stream_stats();
    assert_eq!((stats.lines_open, stats.resumed_reset), (LINES, 0));
    assert_eq!(stats.resumed_patch + stats.resumed_sync, LINES);
    // What the new process asks the cloud for is one look at each account, whatever the lines.
    let begun = other.accounts.stats().watch.passes_for_watches;
    assert!(begun <= ACCOUNTS as u64, "{begun}");
}
