//! Tickets for an `EventSource`.

use axum::http::Request;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::{
    client::Client,
    quiet::{Quiet, empty},
};

async fn by(quiet: &Quiet, url: &str) -> Client {
    let request = Request::get(format!("/v1/conversations/stream{url}"));
    let response = quiet.router.clone().oneshot(request.body(empty()).unwrap()).await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    Client::new(response.into_body())
}

async fn ticket(quiet: &Quiet) -> String {
    let body = json!({ "queries": { "main": { "window": 3 } } });
    let (status, answer) = quiet.answer("/stream-ticket", &body).await;
    assert_eq!((status.as_u16(), &answer["data"]["expiresIn"]), (200, &json!(30)));
    answer["data"]["ticket"].as_str().unwrap().to_owned()
}

#[tokio::test(start_paused = true)]
async fn a_ticket_opens_one_line() {
    let quiet = Quiet::new(5).await;
    let ticket = ticket(&quiet).await;
    let mut client = by(&quiet, &format!("?ticket={ticket}")).await;
    assert_eq!(client.wait_for("reset").await.data["rows"].as_array().unwrap().len(), 3);
    let mut again = by(&quiet, &format!("?ticket={ticket}")).await;
    let error = again.wait_for("error").await.data;
    assert_eq!((&error["status"], &error["code"]), (&json!(401), &json!(2024)));
    assert_eq!(again.piece().await, None);
}

#[tokio::test(start_paused = true)]
async fn an_invalid_ticket_is_an_event_and_opens_nothing() {
    let quiet = Quiet::new(5).await;
    let late = ticket(&quiet).await;
    tokio::time::advance(std::time::Duration::from_secs(30)).await;
    let token = quiet.token.clone();
    for url in [
        format!("?ticket={late}"),
        format!("?ticket={token}"),
        format!("?access_token={token}"),
        "?ticket=".to_owned(),
        "?ticket=a&ticket=b".to_owned(),
        String::new(),
    ] {
        let mut client = by(&quiet, &url).await;
        let status = client.wait_for("error").await.data["status"].as_u64().unwrap();
        assert!(matches!(status, 400 | 401), "{url}");
        assert_eq!(client.piece().await, None);
    }
    assert_eq!(quiet.gateway.stream_stats().lines_opened, 0);
}

#[tokio::test(start_paused = true)]
async fn a_callers_oldest_ticket_gives_way_to_his_newest() {
    let quiet = Quiet::new(5).await;
    let mut tickets = Vec::new();
    for _ in 0..17 {
        tickets.push(ticket(&quiet).await);
    }
    let mut first = by(&quiet, &format!("?ticket={}", tickets[0])).await;
    assert_eq!(first.wait_for("error").await.data["status"], json!(401));
    for ticket in &tickets[15..] {
        by(&quiet, &format!("?ticket={ticket}")).await.wait_for("reset").await;
    }
    // A used one makes room.
    tickets.push(ticket(&quiet).await);
    let second = by(&quiet, &format!("?ticket={}", tickets[1])).await.wait_for("reset").await;
    assert_eq!(second.data["rows"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn a_ticket_is_for_one_query_and_no_access_token() {
    let quiet = Quiet::new(5).await;
    let two = json!({ "queries": { "a": {}, "b": {} } });
    assert_eq!(quiet.answer("/stream-ticket", &two).await.0, 400);
    let (first, second) = (ticket(&quiet).await, ticket(&quiet).await);
    assert!(first != second && first.len() == 43);
    let quiet = Quiet { token: first, ..quiet };
    assert_eq!(quiet.answer("/conversations/list", &Value::Null).await.0, 401);
}
