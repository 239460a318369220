//! Doubles.

use std::time::Duration;

use conv_gateway::webhook::{Event, Seen, SeenKey};
use conv_model::Timestamp;

use super::{APP, event, samples::samples};

const NOW: Timestamp = Timestamp::from_secs(1_775_000_000);

fn key(command: &str, body: &str) -> SeenKey {
    event(command, body).key
}

#[test]
fn an_event_that_comes_three_times_is_new_once() {
    let mut seen = Seen::default();
    for (command, body) in samples() {
        let news = [0, 1, 2].map(|_| seen.is_new(key(&command, &body), NOW));
        assert_eq!(news, [true, false, false], "{command}");
    }
}

#[test]
fn a_retry_with_other_fields_is_the_same_event() {
    let c2c = |more: &str| {
        let body = format!(r#"{{"From_Account":"a","To_Account":"b","MsgKey":"1_2_3"{more}}}"#);
        key("C2C.CallbackAfterSendMsg", &body)
    };
    assert_eq!(c2c(r#","UnreadMsgNum":3"#), c2c(r#","UnreadMsgNum":4"#));
    assert_ne!(c2c(""), c2c(r#","SendMsgResult":20006"#));
    let group = |sequence: &str, more: &str| {
        let body = format!(r#"{{"GroupId":"g","MsgSeq":{sequence}{more}}}"#);
        key("Group.CallbackAfterSendMsg", &body)
    };
    assert_eq!(group("7", ""), group("\"7\"", r#","EventTime":1"#));
    assert_ne!(group("7", ""), group("8", ""));
    assert_ne!(group("7", ""), group("7", r#","TopicId":"t""#));
    let read = |time: &str| {
        let body = format!(r#"{{"Report_Account":"a","Peer_Account":"b","LastReadTime":{time}}}"#);
        key("C2C.CallbackAfterMsgReport", &body)
    };
    assert_eq!(read("1775000000"), read("\"1775000000\""));
    assert_ne!(read("1775000000"), read("1775000001"));
}

#[test]
fn a_recall_and_an_edit_are_other_events_than_their_message() {
    let body = r#"{"From_Account":"a","To_Account":"b","MsgKey":"1_2_3","EventTime":1,"MsgSeq":1,"GroupId":"g"}"#;
    let commands = [
        "C2C.CallbackAfterSendMsg",
        "C2C.CallbackAfterMsgWithDraw",
        "C2C.CallbackAfterModifyMsg",
        "Group.CallbackAfterSendMsg",
        "Group.CallbackAfterModifyMsg",
        "Group.CallbackAfterRecallMsg",
        "No.Such",
    ];
    let keys: std::collections::BTreeSet<_> =
        commands.iter().map(|command| key(command, body)).collect();
    assert_eq!(keys.len(), commands.len());
    // Each edit is an event.
    let later = body.replace("\"EventTime\":1", "\"EventTime\":2");
    for edit in ["C2C.CallbackAfterModifyMsg", "Group.CallbackAfterModifyMsg"] {
        assert_ne!(key(edit, body), key(edit, &later));
    }
}

#[test]
fn events_without_names_of_their_own_are_told_apart_by_their_body() {
    for command in ["C2C.CallbackAfterSendMsg", "Group.CallbackAfterSendMsg"] {
        let body = |text: &str| {
            format!(r#"{{"From_Account":"a","To_Account":"b","GroupId":"g","x":"{text}"}}"#)
        };
        assert_eq!(key(command, &body("1")), key(command, &body("1")));
        assert_ne!(key(command, &body("1")), key(command, &body("2")));
    }
}

#[test]
fn the_same_event_of_two_apps_is_two() {
    let (command, body) =
        ("C2C.CallbackAfterMsgReport", r#"{"Report_Account":"a","Peer_Account":"b"}"#);
    let mut other = super::call(command);
    other.app = APP + 1;
    assert_ne!(key(command, body), Event::parse(&other, body.as_bytes()).key);
}

#[test]
fn the_memory_is_bounded_in_number_and_age() {
    let keys: Vec<_> = (0..5).map(|n| key("No.Such", &n.to_string())).collect();
    let mut seen = Seen::new(3, Duration::from_secs(10));
    for key in &keys {
        assert!(seen.is_new(*key, NOW));
    }
    assert_eq!(seen.len(), 3);
    assert!(!seen.is_new(keys[4], NOW.plus_secs(10)));
    // The oldest made room.
    assert!(seen.is_new(keys[0], NOW.plus_secs(10)));
    assert!(seen.is_new(keys[4], NOW.plus_secs(11)));
    assert!(!seen.is_new(keys[0], NOW.plus_secs(11)));
    assert_eq!(seen.len(), 2);
    // A clock that went back forgets nothing too early, and never grows the memory.
    assert!(!seen.is_new(keys[0], NOW));
}
