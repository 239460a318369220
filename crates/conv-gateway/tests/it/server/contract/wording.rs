//! Refusals are in the words of the contract, not in those of the program.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{
    super::stage::{Reply, Stage, contract, request},
    calls, good, wide,
};

/// Words that mean something in the program alone.
const PROGRAM: [&str; 24] = [
    "u8",
    "u16",
    "u32",
    "u64",
    "i32",
    "i64",
    "f64",
    "usize",
    "nonzero",
    "struct",
    "enum",
    "variant",
    "tuple",
    "sequence",
    "map",
    "unit",
    "newtype",
    "untagged",
    "identifier",
    "Option",
    "Some",
    "None",
    "str",
    "serde",
];

/// A caller's own text comes back as it is.
const LONG: &str = "C2Cu32, expected a map";

/// Bodies with every member that a call takes, beside those of [`good`].
fn whole() -> Vec<(&'static str, Value)> {
    let query = json!({
        "type": "C2C", "markType": 1, "groupName": "Press", "hasUnreadCount": true,
        "hasGroupAtInfo": true, "isPinned": true, "isMuted": false, "nameContains": "a",
        "nameContainsUnaccented": "a", "before": 1, "after": 1, "all": [{"type": "C2C"}],
        "any": [{"isPinned": true}], "not": {"markType": 1},
    });
    let mut page = query.clone();
    page["limit"] = json!(5);
    let from = json!({"position": "x", "conversations": 1});
    let position = json!({"query": query, "window": 3, "position": "x", "conversations": 1,
        "wait": 0, "whole": false});
    vec![
        ("listConversations", page),
        ("listConversations", json!({"conversationIDList": ["C2Cbob"], "limit": 1})),
        ("openStream", json!({"queries": {"main": {"query": query, "window": 3, "from": from}}})),
        ("openStream", json!({"queries": {"main": {"from": "x"}}})),
        ("getChanges", position),
        ("login", json!({"userID": "alice", "userSig": "x"})),
    ]
}

/// The same value with each part of it in turn replaced by something else.
fn wrong(value: &Value) -> Vec<Value> {
    let others = [json!(null), json!(true), json!(7), json!(-1), json!(1.5), json!(1e300)];
    let mut all = others.to_vec();
    all.extend([json!("x"), json!(LONG), json!([]), json!([1]), json!({}), json!({"a": 1})]);
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                all.extend(wrong(member).into_iter().map(|wrong| {
                    let mut value = value.clone();
                    value[name] = wrong;
                    value
                }));
            }
        }
        Value::Array(values) => {
            for (index, one) in values.iter().enumerate() {
                all.extend(wrong(one).into_iter().map(|wrong| {
                    let mut value = value.clone();
                    value[index] = wrong;
                    value
                }));
            }
        }
        _ => {}
    }
    all
}

/// All that an answer says in words.
fn said(answer: &Value) -> Vec<String> {
    match answer {
        Value::Object(members) => {
            let is_said = |name: &str| matches!(name, "message" | "detail" | "title");
            let own = members.iter().filter(|(name, _)| is_said(name));
            let own = own.filter_map(|(_, text)| text.as_str().map(str::to_owned));
            own.chain(members.values().flat_map(said)).collect()
        }
        Value::Array(values) => values.iter().flat_map(said).collect(),
        _ => Vec::new(),
    }
}

/// Texts with a word of the program, each with a request that got it.
#[derive(Debug, Default)]
struct Found(BTreeMap<String, String>);

impl Found {
    fn look(&mut self, what: &str, reply: &Reply) {
        for text in said(&reply.json()) {
            let own = text.replace(LONG, "");
            let mut words = own.split(|c: char| !c.is_alphanumeric() && c != '_');
            if words.any(|word| PROGRAM.contains(&word)) {
                self.0.insert(text, what.to_owned());
            }
        }
    }
}

