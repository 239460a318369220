//! Faults of the commands that write.

use std::time::{Duration, Instant};

use conv_emulator::{Change, Fault, Item, Lag, Rule};
use serde_json::{Value, json};

use crate::{
    client::{Client, GET_LIST, ME, list_request},
    requests::*,
};

async fn with(rules: &[&str]) -> Client {
    let client = Client::with_users(&["a", "b", "c"]).await;
    for rule in rules {
        client.emulator.faults().push(rule.parse().unwrap());
    }
    client
}

/// The IDs of the rows that the listing shows as pinned.
async fn listed_pins(client: &Client) -> Vec<String> {
    let rows = client.list().await;
    rows.into_iter().filter(|row| row.2).map(|row| row.0).collect()
}

#[tokio::test]
async fn every_write_is_applied_once_although_its_answer_was_lost() {
    let client = with(&[]).await;
    let world = client.emulator.world();
    world.touch(ME, "C2Cb").unwrap();
    world.insert(ME, "GROUPg", 5).unwrap();
    let calls = [
        (TOP, top(1, json!([user("a")]))),
        (MARK, mark(json!([set("a", 0)]))),
        (CREATE, create("Work", json!([user("a")]))),
        (UPDATE, members("Work", &["b"], &[])),
        (UPDATE, rename("Work", "Office")),
        (DELETE_GROUP, delete_group("Office")),
        (READ, read("b", world.now())),
        (SET_UNREAD, set_unread("g", 3)),
        (MODIFY, modify("g", "Discard")),
        (DELETE, delete("a")),
    ];
    for (command, body) in calls {
        world.forget_writes(ME).unwrap();
        client.emulator.faults().push(Rule::once(Fault::Reset).on(command));
        assert!(client.send(command, &body).await.is_err(), "{command}");
        let writes = client.writes();
        assert!(!writes.is_empty(), "{command}");
        assert!(writes.iter().all(|write| write.changed && write.command == command), "{writes:?}");
    }
}

#[tokio::test]
async fn a_write_fails_in_its_answer_alone() {
    let client = with(&["applied-code=50005,times=1,on=top"]).await;
    let pin = top(1, json!([user("a")]));
    assert_eq!(client.refused(TOP, pin.clone()).await, 50005);
    assert_eq!(client.pinned(), ["C2Ca"]);
    client.ok(TOP, pin).await;
    assert_eq!(client.applied(&pinned("C2Ca")), (2, 1));
}

#[tokio::test]
async fn a_write_is_applied_seconds_after_its_answer() {
    let client = with(&["applied-late=500,nth=1,on=top"]).await;
    let world = client.emulator.world();
    client.ok(TOP, top(1, json!([user("a")]))).await;
    assert!(client.pinned().is_empty());
    assert!(client.writes().is_empty());
    // Another write in between is not undone by the late one, which sees it.
    client.ok(TOP, top(1, json!([user("b")]))).await;
    world.advance(Duration::from_secs(400));
    assert_eq!(listed_pins(&client).await, ["C2Cb"]);
    world.advance(Duration::from_secs(200));
    assert_eq!(client.pinned(), ["C2Ca", "C2Cb"]);
    assert_eq!(client.applied(&pinned("C2Ca")), (1, 1));
    let late = client.writes().remove(1);
    assert!(late.time >= 1_775_552_160 + 500, "{late:?}");
}

