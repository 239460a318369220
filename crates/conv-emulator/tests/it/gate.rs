use conv_emulator::Emulator;
use serde_json::{Value, json};
use std::time::Duration;

use crate::client::{Client, GET_LIST, ME, list_request};

async fn code(client: &Client, url: &str, body: &str) -> u64 {
    let response = client.http.post(url).body(body.to_owned()).send().await.unwrap();
    assert_eq!(response.status(), 200);
    let reply: Value = response.json().await.unwrap();
    reply["ErrorCode"].as_u64().unwrap()
}

#[tokio::test]
async fn each_refusal_is_an_http_200_with_its_code() {
    let client = Client::of(Emulator::builder()).await;
    let base = format!("{}/v4/{GET_LIST}", client.emulator.base_url());
    let sig = client.emulator.user_sig("administrator");
    let body = list_request(None, 63).to_string();
    let app = format!("{base}?sdkappid=1400000000");
    let cases = [
        (base.clone(), 60012),
        (format!("{base}?sdkappid=x"), 60006),
        (format!("{base}?sdkappid=1"), 70020),
        (format!("{app}&identifier=administrator&usersig="), 70002),
        (format!("{app}&identifier=administrator&usersig=nonsense"), 70003),
        (format!("{app}&identifier=somebody&usersig={sig}"), 70013),
        (format!("{app}&identifier={ME}&usersig={}", client.emulator.user_sig(ME)), 60010),
    ];
    for (url, expected) in cases {
        assert_eq!(code(&client, &url, &body).await, expected, "{url}");
    }
    let get = client.http.get(client.emulator.signed_url(GET_LIST)).send().await.unwrap();
    assert_eq!(get.json::<Value>().await.unwrap()["ErrorCode"], 60002);
}

#[tokio::test]
async fn a_signature_of_another_emulators_key_is_refused() {
    let client = Client::of(Emulator::builder()).await;
    let other = Client::of(Emulator::builder().secret_key("another")).await;
    let url = other.emulator.signed_url(GET_LIST);
    let url = url.replace(&other.emulator.base_url(), &client.emulator.base_url());
    assert_eq!(code(&client, &url, "{}").await, 70009);
}

#[tokio::test]
async fn a_signature_expires_by_the_clouds_clock() {
    let client = Client::of(Emulator::builder()).await;
    let url = client.emulator.signed_url(GET_LIST);
    let body = list_request(None, 63).to_string();
    assert_eq!(code(&client, &url, &body).await, 0);
    client.emulator.world().advance(Duration::from_secs(181 * 24 * 3600));
    assert_eq!(code(&client, &url, &body).await, 70001);
    assert_eq!(code(&client, &client.emulator.signed_url(GET_LIST), &body).await, 0);
}

#[tokio::test]
async fn unknown_commands_and_bodies_that_are_no_json_object_are_refused() {
    let client = Client::of(Emulator::builder()).await;
    for command in ["recentcontact/get_lists", "x", "recentcontact/GET_LIST"] {
        assert_eq!(client.refused(command, json!({})).await, 60009, "{command}");
    }
    let url = client.emulator.signed_url(GET_LIST);
    for body in ["", "[]", "{", "null", "{\"From_Account\":}"] {
        assert_eq!(code(&client, &url, body).await, 60003, "{body}");
    }
    let huge = format!("{{\"x\":\"{}\"}}", "x".repeat(2 * 1024 * 1024));
    assert_eq!(code(&client, &url, &huge).await, 60003);
}

#[tokio::test]
async fn an_identifier_with_odd_characters_works_when_it_is_encoded() {
    let client = Client::of(Emulator::builder().identifier("user name+/=~")).await;
    client.page(None).await;
}

#[tokio::test]
async fn every_answer_carries_the_clouds_time() {
    let client = Client::of(Emulator::builder().now(1_700_000_000)).await;
    client.emulator.world().set_now(784_111_777);
    for command in [GET_LIST, "no/such"] {
        let reply = client.send(command, &list_request(None, 63)).await.unwrap();
        let date = reply.headers()["date"].to_str().unwrap();
        assert!(date.starts_with("Sun, 06 Nov 1994 08:49:"), "{date}");
        assert_eq!(reply.headers().get_all("date").iter().count(), 1);
    }
}
