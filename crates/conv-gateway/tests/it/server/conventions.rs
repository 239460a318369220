//! HTTP conventions: bodies of version 1, headers, origins, compression, prefixes.

use std::{fmt::Write, path::PathBuf};

use axum::{Router, body::Body, http::Request, routing::get as route};
use flate2::read::GzDecoder;
use serde_json::{Value, json};

use super::stage::{Reply, Stage, get, post, request};

/// Compares with a committed file; with `CONV_BLESS` set it is written instead.
#[track_caller]
pub fn committed(file: &str, text: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(file);
    if std::env::var_os("CONV_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
    }
    let known = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(known, text, "{file} differs; CONV_BLESS=1 cargo test takes the new one");
}

/// Each call once, with the answer to it.
async fn each_call(stage: &Stage) -> Vec<(String, Reply)> {
    let sig = stage.user_sig("alice");
    let mut replies = Vec::new();
    let login = json!({"userID": "alice", "userSig": sig});
    replies.push(("POST /login".to_owned(), stage.send(post("/v1/login", None, &login)).await));
    let bad = json!({"userID": "alice", "userSig": "x"});
    replies.push(("POST /login refused".into(), stage.send(post("/v1/login", None, &bad)).await));
    let token = stage.login("alice").await;
    let ids = stage.ids("alice");
    let user = ids.iter().find(|id| id.starts_with("C2C")).unwrap();
    for (path, body) in [
        ("/login/renew", json!({})),
        ("/conversations/list", json!({"limit": 2})),
        ("/conversations/profile", json!({"conversationID": user})),
        ("/conversations/pin", json!({"conversationID": user, "isPinned": true})),
        ("/conversations/read", json!({"conversationID": user})),
        (
            "/conversations/mark",
            json!({"conversationIDList": [user, "C2Cnobody"], "markType": 1, "enableMark": true}),
        ),
        ("/conversations/custom-data", json!({"conversationIDList": [user], "customData": "vip"})),
        ("/conversations/draft", json!({"conversationID": user, "draftText": "later"})),
        ("/groups/create", json!({"conversationIDList": [user], "groupName": "Press"})),
        ("/groups/rename", json!({"oldName": "Press", "newName": "Media"})),
        ("/groups/add", json!({"conversationIDList": [ids[1]], "groupName": "Media"})),
        ("/groups/remove", json!({"conversationIDList": [user], "groupName": "Media"})),
        ("/groups/delete", json!("Media")),
        ("/conversations/delete", json!({"conversationIDList": [user]})),
        ("/conversations/pin", json!({"conversationID": "C2Cnobody", "isPinned": true})),
        ("/changes/retry", json!({"numbers": [0]})),
        ("/changes/drop", json!({"numbers": [0]})),
        ("/conversations/refresh", json!({})),
        ("/none", json!({})),
    ] {
        let reply = stage.post(path, &token, &body).await;
        let count = replies.iter().filter(|(name, _)| name.ends_with(path)).count();
        let name = if count > 0 { format!("POST {path} refused") } else { format!("POST {path}") };
        replies.push((name, reply));
    }
    for path in ["/conversations", "/changes", "/groups", "/totals"] {
        replies.push((format!("GET {path}"), stage.get(path, &token).await));
    }
    replies.push(("GET /groups refused".into(), stage.send(get("/v1/groups", None)).await));
    replies
}

const RANDOM: [&str; 9] = [
    "accessToken",
    "mark",
    "reachedMark",
    "instance",
    "asOf",
    "profileReadAt",
    "pendingChanges",
    "pass",
    "position",
];

/// Replaces what differs from run to run.
fn steady(value: &mut Value) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                let is_random = RANDOM.contains(&&**name);
                if is_random && !value.is_null() && !value.is_array() {
                    *value = json!(format!("<{name}>"));
                }
                steady(value);
            }
        }
        Value::Array(values) => values.iter_mut().for_each(steady),
        _ => {}
    }
}

