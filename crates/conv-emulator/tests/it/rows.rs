//! Rows of odd IDs, times and labels.

use conv_emulator::{BadRow, Emulator, Fault, Rule};
use serde_json::{Value, json};

use crate::client::{Client, ME};

/// A page whose rows are spoilt, beside the same page as it should be.
async fn spoilt(kind: BadRow, every: usize) -> Vec<(Value, Value)> {
    let client = Client::of(Emulator::builder().conversations(20)).await;
    let honest = client.page(None).await;
    client.emulator.faults().push(Rule::always(Fault::SpoiltRows { kind, every }));
    let page = client.page(None).await;
    let rows = |page: &Value| page["SessionItem"].as_array().unwrap().clone();
    assert_eq!(rows(&page).len(), 20);
    rows(&page).into_iter().zip(rows(&honest)).collect()
}

fn id(row: &Value) -> &Value {
    row.get("To_Account").or(row.get("GroupId")).unwrap_or(&Value::Null)
}

#[tokio::test]
async fn any_share_of_rows_can_be_spoilt() {
    for (every, expected) in [(0, 0), (1, 20), (2, 10), (5, 4), (21, 0)] {
        let rows = spoilt(BadRow::OldTime, every).await;
        let old = rows.iter().filter(|(row, honest)| row != honest);
        assert!(old.clone().all(|(row, _)| row["MsgTime"] == 946_684_800));
        assert_eq!(old.count(), expected, "each {every}");
    }
}

#[tokio::test]
async fn ids_are_not_ascii_numbers_or_missing() {
    for (row, honest) in spoilt(BadRow::NonAsciiId, 1).await {
        assert_eq!(id(&row).as_str().unwrap(), format!("{}é日", id(&honest).as_str().unwrap()));
        assert_eq!(row["MsgTime"], honest["MsgTime"]);
    }
    assert!(spoilt(BadRow::NumberId, 1).await.iter().all(|(row, _)| id(row).is_u64()));
    assert!(spoilt(BadRow::NoId, 1).await.iter().all(|(row, _)| id(row).is_null()));
}

#[tokio::test]
async fn labels_of_wrong_types_leave_id_and_time_as_they_are() {
    for (row, honest) in spoilt(BadRow::BadLabels, 1).await {
        assert_eq!((id(&row), &row["MsgTime"]), (id(&honest), &honest["MsgTime"]));
        assert_eq!(row["TopFlag"], "pinned");
        assert!(row["StandardMark"].is_array() && row["CustomMark"].is_object());
        assert!(row["ContactGroupId"].is_string());
    }
}

#[tokio::test]
async fn bad_rows_add_up() {
    let client = Client::of(Emulator::builder().conversations(16)).await;
    for kind in [BadRow::NonAsciiId, BadRow::NumberId, BadRow::NoId, BadRow::OldTime] {
        client.emulator.faults().push(Rule::always(Fault::BadRow(kind)));
    }
    assert_eq!(client.page(None).await["SessionItem"].as_array().unwrap().len(), 20);
}

#[tokio::test]
async fn the_world_itself_can_hold_odd_rows() {
    let client = Client::empty().await;
    let world = client.emulator.world();
    world.insert(ME, "C2C日本", 946_684_800).unwrap();
    let page = client.page(None).await;
    assert_eq!(page["SessionItem"][0]["To_Account"], json!("日本"));
    assert_eq!(page["SessionItem"][0]["MsgTime"], json!(946_684_800));
}
