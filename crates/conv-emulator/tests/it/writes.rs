//! Each command that writes, as the documentation has it.

use std::time::Duration;

use conv_emulator::{Change, GroupType, MsgFlag};
use serde_json::{Value, json};

use crate::{
    client::{Client, ME},
    requests::*,
};

const ROAM: &str = "openim/admin_getroammsg";

#[tokio::test]
async fn conversations_are_pinned_and_unpinned_in_one_call() {
    let client = Client::with_users(&["a", "b"]).await;
    client.emulator.world().insert(ME, "GROUPg", 5).unwrap();
    let items = json!([user("a"), {"Type": 2, "GroupId": "g"}]);
    let reply = client.ok(TOP, top(1, items)).await;
    assert_eq!(reply["ErrorDisplay"], "");
    assert!(reply.get("ResultItem").is_none(), "no results per item");
    assert_eq!(client.pinned(), ["C2Ca", "GROUPg"]);
    let page = client.page(None).await;
    let flags = page["SessionItem"].as_array().unwrap().iter().map(|row| row["TopFlag"].as_u64());
    assert_eq!(flags.flatten().sum::<u64>(), 2);

    client.ok(TOP, top(2, json!([user("a"), user("b")]))).await;
    assert_eq!(client.pinned(), ["GROUPg"]);
    for wrong in [top(3, json!([user("a")])), top(1, json!([group("g")])), top(1, json!(["a"]))] {
        assert_eq!(client.refused(TOP, wrong).await, 50002);
    }
    let unknown = json!({"From_Account": "nobody", "OperationType": 1,
        "RecentContactItem": [user("a")]});
    assert_eq!(client.refused(TOP, unknown).await, 50001);
}

#[tokio::test]
async fn pinning_twice_succeeds_and_changes_nothing() {
    let client = Client::with_users(&["a"]).await;
    for _ in 0..2 {
        client.ok(TOP, top(1, json!([user("a")]))).await;
    }
    assert_eq!(client.applied(&pinned("C2Ca")), (2, 1));
    client.ok(TOP, top(2, json!([user("x")]))).await;
    assert_eq!(client.applied(&Change::Unpinned { conversation: "C2Cx".into() }), (1, 0));
}

#[tokio::test]
async fn pinning_what_is_not_listed_makes_an_empty_row() {
    let client = Client::empty().await;
    client.ok(TOP, top(1, json!([user("a")]))).await;
    let row = client.page(None).await["SessionItem"][0].take();
    assert_eq!(row, json!({"Type": 1, "To_Account": "a", "MsgTime": 0, "TopFlag": 1}));
}

#[tokio::test]
async fn a_deleted_conversation_comes_back_with_a_new_message_its_marks_and_its_groups() {
    let client = Client::empty().await;
    let world = client.emulator.world();
    world.say(ME, "C2Ca", "old").unwrap();
    world.pin(ME, "C2Ca").unwrap();
    client.ok(MARK, mark(json!([set("a", 0), custom("a", "vip")]))).await;
    client.ok(CREATE, create("Work", json!([user("a")]))).await;
    client.ok(DELETE, delete("a")).await;
    assert!(world.listing(ME).unwrap().is_empty());
    assert_eq!(client.labels("a").await, (json!("1"), json!("vip"), json!([1])));
    let history = json!({"Operator_Account": ME, "Peer_Account": "a", "MaxCnt": 1, "MinTime": 0,
        "MaxTime": u32::MAX});
    let reply = client.ok(ROAM, history.clone()).await;
    assert_eq!(reply["MsgList"][0]["MsgBody"][0]["MsgContent"]["Text"], "old");

    world.touch(ME, "C2Ca").unwrap();
    let row = world.listing(ME).unwrap().remove(0);
    assert_eq!((row.marks, row.custom_mark.as_str(), row.groups.len()), (1, "vip", 1));
    assert!(!row.pinned);
    assert_eq!(row.unread, 1);

    let mut clearing = delete("a");
    clearing["ClearRamble"] = json!(1);
    client.ok(DELETE, clearing).await;
    assert_eq!(client.ok(ROAM, history).await["MsgCnt"], 0);
    let history = |history| Change::Deleted { conversation: "C2Ca".into(), history };
    assert_eq!(client.applied(&history(false)), (1, 1));
    assert_eq!(client.applied(&history(true)), (1, 1));
}

