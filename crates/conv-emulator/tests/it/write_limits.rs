//! The limits of what can be written, and the app's edition.

use conv_emulator::{Change, Edition, Emulator};
use serde_json::{Value, json};

use crate::{
    client::{Client, ME},
    requests::*,
};

#[tokio::test]
async fn fifty_conversations_are_pinned_at_most() {
    let client = Client::empty().await;
    let all: Vec<Value> = (0..50).map(|n| user(&format!("u{n}"))).collect();
    client.ok(TOP, top(1, json!(all))).await;
    assert_eq!(client.refused(TOP, top(1, json!([user("one more")]))).await, 51012);
    client.ok(TOP, top(1, json!([user("u7")]))).await;
    client.ok(TOP, top(2, json!([user("u7")]))).await;
    client.ok(TOP, top(1, json!([user("one more"), user("one more")]))).await;
    for wrong in [json!([]), json!(vec![user("u0"); 101])] {
        assert_eq!(client.refused(TOP, top(1, wrong)).await, 51006);
    }
}

#[tokio::test]
async fn a_group_has_at_least_one_member_and_at_most_a_hundred_come_at_once() {
    let client = Client::empty().await;
    assert_eq!(client.refused(CREATE, create("Work", json!([]))).await, 51006);
    client.ok(CREATE, create(&"n".repeat(32), json!(vec![user("a"); 100]))).await;
    let name = "n".repeat(32);
    assert_eq!(client.refused(UPDATE, members(&name, &[], &[])).await, 51006);
    assert_eq!(client.refused(UPDATE, members(&name, &["a"; 101], &[])).await, 51006);
    for long in ["", &"n".repeat(33)] {
        assert_eq!(client.refused(UPDATE, rename(&name, long)).await, 51011);
    }
}

#[tokio::test]
async fn conversation_1001_of_a_group_is_refused_or_takes_the_oldest_place() {
    for evicts in [false, true] {
        let unknowns = if evicts { "full=evict" } else { "full=error" }.parse().unwrap();
        let client = Client::empty().await;
        let world = client.emulator.world();
        world.set_unknowns(unknowns);
        for n in 0..1000 {
            world.group(ME, &format!("C2Cu{n}"), "Work").unwrap();
        }
        // The first one is no longer the one that changed least lately.
        world.mark(ME, "C2Cu0", 1, 0).unwrap();
        let reply = client.ok(UPDATE, members("Work", &["u5", "new"], &[])).await;
        let results = codes(&reply["UpdateGroupResult"]["ContactResultItem"]);
        assert_eq!(results, if evicts { [0, 0] } else { [0, 51008] });
        assert_eq!(client.labels("u0").await.2, json!([1]));
        let lost = if evicts { Value::Null } else { json!([1]) };
        assert_eq!(client.labels("u1").await.2, lost);
        let evicted = Change::Evicted { conversation: "C2Cu1".into(), group: Some("Work".into()) };
        assert_eq!(client.applied(&evicted).0, usize::from(evicts));
    }
}

#[tokio::test]
async fn conversation_1001_with_marks_is_refused_or_takes_the_oldest_place() {
    for evicts in [false, true] {
        let unknowns = if evicts { "full=evict" } else { "full=error" }.parse().unwrap();
        let client = Client::of(Emulator::builder().conversations(0).unknowns(unknowns)).await;
        let world = client.emulator.world();
        for n in 0..1000 {
            world.set_custom_mark(ME, &format!("C2Cu{n}"), "x").unwrap();
        }
        world.group(ME, "C2Cu0", "Work").unwrap();
        world.group(ME, "C2Cu1", "Work").unwrap();
        let unmark = json!({"OptType": 1, "ContactItem": user("other"), "ClearMark": [0]});
        let reply = client.ok(MARK, mark(json!([set("u5", 0), unmark, set("new", 0)]))).await;
        assert_eq!(codes(&reply["ResultItem"]), if evicts { [0, 0, 0] } else { [0, 0, 51008] });
        let lost = if evicts { Value::Null } else { json!("x") };
        assert_eq!(client.labels("u2").await.1, lost);
        assert_eq!(client.labels("u0").await.1, "x");
    }
}

#[tokio::test]
async fn an_edition_without_marks_and_groups_has_pins_and_custom_texts() {
    let client = Client::of(Emulator::builder().conversations(0).edition(Edition::Standard)).await;
    client.ok(TOP, top(1, json!([user("administrator")]))).await;
    let both = json!({"OptType": 3, "ContactItem": user("b"), "SetMark": [0], "CustomMark": "x"});
    let reply = client.ok(MARK, mark(json!([set("a", 0), custom("a", "x"), both]))).await;
    assert_eq!(codes(&reply["ResultItem"]), [51013, 0, 51013]);
    assert_eq!(client.labels("b").await.1, Value::Null);
    let create = create("Work", json!([user("a")]));
    assert_eq!(client.refused(CREATE, create.clone()).await, 51013);
    assert_eq!(client.refused(UPDATE, rename("Work", "x")).await, 51013);
    assert_eq!(client.refused(DELETE_GROUP, delete_group("Work")).await, 51013);
    client.emulator.world().set_edition(Edition::Pro);
    client.ok(CREATE, create).await;
}
