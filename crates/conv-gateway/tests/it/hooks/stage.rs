//! A cloud, a gateway that receives its webhooks, and a clock that is set by hand.

use std::{
    collections::BTreeMap,
    num::{NonZeroU32, NonZeroUsize},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, StatusCode},
};
use conv_api::{
    AccountId, Accounts, BaseUrl, Facet, MemoryDatabase, RestSource, SyncMark, Timestamp,
    UserSigSigner, Watch, WatchLevel, WatchOptions,
};
use conv_emulator::Emulator;
use conv_gateway::{
    AccessTokens, Gateway, HookStats, Webhooks,
    webhook::{ANSWER, App, REFUSED, Token, Trust, Verifier},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tower::ServiceExt;

pub const NOW: u64 = 1_700_000_000;
pub const TOKEN: &str = "a token of at least 32 random characters";
pub const LISTING: &str = "recentcontact/get_list";

pub struct Stage {
    pub cloud: Emulator,
    pub accounts: Accounts,
    pub gateway: Gateway,
    pub router: Router,
    clock: Arc<AtomicU64>,
}

/// The settings that differ from the defaults.
pub struct Plan {
    pub accounts: Vec<&'static str>,
    pub kept_fresh: (usize, Duration),
    pub secret: Option<&'static str>,
    pub facets: Vec<Facet>,
    pub watch_options: WatchOptions,
    pub trust: Trust,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            accounts: vec!["alice", "bob", "carol"],
            kept_fresh: (100, Duration::from_secs(60)),
            secret: None,
            facets: Vec::new(),
            watch_options: WatchOptions::default().with_delay(Duration::from_millis(5)),
            trust: Trust::default(),
        }
    }
}

impl Stage {
    pub async fn new() -> Self {
        Self::with(Plan::default()).await
    }

    pub async fn with(plan: Plan) -> Self {
        let cloud = Emulator::builder().seed(7).conversations(12);
        let cloud = plan.accounts.iter().fold(cloud, |cloud, account| cloud.account(account));
        let cloud = cloud.start().await.unwrap();
        let signer = UserSigSigner::new(cloud.identifier(), cloud.secret_key());
        let url: BaseUrl = cloud.base_url().parse().unwrap();
        let source = Arc::new(RestSource::new(url, cloud.sdk_app_id(), signer));
        let accounts = Accounts::builder(Arc::new(MemoryDatabase::new()), Arc::clone(&source))
            .writer(source)
            .watch_options(plan.watch_options);
        let accounts = plan.facets.into_iter().fold(accounts, |it, facet| it.facet(facet)).build();
        let tokens = AccessTokens::new(cloud.sdk_app_id(), cloud.secret_key()).unwrap();
        let app = App::signed(cloud.sdk_app_id(), Token::new(TOKEN).unwrap()).with_admin("admin");
        let webhooks = Webhooks::new(Verifier::default().with_app(app)).with_trust(plan.trust);
        let webhooks = match plan.secret {
            Some(secret) => webhooks.with_path_secret(secret),
            None => webhooks,
        };
        let clock = Arc::new(AtomicU64::new(NOW));
        let read = Arc::clone(&clock);
        let (kept, time) = plan.kept_fresh;
        let gateway = Gateway::builder(accounts.clone(), tokens)
            .clock(move || Timestamp::from_secs(read.load(Ordering::Relaxed)))
            .kept_fresh(NonZeroUsize::new(kept).unwrap(), time)
            .requests(NonZeroU32::MAX, Duration::from_secs(60))
            .webhooks(webhooks)
            .build();
        let router = gateway.router();
        Self { cloud, accounts, gateway, router, clock }
    }

    pub fn advance(&self, seconds: u64) {
        self.clock.fetch_add(seconds, Ordering::Relaxed);
    }

    pub async fn watch(&self, account: &str) -> Watch {
        let watch = self.accounts.watch(&id(account), WatchLevel::Visible).await.unwrap();
        fresh(&watch).await;
        watch
    }

    /// The query of a signed call.
    pub fn query(&self, command: &str) -> String {
        self.query_at(command, self.clock.load(Ordering::Relaxed))
    }

    pub fn query_at(&self, command: &str, time: u64) -> String {
        let hash = Sha256::digest(format!("{TOKEN}{time}"));
        let sign: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        let app = self.cloud.sdk_app_id();
        format!(
            "SdkAppid={app}&CallbackCommand={command}&contenttype=json&ClientIP=127.0.0.1\
            &OptPlatform=iOS&RequestTime={time}&Sign={sign}"
        )
    }

    /// Sends a call that has to be let in, whatever its body.
    pub async fn event(&self, command: &str, body: impl Into<Body>) {
        self.let_in(&self.query(command), body).await;
    }

