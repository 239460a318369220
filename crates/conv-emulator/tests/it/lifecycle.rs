use std::time::Duration;

use conv_emulator::{Emulator, Error, Fault, Rule};
use serde_json::json;
use tokio::net::TcpListener;

use crate::client::{Client, GET_LIST, list_request};

#[tokio::test]
async fn calls_are_counted_by_command_refused_ones_too() {
    let client = Client::of(Emulator::builder()).await;
    client.page(None).await;
    client.page(None).await;
    client.call(GET_LIST, json!({})).await;
    client.call("no/such", json!({})).await;
    let calls = client.emulator.calls();
    assert_eq!(calls.total, 4);
    assert_eq!(calls.of(GET_LIST), 3);
    assert_eq!(calls.of("(unknown)"), 1);
    assert_eq!(calls.of("profile/portrait_get"), 0);
    client.emulator.reset_calls();
    assert_eq!(client.emulator.calls().total, 0);
}

#[tokio::test]
async fn stopping_frees_the_port_and_cuts_open_connections() {
    let Client { emulator, http } = Client::of(Emulator::builder()).await;
    let port = emulator.port();
    emulator.faults().push(Rule::nth(2, Fault::Stalled));
    let url = emulator.signed_url(GET_LIST);
    let call = || http.post(&url).body(list_request(None, 63).to_string()).send();
    assert!(call().await.is_ok());
    let stalled = tokio::spawn(call());
    while emulator.calls().total < 2 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    emulator.stop().await;
    let stalled = tokio::time::timeout(Duration::from_secs(2), stalled).await;
    assert!(stalled.expect("a stalled call ends with the emulator").unwrap().is_err());
    assert!(call().await.is_err(), "a kept connection is not served any more");
    drop(TcpListener::bind(("127.0.0.1", port)).await.expect("the port is free"));
}

#[tokio::test]
async fn dropping_stops_it_too() {
    let Client { emulator, http } = Client::of(Emulator::builder()).await;
    let url = emulator.signed_url(GET_LIST);
    let call = || http.post(&url).body(list_request(None, 63).to_string()).send();
    assert!(call().await.is_ok());
    drop(emulator);
    tokio::task::yield_now().await;
    assert!(call().await.is_err());
}

#[tokio::test]
async fn a_port_can_be_chosen_and_a_taken_one_is_an_error() {
    let first = Emulator::builder().start().await.unwrap();
    let taken = Emulator::builder().port(first.port()).start().await;
    assert!(matches!(taken, Err(Error::Listen { port, .. }) if port == first.port()));
}

#[tokio::test]
async fn settings_that_make_no_world_are_refused() {
    for builder in [
        Emulator::builder().page_size(0),
        Emulator::builder().account(""),
        Emulator::builder().account("日本"),
        Emulator::builder().account("x".repeat(33)),
        Emulator::builder().secret_key(""),
        Emulator::builder().identifier(""),
    ] {
        assert!(matches!(builder.start().await, Err(Error::Setting(_))));
    }
}

#[tokio::test]
async fn the_secret_key_is_in_no_debug_text() {
    let builder = Emulator::builder().secret_key("do-not-print-me");
    assert!(!format!("{builder:?}").contains("do-not-print-me"));
    let emulator = builder.start().await.unwrap();
    assert!(!format!("{emulator:?}").contains("do-not-print-me"));
}

#[cfg(all(unix, feature = "cli"))]
#[test]
fn the_command_ends_quietly_without_a_reader() {
    use std::process::{Command, Stdio};

    let mut command = Command::new(env!("CARGO_BIN_EXE_conv-emulator"));
    let mut child = command
        .args(["--port", "0", "--conversations", "1"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let ended = child.wait_with_output().unwrap();
    assert_eq!((ended.status.code(), ended.stderr.len()), (Some(0), 0), "{ended:?}");
}
