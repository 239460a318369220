//! Calls that write.

use conv_emulator::{Change, Fault, Rule};
use serde_json::{Value, json};

use super::stage::{Reply, Stage, request};

async fn keyed(stage: &Stage, token: &str, path: &str, key: &str, body: &Value) -> Reply {
    let request = request("POST", &format!("/v1{path}"), Some(token))
        .header("content-type", "application/json")
        .header("idempotency-key", key);
    stage.send(request.body(body.to_string().into()).unwrap()).await
}

#[tokio::test]
async fn changes_answer_as_the_sdk_does_and_show_at_once() {
    let stage = Stage::pulled(|it| it).await;
    let (token, ids) = (stage.login("alice").await, stage.ids("alice"));
    let (one, two) = (&ids[0], &ids[1]);
    let user = ids.iter().find(|id| id.starts_with("C2C")).unwrap();
    let failed = json!({"conversationID": "C2Cnobody", "code": 2500,
        "message": "the list has no conversation C2Cnobody"});
    let both = |lists: Value| {
        json!({"successConversationIDList": lists, "failureConversationIDList": [failed],
            "position": null})
    };
    let all = json!({"successConversationIDList": [one], "failureConversationIDList": [],
        "position": null});
    let list = json!([one, "C2Cnobody"]);
    for (path, body, expected) in [
        (
            "/conversations/pin",
            json!({"conversationID": one, "isPinned": true}),
            json!({"conversationID": one, "position": null}),
        ),
        ("/conversations/read", json!({"conversationID": user}), json!({"position": null})),
        (
            "/conversations/mark",
            json!({"conversationIDList": list, "markType": 1, "enableMark": true}),
            both(json!([one])),
        ),
        (
            "/conversations/custom-data",
            json!({"conversationIDList": ["C2Cnobody"], "customData": "vip"}),
            both(json!([])),
        ),
        ("/groups/create", json!({"conversationIDList": [one], "groupName": "Press"}), all.clone()),
        (
            "/groups/rename",
            json!({"oldName": "Press", "newName": "Media"}),
            json!({"groupName": "Media", "position": null}),
        ),
        (
            "/groups/add",
            json!({"conversationIDList": [two, "C2Cnobody"], "groupName": "Media"}),
            both(json!([two])),
        ),
        ("/groups/remove", json!({"conversationIDList": [one], "groupName": "Media"}), all),
        ("/groups/delete", json!("Media"), json!({"groupName": "Media", "position": null})),
        ("/conversations/delete", json!(two), json!({"conversationID": two, "position": null})),
        (
            "/conversations/delete",
            json!({"conversationIDList": [ids[2], "C2Cnobody"]}),
            json!({"conversationIDList": [ids[2]], "failureConversationIDList": [failed],
                "position": null}),
        ),
    ] {
        let mut data = stage.post(path, &token, &body).await.data();
        assert!(data["position"].take().is_string(), "{path}");
        assert_eq!(data, expected, "{path}");
    }
    let rows = stage.post("/conversations/list", &token, &json!(ids[..3])).await.data();
    let rows = rows["conversationList"].as_array().unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!((&rows[0]["isPinned"], &rows[0]["markList"][0]), (&json!(true), &json!(1)));
}

#[tokio::test]
async fn a_draft_is_kept_here_and_sent_nowhere() {
    let stage = Stage::pulled(|it| it).await;
    let (token, ids) = (stage.login("alice").await, stage.ids("alice"));
    stage.cloud.reset_calls();
    let draft = json!({"conversationID": ids[0], "draftText": "later"});
    let data = stage.post("/conversations/draft", &token, &draft).await.data();
    assert_eq!((&data["code"], &data["conversation"]["draftText"]), (&json!(0), &json!("later")));
    let none = json!({"conversationID": "C2Cnobody", "draftText": "later"});
    let refused = stage.post("/conversations/draft", &token, &none).await;
    assert_eq!(refused.refusal(), (404, 2500));
    let list = stage.accounts.open(&"alice".parse().unwrap()).await.unwrap();
    assert_eq!(list.snapshot().local(&"C2Cnobody".parse().unwrap()), None);
    assert_eq!(stage.cloud.calls().total, 0);
}

#[tokio::test]
async fn impossible_changes_are_refused_with_the_sdks_code() {
    let stage = Stage::pulled(|it| it).await;
    let token = stage.login("alice").await;
    let many: Vec<_> = (0..101).map(|n| format!("C2Cu{n}")).collect();
    let long = "n".repeat(33);
    for (path, body, expected) in [
        (
            "/conversations/pin",
            json!({"conversationID": "C2Cnobody", "isPinned": true}),
            (404, 2500),
        ),
        ("/conversations/pin", json!({"conversationID": "x", "isPinned": true}), (400, 2503)),
        ("/conversations/pin", json!({"conversationID": "C2Ca"}), (400, 990007)),
        (
            "/conversations/pin",
            json!({"conversationID": "C2Ca", "isPinned": true, "as": "bob"}),
            (400, 990007),
        ),
        ("/conversations/pin", json!(["C2Ca", true]), (400, 990007)),
        ("/conversations/delete", json!(["C2Ca"]), (400, 990007)),
        ("/conversations/delete", json!({"conversationIDList": ["C2Cnobody"]}), (404, 2500)),
        ("/conversations/delete", json!({"conversationIDList": []}), (400, 3153)),
        (
            "/conversations/custom-data",
            json!({"conversationIDList": many, "customData": ""}),
            (400, 990007),
        ),
        (
            "/conversations/mark",
            json!({"conversationIDList": ["C2Ca"], "markType": 3, "enableMark": true}),
            (400, 990007),
        ),
        (
            "/groups/create",
            json!({"conversationIDList": ["C2Ca"], "groupName": long}),
            (400, 51011),
        ),
        ("/groups/delete", json!("none"), (404, 51009)),
        ("/groups/delete", json!({"groupName": "none"}), (400, 990007)),
    ] {
        assert_eq!(stage.post(path, &token, &body).await.refusal(), expected, "{path} {body}");
    }
}

