//! Each unknown both ways.

use conv_emulator::{Change, MarkBase, ReadAbsent, ReadBack, Taken, TopItems, Unknowns};
use serde_json::{Value, json};

use crate::{
    client::{Client, ME},
    requests::*,
};

async fn with(change: impl FnOnce(&mut Unknowns)) -> Client {
    let client = Client::with_users(&["a", "b"]).await;
    let mut unknowns = Unknowns::default();
    change(&mut unknowns);
    client.emulator.world().set_unknowns(unknowns);
    client
}

#[tokio::test]
async fn creating_a_group_that_exists_is_refused_or_merges() {
    let client = with(|_| {}).await;
    client.ok(CREATE, create("Work", json!([user("a")]))).await;
    let again = create("Work", json!([user("b")]));
    assert_eq!(client.refused(CREATE, again.clone()).await, 51007);
    assert_eq!(client.members("Work"), ["C2Ca"]);

    client.emulator.world().set_unknowns("create-existing=51010".parse().unwrap());
    assert_eq!(client.refused(CREATE, again.clone()).await, 51010);

    let mut unknowns = Unknowns::default();
    unknowns.create_existing = Taken::Merge;
    client.emulator.world().set_unknowns(unknowns);
    let reply = client.ok(CREATE, again).await;
    assert_eq!(reply["GroupResultItem"][0]["GroupItem"]["GroupId"], 1);
    assert_eq!(client.members("Work"), ["C2Ca", "C2Cb"]);
    assert_eq!(client.applied(&Change::GroupCreated { group: "Work".into() }), (2, 1));
}

#[tokio::test]
async fn renaming_to_a_taken_name_is_refused_or_merges() {
    for merges in [false, true] {
        let to = if merges { Taken::Merge } else { Taken::Refuse(51007) };
        let client = with(|unknowns| unknowns.rename_taken = to).await;
        client.ok(CREATE, create("Work", json!([user("a")]))).await;
        client.ok(CREATE, create("Office", json!([user("b")]))).await;
        let reply = client.call(UPDATE, rename("Work", "Office")).await;
        let groups = client.emulator.world().conversation_groups(ME).unwrap();
        if merges {
            assert_eq!(reply["UpdateGroupResult"]["GroupId"], 2);
            assert_eq!(groups, ["Office"]);
            assert_eq!(client.members("Office"), ["C2Ca", "C2Cb"]);
        } else {
            assert_eq!(reply["ErrorCode"], 51007);
            assert_eq!(groups, ["Office", "Work"]);
        }
    }
}

#[tokio::test]
async fn one_bad_item_keeps_all_from_being_pinned_or_itself_alone() {
    for (top_items, expected) in
        [(TopItems::AllOrNothing, &[][..]), (TopItems::Partial, &["C2Ca", "C2Cb"])]
    {
        let client = with(|unknowns| unknowns.top = top_items).await;
        let items = json!([user("a"), {"Type": 7}, user("b")]);
        assert_eq!(client.refused(TOP, top(1, items)).await, 50002);
        assert_eq!(client.pinned(), expected);
        assert_eq!(client.writes().len(), expected.len());
    }
}

#[tokio::test]
async fn as_many_are_pinned_as_there_is_room_for_or_none() {
    for (top_items, expected) in [(TopItems::AllOrNothing, 0), (TopItems::Partial, 50)] {
        let client = with(|unknowns| unknowns.top = top_items).await;
        let items: Vec<Value> = (0..52).map(|n| user(&format!("u{n}"))).collect();
        assert_eq!(client.refused(TOP, top(1, json!(items))).await, 51012);
        assert_eq!(client.pinned().len(), expected);
    }
}

#[tokio::test]
async fn deleting_what_is_not_there_succeeds_or_has_a_code() {
    let client = with(|_| {}).await;
    client.ok(DELETE, delete("nobody")).await;
    assert_eq!(client.writes().len(), 1);
    assert!(!client.writes()[0].changed);
    let client = with(|unknowns| unknowns.delete_absent = 51009).await;
    client.ok(DELETE, delete("a")).await;
    assert_eq!(client.refused(DELETE, delete("a")).await, 51009);
    assert_eq!(client.writes().len(), 1);
}

#[tokio::test]
async fn the_star_is_number_zero_or_one() {
    for (base, first, marks) in [(MarkBase::Zero, 0, "10"), (MarkBase::One, 1, "1")] {
        let client = with(|unknowns| unknowns.mark_base = base).await;
        client.ok(MARK, mark(json!([set("a", 1)]))).await;
        assert_eq!(client.labels("a").await.0, marks);
        client.ok(MARK, mark(json!([set("b", first + 63)]))).await;
        assert_eq!(client.refused(MARK, mark(json!([set("a", first + 64)]))).await, 50002);
    }
    let client = with(|unknowns| unknowns.mark_base = MarkBase::One).await;
    assert_eq!(client.refused(MARK, mark(json!([set("a", 0)]))).await, 50002);
}

#[tokio::test]
async fn reading_back_is_ignored_or_unreads() {
    for (back, expected) in [(ReadBack::Ignored, 0), (ReadBack::Unreads, 1)] {
        let client = with(|unknowns| unknowns.read_back = back).await;
        let time = client.emulator.world().touch(ME, "C2Ca").unwrap();
        client.ok(READ, read("a", time)).await;
        assert_eq!(client.unread("a").await, 0);
        client.ok(READ, read("a", time - 1)).await;
        assert_eq!(client.unread("a").await, expected);
    }
}

#[tokio::test]
async fn reading_what_is_not_there_leaves_nothing_or_an_empty_row() {
    for (absent, expected) in [(ReadAbsent::Nothing, 0), (ReadAbsent::EmptyRow, 1)] {
        let client = Client::empty().await;
        let mut unknowns = Unknowns::default();
        unknowns.read_absent = absent;
        client.emulator.world().set_unknowns(unknowns);
        client.ok(READ, read("administrator", 1)).await;
        assert_eq!(client.emulator.world().listing(ME).unwrap().len(), expected);
    }
}
