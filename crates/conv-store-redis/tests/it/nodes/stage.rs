//! A cloud, a server, and nodes: each with a database, accounts and a gateway of its own.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, StatusCode},
};
use conv_api::{
    AccountId, Accounts, All, BaseUrl, Conversation, ConversationId, Conversations, LiveChange,
    RestSource, ResumeFrom, Snapshot, Timestamp, UserSigSigner, WatchOptions,
    store::{ConversationDatabase, Signal},
};
use conv_emulator::Emulator;
use conv_gateway::{AccessTokens, Gateway};
use conv_store_redis::RedisDatabase;
use serde_json::{Value, json};
use tokio::time::timeout;
use tower::ServiceExt;

use crate::support::{On, soon};

pub(super) const ALICE: &str = "alice";
pub(super) const LISTING: &str = "recentcontact/get_list";

pub(super) fn alice() -> AccountId {
    ALICE.parse().unwrap()
}

pub(super) fn now() -> u64 {
    SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs()
}

pub(super) struct Stage {
    pub(super) cloud: Emulator,
    pub(super) prefix: String,
}

/// A node's access to the cloud, in a form that another process can be given.
#[derive(Clone, Debug)]
pub(super) struct Access {
    pub(super) urls: Vec<String>,
    pub(super) prefix: String,
    pub(super) cloud: String,
    pub(super) app: u32,
    pub(super) admin: String,
    pub(super) key: String,
}

pub(super) struct Node {
    pub(super) database: Arc<RedisDatabase>,
    pub(super) accounts: Accounts,
    pub(super) gateway: Gateway,
    pub(super) router: Router,
}

impl Stage {
    /// `None` without servers.
    pub(super) async fn new(prefix: &str) -> Option<Self> {
        if !On::Single.is_there() {
            return None;
        }
        let cloud = Emulator::builder().seed(7).conversations(12).account(ALICE).account("bob");
        let cloud = cloud.plan_limit(500).start().await.unwrap();
        Some(Self { cloud, prefix: format!("nodes_{prefix}") })
    }

    pub(super) fn access(&self) -> Access {
        Access {
            urls: On::Single.urls(),
            prefix: self.prefix.clone(),
            cloud: self.cloud.base_url().to_string(),
            app: self.cloud.sdk_app_id(),
            admin: self.cloud.identifier().to_owned(),
            key: self.cloud.secret_key().to_owned(),
        }
    }

    pub(super) async fn node(&self) -> Node {
        Node::new(&self.access()).await
    }

    /// Two nodes, each of which has pulled both lists.
    pub(super) async fn two(&self) -> [Node; 2] {
        let nodes = [self.node().await, self.node().await];
        for node in &nodes {
            for account in [ALICE, "bob"] {
                let list = node.accounts.open(&account.parse().unwrap()).await.unwrap();
                soon(list.sync()).await.unwrap();
            }
        }
        nodes
    }

    /// Waits until messages of one node reach another one.
    pub(super) async fn hears(&self, from: &Node, to: &Node) {
        let (sender, name) = (from.database.signals().unwrap(), "are you there?");
        let mut listener = to.database.signals().unwrap().listen();
        let expected = Signal::new(alice(), name);
        soon(async {
            loop {
                sender.send(&alice(), name).await.unwrap();
                let heard = timeout(Duration::from_millis(50), listener.next()).await;
                if heard.is_ok_and(|heard| heard == expected) {
                    return;
                }
            }
        })
        .await;
    }

    /// The oldest conversation of alice has a new message.
    pub(super) fn say(&self) -> Said {
        let id = self.cloud.world().listing(ALICE).unwrap().pop().unwrap().id;
        self.say_to(id.parse().unwrap())
    }

    pub(super) fn say_to(&self, id: ConversationId) -> Said {
        let time = self.cloud.world().say(ALICE, id.as_str(), "hello").unwrap();
        Said { id, time: Timestamp::from_secs(time) }
    }
}

/// A message of the cloud's.
#[derive(Clone, Debug)]
pub(super) struct Said {
    id: ConversationId,
    time: Timestamp,
}

impl Said {
    pub(super) fn is_in<'a>(&self, rows: impl IntoIterator<Item = &'a Arc<Conversation>>) -> bool {
        let mut rows = rows.into_iter();
        rows.any(|row| row.id == self.id && row.listing.time == Some(self.time))
    }
}

