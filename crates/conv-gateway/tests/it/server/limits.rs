//! Limits: calls, failed logins, calls of the cloud, bodies.

use std::{convert::Infallible, net::SocketAddr, num::NonZeroU32, time::Duration};

use axum::{
    body::{Body, Bytes},
    extract::ConnectInfo,
};
use futures_util::stream;
use serde_json::json;
use tower::ServiceExt;

use super::stage::{Reply, Stage, post, request};

const HOUR: Duration = Duration::from_secs(3600);

fn few(count: u32) -> NonZeroU32 {
    NonZeroU32::new(count).unwrap()
}

#[tokio::test]
async fn an_account_has_an_allowance_of_its_own() {
    let stage = Stage::with(|it| it.requests(few(3), HOUR)).await;
    let (alice, bob) = (stage.login("alice").await, stage.login("bob").await);
    for left in ["2", "1", "0"] {
        let reply = stage.get("/groups", &alice).await;
        assert_eq!(reply.header("ratelimit-policy"), "\"account\";q=3;w=3600");
        assert!(reply.header("ratelimit").starts_with(&format!("\"account\";r={left};t=")));
    }
    let refused = stage.get("/groups", &alice).await;
    assert_eq!(refused.refusal(), (429, 2996));
    let seconds: u64 = refused.header("retry-after").parse().unwrap();
    assert!((1100..=1200).contains(&seconds), "{seconds}");
    assert_eq!(refused.json()["retryAfter"], seconds);
    assert_eq!(stage.get("/groups", &bob).await.status, 200);
    // Another token of the same account has no allowance of its own.
    let again = stage.login("alice").await;
    assert_eq!(stage.get("/groups", &again).await.refusal(), (429, 2996));
}

#[tokio::test]
async fn a_user_can_cause_so_many_calls_of_the_cloud_and_no_more() {
    let stage = Stage::pulled(|it| it.cloud_calls(few(3), HOUR).profiles_of_any_user(true)).await;
    let (alice, bob) = (stage.login("alice").await, stage.login("bob").await);
    stage.cloud.reset_calls();
    for n in 0..20 {
        let id = json!({"conversationID": format!("C2Cnobody{n}")});
        let reply = stage.post("/conversations/profile", &alice, &id).await;
        assert_eq!(reply.refusal(), if n < 3 { (404, 2501) } else { (429, 2996) });
    }
    assert_eq!(stage.cloud.calls().total, 3);
    let refused = stage.post("/conversations/refresh", &alice, &json!({})).await;
    assert_eq!(refused.refusal(), (429, 2996));
    assert_eq!(stage.post("/conversations/refresh", &bob, &json!({})).await.status, 200);
    assert_eq!(stage.post("/conversations/list", &alice, &json!(null)).await.status, 200);
}

async fn login_from(stage: &Stage, address: &str, sig: &str) -> Reply {
    let mut request = post("/v1/login", None, &json!({"userID": "alice", "userSig": sig}));
    request.headers_mut().insert("x-forwarded-for", address.parse().unwrap());
    let socket: SocketAddr = "10.0.0.1:1".parse().unwrap();
    request.extensions_mut().insert(ConnectInfo(socket));
    stage.send(request).await
}

#[tokio::test]
async fn failed_logins_count_against_the_address_and_never_against_the_account() {
    let stage = Stage::with(|it| it.login_failures(3).forwarded_hops(1)).await;
    let sig = stage.user_sig("alice");
    for _ in 0..3 {
        assert_eq!(login_from(&stage, "6.6.6.6, 1.1.1.1", "x").await.refusal(), (401, 70003));
    }
    let refused = login_from(&stage, "1.1.1.1", &sig).await;
    assert_eq!((refused.refusal(), refused.header("retry-after")), ((429, 2996), "60"));
    // What is further left than the own proxy is the caller's own text.
    assert_eq!(login_from(&stage, "7.7.7.7, 1.1.1.1", &sig).await.refusal(), (429, 2996));
    assert_eq!(login_from(&stage, "2.2.2.2", &sig).await.status, 200);
    stage.advance(60);
    assert_eq!(login_from(&stage, "1.1.1.1", &sig).await.status, 200);

    let direct = Stage::with(|it| it.login_failures(1)).await;
    login_from(&direct, "1.1.1.1", "x").await;
    assert_eq!(login_from(&direct, "2.2.2.2", &sig).await.refusal(), (429, 2996));
}

