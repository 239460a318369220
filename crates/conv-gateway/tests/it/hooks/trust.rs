//! W8: what an event states is shown until a pass has read the list, if the endpoint trusts it so far.

use std::{sync::Arc, time::Duration};

use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use conv_api::{Conversation, ConversationId, Facet, Timestamp, Watch, WatchOptions};
use conv_gateway::webhook::Trust;
use http_body_util::BodyExt;
use serde_json::{Value, json};

use super::stage::{NOW, Plan, Stage, fresh, shown};

/// Passes because of marks come late enough to look at the list before.
const DELAY: Duration = Duration::from_millis(600);

async fn stage(trust: Trust, facets: &[Facet]) -> Stage {
    let watch_options = WatchOptions::default().with_delay(DELAY).with_interval(DELAY);
    Stage::with(Plan { trust, facets: facets.to_vec(), watch_options, ..Plan::default() }).await
}

fn secs(time: Option<Timestamp>) -> u64 {
    time.unwrap_or_default().as_secs()
}

/// The last row of a kind, and a time after that of all rows, which is now.
fn last(stage: &Stage, watch: &Watch, prefix: &str) -> (Conversation, u64) {
    let snapshot = watch.list().snapshot();
    let is_one =
        |row: &&Arc<Conversation>| !row.listing.is_pinned && row.id.as_str().starts_with(prefix);
    let newest = snapshot.rows().map(|row| secs(row.listing.time)).max().unwrap();
    let row = snapshot.rows().filter(is_one).last().unwrap();
    stage.advance((newest + 5).saturating_sub(NOW));
    (Conversation::clone(row), newest + 5)
}

/// An event of a message that the cloud does not have.
fn forged(from: &str, to: &str, time: u64) -> Value {
    json!({
        "From_Account": from, "To_Account": to, "MsgSeq": 77, "MsgRandom": 2, "MsgTime": time,
        "MsgKey": format!("77_2_{time}"), "SendMsgResult": 0, "OnlineOnlyFlag": 0,
        "MsgBody": [{"MsgType": "TIMTextElem", "MsgContent": {"Text": "Forged"}}],
    })
}

async fn settle() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

fn row(watch: &Watch, id: &ConversationId) -> Conversation {
    Conversation::clone(&watch.list().snapshot().get(id).unwrap())
}

fn text(row: &Conversation) -> Option<String> {
    row.last_message.value()?.payload.as_ref()?.text()
}

fn is_unchanged(watch: &Watch, before: &Conversation) -> bool {
    row(watch, &before.id) == *watch.list().snapshot().base(&before.id).unwrap()
}

/// A stream of a list, folded as far as the test needs it.
struct Line {
    body: Body,
    buffer: String,
    rows: Vec<Value>,
}

impl Line {
    async fn open(stage: &Stage, token: &str) -> Self {
        let body = json!({ "queries": { "main": { "window": 50 } } });
        let request = Request::post("/v1/conversations/stream")
            .header("content-type", "application/json")
            .header("authorization", format!("Bearer {token}"))
            .body(Body::from(body.to_string()))
            .unwrap();
        let response = tower::ServiceExt::oneshot(stage.router.clone(), request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        Self { body: response.into_body(), buffer: String::new(), rows: Vec::new() }
    }

    /// Reads on until the rows are such.
    async fn until(&mut self, are_such: impl Fn(&[Value]) -> bool) {
        while !are_such(&self.rows) {
            let frame = tokio::time::timeout(Duration::from_secs(20), self.body.frame()).await;
            let bytes = frame.unwrap().unwrap().unwrap().into_data().unwrap();
            self.buffer.push_str(std::str::from_utf8(&bytes).unwrap());
            while let Some((event, rest)) = self.buffer.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.fold(&event);
                self.buffer = rest;
            }
        }
    }

    fn fold(&mut self, event: &str) {
        let Some(data) = event.lines().find_map(|line| line.strip_prefix("data: ")) else { return };
        let data: Value = serde_json::from_str(data).unwrap();
        match data["type"].as_str() {
            Some("reset") => self.rows = data["rows"].as_array().unwrap().clone(),
            Some("patch") => {
                for patch in data["patches"].as_array().unwrap() {
                    let at = |name: &str| patch[name].as_u64().map(|it| it as usize);
                    let row = patch["row"].clone();
                    match patch["type"].as_str().or(patch["op"].as_str()).unwrap() {
                        "insert" => self.rows.insert(at("index").unwrap(), row),
                        "update" => self.rows[at("index").unwrap()] = row,
                        "remove" => drop(self.rows.remove(at("index").unwrap())),
                        "move" => {
                            self.rows.remove(at("from").unwrap());
                            self.rows.insert(at("to").unwrap(), row);
                        }
                        other => panic!("{other}"),
                    }
                }
            }
            _ => {}
        }
    }
}

