//! Lists, profiles, groups, totals, refreshing.

use std::{collections::BTreeMap, num::NonZeroU32, time::Duration};

use conv_emulator::{Fault, Rule};
use serde_json::{Value, json};

use super::stage::{Stage, get, request};

const SECOND: Duration = Duration::from_secs(1);

fn ids(data: &Value) -> Vec<String> {
    let rows = data["conversationList"].as_array().unwrap();
    rows.iter().map(|row| row["conversationID"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn the_sdks_argument_is_taken_as_it_is() {
    let stage = Stage::pulled(|it| it).await;
    let (token, all) = (stage.login("alice").await, stage.ids("alice"));
    let list = async |argument: Value| {
        ids(&stage.post("/conversations/list", &token, &argument).await.data())
    };
    assert_eq!(list(json!(null)).await, all);
    assert_eq!(list(json!({})).await, all);
    let two = json!([all[3], all[1], all[1], "C2Cnobody"]);
    assert_eq!(list(two).await, [all[1].clone(), all[3].clone()]);
    let users = list(json!({"type": "C2C"})).await;
    assert!(users.iter().all(|id| id.starts_with("C2C")) && !users.is_empty());
    let both = json!({"conversationIDList": [all[0], all[1]], "limit": 1});
    assert_eq!(list(both).await, all[..1]);

    let without = stage
        .send(
            request("POST", "/v1/conversations/list", Some(&token))
                .body(Default::default())
                .unwrap(),
        )
        .await;
    assert_eq!(ids(&without.data()), all);
}

#[tokio::test]
async fn pages_make_up_the_list_whatever_asks() {
    let stage = Stage::pulled(|it| it).await;
    let (token, all) = (stage.login("alice").await, stage.ids("alice"));
    for by_url in [false, true] {
        let (mut read, mut after) = (Vec::new(), Value::Null);
        loop {
            let reply = match (by_url, after.as_str()) {
                (false, _) => {
                    let mut argument = json!({"limit": 5, "after": after});
                    argument.as_object_mut().unwrap().retain(|_, value| !value.is_null());
                    stage.post("/conversations/list", &token, &argument).await
                }
                (true, None) => stage.get("/conversations?limit=5", &token).await,
                (true, Some(key)) => {
                    stage.get(&format!("/conversations?limit=5&after={key}"), &token).await
                }
            };
            let data = reply.data();
            assert_eq!(data["totals"]["conversations"], 12);
            read.extend(ids(&data));
            after = data["next"].clone();
            if after.is_null() {
                break;
            }
        }
        assert_eq!(read, all);
    }
    let first = stage.get("/conversations?limit=5", &token).await.data();
    let rest = json!({"after": first["next"]});
    let rest = stage.post("/conversations/list", &token, &rest).await.data();
    assert_eq!(ids(&rest), all[5..]);
}

#[tokio::test]
async fn conditions_of_a_url_are_those_of_a_body() {
    let stage = Stage::pulled(|it| it).await;
    let token = stage.login("alice").await;
    let id = &stage.ids("alice")[2].replace('#', "%23");
    let time = 1_775_000_000;
    for (url, body) in [
        ("type=GROUP".to_owned(), json!({"type": "GROUP"})),
        (
            "hasUnreadCount=true&isPinned=false".to_owned(),
            json!({"hasUnreadCount": true, "isPinned": false}),
        ),
        ("markType=0&groupName=".to_owned(), json!({"markType": 0, "groupName": ""})),
        (format!("after={time}"), json!({"after": time})),
        (format!("before={time}"), json!({"before": time})),
        (
            format!("conversationID={id}&conversationID=C2Cnobody"),
            json!([stage.ids("alice")[2], "C2Cnobody"]),
        ),
    ] {
        let by_url = stage.get(&format!("/conversations?{url}"), &token).await.data();
        let by_body = stage.post("/conversations/list", &token, &body).await.data();
        assert_eq!(by_url, by_body, "{url}");
        let totals = stage.get(&format!("/totals?{url}"), &token).await.data();
        assert_eq!(totals["totals"], by_url["totals"], "{url}");
    }
}

#[tokio::test]
async fn invalid_questions_are_refused_with_the_sdks_code() {
    let stage = Stage::pulled(|it| it).await;
    let token = stage.login("alice").await;
    for (argument, expected) in [
        (json!([]), (400, 3153)),
        (json!(["nonsense"]), (400, 2503)),
        (json!([1]), (400, 990007)),
        (json!(1), (400, 990007)),
        (json!({"groupname": "x"}), (400, 990007)),
        (json!({"markType": "1"}), (400, 990007)),
        (json!({"limit": 0}), (400, 990007)),
        (json!({"limit": 501}), (400, 990007)),
        (json!({"after": "v2-00"}), (400, 990007)),
        (json!({"conversationIDList": ["C2Ca"], "type": "C2C"}), (400, 990007)),
    ] {
        let reply = stage.post("/conversations/list", &token, &argument).await;
        assert_eq!(reply.refusal(), expected, "{argument}");
    }
    for query in ["type=C2C&type=GROUP", "limit=x", "isPinned=1", "nonsense=1", "limit=501"] {
        let reply = stage.get(&format!("/conversations?{query}"), &token).await;
        assert_eq!(reply.refusal(), (400, 990007), "{query}");
    }
}

#[tokio::test]
async fn a_list_that_did_not_change_is_not_sent_again() {
    let stage = Stage::pulled(|it| it).await;
    let token = stage.login("alice").await;
    let again = async |tag: &str| {
        let request = request("GET", "/v1/conversations?limit=3", Some(&token));
        stage.send(request.header("if-none-match", tag).body(Default::default()).unwrap()).await
    };
    let tag = again("\"x\"").await.header("etag").to_owned();
    assert!(tag.starts_with("W/\""));
    for known in [tag.clone(), format!("\"x\", {tag}"), "*".to_owned()] {
        let reply = again(&known).await;
        assert_eq!((reply.status.as_u16(), reply.bytes.len()), (304, 0));
        assert_eq!(reply.header("etag"), tag);
        assert_eq!(reply.header("cache-control"), "private, no-cache");
    }
    let id = &stage.ids("alice")[11];
    let pin = json!({"conversationID": id, "isPinned": true});
    stage.post("/conversations/pin", &token, &pin).await.data();
    assert_eq!(again(&tag).await.status, 200);
}

#[tokio::test]
async fn totals_that_did_not_change_are_not_sent_again() {
    let stage = Stage::pulled(|it| it).await;
    let token = stage.login("alice").await;
    let again = async |path: &str, tag: &str| {
        let request = request("GET", &format!("/v1{path}"), Some(&token));
        stage.send(request.header("if-none-match", tag).body(Default::default()).unwrap()).await
    };
    let all = again("/totals", "").await.header("etag").to_owned();
    let reply = again("/totals", &all).await;
    assert_eq!((reply.status.as_u16(), reply.header("etag")), (304, &*all));
    // The totals are the same, and the question is another one: no tag of the one is known for it.
    assert_eq!(again("/totals?type=GROUP", &all).await.status, 200);
    let pin = json!({"conversationID": stage.ids("alice")[11], "isPinned": true});
    stage.post("/conversations/pin", &token, &pin).await.data();
    assert_eq!(again("/totals", &all).await.status, 200);
    for query in ["limit=5", "after=v2-00", "limit=5&type=C2C"] {
        assert_eq!(
            again(&format!("/totals?{query}"), "").await.refusal(),
            (400, 990007),
            "{query}"
        );
    }
    let first = stage.get("/conversations?limit=5", &token).await.data();
    let page = format!("/totals?after={}", first["next"].as_str().unwrap());
    assert_eq!(again(&page, "").await.refusal(), (400, 990007));
}

/// Whatever changes: rows, pending changes, the report, the mark.
#[tokio::test]
async fn a_304_is_only_for_an_answer_that_is_the_same() {
    let many = NonZeroU32::new(100_000).unwrap();
    let stage = Stage::pulled(|it| it.cloud_calls(many, SECOND).requests(many, SECOND)).await;
    let (token, ids) = (stage.login("alice").await, stage.ids("alice"));
    let get = async |query: &str, tag: Option<&str>| {
        let request = request("GET", &format!("/v1/conversations?{query}"), Some(&token));
        let request = request.header("if-none-match", tag.unwrap_or("\"none\""));
        stage.send(request.body(Default::default()).unwrap()).await
    };
    let queries = [
        ("", json!({})),
        ("limit=3", json!({"limit": 3})),
        ("type=GROUP", json!({"type": "GROUP"})),
        ("conversationID=C2Cnobody", json!({"conversationIDList": ["C2Cnobody"]})),
    ];
    let (mut unchanged, mut changed) = (0, 0);
    let mut known = BTreeMap::new();
    for round in 0..120 {
        match round % 12 {
            1 => stage.cloud.faults().push(Rule::once(Fault::Reset)),
            3 => drop(stage.post("/conversations/refresh", &token, &json!({})).await.data()),
            5 => {
                let pin = json!({"conversationID": ids[round % 7], "isPinned": round % 24 == 5});
                stage.post("/conversations/pin", &token, &pin).await.data();
            }
            7 => drop(stage.cloud.world().say("alice", &ids[round % 5], "Hello")),
            9 => {
                let draft = json!({"conversationID": ids[3], "draftText": round.to_string()});
                stage.post("/conversations/draft", &token, &draft).await.data();
            }
            11 => tokio::time::sleep(std::time::Duration::from_millis(3)).await,
            _ => {}
        }
        for (query, argument) in &queries {
            let Some((tag, body)) = known.get(query).cloned() else {
                let reply = get(query, None).await;
                known.insert(query, (reply.header("etag").to_owned(), reply.bytes));
                continue;
            };
            // No answer to these has a tag.
            let truth = async || stage.post("/conversations/list", &token, argument).await.bytes;
            let (before, reply, after) =
                (truth().await, get(query, Some(&tag)).await, truth().await);
            // What changes between the calls is no fault.
            if before == after {
                let expected = if before == body { 304 } else { 200 };
                assert_eq!(reply.status, expected, "{query} in round {round}");
                unchanged += usize::from(expected == 304);
                changed += usize::from(expected == 200);
            }
            if reply.status == 200 {
                known.insert(query, (reply.header("etag").to_owned(), reply.bytes));
            }
        }
    }
    assert!(unchanged > 50 && changed > 50, "{unchanged} {changed}");
}

#[tokio::test]
async fn a_list_that_was_never_read_is_answered_at_once_and_read_then() {
    let stage = Stage::new().await;
    let token = stage.login("alice").await;
    let data = stage.post("/conversations/list", &token, &json!(null)).await.data();
    assert_eq!((ids(&data).len(), &data["isSyncCompleted"]), (0, &json!(false)));
    let list = stage.accounts.open(&"alice".parse().unwrap()).await.unwrap();
    while !list.sync_report().is_sync_completed() {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    let calls = stage.cloud.calls().of("recentcontact/get_list");
    for _ in 0..5 {
        stage.post("/conversations/list", &token, &json!(null)).await.data();
    }
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    assert_eq!(stage.cloud.calls().of("recentcontact/get_list"), calls);
}

#[tokio::test]
async fn a_list_call_is_200_while_the_cloud_is_down() {
    let stage = Stage::pulled(|it| it).await;
    stage.cloud.faults().push(conv_emulator::Rule::always(conv_emulator::Fault::Reset));
    let token = stage.login("alice").await;
    stage.post("/conversations/refresh", &token, &json!({})).await.data();
    let data = stage.post("/conversations/list", &token, &json!(null)).await.data();
    assert_eq!(ids(&data).len(), 12);
}

#[tokio::test]
async fn refreshing_reads_the_cloud_in_the_background() {
    let stage = Stage::pulled(|it| it).await;
    let token = stage.login("alice").await;
    stage.cloud.world().touch("alice", "C2Ccarol").unwrap();
    let mark = stage.post("/conversations/refresh", &token, &json!({})).await.data();
    assert!(mark["mark"].is_u64());
    let carol = async || {
        let reply = stage.post("/conversations/list", &token, &json!(["C2Ccarol"])).await;
        ids(&reply.data()).len()
    };
    while carol().await == 0 {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    let refused = stage.post("/conversations/refresh", &token, &json!({"now": true})).await;
    assert_eq!(refused.refusal(), (400, 990007));
}

#[tokio::test]
async fn profiles_are_those_of_the_own_list() {
    let stage = Stage::pulled(|it| it).await;
    let token = stage.login("alice").await;
    stage.cloud.world().add_user("carol", "Carol");
    let all = stage.ids("alice");
    let listed = all.iter().find(|id| id.starts_with("C2C")).unwrap();
    let ask = async |stage: &Stage, token: &str, id: &str| {
        stage.post("/conversations/profile", token, &json!({"conversationID": id})).await
    };
    let data = ask(&stage, &token, listed).await.data();
    assert_eq!(data["conversation"]["conversationID"], *listed);
    stage.cloud.reset_calls();
    for id in ["C2Ccarol", "C2Cnobody", "GROUP@TGS#none", "@TIM#SYSTEM"] {
        assert_eq!(ask(&stage, &token, id).await.refusal(), (404, 2500), "{id}");
    }
    assert_eq!(ask(&stage, &token, "nonsense").await.refusal(), (400, 2503));
    assert_eq!(stage.cloud.calls().total, 0);

    let open = Stage::pulled(|it| it.profiles_of_any_user(true)).await;
    let token = open.login("alice").await;
    open.cloud.world().add_user("carol", "Carol");
    let carol = ask(&open, &token, "C2Ccarol").await.data();
    assert_eq!(carol["conversation"]["userProfile"]["nick"], "Carol");
    assert_eq!(ask(&open, &token, "GROUP@TGS#none").await.refusal(), (404, 2500));
    for _ in 0..3 {
        assert_eq!(ask(&open, &token, "C2Cnobody").await.refusal(), (404, 2501));
    }
    open.cloud.reset_calls();
    open.advance(600);
    assert_eq!(ask(&open, &token, "C2Cnobody").await.refusal(), (404, 2501));
    assert_eq!(open.cloud.calls().total, 0);

    // A user who comes into the list is known, whatever was answered before.
    open.cloud.world().add_user("nobody", "Somebody");
    open.cloud.world().touch("alice", "C2Cnobody").unwrap();
    // The first one may join a pass that had read the list before.
    open.pull("alice").await;
    open.pull("alice").await;
    let listed = ask(&open, &token, "C2Cnobody").await.data();
    assert_eq!(listed["conversation"]["conversationID"], "C2Cnobody");
}

#[tokio::test]
async fn a_cloud_that_refuses_the_gateway_does_not_log_the_user_out() {
    let stage = Stage::with(|it| it.profiles_of_any_user(true)).await;
    let token = stage.login("alice").await;
    stage.cloud.faults().push(conv_emulator::Rule::always(conv_emulator::Fault::Code(70003)));
    let carol = json!({"conversationID": "C2Ccarol"});
    let reply = stage.post("/conversations/profile", &token, &carol).await;
    assert_eq!(reply.refusal(), (502, 990008));
    assert_eq!(reply.json()["message"], "the cloud refused the call");
}

#[tokio::test]
async fn groups_are_the_names_themselves() {
    let stage = Stage::pulled(|it| it).await;
    let token = stage.login("alice").await;
    let names = stage.cloud.world().conversation_groups("alice").unwrap();
    let mut sorted = names.clone();
    sorted.sort();
    assert_eq!(stage.get("/groups", &token).await.data(), json!(sorted));
    assert_eq!(stage.send(get("/v1/none", Some(&token))).await.refusal(), (404, 2997));
    assert_eq!(stage.send(get("/v1/login", Some(&token))).await.refusal(), (405, 2997));
}

#[tokio::test]
async fn hostile_names_come_as_data_that_no_browser_takes_for_a_page() {
    let stage = Stage::new().await;
    let name = "<script>alert(1)</script>\u{202e}txt.exe\u{2066}\u{0}\"'";
    stage.cloud.world().add_user("mallory", name);
    stage.cloud.world().say("alice", "C2Cmallory", name).unwrap();
    stage.pull("alice").await;
    let token = stage.login("alice").await;
    let reply = stage.post("/conversations/list", &token, &json!(["C2Cmallory"])).await;
    assert_eq!(reply.header("content-type"), "application/json");
    assert_eq!(reply.header("x-content-type-options"), "nosniff");
    let data = reply.data();
    assert_eq!(data["conversationList"][0]["userProfile"]["nick"], name);
}

#[tokio::test]
async fn no_path_leads_elsewhere() {
    let stage = Stage::new().await;
    let token = stage.login("alice").await;
    for path in ["/groups/", "/../v1/groups", "/%2e%2e/groups", "//evil.example.com", "/groups;a"] {
        let reply = stage.get(path, &token).await;
        assert_eq!(reply.refusal(), (404, 2997), "{path}");
        assert_eq!(reply.header("location"), "");
    }
}