#[tokio::test]
async fn logins_whose_bodies_end_together_have_one_allowance() {
    let stage = Stage::with(|it| it.login_failures(3)).await;
    let logins = (0..8).map(|_| {
        let body = json!({"userID": "alice", "userSig": "x"}).to_string();
        // Each has asked for the allowance before any of them has failed.
        let body = stream::once(async move {
            tokio::time::sleep(Duration::from_millis(200)).await;
            Ok::<_, Infallible>(Bytes::from(body))
        });
        let head = request("POST", "/v1/login", None).header("content-type", "application/json");
        stage.router.clone().oneshot(head.body(Body::from_stream(body)).unwrap())
    });
    let answers = futures_util::future::join_all(logins).await;
    let mut statuses: Vec<_> =
        answers.into_iter().map(|it| it.unwrap().status().as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [401, 401, 401, 429, 429, 429, 429, 429]);
}

#[tokio::test]
async fn large_deep_and_odd_bodies_are_refused() {
    let stage = Stage::with(|it| it.login_failures(1000)).await;
    let token = stage.login("alice").await;
    let send = async |path: &str, body: String, kind: &str| {
        let request = request("POST", path, Some(&token)).header("content-type", kind);
        stage.send(request.body(Body::from(body)).unwrap()).await.refusal()
    };
    let (list, json) = ("/v1/conversations/list", "application/json");
    let deep =
        |depth: usize| format!("{}{{}}{}", "{\"not\":".repeat(depth - 1), "}".repeat(depth - 1));
    let long = format!("[\"{}\"]", "x".repeat(64 * 1024));
    assert_eq!(send(list, long.clone(), json).await, (413, 990007));
    assert_eq!(send("/v1/login", long.clone(), json).await, (413, 990007));
    assert_eq!(send("/v1/conversations/pin", long, json).await, (413, 990007));
    assert_eq!(send(list, deep(33), json).await, (400, 990007));
    let told =
        post("/v1/conversations/list", Some(&token), &serde_json::from_str(&deep(33)).unwrap());
    let told = stage.send(told).await.json()["message"].clone();
    assert_eq!(told, "expected JSON nested at most 32 deep");
    let any = |count: usize| {
        let one = "{\"nameContains\":\"x\"}";
        format!("{{\"any\":[{}]}}", vec![one; count].join(","))
    };
    assert_eq!(send(list, any(64), json).await, (400, 990007));
    let many = post(list, Some(&token), &serde_json::from_str(&any(63)).unwrap());
    assert_eq!(stage.send(many).await.status, 200);
    assert_eq!(send(list, "[".repeat(60_000), json).await, (400, 990007));
    assert_eq!(send(list, "{".into(), json).await, (400, 990007));
    assert_eq!(send(list, "{}".into(), "text/plain").await, (415, 990007));
    assert_eq!(send(list, "{}".into(), "").await, (415, 990007));
    assert_eq!(send(list, "{}".into(), "Application/JSON; charset=utf-8").await, (200, 0));
    assert_eq!(send("/v1/login", "[\"alice\",\"x\"]".into(), json).await, (400, 990007));
    let more = "{\"userID\":\"alice\",\"userSig\":\"x\",\"admin\":true}";
    assert_eq!(send("/v1/login", more.into(), json).await, (400, 990007));
}

#[tokio::test]
async fn a_body_has_ten_seconds_to_come() {
    let stage = Stage::new().await;
    let token = stage.login("alice").await;
    tokio::time::pause();
    let begun = tokio::time::Instant::now();
    for path in ["/v1/conversations/list", "/v1/conversations/pin", "/v1/login"] {
        let request = request("POST", path, Some(&token))
            .header("content-type", "application/json")
            .header("idempotency-key", "k");
        let refused = stage
            .send(
                request
                    .body(Body::from_stream(stream::pending::<Result<Bytes, Infallible>>()))
                    .unwrap(),
            )
            .await;
        assert_eq!(refused.refusal(), (408, 2801), "{path}");
    }
    assert_eq!(begun.elapsed().as_secs(), 30);
}
