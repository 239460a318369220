use std::{
    io::Read,
    time::{Duration, Instant},
};

use conv_emulator::{BadRow, Emulator, Fault, Rule};
use flate2::read::GzDecoder;
use serde_json::{Value, json};

use crate::client::{Client, GET_LIST, list_request, rows, sorted};

async fn small() -> Client {
    Client::of(Emulator::builder().conversations(30).page_size(10)).await
}

async fn with(fault: Fault) -> Client {
    let client = small().await;
    client.emulator.faults().push(Rule::always(fault));
    client
}

/// The client comes along: with it the emulator would end, and with that a body under way.
async fn raw(fault: Fault) -> (Client, reqwest::Response) {
    let client = with(fault).await;
    let reply = client.send(GET_LIST, &list_request(None, 63)).await.unwrap();
    (client, reply)
}

#[tokio::test]
async fn a_status_comes_with_a_page_of_html() {
    let (_client, reply) = raw(Fault::Status(502)).await;
    assert_eq!(reply.status(), 502);
    assert_eq!(reply.headers()["content-type"], "text/html");
    assert!(reply.text().await.unwrap().starts_with("<html>"));
}

#[tokio::test]
async fn a_code_comes_for_as_often_as_it_was_scripted() {
    let client = small().await;
    client.emulator.faults().push(Rule::times(2, Fault::Code(60007)).on(GET_LIST));
    for expected in [60007, 60007, 0] {
        let reply = client.call(GET_LIST, list_request(None, 63)).await;
        assert_eq!(reply["ErrorCode"], expected);
    }
    assert_eq!(client.emulator.faults().fired(), 2);
}

#[tokio::test]
async fn a_command_that_fails_has_not_run() {
    let client = small().await;
    client.emulator.faults().push(Rule::once(Fault::Code(50004)));
    let row = client.truth().into_iter().find(|row| row.0.starts_with("C2C")).unwrap().0;
    let body = json!({"From_Account": "user_0001", "Type": 1, "To_Account": &row[3..]});
    client.call("recentcontact/delete", body.clone()).await;
    assert!(client.truth().iter().any(|held| held.0 == row));
    client.ok("recentcontact/delete", body).await;
    assert!(!client.truth().iter().any(|held| held.0 == row));
}

#[tokio::test]
async fn a_slow_answer_is_right_but_late() {
    let client = with(Fault::Slow(Duration::from_millis(200))).await;
    let started = Instant::now();
    assert_eq!(rows(&client.page(None).await).len(), 10);
    assert!(started.elapsed() >= Duration::from_millis(200));
}

#[tokio::test]
async fn a_stalled_answer_never_comes() {
    let call = raw(Fault::Stalled);
    assert!(tokio::time::timeout(Duration::from_millis(300), call).await.is_err());
}

#[tokio::test]
async fn a_reset_connection_brings_no_answer_and_the_next_one_works() {
    let client = small().await;
    client.emulator.faults().push(Rule::once(Fault::Reset));
    let error = client.send(GET_LIST, &list_request(None, 63)).await.unwrap_err();
    assert!(!error.is_timeout());
    client.page(None).await;
}

#[tokio::test]
async fn a_truncated_body_is_shorter_than_its_header_says() {
    let (_client, reply) = raw(Fault::TruncatedBody).await;
    assert_eq!(reply.status(), 200);
    assert!(reply.content_length().unwrap() > 100);
    let error = reply.bytes().await.unwrap_err();
    assert!(!error.is_timeout());
}

#[tokio::test]
async fn cut_json_html_and_other_bytes_come_whole_with_a_200() {
    for fault in [Fault::CutJson, Fault::Html, Fault::NotJson] {
        let (_client, reply) = raw(fault).await;
        assert_eq!(reply.status(), 200);
        let bytes = reply.bytes().await.unwrap();
        assert!(!bytes.is_empty());
        assert!(serde_json::from_slice::<Value>(&bytes).is_err());
    }
}

#[tokio::test]
async fn a_bomb_is_small_and_inflates_to_json() {
    let (_client, reply) = raw(Fault::GzipBomb(32 << 20)).await;
    assert_eq!(reply.headers()["content-encoding"], "gzip");
    let bytes = reply.bytes().await.unwrap();
    assert!(bytes.len() < 200_000);
    let mut text = String::new();
    GzDecoder::new(&bytes[..]).read_to_string(&mut text).unwrap();
    assert!(text.len() > 32 << 20);
    assert!(serde_json::from_str::<Value>(&text).is_ok());
}

