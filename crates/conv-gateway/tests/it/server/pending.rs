//! The calls on changes that are not over.

use std::time::Duration;

use conv_emulator::{Change, Fault, Rule};
use serde_json::{Value, json};

use super::stage::{Reply, Stage, request};

const TOP: &str = "recentcontact/top";

/// Pins a row of alice's list, which the cloud refuses.
async fn refused(stage: &Stage, token: &str, fault: Fault) -> Value {
    stage.cloud.faults().push(Rule::once(fault).on(TOP));
    pin(stage, token, 5).await;
    for _ in 0..500 {
        let change = changes(stage, token).await[0].clone();
        if change["state"] == "failed" || change["state"] == "held" {
            return change;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the cloud took it");
}

async fn pin(stage: &Stage, token: &str, row: usize) {
    let pin = json!({"conversationID": stage.ids("alice")[row], "isPinned": true});
    stage.post("/conversations/pin", token, &pin).await.data();
}

async fn changes(stage: &Stage, token: &str) -> Vec<Value> {
    let data = stage.get("/changes", token).await.data();
    data["changes"].as_array().unwrap().clone()
}

async fn numbers(stage: &Stage, token: &str, call: &str, numbers: &Value) -> Reply {
    stage.post(&format!("/changes/{call}"), token, &json!({ "numbers": numbers })).await
}

#[tokio::test]
async fn a_change_that_failed_is_named_with_the_reason_and_sent_again_or_dropped() {
    let stage = Stage::pulled(|it| it).await;
    let token = stage.login("alice").await;
    assert!(changes(&stage, &token).await.is_empty());
    let change = refused(&stage, &token, Fault::Code(50_002)).await;
    let id = &stage.ids("alice")[5];
    let expected = json!({"type": "pin", "conversationID": id, "isPinned": true});
    assert_eq!((&change["change"], &change["state"]), (&expected, &json!("failed")));
    assert_eq!((&change["failure"]["code"], &change["attempts"]), (&json!(50_002), &json!(1)));
    let number = change["number"].clone();

    let done = numbers(&stage, &token, "retry", &json!([number])).await.data();
    assert_eq!(done["successNumberList"], json!([number]));
    let list = stage.accounts.open(&"alice".parse().unwrap()).await.unwrap();
    list.flush(Duration::from_secs(60)).await.unwrap();
    let pinned = Change::Pinned { conversation: id.clone() };
    let writes = stage.cloud.world().writes("alice").unwrap();
    assert!(writes.iter().any(|write| write.change == pinned));

    let second = refused_again(&stage, &token).await;
    let done = numbers(&stage, &token, "drop", &json!([second, second])).await.data();
    assert_eq!(
        (&done["successNumberList"], &done["failureNumberList"]),
        (&json!([second]), &json!([]))
    );
    assert!(changes(&stage, &token).await.iter().all(|change| change["number"] != second));
}

/// Another change that failed; the first one may still be there.
async fn refused_again(stage: &Stage, token: &str) -> Value {
    stage.cloud.faults().push(Rule::once(Fault::Code(50_002)).on(TOP));
    pin(stage, token, 6).await;
    loop {
        let changes = changes(stage, token).await;
        if let Some(failed) = changes.iter().find(|change| change["state"] == "failed") {
            return failed["number"].clone();
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_change_that_was_not_sent_is_taken_back_and_shows_no_more() {
    let stage = Stage::pulled(|it| it).await;
    let token = stage.login("alice").await;
    // Held: the app's key is at fault, and no words of the cloud go to the user.
    let held = refused(&stage, &token, Fault::Code(70_003)).await;
    assert_eq!((&held["state"], &held["failure"]["code"]), (&json!("held"), &json!(990_008)));
    assert_eq!(held["failure"]["class"], "cloud");
    let number = held["number"].clone();
    // It has not failed, and the others are not there.
    let done = numbers(&stage, &token, "retry", &json!([number, 4_000_000])).await.data();
    let failed: Vec<_> = done["failureNumberList"].as_array().unwrap().iter().collect();
    assert_eq!((failed.len(), &failed[0]["code"]), (2, &json!(990_012)));
    let done = numbers(&stage, &token, "drop", &json!([4_000_000, number])).await.data();
    assert_eq!(done["successNumberList"], json!([number]));
    assert_eq!(done["failureNumberList"][0]["number"], 4_000_000);
    assert!(changes(&stage, &token).await.is_empty());
    let rows = stage.post("/conversations/list", &token, &json!([stage.ids("alice")[5]])).await;
    assert_eq!(rows.data()["conversationList"][0]["isPinned"], false);
}

#[tokio::test]
async fn changes_are_those_of_the_own_account_and_each_call_is_made_once() {
    let stage = Stage::pulled(|it| it).await;
    let (alice, bob) = (stage.login("alice").await, stage.login("bob").await);
    let number = refused(&stage, &alice, Fault::Code(50_002)).await["number"].clone();
    assert!(changes(&stage, &bob).await.is_empty());
    let foreign = numbers(&stage, &bob, "drop", &json!([number])).await.data();
    assert_eq!(foreign["successNumberList"], json!([]));

    let keyed = async || {
        let request = request("POST", "/v1/changes/drop", Some(&alice))
            .header("content-type", "application/json")
            .header("idempotency-key", "once");
        stage.send(request.body(json!({"numbers": [number]}).to_string().into()).unwrap()).await
    };
    let first = keyed().await;
    assert_eq!(first.data()["successNumberList"], json!([number]));
    assert_eq!(keyed().await.bytes, first.bytes);
    let again = numbers(&stage, &alice, "drop", &json!([number])).await.data();
    assert_eq!(again["failureNumberList"][0]["code"], 990_012);
    for wrong in [json!([]), json!(vec![1; 1_001]), json!([-1]), json!("1")] {
        assert_eq!(numbers(&stage, &alice, "drop", &wrong).await.refusal(), (400, 990_007));
    }
}
