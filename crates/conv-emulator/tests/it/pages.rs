//! Pages of one command's own size, cursors that are refused, and lists without rows.

use conv_emulator::{Emulator, Fault, Rule};
use serde_json::{Value, json};

use crate::client::{Client, GET_LIST, ME, list_request, rows};

const LABELS: &str = "recentcontact/get_contact_group";
const JOINED: &str = "group_open_http_svc/get_joined_group_list";

async fn labels(client: &Client, start: &Value) -> Value {
    client.ok(LABELS, json!({"From_Account": ME, "StartIndex": start})).await
}

async fn joined(client: &Client, offset: usize) -> Value {
    client.ok(JOINED, json!({"Member_Account": ME, "Limit": 100, "Offset": offset})).await
}

fn count(page: &Value, field: &str) -> usize {
    page[field].as_array().unwrap().len()
}

#[tokio::test]
async fn each_command_that_pages_has_a_size_of_its_own() {
    let client = Client::of(Emulator::builder().conversations(60).page_size(20)).await;
    let faults = client.emulator.faults();
    let all_joined = joined(&client, 0).await["GroupIdList"].clone();
    faults.push(Rule::always(Fault::PageSize(7)).on(GET_LIST));
    faults.push(Rule::always(Fault::PageSize(2)).on(LABELS));
    faults.push(Rule::always(Fault::PageSize(3)).on(JOINED));

    let pages = client.pages().await;
    assert!(pages.iter().all(|page| count(page, "SessionItem") <= 7));
    assert_eq!(client.list().await, client.truth());

    let (mut start, mut items) = (json!(0), 0);
    loop {
        let page = labels(&client, &start).await;
        assert!(count(&page, "ContactItem") <= 2);
        items += count(&page, "ContactItem");
        if page["CompleteFlag"] == 1 {
            break;
        }
        start = page["NextStartIndex"].clone();
    }
    assert!(items > 4);

    let mut groups: Vec<Value> = Vec::new();
    while Some(groups.len() as u64) < all_joined.as_array().map(|all| all.len() as u64) {
        let page = joined(&client, groups.len()).await;
        assert!((1..=3).contains(&count(&page, "GroupIdList")));
        assert_eq!(page["TotalCount"], count(&json!({"a": all_joined}), "a"));
        groups.extend(page["GroupIdList"].as_array().unwrap().clone());
    }
    assert_eq!(json!(groups), all_joined);
}

#[tokio::test]
async fn a_page_holds_at_least_one_row_and_the_last_rule_sets_its_size() {
    let client = Client::of(Emulator::builder().conversations(10)).await;
    client.emulator.faults().push(Rule::always(Fault::PageSize(0)));
    assert_eq!(rows(&client.page(None).await).len(), 1);
    client.emulator.faults().push(Rule::always(Fault::PageSize(4)));
    assert_eq!(rows(&client.page(None).await).len(), 4);
}

#[tokio::test]
async fn a_cursor_is_refused_always_and_a_first_page_never() {
    let client = Client::of(Emulator::builder().conversations(60).page_size(5)).await;
    let first = client.page(None).await;
    let (labels_first, group) = (labels(&client, &json!(0)).await, joined(&client, 0).await);
    for code in [50002, 50004] {
        client.emulator.faults().clear();
        client.emulator.faults().push(Rule::always(Fault::CursorRefused(code)));
        for _ in 0..2 {
            assert_eq!(
                client.refused(GET_LIST, list_request(Some(&first), 63)).await,
                u64::from(code)
            );
        }
        let start = &labels_first["NextStartIndex"];
        let body = json!({"From_Account": ME, "StartIndex": start});
        assert_eq!(client.refused(LABELS, body).await, u64::from(code));
        let body = json!({"Member_Account": ME, "Limit": 100, "Offset": 1});
        assert_eq!(client.refused(JOINED, body).await, u64::from(code));
        assert_eq!(client.page(None).await, first);
        assert_eq!(labels(&client, &json!(0)).await, labels_first);
        assert_eq!(joined(&client, 0).await, group);
    }
}

#[tokio::test]
async fn a_page_comes_without_its_rows() {
    let client = Client::of(Emulator::builder().conversations(20).page_size(10)).await;
    client.emulator.faults().push(Rule::nth(2, Fault::NoItems).on(GET_LIST));
    let first = client.page(None).await;
    let second = client.page(Some(&first)).await;
    assert!(second.get("SessionItem").is_none());
    assert_eq!(second["CompleteFlag"], 1);
    assert_eq!(rows(&client.page(Some(&first)).await).len(), 10);
}