#[tokio::test]
async fn an_oversized_body_is_json_of_that_size() {
    let (_client, reply) = raw(Fault::Oversized(5 << 20)).await;
    let bytes = reply.bytes().await.unwrap();
    assert!(bytes.len() > 5 << 20);
    assert!(serde_json::from_slice::<Value>(&bytes).is_ok());
}

#[tokio::test]
async fn a_standing_cursor_repeats_a_page_for_ever() {
    let client = with(Fault::StandingCursor).await;
    let first = client.page(None).await;
    let second = client.page(Some(&first)).await;
    let third = client.page(Some(&second)).await;
    assert_eq!(second["TimeStamp"], first["TimeStamp"]);
    assert_eq!(second["SessionItem"], third["SessionItem"]);
    assert_eq!(third["CompleteFlag"], 0);
}

#[tokio::test]
async fn empty_pages_lead_on_to_the_rows_they_left_out() {
    let client = small().await;
    client.emulator.faults().push(Rule::every(2, Fault::EmptyPage));
    let pages = client.pages().await;
    let sizes: Vec<_> = pages.iter().map(|page| rows(page).len()).collect();
    assert_eq!(sizes, [10, 0, 10, 0, 10]);
    assert_eq!(sorted(pages.iter().flat_map(rows).collect()), client.truth());
}

#[tokio::test]
async fn an_empty_first_page_leads_on_too() {
    let client = small().await;
    client.emulator.faults().push(Rule::times(3, Fault::EmptyPage));
    assert_eq!(client.list().await, client.truth());
    assert_eq!(client.emulator.calls().of(GET_LIST), 6);
}

#[tokio::test]
async fn a_flag_can_be_missing_and_items_null() {
    let client = with(Fault::NoCompleteFlag).await;
    client.emulator.faults().push(Rule::always(Fault::NullItems));
    let page = client.page(None).await;
    assert!(page.get("CompleteFlag").is_none());
    assert_eq!(page["SessionItem"], Value::Null);
}

#[tokio::test]
async fn duplicate_rows_come_in_a_page_and_across_pages() {
    let client = with(Fault::DuplicateRows).await;
    let pages = client.pages().await;
    let mut all = Vec::new();
    for page in &pages {
        let rows = rows(page);
        assert!(rows.len() > 10);
        let repeats = rows.iter().filter(|row| all.contains(*row)).count();
        assert_eq!(repeats, if all.is_empty() { 0 } else { 3 });
        all.extend(rows);
    }
    all.sort();
    all.dedup();
    assert_eq!(sorted(all), client.truth());
}

#[tokio::test]
async fn a_bad_row_comes_beside_the_good_ones() {
    for kind in [
        BadRow::Null,
        BadRow::WrongTypes,
        BadRow::UnknownType,
        BadRow::LongId,
        BadRow::ControlBytes,
        BadRow::NoId,
        BadRow::NegativeTime,
        BadRow::HugeTime,
    ] {
        let page = with(Fault::BadRow(kind)).await.page(None).await;
        let rows = page["SessionItem"].as_array().unwrap();
        assert_eq!(rows.len(), 11);
        let honest = small().await.page(None).await;
        let strange: Vec<_> = rows
            .iter()
            .filter(|row| !honest["SessionItem"].as_array().unwrap().contains(row))
            .collect();
        assert_eq!(strange.len(), 1, "{kind:?}");
    }
}

#[tokio::test]
async fn unknown_fields_stand_beside_the_known_ones() {
    let page = with(Fault::UnknownFields).await.page(None).await;
    assert!(page["FutureField"].is_object());
    assert!(page["SessionItem"][0]["FutureField"].is_object());
    assert_eq!(rows(&page).len(), 10);
}

#[tokio::test]
async fn nesting_is_as_deep_as_asked_for() {
    let (_client, reply) = raw(Fault::DeepNesting(100_000)).await;
    let text = reply.text().await.unwrap();
    assert_eq!(text.matches("[[").count(), 50_000);
    assert!(serde_json::from_str::<Value>(&text).is_err(), "beyond a careful reader's depth");
    let page = with(Fault::DeepNesting(3)).await.page(None).await;
    assert_eq!(page["Deep"], json!([[[]]]));
}

#[tokio::test]
async fn several_faults_befall_one_call() {
    let client = small().await;
    let faults = client.emulator.faults();
    faults.push(Rule::always(Fault::Slow(Duration::from_millis(100))));
    faults.push(Rule::always(Fault::Code(60008)));
    let started = Instant::now();
    assert_eq!(client.refused(GET_LIST, list_request(None, 63)).await, 60008);
    assert!(started.elapsed() >= Duration::from_millis(100));
    faults.clear();
    client.page(None).await;
}
