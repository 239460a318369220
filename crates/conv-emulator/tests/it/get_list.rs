use std::{collections::BTreeSet, time::Duration};

use conv_emulator::{Churn, CursorKind, Emulator};
use serde_json::{Value, json};

use crate::client::{Client, GET_LIST, ME, list_request, rows, sorted};

const KINDS: [CursorKind; 5] = [
    CursorKind::KeyExact,
    CursorKind::KeySec,
    CursorKind::LiveOff,
    CursorKind::SnapOff,
    CursorKind::Frozen,
];

#[tokio::test]
async fn the_answer_has_the_fields_of_the_documented_sample() {
    let client = Client::empty().await;
    let world = client.emulator.world();
    world.insert(ME, "C2Cuser_0002", 1_772_612_017).unwrap();
    world.insert(ME, "GROUP@TGS#1B2AUI7RZ", 1_775_185_968).unwrap();
    world.mark(ME, "GROUP@TGS#1B2AUI7RZ", 0b11_1001, 0).unwrap();
    world.set_custom_mark(ME, "GROUP@TGS#1B2AUI7RZ", "abcd").unwrap();
    world.group(ME, "GROUP@TGS#1B2AUI7RZ", "one").unwrap();
    world.group(ME, "GROUP@TGS#1B2AUI7RZ", "two").unwrap();
    world.set_now(1_775_552_160);
    let mut page = client.page(None).await;
    page["SessionItem"].as_array_mut().unwrap().sort_by_key(|row| row["Type"].as_u64());
    let sample = json!({
        "SessionItem": [
            {"Type": 1, "To_Account": "user_0002", "MsgTime": 1772612017, "TopFlag": 0},
            {"Type": 2, "GroupId": "@TGS#1B2AUI7RZ", "MsgTime": 1775185968, "TopFlag": 0,
             "StandardMark": "111001", "CustomMark": "abcd", "ContactGroupId": [1, 2]},
        ],
        "CompleteFlag": 1,
        "TimeStamp": 1775552160, "StartIndex": 0,
        "TopTimeStamp": 1775552160, "TopStartIndex": 0,
        "ActionStatus": "OK", "ErrorCode": 0, "ErrorInfo": "", "ErrorDisplay": "",
    });
    assert_eq!(page, sample);
}

#[tokio::test]
async fn every_cursor_pages_a_quiet_list_exactly_whatever_the_page_size() {
    for kind in KINDS {
        let builder = Emulator::builder().seed(3).conversations(41).cursor(kind);
        let client = Client::of(builder).await;
        let world = client.emulator.world();
        // Ties across every page boundary, pinned and not.
        for row in world.listing(ME).unwrap() {
            world.insert(ME, &row.id, row.time - row.time % 50_000).unwrap();
            if row.time % 3 == 0 {
                world.pin(ME, &row.id).unwrap();
            }
        }
        for size in (1..=12).chain([40, 41, 42, 500]) {
            world.set_page_size(size);
            let pages = client.pages().await;
            assert_eq!(pages.len(), 41usize.div_ceil(size), "{kind:?} in pages of {size}");
            let read = sorted(pages.iter().flat_map(rows).collect());
            assert_eq!(read, client.truth(), "{kind:?} in pages of {size}");
        }
    }
}

#[tokio::test]
async fn an_empty_list_is_complete_at_once() {
    let client = Client::empty().await;
    let page = client.page(None).await;
    assert_eq!(page["CompleteFlag"], 1);
    assert_eq!(page["SessionItem"], json!([]));
    assert_ne!(page["TimeStamp"], 0);
}

#[tokio::test]
async fn the_plan_limits_the_list_to_the_newest_and_counts_pinned_rows_first() {
    let builder = Emulator::builder().conversations(250).plan_limit(100).page_size(30);
    let client = Client::of(builder).await;
    let world = client.emulator.world();
    let all = {
        world.set_plan_limit(500);
        world.listing(ME).unwrap()
    };
    world.set_plan_limit(100);
    assert_eq!(all.len(), 250);
    let oldest = &all.last().unwrap().id;
    assert!(!client.list().await.iter().any(|row| row.0 == *oldest));
    world.pin(ME, oldest).unwrap();
    let list = client.list().await;
    assert_eq!(list.len(), 100);
    assert!(list.iter().any(|row| row.0 == *oldest));
    assert_eq!(list, client.truth());
}

