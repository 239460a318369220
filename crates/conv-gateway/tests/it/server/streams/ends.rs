//! The ends of lines: time, tokens, other lines, the process, readers that do not read.

use std::time::Duration;

use conv_api::Timestamp;
use conv_gateway::{Drain, Host};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, advance},
};

use super::quiet::{NOW, Quiet};

fn one() -> serde_json::Value {
    json!({ "main": { "window": 5 } })
}

#[tokio::test(start_paused = true)]
async fn a_line_shows_that_it_is_alive_and_moves_the_position() {
    let quiet = Quiet::new(8).await;
    let mut client = quiet.open(json!({ "unread": { "query": { "hasUnreadCount": true } } })).await;
    let first = client.wait_for("reset").await;
    client.wait_for("report").await;
    // Of no interest to the query.
    quiet.say(1, NOW + 1).await;
    let begun = Instant::now();
    let beat = client.wait_for("").await;
    assert!(beat.comment && (18..=22).contains(&begun.elapsed().as_secs()));
    let (_, position) = quiet.listed(&json!({}), 1).await;
    assert_eq!(json!(beat.id), position);
    assert_ne!(beat.id, first.id);
    assert_eq!(client.wait_for("").await.id, None);
}

#[tokio::test(start_paused = true)]
async fn reports_come_once_per_second_at_most() {
    let quiet = Quiet::new(3).await;
    let mut client = quiet.open(one()).await;
    let begun = Instant::now();
    let mut mark = conv_api::SyncMark::default();
    while begun.elapsed().as_secs() < 20 {
        mark = quiet.watch.refresh().unwrap();
        quiet.watch.reached(mark).await.unwrap();
        client.read_all();
    }
    advance(Duration::from_secs(1)).await;
    client.read_all();
    assert!(mark.as_u64() > 200, "each is a report");
    let reports: Vec<_> = client.events.iter().filter(|it| it.name == "report").collect();
    assert!((10..=22).contains(&reports.len()), "{}", reports.len());
    assert_eq!(reports.last().unwrap().data["report"]["reachedMark"], mark.as_u64());
}

#[tokio::test(start_paused = true)]
async fn an_own_line_gets_a_new_token_in_time() {
    let quiet = Quiet::with(3, |it| it.lifetime(Duration::from_secs(300)), |it| it).await;
    let mut client = quiet.open(one()).await;
    let begun = Instant::now();
    let renew = client.wait_for("renew").await;
    assert_eq!(begun.elapsed().as_secs(), 240);
    let token = renew.data["accessToken"].as_str().unwrap().to_owned();
    assert_eq!(renew.data["expiresAt"], NOW + 240 + 300);
    advance(Duration::from_secs(100)).await;
    let old = quiet.call("/conversations/list", &json!({})).await;
    assert_eq!(old.status(), 401);
    let quiet = Quiet { token, ..quiet };
    assert_eq!(quiet.call("/conversations/list", &json!({})).await.status(), 200);
    assert_eq!(quiet.gateway.stream_stats().lines_open, 1);
}

