//! The contract is whole: what it has is there, and every answer that it names is seen.

mod apart;
mod wording;

use std::{
    collections::{BTreeMap, BTreeSet},
    convert::Infallible,
    num::NonZeroU32,
    time::Duration,
};

use axum::{
    body::{Body, Bytes},
    http::Request,
};
use conv_emulator::{Fault, Rule};
use conv_gateway::GatewayBuilder;
use futures_util::{future::join, stream};
use serde_json::{Map, Value, json};

use super::stage::{Operation, Reply, Stage, contract, get, post, request};

/// The answers that no test here can cause.
const NOT_SEEN: [(&str, u16, &str); 1] =
    [("getConversationProfile", 501, "the emulator offers all profiles that can be asked for")];

/// One operation of the file.
#[derive(Clone, Copy)]
struct Call<'a> {
    path: &'a str,
    method: &'a str,
    id: &'a str,
    has_body: bool,
    takes_token: bool,
}

/// The calls of devices.
fn calls() -> Vec<Call<'static>> {
    let call = |(path, method, it): (&'static str, _, &'static Map<String, Value>)| Call {
        path,
        method,
        id: it["operationId"].as_str().unwrap(),
        has_body: it.contains_key("requestBody"),
        takes_token: it["security"] != json!([]),
    };
    let calls = contract().operations().map(call);
    calls.filter(|call| !call.path.starts_with("/hooks")).collect()
}

impl Call<'_> {
    /// A call on a list, which delegates make as well.
    fn is_on_a_list(self) -> bool {
        self.takes_token && self.id != "renewLogin"
    }

    fn may_answer(self, status: u16) -> bool {
        contract().all().any(|it| it == (self.id.to_owned(), status))
    }

    fn request(self, prefix: &str, token: Option<&str>) -> axum::http::request::Builder {
        let method = self.method.to_uppercase();
        request(&method, &format!("/v1{prefix}{}", self.path), token)
            .header("content-type", "application/json")
    }

    /// Sends a body, or none to what takes none.
    async fn send(self, stage: &Stage, prefix: &str, token: Option<&str>, body: &str) -> Reply {
        let body = if self.has_body { Body::from(body.to_owned()) } else { Body::empty() };
        stage.send(self.request(prefix, token).body(body).unwrap()).await
    }
}

/// A body for each operation that goes well, in an order in which all do.
fn good(ids: &[String]) -> Vec<(&'static str, Value)> {
    let user = ids.iter().find(|id| id.starts_with("C2C")).unwrap();
    let (one, list) = (json!({"conversationID": user}), json!([user]));
    vec![
        ("listConversations", json!({"limit": 5, "not": {"type": "GROUP"}})),
        ("getConversationProfile", one.clone()),
        ("refresh", json!({})),
        ("openStream", json!({"queries": {"main": {"window": 3}, "unread": {"window": 0}}})),
        ("getStreamTicket", json!({"queries": {"main": {"window": 3}}})),
        ("getChanges", json!({"window": 3, "wait": 0})),
        ("pinConversation", json!({"conversationID": user, "isPinned": true})),
        ("setMessageRead", one),
        (
            "markConversation",
            json!({"conversationIDList": list, "markType": 1, "enableMark": true}),
        ),
        ("setConversationCustomData", json!({"conversationIDList": list, "customData": "vip"})),
        ("setConversationDraft", json!({"conversationID": user, "draftText": "later"})),
        ("createConversationGroup", json!({"conversationIDList": list, "groupName": "Press"})),
        ("renameConversationGroup", json!({"oldName": "Press", "newName": "Media"})),
        ("addConversationsToGroup", json!({"conversationIDList": list, "groupName": "Media"})),
        ("deleteConversationsFromGroup", json!({"conversationIDList": list, "groupName": "Media"})),
        ("deleteConversationGroup", json!("Media")),
        ("deleteConversation", json!({"conversationIDList": list})),
        // Of which there are none: that is no refusal.
        ("retryChanges", json!({"numbers": [0]})),
        ("dropChanges", json!({"numbers": [0]})),
        ("getPendingChanges", Value::Null),
        ("getConversations", Value::Null),
        ("getConversationGroupList", Value::Null),
        ("getTotals", Value::Null),
        ("renewLogin", Value::Null),
        ("getContract", Value::Null),
        // Without a ticket it is an event that refuses.
        ("openStreamByTicket", Value::Null),
    ]
}

