//! The private port: probes and numbers.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use axum::{Router, body::to_bytes};
use conv_api::{
    AccountId, Accounts, BaseUrl, ConversationDatabase, ConversationStore, MemoryDatabase,
    RestSource, StoreError, UserSigSigner,
};
use conv_gateway::{AccessTokens, Drain, Gateway};
use serde_json::{Value, json};
use tower::ServiceExt;

use super::stage::{Stage, get, post, request};

async fn ask(router: &Router, path: &str) -> (u16, String) {
    let response = router.clone().oneshot(get(path, None)).await.unwrap();
    assert_eq!(response.headers()["cache-control"], "no-store", "{path}");
    let status = response.status().as_u16();
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn a_node_is_ready_until_it_drains_or_closes_and_lives_all_along() {
    let (stage, drain) = (Stage::new().await, Drain::new());
    let private = stage.gateway.private_router(&drain);
    stage.cloud.faults().push("status=502,times=1000".parse().unwrap());
    for path in ["/livez", "/readyz"] {
        assert_eq!(ask(&private, path).await, (200, "ok".to_owned()), "{path}");
    }
    drain.begin();
    assert_eq!(ask(&private, "/readyz").await, (503, "draining".to_owned()));
    assert_eq!(ask(&private, "/livez").await.0, 200);

    let other = stage.gateway.private_router(&Drain::new());
    assert_eq!(ask(&other, "/readyz").await.0, 200);
    stage.accounts.close().await.unwrap();
    assert_eq!(ask(&other, "/readyz").await, (503, "database is out of reach".to_owned()));
    assert_eq!(ask(&other, "/livez").await.0, 200);
}

#[tokio::test]
async fn a_database_out_of_reach_is_not_ready_until_it_is_back() {
    let database = Arc::new(Distant::default());
    let url: BaseUrl = "http://127.0.0.1:1".parse().unwrap();
    let (app, key) = (1_400_000_000, "a made-up key");
    let source = RestSource::new(url, app, UserSigSigner::new("administrator", key));
    let accounts = Accounts::builder(Arc::clone(&database) as _, source).build();
    let gateway = Gateway::builder(accounts, AccessTokens::new(app, key).unwrap()).build();
    let private = gateway.private_router(&Drain::new());
    for (is_away, status) in [(false, 200), (true, 503), (false, 200)] {
        database.is_away.store(is_away, Ordering::Relaxed);
        assert_eq!(ask(&private, "/readyz").await.0, status);
    }
}

#[derive(Debug, Default)]
struct Distant {
    lists: MemoryDatabase,
    is_away: AtomicBool,
}

#[async_trait::async_trait]
impl ConversationDatabase for Distant {
    async fn account(&self, account: &AccountId) -> Result<Arc<dyn ConversationStore>, StoreError> {
        self.lists.account(account).await
    }

    async fn forget(&self, account: &AccountId) -> Result<(), StoreError> {
        self.lists.forget(account).await
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.lists.close().await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        if self.is_away.load(Ordering::Relaxed) { Err(StoreError::Closed) } else { Ok(()) }
    }
}

#[tokio::test]
async fn numbers_say_what_was_done_and_name_no_user_and_no_secret() {
    let stage = Stage::pulled(|it| it.login_failures(2).authorizer(|_: &_, _: &_, _| false)).await;
    let token = stage.login("alice").await;
    let sig = stage.user_sig("alice");
    for user in ["bob", "bob", "bob"] {
        stage.send(post("/v1/login", None, &json!({"userID": user, "userSig": sig}))).await;
    }
    stage.post("/login/renew", &token, &json!({})).await.data();
    stage.post("/conversations/list", &token, &json!({"limit": 2})).await.data();
    stage.post("/conversations/list", &token, &json!({"nonsense": 2})).await;
    stage.post("/accounts/bob/conversations/list", &token, &Value::Null).await;
    stage.get("/secret-path-of-alice", &token).await;
    let odd = request("TRACE", "/v1/totals", Some(&token)).body("".into()).unwrap();
    stage.send(odd).await;

    let private = stage.gateway.private_router(&Drain::new());
    let (status, text) = ask(&private, "/metrics").await;
    assert_eq!(status, 200);
    for line in [
        "conv_logins_total{outcome=\"accepted\"} 1",
        "conv_logins_total{outcome=\"refused\"} 2",
        "conv_logins_total{outcome=\"limited\"} 1",
        "conv_logins_total{outcome=\"renewed\"} 1",
        "conv_requests_total{route=\"/v1/conversations/list\",method=\"POST\",status=\"200\"} 1",
        "conv_requests_total{route=\"/v1/conversations/list\",method=\"POST\",status=\"400\"} 1",
        "conv_requests_total{route=\"/v1/accounts/{account}/conversations/list\",method=\"POST\",status=\"403\"} 1",
        "conv_requests_total{route=\"other\",method=\"GET\",status=\"404\"} 1",
        "conv_requests_total{route=\"/v1/totals\",method=\"other\",status=\"405\"} 1",
        "conv_request_seconds_count{route=\"/v1/conversations/list\"} 2",
        "conv_refusals_total{class=\"rate_limited\"} 1",
        "conv_refusals_total{class=\"not_found\"} 1",
        "conv_accounts_open 2",
        "conv_passes_finished_total 2",
        "conv_passes_failed_total 0",
        "conv_pulls_total{cause=\"mark\"} 0",
        "conv_changes_ended_total{outcome=\"failed\"} 0",
        "conv_changes_ended_total{outcome=\"expired\"} 0",
        "conv_quota_wait_seconds_bucket{le=\"0.01\"} 0",
        "conv_quota_wait_seconds_bucket{le=\"+Inf\"} 0",
        "# TYPE conv_quota_wait_seconds histogram",
        "# TYPE conv_accounts_open gauge",
    ] {
        assert!(text.lines().any(|it| it == line), "{line} in {text}");
    }
    well_formed(&text);
    let (_, stats) = ask(&private, "/stats").await;
    for absent in ["alice", "bob", "secret-path", "C2C", &token, &sig, stage.cloud.secret_key()] {
        assert!(!text.contains(absent) && !stats.contains(absent), "{absent}: {text} {stats}");
    }
    let stats: Value = serde_json::from_str(&stats).unwrap();
    assert_eq!((&stats["accounts"]["accountsOpen"], &stats["linesOpen"]), (&json!(2), &json!(0)));
    assert_eq!(stats["isDraining"], false);
}

#[tokio::test]
async fn requests_to_the_cloud_are_counted_as_the_cloud_counts_them() {
    let stage = Stage::pulled(|it| it).await;
    let list = stage.accounts.open(&"alice".parse().unwrap()).await.unwrap();
    // One call of the trait each, and several requests: pages of a pass, a retry, names, a profile.
    stage.cloud.faults().push("code=60011,times=1".parse().unwrap());
    list.sync().await.unwrap();
    let snapshot = list.snapshot();
    let row = snapshot.rows().next().unwrap();
    list.get_conversation_profile(&row.id).await.unwrap();
    list.pin_conversation(&row.id, !row.listing.is_pinned).await.unwrap().sent().await.unwrap();

    let private = stage.gateway.private_router(&Drain::new());
    let (_, text) = ask(&private, "/metrics").await;
    let calls = stage.cloud.calls();
    for command in
        ["recentcontact/get_list", "recentcontact/top", "profile/portrait_get", "openim/admin_x"]
    {
        let line = format!("conv_cloud_calls_total{{command=\"{command}\"}} {}", calls.of(command));
        let is_there = text.lines().any(|it| it == line);
        assert_eq!(is_there, calls.of(command) > 0, "{line} in {text}");
    }
    assert!(
        calls.of("recentcontact/get_list") >= 4 && calls.of("recentcontact/top") == 1,
        "{calls:?}"
    );
    let (_, stats) = ask(&private, "/stats").await;
    let stats: Value = serde_json::from_str(&stats).unwrap();
    let counted = stats["accounts"]["requests"].as_object().unwrap();
    let total: u64 = counted.values().filter_map(Value::as_u64).sum();
    assert_eq!(total, calls.total, "{counted:?} {calls:?}");
}

/// Each name has its HELP and TYPE once, before its values; each value is a number.
#[track_caller]
fn well_formed(text: &str) {
    let mut names = Vec::new();
    for line in text.lines() {
        if let Some(words) = line.strip_prefix("# TYPE ") {
            let name = words.split(' ').next().unwrap().to_owned();
            assert!(!names.contains(&name), "{name} twice");
            names.push(name);
        } else if !line.starts_with("# HELP ") {
            let (series, value) = line.rsplit_once(' ').unwrap();
            assert!(value.parse::<f64>().is_ok(), "{line}");
            assert!(names.last().is_some_and(|name| series.starts_with(name)), "{line}");
        }
    }
    assert!(names.len() > 20, "{names:?}");
}