#[tokio::test]
async fn no_refusal_has_a_word_of_the_program() {
    let stage = Stage::pulled(wide).await;
    let token = stage.login("alice").await;
    let calls: BTreeMap<_, _> = calls().into_iter().map(|call| (call.id, call)).collect();
    let (mut refused, mut found) = (0, Found::default());
    for (id, body) in good(&stage.ids("alice")).into_iter().chain(whole()) {
        let call = calls[id];
        let broken = ["{", "[1", "\"", "{\"a\"}", "nul", "{}x"].map(str::to_owned);
        let wrong = if call.has_body { wrong(&body) } else { Vec::new() };
        for body in wrong.iter().map(Value::to_string).chain(broken) {
            let reply = call.send(&stage, "", Some(&token), &body).await;
            found.look(&format!("{id} {body}"), &reply);
            refused += usize::from(reply.status == 400);
        }
    }
    assert!(refused > 500, "{refused}");
    for path in ["/conversations", "/totals"] {
        for name in names_of_url(path).iter().chain(&["all".to_owned()]) {
            for text in ["x", "", "-1", "1.5", "true", "1e300"] {
                let path = format!("{path}?{name}={text}");
                found.look(&path, &stage.get(&path, &token).await);
            }
        }
    }
    assert!(found.0.is_empty(), "{found:#?}");
}

/// The names that the contract has for the query of a URL.
fn names_of_url(path: &str) -> BTreeSet<String> {
    let (_, _, call) = contract().operations().find(|(it, ..)| *it == path).unwrap();
    let references = call["parameters"].as_array().unwrap().iter();
    let names = references.filter_map(|it| {
        Some(it["$ref"].as_str()?.rsplit_once("/query-")?.1.split('-').next()?.to_owned())
    });
    names.collect()
}

/// The names in a text, which has each in backticks.
fn named(text: &str) -> BTreeSet<String> {
    let (_, names) = text.split_once(", expected one of ").unwrap();
    names.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[tokio::test]
async fn a_name_that_means_nothing_is_refused_with_all_that_mean_something() {
    let stage = Stage::pulled(wide).await;
    let token = stage.login("alice").await;
    for path in ["/conversations", "/totals"] {
        let reply = stage.get(&format!("{path}?nonsense=1"), &token).await;
        assert_eq!(named(reply.json()["message"].as_str().unwrap()), names_of_url(path), "{path}");
    }
    let keys = |schema: &str| -> BTreeSet<String> {
        contract().schema(schema)["properties"].as_object().unwrap().keys().cloned().collect()
    };
    let all: BTreeSet<_> = keys("ListFilter").union(&keys("ListIDs")).cloned().collect();
    let reply = stage.post("/conversations/list", &token, &json!({"nonsense": 1})).await;
    assert_eq!(named(reply.json()["message"].as_str().unwrap()), all);
    // Inside of a condition, and where there are no pages.
    let mut conditions = keys("ListFilter");
    conditions.remove("limit");
    let inside = json!({"not": {"nonsense": 1}});
    let reply = stage.post("/conversations/list", &token, &inside).await;
    assert_eq!(named(reply.json()["message"].as_str().unwrap()), conditions);
    conditions.insert("conversationIDList".into());
    let reply = stage.post("/conversations/changes", &token, &json!({"query": {"x": 1}})).await;
    assert_eq!(named(reply.json()["message"].as_str().unwrap()), conditions);
}

#[tokio::test]
async fn a_member_that_is_there_twice_is_refused_by_its_name() {
    let stage = Stage::pulled(wide).await;
    let token = stage.login("alice").await;
    for (path, body, name) in [
        ("/conversations/list", r#"{"type":"C2C","type":"GROUP"}"#, "type"),
        ("/conversations/list", r#"{"not":{"isPinned":true,"isPinned":false}}"#, "isPinned"),
        ("/conversations/stream", r#"{"queries":{"a":{},"a":{}}}"#, "a"),
        ("/conversations/changes", r#"{"query":{"type":"C2C","type":null}}"#, "type"),
        ("/conversations/delete", r#"{"conversationIDList":[],"conversationIDList":[]}"#, ""),
        ("/changes/drop", r#"{"numbers":[1],"numbers":[2]}"#, "numbers"),
        ("/login", r#"{"userID":"alice","userID":"bob","userSig":"x"}"#, "userID"),
    ] {
        let request = request("POST", &format!("/v1{path}"), Some(&token))
            .header("content-type", "application/json");
        let reply = stage.send(request.body(body.into()).unwrap()).await;
        assert_eq!(reply.refusal(), (400, 990007), "{path} {body}");
        let message = reply.json()["message"].as_str().unwrap().to_owned();
        assert!(message.contains(name) && message.contains("twice"), "{body}: {message}");
    }
}
