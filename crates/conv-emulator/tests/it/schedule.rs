//! One call of one command fails, and the others do not.

use std::time::Duration;

use conv_emulator::{Emulator, Fault, Rule};
use serde_json::{Value, json};

use crate::client::{Client, GET_LIST, ME, list_request};

const LABELS: &str = "recentcontact/get_contact_group";

async fn small() -> Client {
    Client::of(Emulator::builder().conversations(30).page_size(10)).await
}

async fn labels(client: &Client) -> reqwest::Result<reqwest::Response> {
    client.send(LABELS, &json!({"From_Account": ME, "StartIndex": 0})).await
}

#[tokio::test]
async fn the_first_five_calls_of_a_command_fail_by_code_status_or_silence() {
    let client = small().await;
    let faults = client.emulator.faults();
    faults.push(Rule::calls(1..=2, Fault::Code(99_999)).on(LABELS));
    faults.push(Rule::calls(3..=4, Fault::Status(503)).on(LABELS));
    faults.push(Rule::nth(5, Fault::Stalled).on(LABELS));
    for _ in 0..2 {
        let reply: Value = labels(&client).await.unwrap().json().await.unwrap();
        assert_eq!(reply["ErrorCode"], 99_999);
        client.page(None).await;
    }
    for _ in 0..2 {
        assert_eq!(labels(&client).await.unwrap().status(), 503);
        client.page(None).await;
    }
    let url = client.emulator.signed_url(LABELS);
    let body = json!({"From_Account": ME, "StartIndex": 0}).to_string();
    let stalled = tokio::spawn(client.http.post(url).body(body).send());
    while client.emulator.calls().of(LABELS) < 5 {
        tokio::task::yield_now().await;
    }
    client.page(None).await;
    assert_eq!(labels(&client).await.unwrap().status(), 200);
    assert!(!stalled.is_finished(), "a later call was answered, and this one was not");
    assert_eq!(faults.fired(), 5);
}

#[tokio::test]
async fn page_two_of_a_list_is_refused_once() {
    let client = small().await;
    client.emulator.faults().push(Rule::nth(2, Fault::Code(70001)).on(GET_LIST));
    let first = client.page(None).await;
    assert_eq!(client.refused(GET_LIST, list_request(Some(&first), 63)).await, 70001);
    client.page(Some(&first)).await;
}

#[tokio::test]
async fn ten_seconds_of_html_by_the_worlds_clock() {
    let client = small().await;
    let ten = Duration::from_secs(10);
    client.emulator.faults().push(Rule::always(Fault::Html).on("get_list").lasting(ten));
    client.emulator.world().advance(Duration::from_secs(1000));
    for _ in 0..2 {
        let reply = client.send(GET_LIST, &list_request(None, 63)).await.unwrap();
        assert_eq!(reply.status(), 200);
        assert!(reply.text().await.unwrap().starts_with("<html>"));
        labels(&client).await.unwrap();
    }
    client.emulator.world().advance(ten);
    client.page(None).await;
}

#[tokio::test]
async fn rules_compose_and_each_counts_by_itself() {
    let client = small().await;
    let rules = [
        "page-size=4,on=get_list",
        "no-date,on=get_list",
        "code=50004,calls=2-3,on=get_list",
        "no-items,calls=3-,on=recentcontact/get_list",
    ];
    for rule in rules {
        client.emulator.faults().push(rule.parse().unwrap());
    }
    let list = async || {
        let reply = client.send(GET_LIST, &list_request(None, 63)).await.unwrap();
        assert!(reply.headers().get("date").is_none());
        reply.json::<Value>().await.unwrap()
    };
    assert_eq!(list().await["SessionItem"].as_array().unwrap().len(), 4);
    assert_eq!(list().await["ErrorCode"], 50004);
    assert_eq!(list().await["ErrorCode"], 50004);
    let without = list().await;
    assert_eq!(without["ErrorCode"], 0);
    assert!(without.get("SessionItem").is_none());
    assert!(labels(&client).await.unwrap().headers().contains_key("date"));
}