#[tokio::test]
async fn rows_are_shuffled_in_a_page_but_the_same_call_gets_the_same_answer() {
    let client = Client::of(Emulator::builder().conversations(60).page_size(20)).await;
    let page = client.page(None).await;
    let again = client.page(None).await;
    assert_eq!(page["SessionItem"], again["SessionItem"]);
    assert_ne!(rows(&page), sorted(rows(&page)));
    assert_eq!(sorted(rows(&page)), client.truth()[..20]);
}

#[tokio::test]
async fn equal_settings_make_equal_answers_and_another_seed_another_world() {
    let settings = |seed| Emulator::builder().seed(seed).conversations(120).now(1_775_552_160);
    let one = Client::of(settings(7)).await.page(None).await;
    let two = Client::of(settings(7)).await.page(None).await;
    let three = Client::of(settings(8)).await.page(None).await;
    assert_eq!(one["SessionItem"], two["SessionItem"]);
    assert_ne!(one["SessionItem"], three["SessionItem"]);
}

#[tokio::test]
async fn a_late_flag_comes_with_an_empty_page_only_after_a_full_one() {
    let builder = Emulator::builder().conversations(40).page_size(20).late_complete_flag(true);
    let client = Client::of(builder).await;
    let sizes = |pages: &[Value]| pages.iter().map(|page| rows(page).len()).collect::<Vec<_>>();
    assert_eq!(sizes(&client.pages().await), [20, 20, 0]);
    client.emulator.world().set_page_size(30);
    assert_eq!(sizes(&client.pages().await), [30, 10]);
}

#[tokio::test]
async fn flags_switch_pins_empty_rows_and_labels() {
    let client = Client::empty().await;
    let world = client.emulator.world();
    world.insert(ME, "C2Ca", 10).unwrap();
    world.insert(ME, "C2Cb", 20).unwrap();
    world.pin(ME, "C2Ca").unwrap();
    world.set_empty(ME, "C2Cb", true).unwrap();
    world.mark(ME, "C2Ca", 1 << 63, 0).unwrap();
    world.set_custom_mark(ME, "C2Ca", "x").unwrap();
    world.group(ME, "C2Ca", "Suppliers").unwrap();
    let row =
        async |flags| client.ok(GET_LIST, list_request(None, flags)).await["SessionItem"].clone();
    assert_eq!(row(0).await, json!([{"Type": 1, "To_Account": "a", "MsgTime": 10, "TopFlag": 0}]));
    assert_eq!(row(7).await.as_array().unwrap().len(), 2);
    let full = json!([{"Type": 1, "To_Account": "a", "MsgTime": 10, "TopFlag": 1,
        "StandardMark": format!("1{}", "0".repeat(63)), "CustomMark": "x", "ContactGroupId": [1]}]);
    assert_eq!(row(63 - 2).await, full);
}

#[tokio::test]
async fn without_paged_pins_all_of_them_come_first() {
    let client = Client::of(Emulator::builder().conversations(60).page_size(10)).await;
    let world = client.emulator.world();
    for row in world.listing(ME).unwrap().iter().take(25) {
        world.pin(ME, &row.id).unwrap();
    }
    let paged = client.ok(GET_LIST, list_request(None, 63)).await;
    assert_eq!(rows(&paged).len(), 10);
    let whole = client.ok(GET_LIST, list_request(None, 63 - 4)).await;
    let pinned = client.truth().iter().filter(|row| row.2).count();
    assert_eq!(rows(&whole).len(), pinned);
    assert!(rows(&whole).iter().all(|row| row.2));
}