#[tokio::test]
async fn bodies_of_version_1_are_those_committed() {
    let stage = Stage::with(|it| it).await;
    stage.pull("alice").await;
    let mut text = String::new();
    for (name, reply) in each_call(&stage).await {
        let mut json = reply.json();
        steady(&mut json);
        if matches!(&*name, "GET /conversations" | "GET /changes") {
            continue; // As of POST, and long; as many as were not sent yet.
        }
        writeln!(text, "{name}: {}\n{json:#}\n", reply.status).unwrap();
    }
    committed("v1-bodies.txt", &text);
}

#[tokio::test]
async fn headers_of_each_call_are_those_committed() {
    let stage = Stage::with(|it| it.origins(["https://chat.example.com"])).await;
    stage.pull("alice").await;
    let mut text = String::new();
    for (name, reply) in each_call(&stage).await {
        writeln!(text, "{name}: {}", reply.status).unwrap();
        let mut lines: Vec<_> = reply
            .headers
            .iter()
            .map(|(name, value)| {
                let value = match name.as_str() {
                    "content-length" | "etag" | "ratelimit" | "x-request-id" => "…",
                    _ => value.to_str().unwrap(),
                };
                format!("  {name}: {value}")
            })
            .collect();
        lines.sort();
        writeln!(text, "{}\n", lines.join("\n")).unwrap();
    }
    committed("v1-headers.txt", &text);
}

#[tokio::test]
async fn only_pages_of_the_listed_origins_may_read() {
    let stage = Stage::with(|it| it.origins(["https://chat.example.com", "*"])).await;
    let token = stage.login("alice").await;
    let preflight = async |origin: &str| {
        let request = Request::builder()
            .method("OPTIONS")
            .uri("/v1/conversations/list")
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "authorization,idempotency-key");
        stage.send(request.body(Body::empty()).unwrap()).await
    };
    let allowed = preflight("https://chat.example.com").await;
    assert_eq!(allowed.status, 200);
    assert_eq!(allowed.header("access-control-allow-origin"), "https://chat.example.com");
    assert_eq!(allowed.header("access-control-max-age"), "7200");
    let headers = allowed.header("access-control-allow-headers");
    assert!(headers.contains("authorization") && headers.contains("idempotency-key"));
    assert_eq!(allowed.header("access-control-allow-credentials"), "");
    for other in ["https://evil.example.com", "https://chat.example.com.evil", "null", "*"] {
        let refused = preflight(other).await;
        let expected = if other == "*" { "*" } else { "" };
        assert_eq!(refused.header("access-control-allow-origin"), expected, "{other}");
    }
    let request =
        request("GET", "/v1/groups", Some(&token)).header("origin", "https://chat.example.com");
    let reply = stage.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(reply.header("access-control-allow-origin"), "https://chat.example.com");
    assert!(reply.header("access-control-expose-headers").contains("ratelimit"));
}

#[tokio::test]
async fn long_answers_are_compressed_and_tokens_never() {
    let stage = Stage::pulled(|it| it).await;
    let token = stage.login("alice").await;
    let zipped = async |method: &str, path: &str, body: Value| {
        let request = request(method, &format!("/v1{path}"), Some(&token))
            .header("content-type", "application/json")
            .header("accept-encoding", "gzip");
        stage.send(request.body(Body::from(body.to_string())).unwrap()).await
    };
    let plain = stage.get("/conversations", &token).await;
    let list = zipped("GET", "/conversations", Value::Null).await;
    assert_eq!(list.header("content-encoding"), "gzip");
    assert!(list.bytes.len() * 3 < plain.bytes.len());
    let mut json = String::new();
    std::io::Read::read_to_string(&mut GzDecoder::new(&*list.bytes), &mut json).unwrap();
    assert_eq!(json.as_bytes(), plain.bytes);
    assert_eq!(zipped("GET", "/totals", Value::Null).await.header("content-encoding"), "");
    let long = "x".repeat(3000);
    let login = json!({"userID": "alice", "userSig": stage.user_sig("alice")});
    for (path, body) in [
        ("/login", login),
        ("/login/renew", json!({})),
        ("/login", json!({"userID": long, "userSig": long})),
    ] {
        assert_eq!(zipped("POST", path, body).await.header("content-encoding"), "", "{path}");
    }
}