#[tokio::test]
async fn a_change_that_is_sent_again_is_made_once() {
    let stage = Stage::pulled(|it| it).await;
    let (token, ids) = (stage.login("alice").await, stage.ids("alice"));
    let on = json!({"conversationID": ids[0], "isPinned": true});
    let off = json!({"conversationID": ids[0], "isPinned": false});
    let first = keyed(&stage, &token, "/conversations/pin", "k1", &on).await;
    first.data();
    keyed(&stage, &token, "/conversations/pin", "k2", &off).await.data();
    // Made again, it would pin.
    let again = keyed(&stage, &token, "/conversations/pin", "k1", &on).await;
    assert_eq!((again.status, &again.bytes), (first.status, &first.bytes));
    let list = stage.accounts.open(&"alice".parse().unwrap()).await.unwrap();
    let is_pinned = || list.snapshot().get(&ids[0].parse().unwrap()).unwrap().listing.is_pinned;
    assert!(!is_pinned());

    let other = keyed(&stage, &token, "/conversations/pin", "k1", &off).await;
    assert_eq!(other.refusal(), (422, 990007));
    let elsewhere = keyed(&stage, &token, "/conversations/delete", "k1", &on).await;
    assert_eq!(elsewhere.refusal(), (422, 990007));
    let bob = stage.login("bob").await;
    let theirs = json!({"conversationID": stage.ids("bob")[0], "isPinned": true});
    keyed(&stage, &bob, "/conversations/pin", "k1", &theirs).await.data();

    let none = json!({"conversationID": "C2Cdave", "isPinned": true});
    for _ in 0..2 {
        let refused = keyed(&stage, &token, "/conversations/pin", "k3", &none).await;
        assert_eq!(refused.refusal(), (404, 2500));
        stage.cloud.world().touch("alice", "C2Cdave").unwrap();
        stage.pull("alice").await;
    }
    for key in ["", &"k".repeat(256)] {
        let refused = keyed(&stage, &token, "/conversations/pin", key, &on).await;
        assert_eq!(refused.refusal(), (400, 990007));
    }
}

#[tokio::test]
async fn a_delegates_key_is_of_one_account() {
    let stage = Stage::pulled(|it| it.authorizer(|_: &_, _: &_, _| true)).await;
    let (token, user) = (stage.login("alice").await, "C2Cshared");
    for account in ["alice", "bob"] {
        stage.cloud.world().touch(account, user).unwrap();
        stage.pull(account).await;
    }
    let pin = json!({"conversationID": user, "isPinned": true});
    let path = |account: &str| format!("/accounts/{account}/conversations/pin");
    keyed(&stage, &token, &path("bob"), "k", &pin).await.data();
    keyed(&stage, &token, &path("bob"), "k", &pin).await.data();
    let other = keyed(&stage, &token, &path("alice"), "k", &pin).await;
    assert_eq!(other.refusal(), (422, 990007));
}

#[tokio::test]
async fn changes_reach_the_cloud_for_the_one_who_made_them() {
    let stage = Stage::pulled(|it| it).await;
    let (token, ids) = (stage.login("alice").await, stage.ids("alice"));
    stage.cloud.faults().push(Rule::once(Fault::Reset).on("recentcontact/top"));
    let pin = json!({"conversationID": ids[5], "isPinned": true});
    stage.post("/conversations/pin", &token, &pin).await.data();
    let list = stage.accounts.open(&"alice".parse().unwrap()).await.unwrap();
    list.flush(std::time::Duration::from_secs(60)).await.unwrap();
    let pinned = Change::Pinned { conversation: ids[5].clone() };
    let world = stage.cloud.world();
    assert!(world.writes("alice").unwrap().iter().any(|write| write.change == pinned));
    assert!(world.writes("bob").unwrap().is_empty());
}

#[tokio::test]
async fn a_list_that_was_never_read_is_not_taken_for_an_empty_one() {
    let stage = Stage::new().await;
    // No pass finishes.
    stage.cloud.faults().push(conv_emulator::Rule::always(conv_emulator::Fault::Status(502)));
    let token = stage.login("alice").await;
    let pin = json!({"conversationID": "C2Cbob", "isPinned": true});
    let mark = json!({"conversationIDList": ["C2Cbob"], "markType": 1, "enableMark": true});
    for (path, body) in [
        ("/conversations/pin", pin),
        ("/conversations/mark", mark),
        ("/conversations/profile", json!({"conversationID": "C2Cbob"})),
        ("/groups/delete", json!("Family")),
    ] {
        let reply = stage.post(path, &token, &body).await;
        assert_eq!(reply.refusal(), (503, 2999), "{path}");
        assert_eq!(reply.header("retry-after"), "1");
    }
}

#[tokio::test]
async fn a_request_for_totals_alone_reads_the_list_too() {
    let stage = Stage::new().await;
    let token = stage.login("alice").await;
    stage.get("/totals", &token).await.data();
    let list = stage.accounts.open(&"alice".parse().unwrap()).await.unwrap();
    while !list.sync_report().is_sync_completed() {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    assert_ne!(stage.get("/totals", &token).await.data()["totals"]["conversations"], 0);
}