#[tokio::test]
async fn a_key_cursor_never_skips_a_row_that_nobody_touched() {
    for seed in 0..30 {
        let builder = Emulator::builder().seed(seed).conversations(60).page_size(7).plan_limit(500);
        let client = Client::of(builder.churn(Churn::PerPage(3))).await;
        let before: BTreeSet<_> = client.truth().into_iter().collect();
        let read: BTreeSet<_> = client.pages().await.iter().flat_map(rows).collect();
        let untouched = client.truth().into_iter().filter(|row| before.contains(row));
        for row in untouched {
            assert!(read.contains(&row), "seed {seed} lost {row:?}");
        }
    }
}

#[tokio::test]
async fn offsets_skip_rows_when_the_list_moves() {
    let lost = async |kind, change: fn(&Client, &str)| {
        let builder = Emulator::builder().conversations(40).page_size(10).cursor(kind);
        let client = Client::of(builder).await;
        let world = client.emulator.world();
        for row in world.listing(ME).unwrap() {
            world.unpin(ME, &row.id).unwrap();
        }
        let truth = client.truth();
        let first = client.page(None).await;
        change(&client, &truth[0].0);
        let mut read = rows(&first);
        let mut page = first;
        while page["CompleteFlag"] == 0 {
            page = client.page(Some(&page)).await;
            read.extend(rows(&page));
        }
        truth[1..].iter().any(|row| !read.contains(row))
    };
    let remove = |client: &Client, id: &str| client.emulator.world().remove(ME, id).unwrap();
    let message = |client: &Client, id: &str| {
        client.emulator.world().advance(Duration::from_secs(2));
        client.emulator.world().touch(ME, id).unwrap();
    };
    for (kind, on_remove, on_message) in [
        (CursorKind::KeyExact, false, false),
        (CursorKind::KeySec, false, false),
        (CursorKind::LiveOff, true, false),
        (CursorKind::SnapOff, true, true),
        (CursorKind::Frozen, false, false),
    ] {
        assert_eq!(lost(kind, remove).await, on_remove, "{kind:?} and a row that leaves");
        assert_eq!(lost(kind, message).await, on_message, "{kind:?} and a message");
    }
}

#[tokio::test]
async fn an_old_frozen_copy_expires() {
    let builder = Emulator::builder().conversations(40).page_size(10).cursor(CursorKind::Frozen);
    let client = Client::of(builder).await;
    let first = client.page(None).await;
    for _ in 0..8 {
        client.page(None).await;
    }
    assert_eq!(client.refused(GET_LIST, list_request(Some(&first), 63)).await, 50002);
}

#[tokio::test]
async fn conversations_expire_if_they_are_kept_for_a_time_only() {
    let week = Duration::from_secs(7 * 24 * 3600);
    let client = Client::of(Emulator::builder().conversations(50).retention(week)).await;
    assert_eq!(client.list().await.len(), 50);
    client.emulator.world().advance(week / 2);
    let left = client.list().await;
    assert!(left.len() < 50 && !left.is_empty());
    assert_eq!(left, client.truth());
}

#[tokio::test]
async fn unknown_accounts_and_bad_parameters_are_refused() {
    let client = Client::of(Emulator::builder()).await;
    let with = |field: &str, value: Value| {
        let mut request = list_request(None, 63);
        request[field] = value;
        request
    };
    assert_eq!(client.refused(GET_LIST, with("From_Account", json!("nobody"))).await, 50001);
    for (field, value) in [
        ("From_Account", json!("")),
        ("From_Account", json!(1)),
        ("TimeStamp", json!(-1)),
        ("StartIndex", json!("0")),
        ("TopTimeStamp", Value::Null),
        ("TopStartIndex", json!(1.5)),
        ("AssistFlags", json!([])),
    ] {
        assert_eq!(client.refused(GET_LIST, with(field, value)).await, 50002, "{field}");
    }
}

#[tokio::test]
async fn ten_thousand_accounts_start_at_once() {
    let client = Client::of(Emulator::builder().accounts(10_000).conversations(100)).await;
    let mut request = list_request(None, 63);
    request["From_Account"] = json!("user_9999");
    let page = client.ok(GET_LIST, request).await;
    assert_eq!(rows(&page).len(), 100);
}
