//! Lists of clients that ask again and again are kept fresh, too.

use std::time::Duration;

use serde_json::{Value, json};

use super::stage::{Plan, Stage};

/// The list as it is asked for by a client that polls.
async fn list(stage: &Stage, token: &str) -> Value {
    let data = stage.ask("/conversations/list", Some(token), &json!(null)).await;
    tokio::time::sleep(Duration::from_millis(1)).await;
    data
}

fn has(data: &Value, id: &str) -> bool {
    let rows = data["conversationList"].as_array().unwrap();
    rows.iter().any(|row| row["conversationID"] == id)
}

#[tokio::test]
async fn a_client_that_polls_sees_what_webhooks_say() {
    let stage = Stage::new().await;
    let token = stage.login("alice").await;
    assert_eq!(list(&stage, &token).await["report"]["reachedMark"], 0);
    while list(&stage, &token).await["isSyncCompleted"] != true {}
    assert_eq!(stage.accounts.stats().watch.watched, 1);
    stage.say("dave", "alice", "Hello").await;
    while !has(&list(&stage, &token).await, "C2Cdave") {}
    // However often it asks, there is the first look, and one pass for the message.
    let watch = stage.accounts.stats().watch;
    assert_eq!((watch.passes_for_watches, watch.passes_for_marks), (1, 1));
}

#[tokio::test]
async fn pulling_the_list_down_ends_with_a_mark_that_is_reached() {
    let stage = Stage::new().await;
    let token = stage.login("alice").await;
    for round in 0..5 {
        let from = format!("C2Cdave{round}");
        stage.cloud.world().touch("alice", &from).unwrap();
        let mark = stage.ask("/conversations/refresh", Some(&token), &json!({})).await;
        let mark = mark["mark"].as_u64().unwrap();
        loop {
            let data = list(&stage, &token).await;
            if data["report"]["reachedMark"].as_u64().unwrap() >= mark {
                assert!(has(&data, &from));
                break;
            }
        }
    }
}

#[tokio::test]
async fn an_interest_ends_after_the_last_call() {
    let kept_fresh = (100, Duration::from_millis(300));
    let stage = Stage::with(Plan { kept_fresh, ..Plan::default() }).await;
    let (alice, bob) = (stage.login("alice").await, stage.login("bob").await);
    list(&stage, &alice).await;
    let begun = tokio::time::Instant::now();
    while begun.elapsed() < Duration::from_secs(1) {
        list(&stage, &bob).await;
    }
    // One ended, and the calls kept the other one.
    assert_eq!(stage.accounts.stats().watch.watched, 1);
    while stage.accounts.stats().watch.watched > 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    list(&stage, &alice).await;
    assert_eq!(stage.accounts.stats().watch.watched, 1);
}

#[tokio::test]
async fn the_number_of_interests_is_bounded() {
    let kept_fresh = (2, Duration::from_secs(60));
    let stage = Stage::with(Plan { kept_fresh, ..Plan::default() }).await;
    for account in ["alice", "bob", "alice", "carol"] {
        let token = stage.login(account).await;
        list(&stage, &token).await;
        assert!(stage.accounts.stats().watch.watched <= 2);
    }
    // The one whose last call was longest ago went.
    let marked = ["alice", "bob", "carol"]
        .map(|account| stage.accounts.mark(&account.parse().unwrap(), conv_api::Work::Listing));
    assert_eq!(marked, [true, false, true]);
}

#[tokio::test]
async fn a_list_that_was_closed_is_kept_fresh_again() {
    let stage = Stage::new().await;
    let token = stage.login("alice").await;
    list(&stage, &token).await;
    let open = stage.accounts.open(&"alice".parse().unwrap()).await.unwrap();
    open.close().await.unwrap();
    stage.cloud.world().touch("alice", "C2Cdave").unwrap();
    let mark = stage.ask("/conversations/refresh", Some(&token), &json!({})).await;
    let reached = async || list(&stage, &token).await["report"]["reachedMark"].as_u64();
    while reached().await < mark["mark"].as_u64() {}
    assert!(has(&list(&stage, &token).await, "C2Cdave"));
}
