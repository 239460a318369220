//! The form of events.

use std::fmt::Write;

use conv_gateway::Drain;
use serde_json::{Value, json};

use super::{
    super::conventions::committed,
    client::{Client, Event},
    quiet::{NOW, Quiet},
};

/// Replaces what differs from run to run.
fn steady(value: &mut Value) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                let is_random = matches!(
                    &**name,
                    "epoch"
                        | "position"
                        | "accessToken"
                        | "retryAfterMs"
                        | "reachedMark"
                        | "seq"
                        | "asOf"
                        | "profileReadAt"
                        | "quotaWaitMillis"
                );
                if is_random && !value.is_null() {
                    *value = json!(format!("<{name}>"));
                }
                // Rows are those of list calls.
                if matches!(&**name, "row") {
                    *value = json!({ "conversationID": value["conversationID"], "…": "…" });
                }
                if name == "rows" {
                    *value = value
                        .as_array()
                        .unwrap()
                        .iter()
                        .map(|row| row["conversationID"].clone())
                        .collect();
                }
                steady(value);
            }
        }
        Value::Array(values) => values.iter_mut().for_each(steady),
        _ => {}
    }
}

fn write(text: &mut String, title: &str, events: &[Event]) {
    writeln!(text, "# {title}\n").unwrap();
    for event in events {
        let mut data = event.data.clone();
        steady(&mut data);
        let id = match event.id.as_deref() {
            None => "",
            Some("") => "id\n",
            Some(_) => "id: <position>\n",
        };
        let comment = if event.comment { ":\n" } else { "" };
        let name =
            if event.name.is_empty() { String::new() } else { format!("event: {}\n", event.name) };
        let data = if data.is_null() { String::new() } else { format!("data: {data:#}\n") };
        writeln!(text, "{name}{id}{comment}{data}").unwrap();
    }
}

fn read(client: &mut Client) -> Vec<Event> {
    client.read_all();
    std::mem::take(&mut client.events)
}

#[tokio::test(start_paused = true)]
async fn events_of_version_1_are_those_committed() {
    let drain = Drain::new();
    let tokens = |it: conv_gateway::AccessTokens| it.lifetime(std::time::Duration::from_secs(10));
    let quiet = Quiet::with(6, tokens, |it| it.drain(drain.clone())).await;
    let mut text = String::new();
    let queries = json!({ "main": { "window": 3 }, "badge": { "window": 0 } });
    let mut client = quiet.open(queries.clone()).await;
    write(&mut text, "A line with two queries opens", &read(&mut client));
    quiet.say(2, NOW + 2_000_000_000).await;
    write(&mut text, "A row moves up", &read(&mut client));
    quiet.set_unread(2, 3).await;
    write(&mut text, "It is unread", &read(&mut client));
    let again = quiet.open(client.queries(&queries)).await;
    let mut again = again.holding(client.held.clone());
    write(&mut text, "Another line goes on from there", &read(&mut again));
    let renew = client.wait_for("renew").await;
    write(&mut text, "The token is renewed", &[renew]);
    drain.close();
    client.events.clear();
    write(&mut text, "The process ends", &read(&mut client));
    committed("v1-events.txt", &text);
}

#[tokio::test]
async fn proxies_are_asked_to_pass_events_on() {
    let quiet = Quiet::new(3).await;
    let body = json!({ "queries": { "main": {} } });
    let response = quiet.call("/conversations/stream", &body).await;
    let header = |name: &str| response.headers()[name].to_str().unwrap();
    assert_eq!(header("content-type"), "text/event-stream");
    assert_eq!(header("cache-control"), "private, no-cache, no-transform");
    assert_eq!(header("x-accel-buffering"), "no");
    assert!(!response.headers().contains_key("content-encoding"));
    assert!(!response.headers().contains_key("content-length"));
}

#[tokio::test]
async fn queries_that_cannot_be_followed_are_refused() {
    let quiet = Quiet::new(3).await;
    let nine: serde_json::Map<String, Value> =
        (0..9).map(|key| (key.to_string(), json!({}))).collect();
    for queries in [
        json!({}),
        json!(nine),
        json!({ "k": { "window": 501 } }),
        json!({ "k": { "query": { "limit": 3 } } }),
        json!({ "k": { "query": { "nonsense": 3 } } }),
        json!({ "k": { "limit": 3 } }),
        json!({ "k".repeat(65): {} }),
    ] {
        let body = json!({ "queries": queries });
        let response = quiet.call("/conversations/stream", &body).await;
        assert_eq!(response.status(), 400, "{body}");
    }
    assert_eq!(quiet.gateway.stream_stats().lines_opened, 0);
}

#[tokio::test]
async fn one_query_goes_on_from_the_last_event_id() {
    let quiet = Quiet::new(5).await;
    let mut client = quiet.open(json!({ "main": {} })).await;
    let id = client.wait_for("reset").await.id.unwrap();
    let resumed = async |id: &str, queries: Value| {
        let body = json!({ "queries": queries });
        let mut request =
            super::super::stage::post("/v1/conversations/stream", Some(&quiet.token), &body);
        request.headers_mut().insert("last-event-id", id.parse().unwrap());
        let response = tower::ServiceExt::oneshot(quiet.router.clone(), request).await.unwrap();
        Client::new(response.into_body()).wait_for("hello").await.data["resumed"].clone()
    };
    assert_eq!(resumed(&id, json!({ "main": {} })).await, json!({ "main": true }));
    assert_eq!(resumed("nonsense", json!({ "main": {} })).await, json!({ "main": false }));
    let two = json!({ "a": {}, "b": {} });
    assert_eq!(resumed(&id, two).await, json!({ "a": false, "b": false }));
}