#[tokio::test]
async fn a_write_is_applied_some_calls_after_its_answer() {
    let client = with(&["applied-late-calls=2,on=delete"]).await;
    client.ok(DELETE, delete("a")).await;
    for _ in 0..2 {
        let page = client.page(None).await;
        assert_eq!(page["SessionItem"].as_array().unwrap().len(), 3);
    }
    let page = client.page(None).await;
    assert_eq!(page["SessionItem"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_late_write_is_answered_as_if_it_were_applied_now() {
    let client = with(&["applied-late=500,nth=1,on=create_contact_group"]).await;
    let world = client.emulator.world();
    let reply = client.ok(CREATE, create("Work", json!([user("a")]))).await;
    assert_eq!(codes(&reply["GroupResultItem"][0]["ResultItem"]), [0]);
    assert!(world.conversation_groups(ME).unwrap().is_empty());
    assert_eq!(client.refused(UPDATE, rename("Work", "Office")).await, 51009);
    world.advance(Duration::from_secs(500));
    client.ok(UPDATE, rename("Work", "Office")).await;
}

#[tokio::test]
async fn listing_search_and_unread_counts_are_stale_for_a_time() {
    let client = with(&["stale-reads=500"]).await;
    let world = client.emulator.world();
    world.touch(ME, "C2Ca").unwrap();
    client.ok(MARK, mark(json!([set("a", 0)]))).await;
    world.advance(Duration::from_secs(200));
    client.ok(READ, read("a", world.now())).await;
    client.ok(TOP, top(1, json!([user("a")]))).await;
    assert_eq!(client.pinned(), ["C2Ca"], "it is applied, and only not shown");
    world.advance(Duration::from_secs(200));
    assert!(listed_pins(&client).await.is_empty());
    assert_eq!(client.labels("a").await.0, Value::Null);
    assert_eq!(client.unread("a").await, 1);
    // The mark has become visible, what came later has not.
    world.advance(Duration::from_secs(200));
    assert_eq!(client.labels("a").await.0, "1");
    assert_eq!(client.unread("a").await, 1);
    assert!(listed_pins(&client).await.is_empty());
    world.advance(Duration::from_secs(200));
    assert_eq!(client.unread("a").await, 0);
    assert_eq!(listed_pins(&client).await, ["C2Ca"]);
}

#[tokio::test]
async fn changes_of_another_device_meanwhile_are_not_shown_either() {
    let client = with(&["stale-reads=500,times=1,on=top"]).await;
    let world = client.emulator.world();
    client.ok(TOP, top(1, json!([user("a")]))).await;
    world.pin(ME, "C2Cb").unwrap();
    assert!(listed_pins(&client).await.is_empty());
    world.advance(Duration::from_secs(500));
    assert_eq!(listed_pins(&client).await.len(), 2);
}

#[tokio::test]
async fn some_calls_are_stale() {
    let client = Client::with_users(&["a"]).await;
    let rule = Rule::always(Fault::StaleReads(Lag::Calls(2))).on("top");
    client.emulator.faults().push(rule);
    client.ok(TOP, top(1, json!([user("a")]))).await;
    for expected in [0, 0, 1] {
        assert_eq!(listed_pins(&client).await.len(), expected);
    }
}

#[tokio::test]
async fn groups_of_an_account_are_stale_too() {
    let client = with(&["stale-reads-calls=1"]).await;
    client.emulator.world().insert(ME, "GROUPg", 5).unwrap();
    client.ok(MODIFY, modify("g", "Discard")).await;
    let body = json!({"Member_Account": ME, "ResponseFilter": {"SelfInfoFilter": ["MsgFlag"]}});
    for expected in ["AcceptAndNotify", "Discard"] {
        let reply = client.ok(JOINED, body.clone()).await;
        assert_eq!(reply["GroupIdList"][0]["SelfInfo"]["MsgFlag"], expected);
    }
}

#[tokio::test]
async fn a_page_is_read_at_once_and_arrives_late() {
    let client = with(&["held=1000,nth=1,on=get_list"]).await;
    let url = client.emulator.signed_url(GET_LIST);
    let body = list_request(None, 63).to_string();
    let started = Instant::now();
    let page = tokio::spawn(client.http.post(url).body(body).send());
    while client.emulator.calls().of(GET_LIST) == 0 {
        tokio::task::yield_now().await;
    }
    // Counted just before it is run.
    tokio::time::sleep(Duration::from_millis(50)).await;
    client.ok(TOP, top(1, json!([user("a")]))).await;
    assert!(!page.is_finished());
    let page: Value = page.await.unwrap().unwrap().json().await.unwrap();
    assert!(started.elapsed() >= Duration::from_millis(1000));
    let flags = page["SessionItem"].as_array().unwrap().iter().map(|row| row["TopFlag"].as_u64());
    assert_eq!(flags.flatten().sum::<u64>(), 0);
}

#[tokio::test]
async fn an_item_fails_by_its_place_and_by_its_conversation() {
    let client = with(&["item-code=1/51007,nth=1", "item-code=C2Cc/50004,times=3"]).await;
    let items = json!([set("a", 0), set("b", 0), set("c", 0)]);
    let reply = client.ok(MARK, mark(items.clone())).await;
    assert_eq!(codes(&reply["ResultItem"]), [51007, 0, 50004]);
    assert_eq!(client.labels("a").await.0, Value::Null);
    assert_eq!(client.labels("b").await.0, "1");
    let reply = client.ok(MARK, mark(items)).await;
    assert_eq!(codes(&reply["ResultItem"]), [0, 0, 0], "search was a call too");
}

#[tokio::test]
async fn items_of_groups_fail_by_themselves_and_single_ones_with_their_call() {
    let client = with(&["item-code=C2Cb/51007"]).await;
    let reply = client.ok(CREATE, create("Work", json!([user("a"), user("b")]))).await;
    assert_eq!(codes(&reply["GroupResultItem"][0]["ResultItem"]), [0, 51007]);
    let reply = client.ok(UPDATE, members("Work", &["b", "c"], &["b"])).await;
    assert_eq!(codes(&reply["UpdateGroupResult"]["ContactResultItem"]), [51007, 0, 51007]);
    assert_eq!(client.members("Work"), ["C2Ca", "C2Cc"]);
    assert_eq!(client.refused(DELETE, delete("b")).await, 51007);
    assert_eq!(client.refused(READ, read("b", 1)).await, 51007);
    assert_eq!(client.refused(TOP, top(1, json!([user("a"), user("b")]))).await, 51007);
    assert!(client.pinned().is_empty());
    assert_eq!(client.truth().len(), 3);
}

#[tokio::test]
async fn a_result_is_missing_although_its_item_was_applied() {
    let client = with(&["item-missing=2,on=mark_contact"]).await;
    let reply = client.ok(MARK, mark(json!([set("a", 0), set("b", 0), set("c", 0)]))).await;
    let results = reply["ResultItem"].as_array().unwrap();
    let ids: Vec<_> = results.iter().map(|result| &result["ContactItem"]["To_Account"]).collect();
    assert_eq!(ids, ["a", "c"]);
    assert_eq!(client.labels("b").await.0, "1");

    let item = || Item::Conversation("C2Cb".into());
    let faults = client.emulator.faults();
    faults.clear();
    faults.push(Rule::always(Fault::ItemMissing(item())));
    faults.push(Rule::always(Fault::ItemCode { item: item(), code: 50004 }));
    let reply = client.ok(CREATE, create("Work", json!([user("a"), user("b")]))).await;
    assert_eq!(codes(&reply["GroupResultItem"][0]["ResultItem"]), [0]);
    assert_eq!(client.members("Work"), ["C2Ca"]);
    let reply = client.ok(UPDATE, members("Work", &["b", "c"], &[])).await;
    assert_eq!(codes(&reply["UpdateGroupResult"]["ContactResultItem"]), [0]);
}

#[tokio::test]
async fn codes_are_scripted_by_command_and_conversation() {
    let client = with(&[
        "code=50004,times=2,on=delete,about=C2Ca",
        "item-code=C2Cb/51007,nth=2,on=mark_contact,about=C2Cb",
    ])
    .await;
    client.ok(DELETE, delete("c")).await;
    assert_eq!(client.refused(DELETE, delete("a")).await, 50004);
    client.ok(DELETE, delete("c")).await;
    assert_eq!(client.refused(DELETE, delete("a")).await, 50004);
    client.ok(DELETE, delete("a")).await;
    let codes_of = async |id: &str| {
        let reply = client.ok(MARK, mark(json!([set("x", 0), set(id, 0)]))).await;
        codes(&reply["ResultItem"])
    };
    assert_eq!(codes_of("b").await, [0, 0]);
    assert_eq!(codes_of("a").await, [0, 0]);
    assert_eq!(codes_of("b").await, [0, 51007]);
    assert_eq!(codes_of("b").await, [0, 0]);
    let deleted = Change::Deleted { conversation: "C2Ca".into(), history: false };
    assert_eq!(client.applied(&deleted), (1, 1));
}