/// Counts the statuses of answers.
#[derive(Default)]
struct Seen(BTreeSet<Operation>);

impl Seen {
    fn add(&mut self, reply: Reply) -> Reply {
        self.0.extend(reply.operation.clone());
        reply
    }

    /// Adds an answer that must have this status.
    #[track_caller]
    fn expect(&mut self, status: u16, reply: Reply) {
        let reply = self.add(reply);
        assert_eq!(reply.status, status, "{:?} {}", reply.operation, reply.json());
    }
}

fn few(count: u32) -> NonZeroU32 {
    NonZeroU32::new(count).unwrap()
}

/// Without limits that a test would meet, and with an authorizer that lets alice in everywhere, bob
/// nowhere, and fails at carol.
fn wide(builder: GatewayBuilder) -> GatewayBuilder {
    let second = Duration::from_secs(1);
    builder
        .requests(few(100_000), second)
        .cloud_calls(few(100_000), second)
        .login_failures(1000)
        .profiles_of_any_user(true)
        .authorizer(|who: &conv_api::AccountId, whose: &conv_api::AccountId, _| {
            assert_ne!(whose.as_str(), "carol");
            who.as_str() == "alice"
        })
}

async fn logins(seen: &mut Seen, stage: &Stage) {
    let sig = stage.user_sig("alice");
    let login =
        |user: &str, sig: &str| post("/v1/login", None, &json!({"userID": user, "userSig": sig}));
    seen.expect(200, stage.send(login("alice", &sig)).await);
    seen.expect(401, stage.send(login("alice", "x")).await);
    let administrator = stage.user_sig("administrator");
    seen.expect(403, stage.send(login("administrator", &administrator)).await);
    let strict = Stage::with(|it| it.login_failures(1)).await;
    seen.expect(401, strict.send(login("alice", "x")).await);
    seen.expect(429, strict.send(login("alice", &sig)).await);
}

async fn successes(seen: &mut Seen, stage: &Stage, token: &str) {
    let calls: BTreeMap<_, _> = calls().into_iter().map(|call| (call.id, call)).collect();
    for (id, body) in good(&stage.ids("alice")) {
        let reply = calls[id].send(stage, "", Some(token), &body.to_string()).await;
        let reply = seen.add(reply);
        assert_eq!(reply.status, 200, "{id}: {}", reply.json());
        if let Some(tag) = reply.headers.get("etag") {
            unchanged(seen, stage, calls[id], token, tag.clone()).await;
        }
    }
}

/// Asks again, while the cloud's answers to the changes change the list.
async fn unchanged(
    seen: &mut Seen,
    stage: &Stage,
    call: Call<'_>,
    token: &str,
    mut tag: axum::http::HeaderValue,
) {
    for _ in 0..100 {
        let again = call.request("", Some(token)).header("if-none-match", &tag);
        let reply = seen.add(stage.send(again.body(Body::empty()).unwrap()).await);
        if reply.status == 304 {
            return;
        }
        tag = reply.headers["etag"].clone();
    }
    panic!("{} does not come to rest", call.id);
}

