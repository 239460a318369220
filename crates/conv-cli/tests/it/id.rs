//! `conv id`.

use std::{io::Write, process::Stdio};

use serde_json::json;

use crate::support::{Ended, conv, run};

#[track_caller]
fn answers(input: &[u8]) -> Vec<String> {
    let mut command = conv(["id", "--json-lines"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let ended = Ended::of(child.wait_with_output().unwrap());
    assert_eq!(ended.code, Some(0), "{ended:?}");
    ended.out.lines().map(str::to_owned).collect()
}

#[track_caller]
fn is_answered(line: &str, answer: &str) {
    assert_eq!(answers(format!("{line}\n").as_bytes()), [answer]);
}

#[test]
fn each_good_line_is_answered_with_its_parts() {
    is_answered(r#""C2Calice""#, r#"{"ok":true,"type":"C2C","peer":"alice","text":"C2Calice"}"#);
    is_answered(r#""C2CGROUPy""#, r#"{"ok":true,"type":"C2C","peer":"GROUPy","text":"C2CGROUPy"}"#);
    is_answered(
        r#""GROUP@TGS#1""#,
        r##"{"ok":true,"type":"GROUP","peer":"@TGS#1","text":"GROUP@TGS#1"}"##,
    );
    is_answered(
        r#""@TIM#SYSTEM""#,
        r##"{"ok":true,"type":"@TIM#SYSTEM","peer":"","text":"@TIM#SYSTEM"}"##,
    );
    is_answered(
        "\"\\u0043\\u0032Calice\"",
        r#"{"ok":true,"type":"C2C","peer":"alice","text":"C2Calice"}"#,
    );
}

#[test]
fn a_bad_line_is_answered_with_its_reason_and_the_next_one_goes_on() {
    let input = b"\"c2calice\"\nnonsense\n\n7\n\"\\ud800\"\n\xff\xfe\n\"C2Cbob\"";
    let answers = answers(input);
    assert_eq!(answers.len(), 7);
    assert!(answers[0].starts_with(r#"{"ok":false,"reason":"conversation ID prefix is in the"#));
    for answer in &answers[1..6] {
        assert_eq!(answer, r#"{"ok":false,"reason":"expected one JSON string in a line"}"#);
    }
    assert!(answers[6].starts_with(r#"{"ok":true"#));
}

#[test]
fn a_line_without_end_is_one_bad_line() {
    let mut input = vec![b'x'; 1 << 20];
    input.extend(b"\n\"C2Ca\"\n");
    let answers = answers(&input);
    assert_eq!(answers.len(), 2);
    assert!(answers[0].contains("false") && answers[1].contains("true"));
}

#[test]
fn ids_of_the_command_line_are_taken_apart_in_words() {
    let ended = run(&mut conv(["id", "C2Calice", "GROUP@TGS#_c@TOPIC#_news"]));
    assert_eq!(ended.code, Some(0));
    assert_eq!(
        ended.out,
        "C2Calice\n  conversation with user alice\n\
         GROUP@TGS#_c@TOPIC#_news\n  topic news of community @TGS#_c\n"
    );
    let broken = run(&mut conv(["id", "C2Calice", "C2C"]));
    assert_eq!(broken.code, Some(2));
    assert!(broken.out.contains("not an ID: userID is empty"), "{broken:?}");
}

#[test]
fn ids_of_the_command_line_are_taken_apart_in_json() {
    let data = run(&mut conv(["id", "C2Calice", "GROUP@TGS#_c@TOPIC#_news", "--json"])).data();
    let alice = json!({"ok": true, "type": "C2C", "peer": "alice", "text": "C2Calice"});
    let topic = json!({
        "ok": true, "type": "GROUP", "peer": "@TGS#_c@TOPIC#_news", "community": "@TGS#_c",
        "topic": "news", "text": "GROUP@TGS#_c@TOPIC#_news",
    });
    assert_eq!(data, json!({"ids": [alice, topic]}));

    let broken = run(&mut conv(["id", "C2C", "C2Calice", "group_g1", "--json"]));
    let ids = broken.failed_data(2, "invalid_argument")["ids"].clone();
    assert_eq!(broken.json()["code"], 2503);
    assert_eq!(ids[0], json!({"ok": false, "reason": "userID is empty", "text": "C2C"}));
    assert_eq!(ids[1], alice);
    assert_eq!((&ids[2]["ok"], &ids[2]["text"]), (&json!(false), &json!("group_g1")));
    assert!(ids.get(3).is_none());
}
