//! Calls that are odd, and still answered.

use conv_gateway::webhook::{Call, Command, Event, EventKind, MAX_BODY, MAX_ITEMS, Oddity};

use super::{APP, call, event, marks};

const READ: &str = "C2C.CallbackAfterMsgReport";

fn oddity(event: &Event) -> Option<Oddity> {
    match event.kind {
        EventKind::Unknown(oddity) => Some(oddity),
        _ => None,
    }
}

#[test]
fn a_body_that_is_no_object_is_unknown() {
    let utf16: Vec<u8> = "{}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let bodies: [&[u8]; 10] = [
        b"",
        b"null",
        b"[]",
        b"[\"alice\",\"bob\"]",
        b"1",
        b"\"x\"",
        b"{",
        b"\x1f\x8b\x08\x00",
        b"{\"a\":\"\xff\"}",
        &utf16,
    ];
    for body in bodies {
        let event = Event::parse(&call(READ), body);
        assert_eq!(oddity(&event), Some(Oddity::NotAnObject), "{body:?}");
        assert!(marks(&event).is_empty());
    }
}

#[test]
fn a_body_has_limits() {
    let large = format!(r#"{{"x":"{}"}}"#, "y".repeat(20 << 20));
    assert_eq!(oddity(&event(READ, &large)), Some(Oddity::TooLarge));
    let deep = "[".repeat(MAX_BODY);
    assert_eq!(oddity(&event(READ, &deep)), Some(Oddity::TooDeep));
    let members = |count: usize| {
        let list: Vec<_> = (0..count).map(|n| format!(r#"{{"Member_Account":"u{n}"}}"#)).collect();
        let body = format!(r#"{{"GroupId":"g","MemberList":[{}]}}"#, list.join(","));
        event("Group.CallbackAfterCreateGroup", &body)
    };
    let large_group = members(6_000);
    assert_eq!((marks(&large_group).len(), large_group.dropped), (6_000, 0));
    let larger = members(MAX_ITEMS + 3);
    assert_eq!((marks(&larger).len(), larger.dropped), (MAX_ITEMS, 3));
}

#[test]
fn an_unknown_command_is_known_to_be_unknown() {
    assert_eq!(oddity(&event("Bot.CallbackOnNothing", "{}")), Some(Oddity::Command));
    let nameless = Call::parse(&format!("SdkAppid={APP}")).unwrap();
    assert_eq!(oddity(&Event::parse(&nameless, b"{}")), Some(Oddity::NoCommand));
    // A proxy may have cut the query; the body has the command, too.
    let body = r#"{"CallbackCommand":"C2C.CallbackAfterMsgReport","Report_Account":"a","Peer_Account":"b"}"#;
    let named = Event::parse(&nameless, body.as_bytes());
    assert_eq!((named.command, oddity(&named)), (Command::C2cRead, None));
    let other = event("State.StateChange", body);
    assert_eq!(oddity(&other), Some(Oddity::CommandsDiffer));
}

#[test]
fn a_before_command_is_recognised_with_any_body() {
    for command in [
        "C2C.CallbackBeforeSendMsg",
        "Group.CallbackBeforeSendMsg",
        "Group.CallbackBeforeCreateGroup",
        "Group.CallbackBeforeApplyJoinGroup",
        "Group.CallbackBeforeInviteJoinGroup",
        "Group.CallbackBeforeCreateTopic",
        "Sns.CallbackPrevFriendAdd",
    ] {
        for body in ["", "{}", r#"{"CallbackCommand":"Other"}"#] {
            let event = event(command, body);
            assert_eq!((event.command, &event.kind), (Command::Before, &EventKind::Before));
            assert!(marks(&event).is_empty());
        }
    }
}

#[test]
fn an_event_time_is_a_number_or_a_text_of_digits() {
    let time = |time: &str| {
        let body = format!(r#"{{"Report_Account":"a","Peer_Account":"b","EventTime":{time}}}"#);
        let event = event(READ, &body);
        assert_eq!(marks(&event).len(), 2, "{time}");
        event.time_ms
    };
    assert_eq!(time("1700000000123"), Some(1_700_000_000_123));
    assert_eq!(time("\"1700000000123\""), Some(1_700_000_000_123));
    for odd in ["-1", "\"-1\"", "\"\"", "null", "1.5", "{}", "[]", "true", "99999999999999999999"] {
        assert_eq!(time(odd), None, "{odd}");
    }
}

#[test]
fn an_invalid_id_drops_its_item_alone() {
    let long = "x".repeat(33);
    let body = format!(
        r#"{{"GroupId":"g","NewMemberList":[{{"Member_Account":"alice"}},{{"Member_Account":"{long}"}},
        {{"Member_Account":7}},{{}},null,3,["a"],"bob",{{"Member_Account":"zoë"}}]}}"#
    );
    let joined = event("Group.CallbackAfterNewMemberJoin", &body);
    assert_eq!(
        marks(&joined),
        ["alice: list GROUPg", "bob: list GROUPg", "holders of GROUPg: profile GROUPg"]
    );
    assert_eq!(joined.dropped, 7);
    for (field, value) in [("Report_Account", "\"\""), ("Peer_Account", "7")] {
        let body = format!(r#"{{"Report_Account":"a","Peer_Account":"b","{field}":{value}}}"#);
        assert_eq!(oddity(&event(READ, &body)), Some(Oddity::Field(field)));
    }
    // A topic that cannot be read is not its community.
    let body = format!(r#"{{"GroupId":"g","TopicId":"{}"}}"#, "x".repeat(49));
    let topic = event("Group.CallbackAfterRecallMsg", &body);
    assert_eq!(oddity(&topic), Some(Oddity::Field("TopicId")));
}

#[test]
fn messages_that_are_in_no_list_mark_nothing() {
    let sent = |more: &str| {
        let body = format!(r#"{{"From_Account":"a","To_Account":"b"{more}}}"#);
        marks(&event("C2C.CallbackAfterSendMsg", &body))
    };
    assert_eq!(sent(""), ["a: list C2Cb", "b: list C2Ca"]);
    assert!(sent(r#","OnlineOnlyFlag":1"#).is_empty());
    assert_eq!(sent(r#","SendMsgResult":20006"#), ["a: list C2Cb"]);
    let group = |more: &str| {
        let body = format!(r#"{{"GroupId":"g","From_Account":"a"{more}}}"#);
        marks(&event("Group.CallbackAfterSendMsg", &body))
    };
    assert_eq!(group(""), ["a: list GROUPg", "holders of GROUPg: list GROUPg"]);
    assert!(group(r#","OnlineOnlyFlag":1"#).is_empty());
    assert!(group(r#","Type":"AVChatRoom""#).is_empty());
}

#[test]
fn a_note_to_oneself_is_one_row() {
    let body = r#"{"From_Account":"a","To_Account":"a"}"#;
    assert_eq!(marks(&event("C2C.CallbackAfterSendMsg", body)), ["a: list C2Ca"]);
}

#[test]
fn the_echo_of_our_own_call_is_flagged() {
    let is_echo = |platform: &str, operator: &str, admin: Option<&str>| {
        let query = format!(
            "SdkAppid={APP}&CallbackCommand=Group.CallbackAfterGroupInfoChanged&OptPlatform={platform}"
        );
        let body = format!(r#"{{"GroupId":"g"{operator}}}"#);
        Event::parse(&Call::parse(&query).unwrap(), body.as_bytes()).marks(admin).is_own_echo
    };
    let admin = r#","Operator_Account":"admin""#;
    assert!(is_echo("RESTAPI", admin, Some("admin")));
    assert!(!is_echo("RESTAPI", admin, Some("other")));
    assert!(!is_echo("RESTAPI", admin, None));
    assert!(!is_echo("RESTAPI", "", Some("admin")) && !is_echo("RESTAPI", "", None));
    assert!(!is_echo("Web", admin, Some("admin")));
}