#[tokio::test]
async fn a_mark_has_a_result_per_item_and_repeats_succeed() {
    let client = Client::with_users(&["a"]).await;
    let both = json!({"OptType": 3, "ContactItem": group("g"), "SetMark": [1, 33],
        "ClearMark": [2], "CustomMark": "x"});
    let too_long = custom("b", &"x".repeat(257));
    let body = mark(json!([set("a", 0), both, too_long, custom("c", &"x".repeat(256))]));
    for _ in 0..2 {
        let reply = client.ok(MARK, body.clone()).await;
        assert_eq!(codes(&reply["ResultItem"]), [0, 0, 50002, 0]);
        assert_eq!(reply["ResultItem"][1]["ContactItem"], group("g"));
        assert_eq!(reply["ResultItem"][1]["OptType"], 3);
    }
    let unmark = json!({"OptType": 1, "ContactItem": user("d"), "ClearMark": [0]});
    assert_eq!(codes(&client.ok(MARK, mark(json!([unmark]))).await["ResultItem"]), [0]);
    let marked = Change::Marked { conversation: "GROUPg".into(), set: 2 | 1 << 33, clear: 4 };
    assert_eq!(client.applied(&marked), (2, 1));
    assert_eq!(client.labels("a").await.0, "1");
    assert_eq!(client.labels("b").await.1, Value::Null);
    for wrong in [json!([]), json!(vec![set("a", 0); 101])] {
        assert_eq!(client.refused(MARK, mark(wrong)).await, 51006);
    }
}

#[tokio::test]
async fn a_group_is_renamed_and_its_members_are_mixed_in_one_call() {
    let client = Client::with_users(&["a", "b", "c"]).await;
    client.ok(CREATE, create("Work", json!([user("a"), user("b")]))).await;
    let reply = client.ok(UPDATE, members("Work", &["c", "a"], &["b", "x"])).await;
    assert_eq!(codes(&reply["UpdateGroupResult"]["ContactResultItem"]), [0; 4]);
    assert_eq!(client.members("Work"), ["C2Ca", "C2Cc"]);
    let reply = client.ok(UPDATE, rename("Work", "Office")).await;
    assert_eq!(reply["UpdateGroupResult"]["OldGroupName"], "Work");
    assert_eq!(reply["UpdateGroupResult"]["GroupName"], "Office");
    assert_eq!(client.members("Office"), ["C2Ca", "C2Cc"]);
    client.ok(UPDATE, rename("Office", "Office")).await;
    let added = |id: &str| Change::Added { conversation: id.into(), group: "Work".into() };
    assert_eq!(client.applied(&added("C2Ca")), (2, 1), "by creating, and again");
    let removed = Change::Removed { conversation: "C2Cx".into(), group: "Work".into() };
    assert_eq!(client.applied(&removed), (1, 0));

    assert_eq!(client.refused(UPDATE, rename("Work", "x")).await, 51009);
    assert_eq!(client.refused(UPDATE, members("Work", &["a"], &[])).await, 51009);
    let mut other = rename("Office", "x");
    other["UpdateType"] = json!(2);
    assert_eq!(client.refused(UPDATE, other).await, 50002);
    client.ok(DELETE_GROUP, delete_group("Office")).await;
    assert_eq!(client.refused(DELETE_GROUP, delete_group("Office")).await, 51009);
    assert!(client.emulator.world().conversation_groups(ME).unwrap().is_empty());
}

#[tokio::test]
async fn the_conversation_of_a_dissolved_chat_group_fails_alone() {
    let client = Client::with_users(&["a"]).await;
    let world = client.emulator.world();
    world.add_group("g", GroupType::Work, "team");
    world.dissolve_group("g").unwrap();
    let reply = client.ok(CREATE, create("Work", json!([group("g"), user("a")]))).await;
    assert_eq!(codes(&reply["GroupResultItem"][0]["ResultItem"]), [51007, 0]);
    let pins = top(1, json!([user("a"), {"Type": 2, "GroupId": "g"}]));
    assert_eq!(client.refused(TOP, pins.clone()).await, 51007);
    world.add_group("g", GroupType::Work, "team");
    client.ok(TOP, pins).await;
}

