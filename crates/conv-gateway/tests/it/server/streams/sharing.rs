//! The cost of many readers: work is counted, not timed.

use conv_api::WatchOptions;
use serde_json::json;
use tower::ServiceExt;

use super::{
    super::stage::{Stage, post},
    client::Client,
    quiet::{NOW, Quiet},
};

#[tokio::test]
async fn a_change_is_serialised_once_for_all_its_readers() {
    // As many accounts of support staff as it takes.
    let quiet = Quiet::with(60, |it| it, |it| it.authorizer(|_: &_, _: &_, _| true)).await;
    let mut clients = Vec::new();
    for reader in 0..1_000 {
        let key = format!("key of {reader}");
        let queries = json!({ key: { "query": { "type": "C2C" }, "window": 50 } });
        let body = json!({ "queries": queries });
        let path = "/v1/accounts/alice/conversations/stream";
        let token = quiet.login_as(&format!("staff_{}", reader / 10)).await;
        let response = quiet.router.clone().oneshot(post(path, Some(&token), &body)).await.unwrap();
        clients.push(Client::new(response.into_body()));
    }
    let read = |clients: &mut Vec<Client>| {
        clients.iter_mut().for_each(|client| assert!(client.read_all()));
        quiet.gateway.stream_stats()
    };
    let first = read(&mut clients);
    assert_eq!((first.lines_open, first.updates, first.serialisations), (1_000, 1_000, 1));
    for change in 1..=5 {
        quiet.say(7, NOW + 2_000_000_000 + change).await;
        let stats = read(&mut clients);
        assert_eq!(stats.serialisations, 1 + change, "one per change");
        assert_eq!(stats.updates, 1_000 * (1 + change));
    }
    let (rows, _) = quiet.listed(&json!({ "type": "C2C" }), 50).await;
    for (reader, client) in clients.iter().enumerate() {
        assert_eq!(client.held[&format!("key of {reader}")].rows, rows);
    }
}

#[tokio::test]
async fn clients_that_were_cut_off_come_back_without_a_call_of_the_cloud() {
    let stage = Stage::pulled(|it| it).await;
    let tokens = [stage.login("alice").await, stage.login("bob").await];
    let open = async |token: &str, from: Option<&str>| {
        let mut query = json!({ "window": 5 });
        if let Some(from) = from {
            query["from"] = json!(from);
        }
        let body = json!({ "queries": { "main": query } });
        let request = post("/v1/conversations/stream", Some(token), &body);
        Client::new(stage.router.clone().oneshot(request).await.unwrap().into_body())
    };
    let mut lines = Vec::new();
    for token in tokens.iter().cycle().take(20) {
        let mut line = open(token, None).await;
        line.wait_for("reset").await;
        lines.push((token, line));
    }
    // The first interest in an account asks for a pass.
    for (_, line) in &mut lines {
        loop {
            let report = line.wait_for("report").await.data;
            if report["report"]["reachedMark"].as_u64().unwrap() > 0 {
                break;
            }
        }
        line.read_all();
    }
    let held: Vec<_> = lines.iter().map(|(_, line)| line.held.clone()).collect();
    stage.cloud.reset_calls();
    let passes = stage.accounts.stats().watch.passes_for_watches;
    let cut: Vec<_> = lines.drain(..).map(|(token, _)| token).collect();
    let before = stage.gateway.stream_stats();
    assert_eq!((before.lines_open, before.ended_gone), (0, 20));
    for (token, held) in cut.iter().zip(held) {
        let line = open(token, held["main"].position.as_deref()).await;
        let mut line = line.holding(held);
        assert_eq!(line.wait_for("hello").await.data["resumed"]["main"], true);
        line.wait_for("report").await;
        lines.push((token, line));
    }
    let stats = stage.gateway.stream_stats();
    assert_eq!((stats.resumed_patch, stats.resumed_reset), (20, 0));
    // Longer than a pass that was asked for would wait for its turn.
    tokio::time::sleep(WatchOptions::default().interval * 3 / 2).await;
    assert_eq!(stage.accounts.stats().watch.passes_for_watches, passes);
    assert_eq!(stage.cloud.calls().total, 0);
}

#[tokio::test]
async fn polls_in_turn_cause_no_call_of_the_cloud() {
    let stage = Stage::pulled(|it| it).await;
    let token = stage.login("alice").await;
    let mut body = json!({ "wait": 0 });
    loop {
        let data = stage.post("/conversations/changes", &token, &json!({})).await.data();
        body["position"] = data["position"].clone();
        if data["state"]["report"]["reachedMark"].as_u64().unwrap() > 0 {
            break;
        }
        body["wait"] = json!(1);
        stage.post("/conversations/changes", &token, &body).await;
    }
    body["wait"] = json!(0);
    stage.cloud.reset_calls();
    let passes = stage.accounts.stats().watch.passes_for_watches;
    for _ in 0..5 {
        assert_eq!(stage.post("/conversations/changes", &token, &body).await.status, 204);
    }
    // Longer than a pass that was asked for would wait for its turn.
    tokio::time::sleep(WatchOptions::default().interval * 3 / 2).await;
    assert_eq!(stage.accounts.stats().watch.passes_for_watches, passes);
    assert_eq!(stage.cloud.calls().total, 0);
}