/// Requests that every operation of a kind refuses in the same way.
async fn refusals(seen: &mut Seen, stage: &Stage, token: &str) {
    let bob = stage.login("bob").await;
    for call in calls() {
        if call.takes_token {
            seen.expect(401, call.send(stage, "", None, "{}").await);
        }
        if call.is_on_a_list() {
            seen.expect(403, call.send(stage, "/accounts/alice", Some(&bob), "{}").await);
            seen.expect(500, call.send(stage, "/accounts/carol", Some(token), "{}").await);
        }
        if call.has_body {
            seen.expect(400, call.send(stage, "", Some(token), "{").await);
            seen.expect(413, call.send(stage, "", Some(token), &" ".repeat(65_537)).await);
            let text = request("POST", &format!("/v1{}", call.path), Some(token));
            seen.expect(415, stage.send(text.body(Body::from("{}")).unwrap()).await);
        } else if matches!(call.id, "getConversations" | "getTotals") {
            let path = format!("{}?nonsense=1", call.path);
            seen.expect(400, stage.get(&path, token).await);
        }
    }
}

async fn missing(seen: &mut Seen, stage: &Stage, token: &str) {
    let none = json!({"conversationID": "C2Cnobody"});
    for (path, body) in [
        ("/conversations/profile", none.clone()),
        ("/conversations/pin", json!({"conversationID": "C2Cnobody", "isPinned": true})),
        ("/conversations/read", none),
        ("/conversations/draft", json!({"conversationID": "C2Cnobody", "draftText": ""})),
        ("/conversations/delete", json!("C2Cnobody")),
        ("/groups/delete", json!("none")),
        ("/groups/rename", json!({"oldName": "none", "newName": "other"})),
    ] {
        seen.expect(404, stage.post(path, token, &body).await);
    }
}

/// The same key for another body, and while the first call still runs.
async fn keys(seen: &mut Seen) {
    let stage = &Stage::pulled(wide).await;
    let token = &stage.login("alice").await;
    let calls: BTreeMap<_, _> = calls().into_iter().map(|call| (call.id, call)).collect();
    let failed = apart::failed_changes(stage, token).await;
    for (id, body) in good(&stage.ids("alice")) {
        let call = calls[id];
        if !call.may_answer(409) {
            continue;
        }
        let body = match id {
            "retryChanges" => json!({"numbers": [failed[0]]}),
            "dropChanges" => json!({"numbers": [failed[1]]}),
            _ => body,
        };
        let send = |key: &str, body: &str| {
            let request = call.request("", Some(token)).header("idempotency-key", key);
            stage.send(request.body(Body::from(body.to_owned())).unwrap())
        };
        let body = body.to_string();
        let (first, second) = join(send(call.id, &body), send(call.id, &body)).await;
        seen.add(first);
        seen.expect(409, second);
        seen.expect(422, send(call.id, "{}").await);
    }
}

async fn limits(seen: &mut Seen) {
    let stage = Stage::with(|it| it.requests(few(1), Duration::from_secs(3600))).await;
    let token = stage.login("alice").await;
    stage.get("/groups", &token).await.data();
    for call in calls().into_iter().filter(|call| call.takes_token) {
        seen.expect(429, call.send(&stage, "", Some(&token), "{}").await);
    }
}

async fn failures(seen: &mut Seen, stage: &Stage, token: &str) {
    stage.cloud.faults().push(Rule::always(Fault::Code(70003)));
    let id = json!({"conversationID": "C2Cdave"});
    seen.expect(502, stage.post("/conversations/profile", token, &id).await);
    let bodies: BTreeMap<_, _> = good(&stage.ids("alice")).into_iter().collect();
    stage.accounts.close().await.unwrap();
    for call in calls().into_iter().filter(|call| call.may_answer(503)) {
        seen.expect(503, call.send(stage, "", Some(token), &bodies[call.id].to_string()).await);
    }
}

async fn slow_bodies(seen: &mut Seen, stage: &Stage, token: &str) {
    tokio::time::pause();
    for call in calls().into_iter().filter(|call| call.has_body) {
        let never = Body::from_stream(stream::pending::<Result<Bytes, Infallible>>());
        seen.expect(408, stage.send(call.request("", Some(token)).body(never).unwrap()).await);
    }
    tokio::time::resume();
}