#[tokio::test]
async fn reading_leaves_what_came_later_unread() {
    let client = Client::empty().await;
    let world = client.emulator.world();
    let mut times = Vec::new();
    for _ in 0..3 {
        times.push(world.touch(ME, "C2Ca").unwrap());
        world.advance(Duration::from_secs(10));
    }
    client.ok(READ, read("a", times[0])).await;
    assert_eq!(client.unread("a").await, 2);
    client.ok(READ, read("a", times[1].to_string())).await;
    assert_eq!(client.unread("a").await, 1, "a text is as good");
    client.ok(READ, json!({"Report_Account": ME, "Peer_Account": "a"})).await;
    assert_eq!(client.unread("a").await, 0, "without a time: now");
    let until = times[0];
    assert_eq!(client.applied(&Change::Read { conversation: "C2Ca".into(), until }), (1, 1));

    let without = |field: &str| {
        let mut body = read("a", 1);
        body.as_object_mut().unwrap().remove(field);
        body
    };
    assert_eq!(client.refused(READ, without("Peer_Account")).await, 90003);
    assert_eq!(client.refused(READ, without("Report_Account")).await, 90008);
    assert_eq!(client.refused(READ, read("a", "soon")).await, 90001);
    assert_eq!(client.refused(READ, read("nobody", 1)).await, 70107);
}

#[tokio::test]
async fn the_unread_number_of_a_group_is_set_but_not_where_there_is_none() {
    let client = Client::empty().await;
    let world = client.emulator.world();
    let kinds = [("work", GroupType::Work, 5), ("meeting", GroupType::Meeting, 1)];
    for (id, kind, unread) in kinds {
        world.add_group(id, kind, id);
        world.touch(ME, &format!("GROUP{id}")).unwrap();
        client.ok(SET_UNREAD, set_unread(id, 5)).await;
        let rows = world.listing(ME).unwrap();
        let row = rows.iter().find(|row| row.id == format!("GROUP{id}")).unwrap();
        assert_eq!(row.unread, unread, "{id}");
    }
    let body =
        json!({"Member_Account": ME, "ResponseFilter": {"SelfInfoFilter": ["UnreadMsgNum"]}});
    let reply = client.ok(JOINED, body).await;
    assert_eq!(reply["GroupIdList"][1]["SelfInfo"]["UnreadMsgNum"], 5);
    let unread = |count| Change::Unread { conversation: "GROUPwork".into(), count };
    assert_eq!(client.applied(&unread(5)), (1, 1));
    for (group, code) in [("gone", 10010), ("", 10004), ("日本", 10015)] {
        assert_eq!(client.refused(SET_UNREAD, set_unread(group, 1)).await, code, "{group}");
    }
}

#[tokio::test]
async fn a_group_is_muted_and_not_by_those_who_may_not() {
    let client = Client::empty().await;
    let world = client.emulator.world();
    for (id, kind) in [("work", GroupType::Work), ("live", GroupType::AvChatRoom)] {
        world.add_group(id, kind, id);
        world.touch(ME, &format!("GROUP{id}")).unwrap();
    }
    let flags = [
        ("AcceptNotNotify", MsgFlag::AcceptNotNotify),
        ("Discard", MsgFlag::Discard),
        ("AcceptAndNotify", MsgFlag::AcceptAndNotify),
        ("Discard", MsgFlag::Discard),
    ];
    for (text, flag) in flags {
        client.ok(MODIFY, modify("work", text)).await;
        assert_eq!(world.msg_flag(ME, "work").unwrap(), flag);
    }
    let body = json!({"Member_Account": ME, "ResponseFilter": {"SelfInfoFilter": ["MsgFlag"]}});
    let reply = client.ok(JOINED, body).await;
    assert_eq!(reply["GroupIdList"][0]["SelfInfo"]["MsgFlag"], "Discard");
    assert_eq!(client.refused(MODIFY, modify("work", "AcceptNotNotifyExceptAt")).await, 10004);
    assert_eq!(client.refused(MODIFY, modify("live", "Discard")).await, 10007);
    world.add_group("other", GroupType::Work, "other");
    assert_eq!(client.refused(MODIFY, modify("other", "Discard")).await, 10007);
    world.dissolve_group("work").unwrap();
    assert_eq!(client.refused(MODIFY, modify("work", "Discard")).await, 10010);
}
