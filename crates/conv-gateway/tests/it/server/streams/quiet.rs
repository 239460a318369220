//! A gateway without a cloud, whose list changes only when a test changes it.

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::StatusCode,
    response::Response,
};
use conv_api::{
    Accounts, ConversationDatabase, ConversationId, ConversationPatch, Conversations, ListingPatch,
    MemoryDatabase, Timestamp, UserSigSigner, Watch, WatchLevel, WatchOptions,
    testing::ScriptedSource,
};
use conv_gateway::{AccessTokens, Gateway, GatewayBuilder};
use serde_json::{Value, json};
use tokio::time::Instant;
use tower::ServiceExt;

use super::{
    super::stage::{contract, post},
    client::Client,
};

pub const NOW: u64 = 1_700_000_000;
const APP: u32 = 1_400_000_000;
const KEY: &str = "a made-up key";

pub struct Quiet {
    pub accounts: Accounts,
    pub gateway: Gateway,
    pub router: Router,
    pub token: String,
    /// Keeps the list loaded, and lines from asking for passes.
    pub watch: Watch,
}

impl Quiet {
    pub async fn new(rows: u32) -> Self {
        Self::with(rows, |it| it, |it| it).await
    }

    pub async fn with(
        rows: u32,
        tokens: impl FnOnce(AccessTokens) -> AccessTokens,
        set: impl FnOnce(GatewayBuilder) -> GatewayBuilder,
    ) -> Self {
        Self::over(Arc::new(MemoryDatabase::new()), rows, tokens, set).await
    }

    pub async fn over(
        database: Arc<dyn ConversationDatabase>,
        rows: u32,
        tokens: impl FnOnce(AccessTokens) -> AccessTokens,
        set: impl FnOnce(GatewayBuilder) -> GatewayBuilder,
    ) -> Self {
        let source = ScriptedSource::with_rows(rows);
        // A pass for each request.
        let short = Duration::from_millis(10);
        let options = WatchOptions::default().with_delay(short).with_interval(short);
        let accounts = Accounts::builder(database, source).watch_options(options).build();
        let tokens = tokens(AccessTokens::new(APP, KEY).unwrap());
        let begun = Instant::now();
        // The wall clock goes with the runtime's, which a test may pause.
        let clock = move || Timestamp::from_secs(NOW + begun.elapsed().as_secs());
        let builder = Gateway::builder(accounts.clone(), tokens)
            .clock(clock)
            .requests(NonZeroU32::MAX, Duration::from_secs(1));
        let gateway = set(builder).build();
        let router = gateway.router();
        let watch = kept(&accounts).await;
        let mut quiet = Self { accounts, gateway, router, token: String::new(), watch };
        quiet.token = quiet.login().await;
        quiet
    }

    pub async fn login(&self) -> String {
        self.login_as("alice").await
    }

    pub async fn login_as(&self, user: &str) -> String {
        let signer = UserSigSigner::new(user, KEY);
        let now = Timestamp::from_secs(NOW);
        let sig = signer.sign(APP, now, Duration::from_secs(86_400)).unwrap();
        let body = json!({ "userID": user, "userSig": sig.expose() });
        let data = read(self.router.clone().oneshot(post("/v1/login", None, &body)).await.unwrap());
        data.await.1["data"]["accessToken"].as_str().unwrap().to_owned()
    }

    pub fn list(&self) -> &Conversations {
        self.watch.list()
    }

    /// Forgets the account; its list is another one then.
    pub async fn forget(&mut self) {
        self.accounts.forget(&"alice".parse().unwrap()).await.unwrap();
        self.watch = kept(&self.accounts).await;
    }

    pub async fn call(&self, path: &str, body: &Value) -> Response {
        let request = post(&format!("/v1{path}"), Some(&self.token), body);
        self.router.clone().oneshot(request).await.unwrap()
    }

    pub async fn answer(&self, path: &str, body: &Value) -> (StatusCode, Value) {
        let (status, answer) = read(self.call(path, body).await).await;
        if path == "/conversations/changes" && status == 200 {
            contract().is_valid("/components/schemas/Changes", &answer["data"], path);
        }
        (status, answer)
    }

    /// Opens a line.
    pub async fn open(&self, queries: Value) -> Client {
        let response = self.call("/conversations/stream", &json!({ "queries": queries })).await;
        assert_eq!(response.status(), 200);
        Client::new(response.into_body())
    }

    /// Returns the answer of a list call: rows and position.
    pub async fn listed(&self, query: &Value, window: usize) -> (Vec<Value>, Value) {
        let mut argument = query.clone();
        argument["limit"] = json!(window);
        let (_, answer) = self.answer("/conversations/list", &argument).await;
        let data = &answer["data"];
        (data["conversationList"].as_array().unwrap().clone(), data["position"].clone())
    }

    pub async fn say(&self, user: u32, time: u64) {
        let mut patch = ConversationPatch::new(id(user));
        patch.listing = Some(ListingPatch::at(Timestamp::from_secs(time)));
        self.list().merge(patch).await.unwrap();
    }

    pub async fn set_unread(&self, user: u32, count: u32) {
        let mut patch = ConversationPatch::new(id(user));
        patch.unread.count = Some(count);
        self.list().merge(patch).await.unwrap();
    }

    pub async fn rename(&self, user: u32, name: &str) {
        let mut patch = ConversationPatch::new(id(user));
        patch.profile.name = Some(name.into());
        self.list().merge(patch).await.unwrap();
    }
}

/// With the pass done that a first interest asks for.
async fn kept(accounts: &Accounts) -> Watch {
    let watch = accounts.watch(&"alice".parse().unwrap(), WatchLevel::Background).await.unwrap();
    watch.reached(watch.refresh().unwrap()).await.unwrap();
    watch
}

pub fn id(user: u32) -> ConversationId {
    format!("C2Cuser_{user:04}").parse().unwrap()
}

pub async fn read(response: Response) -> (StatusCode, Value) {
    let status = response.status();
    let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, serde_json::from_slice(&bytes).unwrap_or_default())
}

pub fn empty() -> Body {
    Body::empty()
}