#[tokio::test]
async fn by_default_an_event_shows_nothing_before_the_pass() {
    let stage = stage(Trust::default(), &[Facet::Unread, Facet::LastMessage]).await;
    let alice = stage.watch("alice").await;
    let (before, time) = last(&stage, &alice, "C2C");
    let peer = before.id.user_id().unwrap().as_str().to_owned();
    stage.event("C2C.CallbackAfterSendMsg", forged(&peer, "alice", time).to_string()).await;
    settle().await;
    assert_eq!(row(&alice, &before.id), before);
    assert_eq!(stage.accounts.stats().watch.suggestions, 0);
}

/// A stream sees a forged message, marked as provisional, and sees it go with the next pass.
#[tokio::test]
async fn a_bump_comes_at_once_and_goes_with_the_pass() {
    let stage = stage(Trust::Bump, &[Facet::Unread, Facet::LastMessage]).await;
    let alice = stage.watch("alice").await;
    let (before, time) = last(&stage, &alice, "C2C");
    let token = stage.login("alice").await;
    let mut line = Line::open(&stage, &token).await;
    line.until(|rows| !rows.is_empty()).await;
    let peer = before.id.user_id().unwrap().as_str().to_owned();
    let body = forged(&peer, "alice", time).to_string();
    for _ in 0..3 {
        stage.event("C2C.CallbackAfterSendMsg", body.clone()).await;
    }
    let first = |rows: &[Value]| rows.iter().find(|row| row["isPinned"] == false).cloned().unwrap();
    let is_top = |rows: &[Value]| first(rows)["conversationID"] == before.id.as_str();
    line.until(is_top).await;
    let top = first(&line.rows);
    assert_eq!(top["provisional"], json!(["lastTime", "unreadCount"]));
    assert_eq!(top["lastMessage"]["lastTime"], time);
    assert_eq!(top["unreadCount"], before.unread.count.unwrap() + 1);
    assert_eq!(text(&row(&alice, &before.id)), text(&before), "the text waits for the pass");
    // The cloud does not have it: the pass that follows the mark says so.
    line.until(|rows| !is_top(rows)).await;
    assert!(line.rows.iter().all(|row| row.get("provisional").is_none()));
    let ids: Vec<_> = line.rows.iter().map(|row| row["conversationID"].as_str().unwrap()).collect();
    assert_eq!(ids, stage.truth("alice"));
    assert_eq!(row(&alice, &before.id).unread.count, before.unread.count);
}

/// Another node has no such row, and must be able to compare.
#[tokio::test]
async fn a_change_beside_a_provisional_row_has_a_position_that_every_process_knows() {
    let stage = stage(Trust::Bump, &[Facet::Unread, Facet::LastMessage]).await;
    let alice = stage.watch("alice").await;
    let (before, time) = last(&stage, &alice, "C2C");
    let token = stage.login("alice").await;
    let peer = before.id.user_id().unwrap().as_str().to_owned();
    stage.event("C2C.CallbackAfterSendMsg", forged(&peer, "alice", time).to_string()).await;
    settle().await;
    assert!(!row(&alice, &before.id).provisional.is_empty());
    let body = json!({"conversationIDList": [before.id], "customData": "x"});
    let changed = stage.ask("/conversations/custom-data", Some(&token), &body).await;
    let pending = stage.get("/changes", &token).await;
    let snapshot = alice.list().snapshot();
    assert_ne!(snapshot.position(), snapshot.stored_position(), "provisional still");
    let epoch = snapshot.stored_position().unwrap().epoch;
    for answer in [changed, pending] {
        let position = answer["position"].as_str().unwrap();
        assert_eq!(position.parse::<conv_api::Position>().unwrap().epoch, epoch, "{answer}");
    }
}