impl Node {
    pub(super) async fn new(access: &Access) -> Self {
        let options = RedisDatabase::options().prefix(&access.prefix);
        let options = options.lease(Duration::from_secs(1)).answer_within(Duration::from_secs(30));
        let database = Arc::new(options.open(access.urls.clone()).await.unwrap());
        let signer = UserSigSigner::new(&access.admin, &*access.key);
        let url: BaseUrl = access.cloud.parse().unwrap();
        let source = RestSource::new(url, access.app, signer);
        // The accounts make passes because of marks alone.
        let day = Duration::from_secs(86_400);
        let options = WatchOptions::default().with_safety(day, day);
        let accounts = Accounts::builder(Arc::clone(&database) as _, source)
            .watch_options(options.with_interval(Duration::from_millis(1)))
            .build();
        let tokens = AccessTokens::new(access.app, &*access.key).unwrap();
        let gateway = Gateway::builder(accounts.clone(), tokens).build();
        let router = gateway.router();
        Self { database, accounts, gateway, router }
    }

    pub(super) async fn list(&self) -> Conversations {
        self.accounts.open(&alice()).await.unwrap()
    }

    pub(super) async fn login(&self, stage: &Stage, user: &str) -> String {
        let (status, body) = self.try_login(stage, user, now()).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        body["data"]["accessToken"].as_str().unwrap().to_owned()
    }

    /// Logs in with a UserSig that is issued at a time.
    pub(super) async fn try_login(
        &self,
        stage: &Stage,
        user: &str,
        at: u64,
    ) -> (StatusCode, Value) {
        let signer = UserSigSigner::new(user, stage.cloud.secret_key());
        let day = Duration::from_secs(86_400);
        let sig = signer.sign(stage.cloud.sdk_app_id(), Timestamp::from_secs(at), day).unwrap();
        let body = json!({ "userID": user, "userSig": sig.expose() });
        send(&self.router, "/login", None, &body).await
    }

    /// A reader of the first rows.
    pub(super) async fn reader(&self) -> Reader {
        let mut live = self.list().await.subscribe(All).window(5);
        let first = soon(live.next()).await.unwrap();
        let mut rows = Vec::new();
        first.apply(&mut rows).unwrap();
        let from = ResumeFrom::from(first.position.unwrap());
        Reader { rows, from: from.with_conversations(first.totals.conversations) }
    }
}

/// The rows that a device holds, and the position from which it resumes.
pub(super) struct Reader {
    pub(super) rows: Vec<Arc<Conversation>>,
    pub(super) from: ResumeFrom,
}

impl Reader {
    /// Goes on at a node: the first update.
    pub(super) async fn resume(&mut self, node: &Node) -> LiveChange {
        let mut live = node.list().await.subscribe(All).window(5).resume(self.from);
        let update = soon(live.next()).await.unwrap();
        update.apply(&mut self.rows).unwrap();
        let from = ResumeFrom::from(update.position.unwrap());
        self.from = from.with_conversations(update.totals.conversations);
        update.change
    }

    /// Goes on at a node until it shows what another one shows.
    pub(super) async fn follow(&mut self, node: &Node, other: &Node) {
        let truth = window(&other.list().await.snapshot());
        soon(async {
            loop {
                let change = self.resume(node).await;
                assert!(!matches!(change, LiveChange::Reset { .. }), "{change:?}");
                if self.rows == truth {
                    return;
                }
                tokio::task::yield_now().await;
            }
        })
        .await;
    }
}

fn window(snapshot: &Snapshot) -> Vec<Arc<Conversation>> {
    snapshot.rows().take(5).cloned().collect()
}

/// The data of an answer that went well.
pub(super) async fn post(router: &Router, path: &str, token: &str, body: &Value) -> Value {
    let (status, body) = send(router, path, Some(token), body).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    body["data"].clone()
}

pub(super) async fn send(
    router: &Router,
    path: &str,
    token: Option<&str>,
    body: &Value,
) -> (StatusCode, Value) {
    let request = Request::post(format!("/v1{path}")).header("content-type", "application/json");
    let request = match token {
        Some(token) => request.header("authorization", format!("Bearer {token}")),
        None => request,
    };
    let request = request.body(Body::from(body.to_string())).unwrap();
    let response = router.clone().oneshot(request).await.unwrap();
    let status = response.status();
    let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, serde_json::from_slice(&bytes).unwrap_or_default())
}
