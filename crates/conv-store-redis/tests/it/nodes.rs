//! A gateway of several nodes on one server: any of them serves any user.

mod killed;
mod marks;
mod stage;

use std::time::Duration;

use axum::http::StatusCode;
use conv_api::{LiveChange, Timestamp, WatchLevel};
use serde_json::json;
use tokio::time::sleep;

use self::stage::{ALICE, Node, Stage, alice, now};
use crate::support::soon;

#[tokio::test]
async fn every_node_answers_with_the_same_list() {
    let Some(stage) = Stage::new("same").await else { return };
    let [a, b] = stage.two().await;
    let token = a.login(&stage, ALICE).await;
    let list = |node: &Node| {
        let (router, token) = (node.router.clone(), token.clone());
        async move { stage::post(&router, "/conversations/list", &token, &json!({})).await }
    };
    let (of_a, of_b) = (list(&a).await, list(&b).await);
    assert_eq!(of_a["conversationList"], of_b["conversationList"]);
    assert_eq!(of_a["conversationList"].as_array().unwrap().len(), 12);
}

#[tokio::test]
async fn a_reader_of_one_node_goes_on_at_another_without_the_cloud() {
    let Some(stage) = Stage::new("goes_on").await else { return };
    let [a, b] = stage.two().await;
    let calls = stage.cloud.calls().total;
    let mut reader = a.reader().await;
    for (number, node) in [&b, &a, &b].into_iter().enumerate() {
        // Meanwhile the list changes, by whichever node.
        let other = if number % 2 == 0 { &a } else { &b };
        let id = other.list().await.snapshot().rows().nth(number + 3).unwrap().id.clone();
        other.list().await.set_draft(&id, &format!("draft {number}")).await.unwrap();
        reader.follow(node, other).await;
    }
    assert_eq!(stage.cloud.calls().total, calls);
}

#[tokio::test]
async fn a_node_that_never_served_the_user_goes_on_as_well() {
    let Some(stage) = Stage::new("never_served").await else { return };
    let [a, b] = stage.two().await;
    let mut reader = a.reader().await;
    let calls = stage.cloud.calls().total;
    let c = stage.node().await;
    assert!(!matches!(reader.resume(&c).await, LiveChange::Reset { .. }));
    drop((a, b));
    assert_eq!(stage.cloud.calls().total, calls);
}

#[tokio::test]
async fn a_change_at_one_node_shows_as_pending_at_another() {
    let Some(stage) = Stage::new("pending").await else { return };
    let [a, b] = stage.two().await;
    let token = a.login(&stage, ALICE).await;
    let id = a.list().await.snapshot().rows().last().unwrap().id.to_string();
    let pin = json!({"conversationID": id, "isPinned": true});
    stage::post(&a.router, "/conversations/pin", &token, &pin).await;
    // No node of this stage can send it.
    let shown = soon(async {
        loop {
            let data = stage::post(&b.router, "/conversations/list", &token, &json!({})).await;
            let rows = data["conversationList"].as_array().unwrap();
            let row = rows.iter().find(|row| row["conversationID"] == id).unwrap();
            if row["isPinned"] == true {
                return row.clone();
            }
            sleep(Duration::from_millis(100)).await;
        }
    })
    .await;
    assert_ne!(shown["pendingChanges"], json!(null), "{shown}");
    assert_ne!(shown["pendingChanges"], json!([]), "{shown}");
}

#[tokio::test]
async fn tokens_that_one_node_revokes_are_refused_by_another() {
    let Some(stage) = Stage::new("revoked").await else { return };
    let [a, b] = stage.two().await;
    let (token, of_bob) = (a.login(&stage, ALICE).await, a.login(&stage, "bob").await);
    let status = |node: &Node, token: &str| {
        let (router, token) = (node.router.clone(), token.to_owned());
        async move { stage::send(&router, "/conversations/list", Some(&token), &json!({})).await.0 }
    };
    // From here on it hears of revocations.
    assert_eq!(status(&b, &token).await, StatusCode::OK);
    stage.hears(&a, &b).await;
    let next = Timestamp::from_secs(now() + 1);
    a.gateway.revoke(&alice(), next).await.unwrap();
    assert_eq!(status(&a, &token).await, StatusCode::UNAUTHORIZED);
    soon(async {
        while status(&b, &token).await != StatusCode::UNAUTHORIZED {
            sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    // A node that starts later knows it, and the UserSig is as good as the token.
    let c = stage.node().await;
    assert_eq!(status(&c, &token).await, StatusCode::UNAUTHORIZED);
    for node in [&a, &b, &c] {
        // Signed before it; the second may be over by now.
        let (status, body) = node.try_login(&stage, ALICE, next.as_secs() - 1).await;
        assert_eq!((status, &body["code"]), (StatusCode::UNAUTHORIZED, &json!(3006)));
        assert_eq!(self::status_of(node, &of_bob).await, StatusCode::OK);
    }
    // Tokens issued from then on are valid.
    soon(async {
        while now() < next.as_secs() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let token = c.login(&stage, ALICE).await;
    assert_eq!(status(&b, &token).await, StatusCode::OK);
}

async fn status_of(node: &Node, token: &str) -> StatusCode {
    stage::send(&node.router, "/conversations/list", Some(token), &json!({})).await.0
}

#[tokio::test]
async fn a_node_that_watches_nothing_pulls_nothing() {
    let Some(stage) = Stage::new("idle").await else { return };
    let [a, b] = stage.two().await;
    let watch = b.accounts.watch(&alice(), WatchLevel::Visible).await.unwrap();
    let mark = watch.refresh().unwrap();
    soon(watch.reached(mark)).await.unwrap();
    assert_eq!(a.accounts.stats().watch.watched, 0);
    let before = a.accounts.stats().calls;
    stage.hears(&a, &b).await;
    b.accounts.mark(&alice(), conv_api::Work::Listing);
    let mark = watch.refresh().unwrap();
    soon(watch.reached(mark)).await.unwrap();
    assert_eq!(a.accounts.stats().calls, before);
}