#[tokio::test]
async fn requests_have_numbers_and_keep_well_formed_ones() {
    let stage = Stage::new().await;
    let id = async |given: &str| {
        let request = Request::builder().uri("/v1/groups").header("x-request-id", given);
        let reply = stage.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(reply.json()["instance"], reply.header("x-request-id"));
        reply.header("x-request-id").to_owned()
    };
    assert_eq!(id("a_B-9").await, "a_B-9");
    let long = "x".repeat(65);
    let made = [id("").await, id("two words").await, id("<x>").await, id(&long).await];
    for (at, id) in made.iter().enumerate() {
        assert!(
            id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit()) && !made[..at].contains(id)
        );
    }
}

#[tokio::test]
async fn a_router_can_be_nested_and_merged() {
    let stage = Stage::pulled(|it| it).await;
    let token = stage.login("alice").await;
    let own = Router::new().route("/", route(async || "home")).fallback(async || "mine");
    let merged = Stage { router: own.clone().merge(stage.router.clone()), ..stage };
    assert_eq!(merged.get("/groups", &token).await.status, 200);
    assert_eq!(merged.send(get("/", None)).await.bytes, b"home");
    assert_eq!(merged.send(get("/other", None)).await.bytes, b"mine");
    assert_eq!(merged.send(get("/v1/other", None)).await.refusal(), (404, 2997));
    let inner = merged.router.clone();
    let nested = Stage { router: Router::new().nest("/chat/api", inner), ..merged };
    let reply = nested.send(get("/chat/api/v1/groups", Some(&token))).await;
    assert_eq!(reply.status, 200);
    assert_eq!(nested.send(get("/chat/api/v1/other", None)).await.refusal(), (404, 2997));
}

#[test]
fn handles_cross_threads() {
    fn crosses_threads<T: Send + Sync + Unpin + std::fmt::Debug + 'static>() {}

    crosses_threads::<conv_gateway::Gateway>();
    crosses_threads::<conv_gateway::GatewayBuilder>();
    crosses_threads::<conv_gateway::AccessTokens>();
    crosses_threads::<conv_gateway::AccessToken>();
}

#[tokio::test]
async fn a_panic_is_a_refusal_that_reveals_nothing() {
    let stage = Stage::with(|it| {
        it.authorizer(|_: &_, _: &_, _| -> bool { panic!("a secret of the embedder") })
    })
    .await;
    let token = stage.login("alice").await;
    let reply = stage.get("/accounts/bob/groups", &token).await;
    assert_eq!(reply.refusal(), (500, 990009));
    assert_eq!(reply.header("content-type"), "application/problem+json");
    assert!(!String::from_utf8(reply.bytes).unwrap().contains("secret"));
}

#[tokio::test]
async fn a_refused_body_names_the_member_that_is_wrong() {
    let stage = Stage::pulled(|it| it).await;
    let token = stage.login("alice").await;
    for (path, body, words) in [
        (
            "/conversations/pin",
            json!({"conversationID": "C2Cbob", "isPinned": "yes"}),
            "isPinned: expected true or false, not the text \"yes\" at line ",
        ),
        (
            "/conversations/list",
            json!({"hasUnreadCount": 3}),
            "hasUnreadCount: expected true or false",
        ),
        (
            "/conversations/changes",
            json!({"window": -1}),
            "window: expected a whole number from 0, not the number `-1` at line ",
        ),
        (
            "/conversations/stream",
            json!({"queries": {"main": {"window": "all"}}}),
            "queries.main.window: expected a whole number from 0, not the text \"all\" at line ",
        ),
        ("/conversations/pin", json!({"conversationID": "C2Cbob"}), "missing field `isPinned`"),
    ] {
        let reply = stage.post(path, &token, &body).await;
        assert_eq!(reply.refusal().0, 400, "{path}");
        let message = reply.json()["message"].as_str().unwrap().to_owned();
        assert!(message.starts_with(words), "{path} {body}: {message}");
    }
}
