//! Events that come twice, late, in another order, or are not understood.

use std::io::Write;

use serde_json::json;

use super::stage::{Stage, fresh, shown};

/// W6: the same event three times is one mark.
#[tokio::test]
async fn a_double_marks_nothing() {
    let stage = Stage::new().await;
    let alice = stage.watch("alice").await;
    let (body, before) = (stage.said("dave", "alice", "Hello"), stage.marks().0);
    for seconds in [0, 1, 2] {
        stage.advance(seconds);
        stage.event("C2C.CallbackAfterSendMsg", body.clone()).await;
    }
    assert_eq!(stage.marks().0, before + 1);
    let expected = [("double", 2), ("marked", 1)].map(|(what, n)| (what.to_owned(), n));
    assert_eq!(stage.outcomes(), expected.into());
    fresh(&alice).await;
    assert_eq!(shown(&alice), stage.truth("alice"));
}

/// Messages that are reported in reverse, and a recall before its message, end with the cloud's list.
#[tokio::test]
async fn the_order_of_events_does_not_matter() {
    let stage = Stage::new().await;
    let (alice, bob) = (stage.watch("alice").await, stage.watch("bob").await);
    let mut bodies: Vec<_> = ["one", "two", "three"]
        .iter()
        .flat_map(|text| {
            stage.cloud.world().advance(std::time::Duration::from_secs(1));
            [stage.said("bob", "alice", text), stage.said("dave", "alice", text)]
        })
        .collect();
    bodies.reverse();
    stage.cloud.world().recall_last_message("alice", "C2Cbob").unwrap();
    let recall = json!({"From_Account": "bob", "To_Account": "alice", "MsgKey": "1_2_3"});
    stage.event("C2C.CallbackAfterMsgWithDraw", recall.to_string()).await;
    for body in bodies {
        stage.event("C2C.CallbackAfterSendMsg", body).await;
    }
    for (watch, account) in [(&alice, "alice"), (&bob, "bob")] {
        fresh(watch).await;
        assert_eq!(shown(watch), stage.truth(account));
    }
    assert_eq!(stage.outcomes(), [("marked".to_owned(), 7)].into());
}

/// W2: a body of any kind is answered alike, and counted.
#[tokio::test]
async fn a_body_of_any_kind_is_answered() {
    let stage = Stage::new().await;
    let _alice = stage.watch("alice").await;
    let before = stage.marks();
    let object = br#"{"Report_Account":"alice","Peer_Account":"bob"}"#;
    let text = std::str::from_utf8(object).unwrap();
    let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(object).unwrap();
    let bodies = [
        Vec::new(),
        b"null".to_vec(),
        b"[]".to_vec(),
        br#"[{"Report_Account":"alice","Peer_Account":"bob"}]"#.to_vec(),
        utf16,
        gzip.finish().unwrap(),
        b"\xff\xfe".to_vec(),
    ];
    for body in bodies.clone() {
        stage.event("C2C.CallbackAfterMsgReport", body).await;
    }
    let expected = [("unknown", 7), ("?not_an_object", 7)].map(|(what, n)| (what.to_owned(), n));
    assert_eq!(stage.outcomes(), expected.into());
    stage.event("C2C.CallbackAfterMsgReport", "[".repeat(1 << 20)).await;
    stage.event("C2C.CallbackAfterMsgReport", r#"{"Report_Account":7}"#).await;
    stage.event("Moon.CallbackAfterFullMoon", object.to_vec()).await;
    let unknown = stage.stats().unknown;
    assert_eq!(
        unknown,
        [("command", 1), ("field", 1), ("not_an_object", 7), ("too_deep", 1)],
        "{unknown:?}"
    );
    // What a button of the console may send.
    let query = stage.query("x").replace("&CallbackCommand=x", "");
    stage.let_in(&query, "").await;
    assert_eq!(stage.marks(), before);
}

/// W2: an event before a message is let through at once, or the message would stop.
#[tokio::test]
async fn an_event_that_asks_for_leave_gets_it() {
    let stage = Stage::new().await;
    for command in ["C2C.CallbackBeforeSendMsg", "Sns.CallbackPrevFriendAdd"] {
        for body in ["", "{}", "null", r#"{"From_Account":"alice","To_Account":"bob"}"#] {
            stage.event(command, body).await;
        }
        stage.event(command, vec![b' '; (1 << 20) + 1]).await;
    }
    let expected = [("before", 8), ("unreadable", 2), ("?too_large", 2)];
    assert_eq!(stage.outcomes(), expected.map(|(what, n)| (what.to_owned(), n)).into());
    assert_eq!(stage.marks(), (0, 0));
}

/// W10: how long an app has been silent shows, and so does what was left out.
#[tokio::test]
async fn silence_shows() {
    let stage = Stage::new().await;
    assert!(stage.stats().last_events.is_empty());
    let state = json!({"Info": {"Action": "Login", "To_Account": "alice"}});
    for seconds in [0, 100] {
        stage.advance(seconds);
        stage.event("State.StateChange", state.to_string()).await;
        let last = stage.stats().last_events;
        assert_eq!(last.len(), 1);
        assert_eq!(last[0].0, stage.cloud.sdk_app_id());
    }
    stage.advance(50);
    stage.refused("POST", "/v1/hooks/tencent?SdkAppid=1").await;
    assert_eq!(stage.stats().last_events[0].1.as_secs(), super::stage::NOW + 100);
    assert_eq!(stage.outcomes(), [("no_list".to_owned(), 2)].into());
    let long = "x".repeat(33);
    let body = json!({"GroupId": "g", "NewMemberList": [{"Member_Account": long}, "bob"]});
    stage.event("Group.CallbackAfterNewMemberJoin", body.to_string()).await;
    assert_eq!(stage.stats().dropped_entries, 1);
}