#[tokio::test]
async fn every_answer_of_the_contract_is_seen_or_cannot_be() {
    let mut seen = Seen::default();
    let stage = Stage::pulled(wide).await;
    let token = stage.login("alice").await;
    logins(&mut seen, &stage).await;
    successes(&mut seen, &stage, &token).await;
    refusals(&mut seen, &stage, &token).await;
    missing(&mut seen, &stage, &token).await;
    apart::changes(&mut seen, &stage).await;
    apart::hooks(&mut seen).await;
    keys(&mut seen).await;
    slow_bodies(&mut seen, &stage, &token).await;
    limits(&mut seen).await;
    failures(&mut seen, &stage, &token).await;
    let not_seen = NOT_SEEN.map(|(id, status, _)| (id.to_owned(), status));
    let expected: BTreeSet<_> = contract().all().filter(|it| !not_seen.contains(it)).collect();
    let lacking: Vec<_> = expected.difference(&seen.0).collect();
    let wrongly: Vec<_> = seen.0.difference(&expected).collect();
    assert!(lacking.is_empty() && wrongly.is_empty(), "not seen {lacking:?}, seen {wrongly:?}");
}

#[tokio::test]
async fn a_path_has_the_methods_of_the_contract_alone() {
    let stage = Stage::new().await;
    let mut methods: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for call in calls() {
        let of_axum = if call.method == "get" { "GET,HEAD" } else { "POST" };
        methods.entry(call.path).or_default().extend(of_axum.split(','));
    }
    for (path, methods) in methods {
        let other = request("PATCH", &format!("/v1{path}"), None).body(Body::empty()).unwrap();
        let refused = stage.send(other).await;
        assert_eq!(refused.refusal(), (405, 2997), "{path}");
        let allowed: BTreeSet<_> = refused.header("allow").split(',').collect();
        assert_eq!(allowed, methods, "{path}");
    }
}

#[tokio::test]
async fn a_request_with_a_member_that_is_not_described_is_refused() {
    let stage = Stage::pulled(wide).await;
    let token = stage.login("alice").await;
    let calls: BTreeMap<_, _> = calls().into_iter().map(|call| (call.id, call)).collect();
    for (id, mut body) in good(&stage.ids("alice")) {
        let Some(members) = body.as_object_mut() else { continue };
        members.insert("nonsense".into(), json!(1));
        let reply = calls[id].send(&stage, "", Some(&token), &body.to_string()).await;
        assert_eq!(reply.refusal(), (400, 990007), "{id}");
    }
}

#[tokio::test]
async fn the_contract_is_served_and_kept_until_it_changes() {
    let stage = Stage::new().await;
    let reply = stage.send(get("/v1/openapi.json", None)).await;
    assert_eq!(reply.bytes, include_bytes!("../../../openapi.json"));
    assert_eq!(reply.header("cache-control"), "no-cache");
    let again = Request::get("/v1/openapi.json").header("if-none-match", reply.header("etag"));
    assert_eq!(stage.send(again.body(Body::empty()).unwrap()).await.status, 304);
}

/// The command line's rows have a schema of their own, which is closed.
#[test]
fn rows_are_those_of_the_command_line() {
    let of_cli = include_str!("../../../../conv-cli/schema/conversation.schema.json");
    let of_cli: Value = serde_json::from_str(of_cli).unwrap();
    let ours = contract().schema("Conversation");
    for part in ["required", "allOf"] {
        assert_eq!(ours[part], of_cli[part], "{part}");
    }
    let names = |schema: &Value| -> Vec<String> {
        schema["properties"].as_object().unwrap().keys().cloned().collect()
    };
    assert_eq!(names(ours), names(&of_cli));
    for (schema, of_cli) in of_cli["$defs"].as_object().unwrap() {
        let name = schema[..1].to_uppercase() + &schema[1..];
        let ours = contract().schema(&name);
        assert_eq!(ours["required"], of_cli["required"], "{name}");
        if of_cli.get("properties").is_some() {
            assert_eq!(names(ours), names(of_cli), "{name}");
        }
    }
}
