//! The confused deputy: the gateway has an administrator's rights, its callers do not.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::stage::{Stage, request};

/// In everything that is bob's alone.
const CANARY: &str = "canary-of-bob";

async fn planted() -> Stage {
    let stage = Stage::with(|it| {
        it.requests(100_000.try_into().unwrap(), std::time::Duration::from_secs(1))
            .cloud_calls(100_000.try_into().unwrap(), std::time::Duration::from_secs(1))
    })
    .await;
    let world = stage.cloud.world();
    world.add_user("carol", CANARY);
    world.say("bob", "C2Ccarol", CANARY).unwrap();
    world.add_group("@TGS#1BOBONLY", conv_emulator::GroupType::Work, CANARY);
    world.join("bob", "@TGS#1BOBONLY", 0).unwrap();
    world.say("bob", "GROUP@TGS#1BOBONLY", CANARY).unwrap();
    world.set_custom_mark("bob", "C2Ccarol", CANARY).unwrap();
    world.group("bob", "C2Ccarol", CANARY).unwrap();
    stage.pull("alice").await;
    stage.pull("bob").await;
    stage
}

#[tokio::test]
async fn the_planted_data_shows_to_its_owner() {
    let stage = planted().await;
    let bob = stage.login("bob").await;
    let list = stage.post("/conversations/list", &bob, &json!(null)).await;
    assert!(String::from_utf8(list.bytes).unwrap().matches(CANARY).count() > 3);
}

#[tokio::test]
async fn ten_thousand_calls_with_anothers_ids_give_nothing_of_his() {
    let stage = planted().await;
    let alice = stage.login("alice").await;
    let bobs: Vec<String> = stage.ids("bob");
    stage.asked.clear();
    let before = stage.cloud.world().listing("bob").unwrap();
    let mut random = fastrand::Rng::with_seed(7);
    for call in 0..10_000 {
        if call % 500 == 0 {
            // Tokens and lists may be renewed meanwhile.
            tokio::task::yield_now().await;
        }
        let (path, method, body) = random_call(&mut random, &bobs);
        let request = request(method, &path, Some(&alice))
            .header("content-type", "application/json")
            .header("x-account", "bob")
            .header("from-account", "bob");
        let reply = stage.send(request.body(body.to_string().into()).unwrap()).await;
        let text = String::from_utf8_lossy(&reply.bytes);
        assert!(!text.contains(CANARY), "{path} {body}: {text}");
        assert!(!reply.status.is_server_error(), "{path} {body}: {text}");
    }
    let list = stage.accounts.open(&"alice".parse().unwrap()).await.unwrap();
    list.flush(std::time::Duration::from_secs(60)).await.unwrap();
    assert!(stage.asked.accounts().is_subset(&BTreeSet::from(["alice".to_owned()])));
    assert!(stage.cloud.world().writes("bob").unwrap().is_empty());
    let after = stage.cloud.world().listing("bob").unwrap();
    assert_eq!(format!("{before:?}"), format!("{after:?}"));
}

fn random_call(random: &mut fastrand::Rng, ids: &[String]) -> (String, &'static str, Value) {
    let id = ids[random.usize(..ids.len())].clone();
    let one = json!({"conversationID": id});
    let paths = [
        ("/conversations/list", json!([id])),
        ("/conversations/list", json!({"conversationIDList": [id], "limit": 5})),
        ("/conversations/list", json!({"nameContains": "canary"})),
        ("/conversations/list", json!({"account": "bob"})),
        ("/conversations/profile", one.clone()),
        ("/conversations/profile", json!({"conversationID": "C2Ccarol"})),
        ("/conversations/profile", json!({"conversationID": "GROUP@TGS#1BOBONLY"})),
        ("/conversations/refresh", json!({"account": "bob"})),
        ("/conversations/pin", json!({"conversationID": id, "isPinned": random.bool()})),
        ("/conversations/read", one),
        ("/conversations/draft", json!({"conversationID": id, "draftText": "mine"})),
        ("/conversations/delete", json!({"conversationIDList": [id]})),
        (
            "/conversations/mark",
            json!({"conversationIDList": [id], "markType": 1, "enableMark": true}),
        ),
        ("/conversations/custom-data", json!({"conversationIDList": [id], "customData": "mine"})),
        ("/groups/add", json!({"conversationIDList": [id], "groupName": "mine"})),
        ("/groups/delete", json!("none")),
        ("/groups", Value::Null),
        ("/changes", Value::Null),
        ("/changes/drop", json!({"numbers": [random.u64(..40)]})),
        ("/changes/retry", json!({"numbers": [random.u64(..40)]})),
        ("/totals?account=bob", Value::Null),
        ("/totals?nameContains=canary", Value::Null),
        ("/conversations?account=bob", Value::Null),
        ("/conversations?userID=bob&limit=5", Value::Null),
        ("/conversations?conversationID=C2Ccarol", Value::Null),
    ];
    let (path, body) = paths[random.usize(..paths.len())].clone();
    let method = if body.is_null() { "GET" } else { "POST" };
    let prefix = ["/v1", "/v1", "/v1", "/v1/accounts/bob"][random.usize(..4)];
    (format!("{prefix}{path}"), method, body)
}