#[tokio::test(start_paused = true)]
async fn a_line_ends_with_its_login() {
    let tokens = |it: conv_gateway::AccessTokens| it.max_age(Duration::from_secs(600));
    let quiet = Quiet::with(3, tokens, |it| it).await;
    let mut client = quiet.open(one()).await;
    let begun = Instant::now();
    let renew = client.wait_for("renew").await;
    assert_eq!(renew.data, json!({ "expiresIn": 60 }));
    let bye = client.wait_for("bye").await;
    assert_eq!(bye.data["reason"], "expired");
    assert_eq!(begun.elapsed().as_secs(), 600);
    assert_eq!(client.piece().await, None);
    drop(client);
    let stats = quiet.gateway.stream_stats();
    assert_eq!((stats.lines_open, stats.ended_expired), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn a_busy_line_ends_with_its_login_too() {
    let tokens = |it: conv_gateway::AccessTokens| it.max_age(Duration::from_secs(10));
    let quiet = Quiet::with(3, tokens, |it| it).await;
    let mut client = quiet.open(one()).await;
    for second in 0..10 {
        client.read_all();
        quiet.say(1, NOW + second).await;
        advance(Duration::from_secs(1)).await;
    }
    quiet.say(1, NOW + 100).await;
    assert!(!client.read_all());
    assert_eq!(client.wait_for("bye").await.data["reason"], "expired");
}

#[tokio::test(start_paused = true)]
async fn a_revoked_login_ends_its_line() {
    let revoked = std::sync::Arc::new(std::sync::atomic::AtomicU64::new(0));
    let read = std::sync::Arc::clone(&revoked);
    let tokens = |it: conv_gateway::AccessTokens| {
        it.revocations(move |_: &conv_api::AccountId| {
            Some(Timestamp::from_secs(read.load(std::sync::atomic::Ordering::Relaxed)))
        })
    };
    let quiet = Quiet::with(3, tokens, |it| it).await;
    let mut client = quiet.open(one()).await;
    client.read_all();
    revoked.store(NOW + 1, std::sync::atomic::Ordering::Relaxed);
    let begun = Instant::now();
    assert_eq!(client.wait_for("bye").await.data["reason"], "expired");
    assert!(begun.elapsed().as_secs() <= 22);
}

#[tokio::test(start_paused = true)]
async fn revoking_a_login_ends_its_open_line_at_once_and_no_other() {
    let quiet = Quiet::new(3).await;
    let mut client = quiet.open(one()).await;
    assert!(client.read_all());
    let bob = quiet.login_as("bob").await;
    let quiet = Quiet { token: bob, ..quiet };
    let mut other = quiet.open(one()).await;
    let begun = Instant::now();
    let alice = "alice".parse().unwrap();
    quiet.gateway.revoke(&alice, Timestamp::from_secs(NOW + 1)).await.unwrap();
    // Nothing but the revocation wakes the line.
    assert_eq!(client.wait_for("bye").await.data["reason"], "expired");
    assert_eq!(begun.elapsed(), Duration::ZERO);
    assert_eq!(client.piece().await, None);
    assert!(other.read_all());
    assert!(other.events.iter().all(|event| event.name != "bye"));
    drop(client);
    let stats = quiet.gateway.stream_stats();
    assert_eq!((stats.lines_open, stats.ended_expired), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn an_old_line_is_asked_to_come_again() {
    let quiet = Quiet::with(3, |it| it, |it| it.line_age(Duration::from_secs(50))).await;
    let mut client = quiet.open(one()).await;
    let begun = Instant::now();
    assert_eq!(client.wait_for("hello").await.data["maxAge"], 50);
    let bye = client.wait_for("bye").await;
    assert_eq!((&bye.data["reason"], begun.elapsed().as_secs()), (&json!("age"), 50));
    assert!(bye.data["retryAfterMs"].as_u64().unwrap() < 1_000);
}

#[tokio::test(start_paused = true)]
async fn a_draining_process_sends_its_lines_away_at_different_times() {
    let drain = Drain::new();
    let quiet = Quiet::with(3, |it| it, |it| it.drain(drain.clone())).await;
    let mut clients = Vec::new();
    for _ in 0..10 {
        clients.push(quiet.open(one()).await);
    }
    clients.iter_mut().for_each(|client| assert!(client.read_all()));
    drain.begin();
    clients.iter_mut().for_each(|client| assert!(client.read_all()));
    drain.close();
    let mut pauses = std::collections::BTreeSet::new();
    for client in &mut clients {
        let bye = client.wait_for("bye").await;
        assert_eq!(bye.data["reason"], "drain");
        pauses.insert(bye.data["retryAfterMs"].as_u64().unwrap());
        assert_eq!(client.piece().await, None);
    }
    assert!(pauses.len() > 5 && pauses.iter().all(|pause| *pause < 10_000), "{pauses:?}");
    let mut late = quiet.open(one()).await;
    assert_eq!(late.wait_for("bye").await.data["reason"], "drain");
    let waits = quiet.answer("/conversations/changes", &json!({ "wait": 25 })).await;
    assert_eq!(waits.1["data"]["type"], "reset");
}

#[tokio::test(start_paused = true)]
async fn the_oldest_of_too_many_lines_is_replaced() {
    let quiet = Quiet::new(3).await;
    let mut clients = Vec::new();
    for _ in 0..11 {
        clients.push(quiet.open(one()).await);
    }
    let bye = clients[0].wait_for("bye").await;
    assert_eq!(bye.data["reason"], "replaced");
    assert!(bye.data["retryAfterMs"].as_u64().unwrap() >= 30_000);
    clients[1..].iter_mut().for_each(|client| {
        assert!(client.read_all());
        assert!(client.events.iter().all(|event| event.name != "bye"));
    });
    assert_eq!(quiet.gateway.stream_stats().lines_open, 11);
    clients.remove(0);
    clients.remove(0);
    // There is room for one more.
    let _more = quiet.open(one()).await;
    clients.iter_mut().for_each(|client| assert!(client.read_all()));
    let stats = quiet.gateway.stream_stats();
    assert_eq!((stats.lines_open, stats.ended_replaced, stats.ended_gone), (10, 1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_takes_nothing_costs_nothing_and_comes_again() {
    let quiet = Quiet::new(8).await;
    let mut client = quiet.open(one()).await;
    client.read_all();
    let before = quiet.gateway.stream_stats();
    for change in 0..500 {
        quiet.say(change % 8, NOW + u64::from(change)).await;
    }
    let stats = quiet.gateway.stream_stats();
    assert_eq!((stats.updates, stats.serialisations), (before.updates, before.serialisations));
    // It reads in time: everything in one update.
    client.events.clear();
    client.read_all();
    let stats = quiet.gateway.stream_stats();
    assert_eq!(stats.updates, before.updates + 1);
    assert_eq!(client.held["main"].rows, quiet.listed(&json!({}), 5).await.0);

    // It takes one piece, and then nothing for too long.
    quiet.say(1, NOW + 1000).await;
    client.events.clear();
    let piece = client.piece().await.unwrap();
    client.take(&piece);
    advance(Duration::from_secs(40)).await;
    assert!(!client.read_all());
    assert_eq!(client.wait_for("bye").await.data["reason"], "slow");
    assert_eq!(client.held["main"].rows, quiet.listed(&json!({}), 5).await.0);
    assert_eq!(quiet.gateway.stream_stats().write_stalls, 1);
}

async fn read_until(socket: &mut TcpStream, text: &mut String, end: &str) {
    while !text.contains(end) {
        let mut bytes = [0; 4096];
        let count = socket.read(&mut bytes).await.unwrap();
        assert!(count > 0, "end instead of {end}: {text}");
        text.push_str(std::str::from_utf8(&bytes[..count]).unwrap());
    }
}

#[tokio::test]
async fn a_port_with_open_lines_closes() {
    let drain = Drain::new();
    let quiet = Quiet::with(3, |it| it, |it| it.drain(drain.clone())).await;
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (host, closing) = (Host::new(quiet.router.clone()), drain.clone());
    let serving = tokio::spawn(async move { host.serve(listener, &closing).await });
    let mut socket = TcpStream::connect(address).await.unwrap();
    let body = json!({ "queries": one() }).to_string();
    let request = format!(
        "POST /v1/conversations/stream HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        quiet.token,
        body.len(),
    );
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut text = String::new();
    read_until(&mut socket, &mut text, "event: report").await;
    quiet.say(2, NOW + 2_000_000_000).await;
    read_until(&mut socket, &mut text, "event: patch").await;
    drain.close();
    read_until(&mut socket, &mut text, "\"reason\":\"drain\"").await;
    socket.read_to_end(&mut Vec::new()).await.unwrap();
    serving.await.unwrap().unwrap();
    let stats = quiet.gateway.stream_stats();
    assert_eq!((stats.lines_open, stats.ended_drain), (0, 1));
}