    pub async fn let_in(&self, query: &str, body: impl Into<Body>) {
        let answer = self.call("POST", &format!("/v1/hooks/tencent?{query}"), body).await;
        assert_eq!(answer, (StatusCode::OK, ANSWER.to_owned()), "{query}");
    }

    /// Sends a call that has to be refused. Returns the status.
    pub async fn refused(&self, method: &str, path: &str) -> u16 {
        let (status, body) = self.call(method, path, "{}").await;
        assert_eq!(body, REFUSED, "{path}");
        status.as_u16()
    }

    pub async fn call(
        &self,
        method: &str,
        path: &str,
        body: impl Into<Body>,
    ) -> (StatusCode, String) {
        let request = Request::builder().method(method).uri(path).body(body.into()).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.headers()["content-type"], "application/json");
        let status = response.status();
        let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, String::from_utf8(bytes.to_vec()).unwrap())
    }

    /// A message of one user to another, in the cloud and as an event.
    pub async fn say(&self, from: &str, to: &str, text: &str) {
        let body = self.said(from, to, text);
        self.event("C2C.CallbackAfterSendMsg", body).await;
    }

    /// A message in the cloud. Returns the body of its event.
    pub fn said(&self, from: &str, to: &str, text: &str) -> String {
        let world = self.cloud.world();
        world.add_user(from, from);
        world.say(from, &format!("C2C{to}"), text).ok();
        let time = world.say(to, &format!("C2C{from}"), text).unwrap();
        let key = format!("{time}_{text}_{from}");
        json!({
            "CallbackCommand": "C2C.CallbackAfterSendMsg", "From_Account": from, "To_Account": to,
            "MsgSeq": 1, "MsgRandom": 2, "MsgTime": time, "MsgKey": key, "SendMsgResult": 0,
            "MsgBody": [{"MsgType": "TIMTextElem", "MsgContent": {"Text": text}}],
        })
        .to_string()
    }

    pub fn stats(&self) -> HookStats {
        self.gateway.hook_stats().unwrap()
    }

    /// The events by outcome, and the unknown ones by reason.
    pub fn outcomes(&self) -> BTreeMap<String, u64> {
        let mut outcomes = BTreeMap::new();
        let stats = self.stats();
        for it in &stats.events {
            *outcomes.entry(it.outcome.as_str().to_owned()).or_default() += it.count;
        }
        outcomes.extend(stats.unknown.iter().map(|(why, count)| (format!("?{why}"), *count)));
        outcomes
    }

    /// The calls refused for a reason.
    pub fn refusals(&self, reason: &str) -> u64 {
        self.stats().refused.iter().find(|it| it.0 == reason).unwrap().1
    }

    /// The marks so far, and those of accounts that are not watched.
    pub fn marks(&self) -> (u64, u64) {
        let watch = self.accounts.stats().watch;
        (watch.marks - watch.marks_ignored, watch.marks_ignored)
    }

    /// The list of an account in the cloud.
    pub fn truth(&self, account: &str) -> Vec<String> {
        let rows = self.cloud.world().listing(account).unwrap();
        rows.into_iter().map(|row| row.id).collect()
    }

    pub async fn login(&self, user: &str) -> String {
        let signer = UserSigSigner::new(user, self.cloud.secret_key());
        let sig = signer.sign(
            self.cloud.sdk_app_id(),
            Timestamp::from_secs(self.clock.load(Ordering::Relaxed)),
            Duration::from_secs(86_400),
        );
        let body = json!({ "userID": user, "userSig": sig.unwrap().expose() });
        self.ask("/login", None, &body).await["accessToken"].as_str().unwrap().to_owned()
    }

    /// The data of a call that has to go well.
    pub async fn ask(&self, path: &str, token: Option<&str>, body: &Value) -> Value {
        let request =
            Request::post(format!("/v1{path}")).header("content-type", "application/json");
        let request = match token {
            Some(token) => request.header("authorization", format!("Bearer {token}")),
            None => request,
        };
        self.data(request.body(Body::from(body.to_string())).unwrap()).await
    }

    /// The data of a reading call that has to go well.
    pub async fn get(&self, path: &str, token: &str) -> Value {
        let request = Request::get(format!("/v1{path}"));
        let request = request.header("authorization", format!("Bearer {token}"));
        self.data(request.body(Body::empty()).unwrap()).await
    }

    async fn data(&self, request: Request<Body>) -> Value {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let json: Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(json["code"], 0, "{json}");
        json["data"].clone()
    }
}

pub fn id(account: &str) -> AccountId {
    account.parse().unwrap()
}

/// Waits until the list has seen a pass that begins from now on.
pub async fn fresh(watch: &Watch) -> SyncMark {
    let mark = watch.refresh().unwrap();
    watch.reached(mark).await.unwrap();
    watch.newest_reached()
}

pub fn shown(watch: &Watch) -> Vec<String> {
    watch.list().snapshot().rows().map(|row| row.id.to_string()).collect()
}