/// A message that the cloud has is confirmed by the pass, for both accounts.
#[tokio::test]
async fn a_preview_is_confirmed_for_both_accounts() {
    let stage = stage(Trust::Preview, &[Facet::Unread, Facet::LastMessage]).await;
    // They know each other.
    let _ = stage.said("bob", "alice", "Before");
    let (alice, bob) = (stage.watch("alice").await, stage.watch("bob").await);
    let (of_alice, of_bob) = ("C2Cbob".parse().unwrap(), "C2Calice".parse().unwrap());
    let before = (row(&alice, &of_alice), row(&bob, &of_bob));
    let body = stage.said("bob", "alice", "Hello");
    let mut body: Value = serde_json::from_str(&body).unwrap();
    stage.advance(body["MsgTime"].as_u64().unwrap().saturating_sub(NOW));
    // Newer than the message before, which may be of the same second.
    body["MsgSeq"] = u32::MAX.into();
    stage.event("C2C.CallbackAfterSendMsg", body.to_string()).await;
    settle().await;
    let seen = (row(&alice, &of_alice), row(&bob, &of_bob));
    assert_eq!(text(&seen.0).as_deref(), Some("Hello"));
    assert_eq!(text(&seen.1).as_deref(), Some("Hello"));
    assert!(seen.0.provisional.last_message && seen.1.provisional.last_message);
    // One's own message is not unread.
    assert_eq!(seen.1.unread.count, before.1.unread.count);
    fresh(&alice).await;
    fresh(&bob).await;
    let after = (row(&alice, &of_alice), row(&bob, &of_bob));
    assert!(after.0.provisional.is_empty() && after.1.provisional.is_empty());
    assert_eq!((text(&after.0), text(&after.1)), (text(&seen.0), text(&seen.1)));
    // A message of a stranger makes no row before the pass, and nobody's list is opened for it.
    let mut body = forged("stranger", "carol", NOW);
    stage.event("C2C.CallbackAfterSendMsg", body.to_string()).await;
    body["To_Account"] = "alice".into();
    stage.event("C2C.CallbackAfterSendMsg", body.to_string()).await;
    settle().await;
    assert!(!shown(&alice).contains(&"C2Cstranger".to_owned()));
    assert_eq!(stage.accounts.stats().accounts_open, 2);
}

#[tokio::test]
async fn what_reaches_no_list_shows_nothing() {
    let stage = stage(Trust::Preview, &[Facet::Unread, Facet::LastMessage]).await;
    let alice = stage.watch("alice").await;
    let (before, time) = last(&stage, &alice, "C2C");
    let peer = before.id.user_id().unwrap().as_str().to_owned();
    for (field, value) in [("SendMsgResult", 1), ("OnlineOnlyFlag", 1)] {
        let mut body = forged(&peer, "alice", time);
        body[field] = value.into();
        stage.event("C2C.CallbackAfterSendMsg", body.to_string()).await;
    }
    // Too far ahead, and older than what the list has.
    for time in [time + 1_000, secs(before.listing.time) - 1] {
        let body = forged(&peer, "alice", time).to_string();
        stage.event("C2C.CallbackAfterSendMsg", body).await;
    }
    let (group, _) = last(&stage, &alice, "GROUP");
    let name = group.id.as_str().strip_prefix("GROUP").unwrap();
    for more in [json!({"Type": "AVChatRoom"}), json!({"OnlineOnlyFlag": 1})] {
        let mut body = forged(&peer, "", time);
        body["GroupId"] = name.into();
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        stage.event("Group.CallbackAfterSendMsg", body.to_string()).await;
    }
    settle().await;
    assert!(is_unchanged(&alice, &before) && is_unchanged(&alice, &group));
}

/// A group's event names no member; a recall takes the text back.
#[tokio::test]
async fn holders_of_a_group_see_a_message_until_it_is_recalled() {
    let stage = stage(Trust::Preview, &[Facet::LastMessage]).await;
    let world = stage.cloud.world();
    world.add_group("@TGS#77", conv_emulator::GroupType::Public, "Group");
    for account in ["alice", "bob"] {
        world.say(account, "GROUP@TGS#77", "Before").unwrap();
    }
    let (alice, bob) = (stage.watch("alice").await, stage.watch("bob").await);
    let group: ConversationId = "GROUP@TGS#77".parse().unwrap();
    while stage.accounts.holders(&group).len() < 2 {
        tokio::task::yield_now().await;
    }
    let before = row(&alice, &group);
    let (_, time) = last(&stage, &alice, "GROUP");
    let mut body = forged("bob", "", time);
    body["GroupId"] = "@TGS#77".into();
    body["MsgSeq"] = 1_000_000.into();
    stage.event("Group.CallbackAfterSendMsg", body.to_string()).await;
    settle().await;
    for watch in [&alice, &bob] {
        assert_eq!(text(&row(watch, &group)).as_deref(), Some("Forged"));
        let snapshot = watch.list().snapshot();
        assert_eq!(snapshot.rows().find(|row| !row.listing.is_pinned).unwrap().id, group);
    }
    let recall = json!({"GroupId": "@TGS#77", "MsgSeqList": [{"MsgSeq": 1_000_000}]});
    stage.event("Group.CallbackAfterRecallMsg", recall.to_string()).await;
    settle().await;
    for watch in [&alice, &bob] {
        assert_eq!(text(&row(watch, &group)), text(&before));
    }
}
