//! A cloud, a gateway in front of it, and a clock that does not move.

#[path = "checked.rs"]
mod checked;

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Request, StatusCode},
};
use conv_api::{
    AccountId, Accounts, BaseUrl, MemoryDatabase, RestSource, SourceError, Timestamp,
    UserSigSigner,
    sync::{
        Capabilities, ConversationSource, FullProfile, Groups, HydrateRequest, Hydrated, Page,
        ProfileRequest, PullRequest, RequestCounts,
    },
};
use conv_emulator::Emulator;
use conv_gateway::{AccessTokens, Gateway, GatewayBuilder};
use futures_util::FutureExt;
use http_body::Body as _;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

pub use self::checked::{Operation, contract};

pub const NOW: u64 = 1_700_000_000;

pub struct Stage {
    pub cloud: Emulator,
    pub accounts: Accounts,
    pub gateway: Gateway,
    pub router: Router,
    pub asked: Asked,
    pub clock: Arc<AtomicU64>,
}

/// The accounts for which the cloud was asked.
#[derive(Clone, Default)]
pub struct Asked(Arc<Mutex<BTreeSet<String>>>);

impl Asked {
    pub fn accounts(&self) -> BTreeSet<String> {
        self.0.lock().unwrap().clone()
    }

    pub fn clear(&self) {
        self.0.lock().unwrap().clear();
    }

    fn note(&self, account: &AccountId) {
        self.0.lock().unwrap().insert(account.as_str().to_owned());
    }
}

pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub bytes: Vec<u8>,
    /// The operation of the contract that it is an answer of.
    pub operation: Option<Operation>,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_default()
    }

    /// The data of an answer that went well.
    #[track_caller]
    pub fn data(&self) -> Value {
        let json = self.json();
        assert_eq!((self.status, &json["code"]), (StatusCode::OK, &json!(0)), "{json}");
        json["data"].clone()
    }

    pub fn refusal(&self) -> (u16, i64) {
        (self.status.as_u16(), self.json()["code"].as_i64().unwrap_or_default())
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

impl Stage {
    pub async fn new() -> Self {
        Self::with(|builder| builder).await
    }

    pub async fn with(set: impl FnOnce(GatewayBuilder) -> GatewayBuilder) -> Self {
        let cloud = Emulator::builder().seed(7).conversations(12);
        let cloud = cloud.account("alice").account("bob").start().await.unwrap();
        let asked = Asked::default();
        let signer = UserSigSigner::new(cloud.identifier(), cloud.secret_key());
        let url: BaseUrl = cloud.base_url().parse().unwrap();
        let rest = Arc::new(RestSource::new(url, cloud.sdk_app_id(), signer));
        let source = Watched { rest: Arc::clone(&rest), asked: asked.clone() };
        let database = Arc::new(MemoryDatabase::new());
        let accounts = Accounts::builder(database, source).writer(rest).build();
        let tokens = AccessTokens::new(cloud.sdk_app_id(), cloud.secret_key()).unwrap();
        let tokens = tokens.administrators([cloud.identifier()]);
        let clock = Arc::new(AtomicU64::new(NOW));
        let read = Arc::clone(&clock);
        let builder = Gateway::builder(accounts.clone(), tokens)
            .clock(move || Timestamp::from_secs(read.load(Ordering::Relaxed)));
        let gateway = set(builder).build();
        let router = gateway.router();
        Self { cloud, accounts, gateway, router, asked, clock }
    }

    /// With both lists pulled.
    pub async fn pulled(set: impl FnOnce(GatewayBuilder) -> GatewayBuilder) -> Self {
        let stage = Self::with(set).await;
        for account in ["alice", "bob"] {
            stage.pull(account).await;
        }
        stage
    }

    pub async fn pull(&self, account: &str) {
        let list = self.accounts.open(&account.parse().unwrap()).await.unwrap();
        list.sync().await.unwrap();
    }

    pub fn advance(&self, seconds: u64) {
        self.clock.fetch_add(seconds, Ordering::Relaxed);
    }

    pub fn user_sig(&self, user: &str) -> String {
        let signer = UserSigSigner::new(user, self.cloud.secret_key());
        let day = Duration::from_secs(86_400);
        let sig = signer.sign(self.cloud.sdk_app_id(), Timestamp::from_secs(NOW), day);
        sig.unwrap().expose().to_owned()
    }

    pub async fn login(&self, user: &str) -> String {
        let body = json!({ "userID": user, "userSig": self.user_sig(user) });
        let reply = self.send(post("/v1/login", None, &body)).await;
        reply.data()["accessToken"].as_str().unwrap().to_owned()
    }

    /// The answer to a request. Both must be as the contract has them.
    pub async fn send(&self, request: Request<Body>) -> Reply {
        let (head, body) = request.into_parts();
        // A body without an end stays as it is.
        let (sent, body) = if body.size_hint().exact().is_some() {
            let sent = to_bytes(body, usize::MAX).await.unwrap();
            (Some(sent.clone()), Body::from(sent))
        } else {
            (None, body)
        };
        let request = Request::from_parts(head.clone(), body);
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let (status, headers) = (parts.status, parts.headers);
        let bytes = match headers.get("content-type") {
            Some(kind) if kind == "text/event-stream" => begun(body),
            _ => to_bytes(body, usize::MAX).await.unwrap().to_vec(),
        };
        let mut reply = Reply { status, headers, bytes, operation: None };
        reply.operation = contract().check(&head, sent.as_deref(), &reply);
        reply
    }

    pub async fn post(&self, path: &str, token: &str, body: &Value) -> Reply {
        self.send(post(&format!("/v1{path}"), Some(token), body)).await
    }

    pub async fn get(&self, path: &str, token: &str) -> Reply {
        self.send(get(&format!("/v1{path}"), Some(token))).await
    }

    /// The IDs of an account's list.
    pub fn ids(&self, account: &str) -> Vec<String> {
        let rows = self.cloud.world().listing(account).unwrap();
        rows.into_iter().map(|row| row.id).collect()
    }
}

/// Returns what a stream sends at once: it has no end.
fn begun(mut body: Body) -> Vec<u8> {
    let mut bytes = Vec::new();
    while let Some(Some(frame)) = body.frame().now_or_never() {
        bytes.extend(frame.unwrap().into_data().unwrap());
    }
    bytes
}

pub fn post(path: &str, token: Option<&str>, body: &Value) -> Request<Body> {
    request("POST", path, token)
        .header("content-type", "application/json")
        .body(Body::from(body.to_string()))
        .unwrap()
}

pub fn get(path: &str, token: Option<&str>) -> Request<Body> {
    request("GET", path, token).body(Body::empty()).unwrap()
}

pub fn request(method: &str, path: &str, token: Option<&str>) -> axum::http::request::Builder {
    let builder = Request::builder().method(method).uri(path);
    match token {
        Some(token) => builder.header("authorization", format!("Bearer {token}")),
        None => builder,
    }
}

/// A source that notes for whom it is asked.
#[derive(Debug)]
struct Watched {
    rest: Arc<RestSource>,
    asked: Asked,
}

impl std::fmt::Debug for Asked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Asked")
    }
}

#[async_trait::async_trait]
impl ConversationSource for Watched {
    fn capabilities(&self) -> Capabilities {
        self.rest.capabilities()
    }

    async fn pull(&self, request: &PullRequest) -> Result<Page, SourceError> {
        self.asked.note(&request.account);
        self.rest.pull(request).await
    }

    async fn hydrate(&self, request: &HydrateRequest) -> Result<Hydrated, SourceError> {
        self.asked.note(&request.account);
        self.rest.hydrate(request).await
    }

    async fn profile(&self, request: &ProfileRequest) -> Result<FullProfile, SourceError> {
        self.asked.note(&request.account);
        self.rest.profile(request).await
    }

    async fn groups(&self, account: &AccountId) -> Result<Groups, SourceError> {
        self.asked.note(account);
        self.rest.groups(account).await
    }

    fn request_counts(&self) -> Option<RequestCounts> {
        self.rest.request_counts()
    }
}
