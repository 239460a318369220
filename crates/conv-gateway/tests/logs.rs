//! No token, key or UserSig in a log, and no name. A binary of its own, whose one test records what
//! every thread logs.

#![allow(
    missing_docs,
    unreachable_pub,
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[path = "it/server/stage.rs"]
mod stage;

use std::time::Duration;

use axum::body::Body;
use conv_gateway::{
    GatewayBuilder, Webhooks,
    webhook::{App, Token, Verifier},
};
use http_body_util::BodyExt;
use serde_json::json;
use tower::ServiceExt;
use tracing_subscriber::fmt::format::FmtSpan;

use self::stage::{Stage, post, request};

/// An app with a short token, and a query that is signed with it.
fn webhooks() -> (Verifier, &'static str) {
    let app = App::signed(1_400_000_001, Token::new("xxxxyyyy").unwrap());
    let window = Duration::from_secs(1_000_000_000);
    let query = "SdkAppid=1400000001&CallbackCommand=C2C.CallbackAfterSendMsg&RequestTime=1669872112\
        &Sign=17773bc39a671d7b9aa835458704d2a6db81360a5940292b587d6d760d484061";
    (Verifier::default().with_app(app).with_window(window), query)
}

#[tokio::test]
async fn a_log_describes_events_and_holds_no_token() {
    let log = tempfile::NamedTempFile::new().unwrap();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_span_events(FmtSpan::FULL)
        .with_ansi(false)
        .with_writer(log.reopen().unwrap());
    subscriber.init();

    let (verifier, query) = webhooks();
    let webhooks = Webhooks::new(verifier).with_path_secret("path-s3cret");
    let set = |it: GatewayBuilder| it.authorizer(|_: &_, _: &_, _| true).webhooks(webhooks);
    let stage = Stage::pulled(set).await;
    let token = stage.login("alice").await;
    let sig = stage.user_sig("alice");
    stage.send(post("/v1/login", None, &json!({"userID": "alice", "userSig": &sig[1..]}))).await;
    stage.send(post("/v1/login", None, &json!({"userID": 1, "userSig": sig}))).await;
    let list = request("POST", "/v1/accounts/bob/conversations/list", Some(&token))
        .header("content-type", "application/json")
        .header("x-request-id", "my-request-1")
        .header("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    let reply = stage.send(list.body("null".into()).unwrap()).await;
    assert_eq!(reply.header("x-request-id"), "my-request-1");
    let pin = json!({"conversationID": stage.ids("alice")[3], "isPinned": true});
    stage.post("/conversations/pin", &token, &pin).await.data();
    stage.post("/login/renew", &token, &json!({})).await.data();
    stage.get(&format!("/groups?access_token={token}"), "x").await;
    for path in ["", "/path-s3cret", "/path-s3cret/more"] {
        let body = json!({"From_Account": "mallory", "To_Account": "alice"});
        let path = format!("/v1/hooks/tencent{path}?{query}");
        stage.send(post(&path, None, &body)).await;
    }
    let query = json!({"queries": {"main": {}}});
    let ticket = stage.post("/stream-ticket", &token, &query).await.data();
    let ticket = ticket["ticket"].as_str().unwrap();
    for _ in 0..2 {
        let line = request("GET", &format!("/v1/conversations/stream?ticket={ticket}"), None);
        let line = stage.router.clone().oneshot(line.body(Body::empty()).unwrap()).await.unwrap();
        assert!(line.into_body().frame().await.is_some());
    }
    let list = stage.accounts.open(&"alice".parse().unwrap()).await.unwrap();
    list.flush(std::time::Duration::from_secs(60)).await.unwrap();

    let log = std::fs::read_to_string(log.path()).unwrap();
    for told in [
        "request_id=\"my-request-1\"",
        "route=\"/v1/accounts/{account}/conversations/list\"",
        "trace_id=\"4bf92f3577b34da6a3ce929d0e0e4736\"",
        "parent_id=\"00f067aa0ba902b7\"",
        "status=401 code=70003",
        "logged in",
        "route=\"/v1/hooks/tencent/{secret}\"",
        "a webhook token can be guessed",
        "route=\"/v1/conversations/stream\"",
        "line ended",
    ] {
        assert!(log.contains(told), "{told}: {log}");
    }
    let ids = stage.ids("alice");
    let secrets =
        [&*token, &token[20..60], &sig, &sig[10..40], ticket, stage.cloud.secret_key(), "alice"];
    let of_hooks = ["path-s3cret", "xxxxyyyy", "17773bc39a671d7b", "1669872112", "mallory"];
    for secret in secrets.into_iter().chain(of_hooks).chain(ids.iter().map(|id| &**id)) {
        let line = log.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "{secret}");
    }
}
