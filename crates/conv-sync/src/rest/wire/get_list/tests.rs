use std::sync::Arc;

use conv_model::{ConversationId, Timestamp};
use proptest::prelude::*;

use super::*;
use crate::{UserSigSigner, rest::wire};

const PAGE: &str = r#"{"SessionItem":[{"Type":1,"To_Account":"user_0002","MsgTime":1772612017,"TopFlag":0},{"Type":2,"GroupId":"@TGS#1B2AUI7RZ","MsgTime":1775185968,"TopFlag":0,"StandardMark":"111001","CustomMark":"abcd","ContactGroupId":[1,2]}],"CompleteFlag":0,"TimeStamp":1775552160,"StartIndex":0,"TopTimeStamp":1775552160,"TopStartIndex":0,"ActionStatus":"OK","ErrorCode":0,"ErrorInfo":"","ErrorDisplay":""}"#;

fn reply(body: impl Into<Vec<u8>>) -> Reply {
    let signer = UserSigSigner::new("administrator", "k");
    let lifetime = std::time::Duration::from_secs(9);
    let user_sig = signer.sign(1, Timestamp::from_secs(1), lifetime).unwrap();
    Reply::new(body.into(), Arc::new(user_sig))
}

fn page(body: impl Into<Vec<u8>>) -> Result<Listing, SourceError> {
    read(&reply(body), true)
}

/// The last page, with these rows.
fn rows(rows: &[&str]) -> Result<Listing, SourceError> {
    page(format!(r#"{{"SessionItem":[{}],"CompleteFlag":1}}"#, rows.join(",")))
}

/// What is said of one row among good ones.
#[track_caller]
fn skipped(row: &str) -> (Option<String>, String) {
    let good = r#"{"Type":1,"To_Account":"good"}"#;
    let listing = rows(&[good, row, good]).unwrap();
    assert_eq!(listing.rows.len(), 2, "{row}");
    let [skipped] = &listing.skipped[..] else { panic!("{row}: {:?}", listing.skipped) };
    (skipped.id.as_ref().map(ConversationId::to_string), skipped.reason.clone())
}

#[track_caller]
fn is_protocol<T: std::fmt::Debug>(result: &Result<T, SourceError>) {
    assert!(matches!(result, Err(SourceError::Protocol { .. })), "{result:?}");
}

#[test]
fn a_page_cut_anywhere_is_none() {
    assert_eq!(page(PAGE).unwrap().rows.len(), 2);
    for end in 0..PAGE.len() {
        is_protocol(&page(&PAGE.as_bytes()[..end]));
    }
}

#[test]
fn each_mistyped_field_costs_its_row_alone_and_is_named() {
    let odd = ["{}", "[]", "[[]]", "true", "1.5", "-1", "18446744073709551616", "\"odd\\u0000\""];
    let fields = [
        ("Type", 1),
        ("GroupId", 0),
        ("MsgTime", 1),
        ("TopFlag", 1),
        ("StandardMark", 0),
        ("CustomMark", 0),
        ("ContactGroupId", 2),
    ];
    for (field, _) in fields {
        for value in odd {
            let harmless = match (field, value) {
                ("TopFlag" | "Type", "-1") | ("ContactGroupId", "[]") => true,
                ("CustomMark", value) => value.starts_with('"'),
                _ => false,
            };
            if harmless {
                continue;
            }
            let good = |name| match name {
                "Type" => "2",
                "GroupId" => "\"g\"",
                _ => "null",
            };
            let members: Vec<_> = fields
                .iter()
                .map(|(name, _)| (name, if *name == field { value } else { good(*name) }))
                .map(|(name, value)| format!("\"{name}\":{value}"))
                .collect();
            let (id, reason) = skipped(&format!("{{{}}}", members.join(",")));
            assert!(reason.contains(field), "{field} = {value}: {reason}");
            assert!(!reason.contains("odd"), "quotes the row: {reason}");
            let has_id = !matches!(field, "Type" | "GroupId");
            assert_eq!(id.as_deref(), has_id.then_some("GROUPg"), "{field} = {value}");
        }
    }
}

#[test]
fn rows_without_a_valid_id_are_skipped_with_the_rule_they_break() {
    for (row, reason) in [
        (r#"{"Type":1}"#, "To_Account is missing"),
        (r#"{"Type":1,"To_Account":null}"#, "To_Account is missing"),
        (r#"{"Type":1,"To_Account":7}"#, "To_Account is no text"),
        (r#"{"Type":1,"To_Account":""}"#, "To_Account: userID is empty"),
        (
            r#"{"Type":1,"To_Account":"123456789012345678901234567890123"}"#,
            "To_Account: userID is longer than 32 bytes",
        ),
        (
            r#"{"Type":1,"To_Account":"\u202Ebob"}"#,
            "To_Account: ID contains a byte that is not printable ASCII",
        ),
        (r#"{"Type":2,"To_Account":"u"}"#, "GroupId is missing"),
        (r#"{"To_Account":"u"}"#, "Type is missing"),
        (r#"{"Type":9,"To_Account":"u"}"#, "Type 9 is not known"),
        ("null", "not a row"),
        ("1", "not a row"),
        (r#"[1,"u"]"#, "not a row"),
        ("{}", "Type is missing"),
    ] {
        assert_eq!(skipped(row), (None, reason.to_owned()), "{row}");
    }
}

#[test]
fn a_row_that_does_not_decode_keeps_its_id() {
    let id = Some("C2Cu".to_owned());
    for (fields, reason) in [
        (r#""MsgTime":1,"MsgTime":2"#, "MsgTime stands twice"),
        (r#""CustomMark":"\ud800""#, "CustomMark is no JSON value"),
    ] {
        let row = format!(r#"{{"Type":1,"To_Account":"u",{fields}}}"#);
        assert_eq!(skipped(&row), (id.clone(), reason.to_owned()));
    }
    let twice = r#"{"Type":1,"To_Account":"u","To_Account":"v"}"#;
    assert_eq!(skipped(twice), (None, "To_Account stands twice".to_owned()));
    let deep = "[".repeat(3000) + &"]".repeat(3000);
    let row = format!(r#"{{"Type":1,"To_Account":"u","Other":{deep}}}"#);
    assert_eq!(rows(&[&row]).unwrap().rows.len(), 1);
    let row = format!(r#"{{"Type":1,"To_Account":"u","MsgTime":{deep}}}"#);
    assert_eq!(skipped(&row).0, id);
}

#[test]
fn nulls_and_numbers_as_texts_do_no_harm() {
    let row = r#"{"Type":"1","To_Account":"u","MsgTime":"1772612017","TopFlag":"1","StandardMark":null,"CustomMark":null,"ContactGroupId":["3",4],"New":{"x":[]}}"#;
    let listing = rows(&[row]).unwrap();
    let [row] = &listing.rows[..] else { panic!("{:?}", listing.skipped) };
    let patch = row.patch.listing.as_ref().unwrap();
    assert_eq!(patch.time, Some(Timestamp::from_secs(1_772_612_017)));
    assert_eq!(patch.is_pinned, Some(true));
    assert_eq!(row.group_ids, Some(vec![3, 4]));
}

#[test]
fn times_are_seconds_milliseconds_or_none() {
    let time = |number: &str| {
        let listing = rows(&[&format!(r#"{{"Type":1,"To_Account":"u","MsgTime":{number}}}"#)]);
        let rows = listing.unwrap().rows;
        rows.first().map(|row| row.patch.listing.as_ref().unwrap().time)
    };
    assert_eq!(time("1772612017"), Some(Some(Timestamp::from_secs(1_772_612_017))));
    assert_eq!(time("1772612017123"), Some(Some(Timestamp::from_secs(1_772_612_017))));
    assert_eq!(time("0"), Some(Some(Timestamp::ZERO)));
    assert_eq!(time("null"), Some(None));
    for number in ["1", "-1772612017", "1.5", "1e9", "4102444800", "18446744073709551615"] {
        assert_eq!(time(number), None, "{number}");
    }
}

#[test]
fn long_custom_data_is_cut_between_characters() {
    let row = format!(r#"{{"Type":1,"To_Account":"u","CustomMark":"x{}"}}"#, "ü".repeat(9000));
    let listing = rows(&[&row]).unwrap();
    let patch = listing.rows[0].patch.listing.as_ref().unwrap();
    let kept = patch.custom_data.as_ref().unwrap();
    assert!(kept.starts_with("xü") && kept.len() == 8191, "{}", kept.len());
}

#[test]
fn bytes_that_are_no_text_cost_their_row_alone() {
    let rows = |mark: &[u8]| {
        let head = br#"{"SessionItem":[{"Type":1,"To_Account":"u","CustomMark":""#;
        let tail = br#""},{"Type":1,"To_Account":"v"}],"CompleteFlag":1}"#;
        page([&head[..], mark, tail].concat()).unwrap()
    };
    let listing = rows(b"\xFF");
    assert_eq!(listing.rows.len(), 1);
    assert_eq!(listing.skipped[0].id.as_ref().unwrap().as_str(), "C2Cu");
    assert_eq!(listing.skipped[0].reason, "not UTF-8");
    assert_eq!(rows("\u{FFFD}".as_bytes()).rows.len(), 2);
}

#[test]
fn a_page_with_too_many_bad_rows_is_none() {
    let page = |bad: usize, good: usize, row: &'static str| {
        let good = std::iter::repeat_n(r#"{"Type":1,"To_Account":"u"}"#, good);
        rows(&std::iter::repeat_n(row, bad).chain(good).collect::<Vec<_>>())
    };
    assert_eq!(page(3, 0, "null").unwrap().skipped.len(), 3);
    assert_eq!(page(4, 36, "null").unwrap().skipped.len(), 4);
    is_protocol(&page(4, 35, "null"));
    // A kind that this version does not know breaks nothing.
    assert_eq!(page(50, 0, r#"{"Type":3}"#).unwrap().skipped.len(), 50);
}

#[test]
fn a_page_of_more_than_five_hundred_rows_is_none() {
    let row = r#"{"Type":1,"To_Account":"u"}"#;
    assert_eq!(rows(&[row; 500]).unwrap().rows.len(), 500);
    is_protocol(&rows(&[row; 501]));
}

#[test]
fn a_page_without_rows_is_empty_only_if_it_is_the_last() {
    let end = r#""TimeStamp":1,"StartIndex":2,"TopTimeStamp":3,"TopStartIndex":4}"#;
    for rows in ["", r#""SessionItem":null,"#] {
        let last = page(format!(r#"{{{rows}"CompleteFlag":1}}"#)).unwrap();
        assert!(last.rows.is_empty() && last.next.is_none());
        is_protocol(&page(format!(r#"{{{rows}"CompleteFlag":0,{end}"#)));
        is_protocol(&page(format!("{{{rows}{end}")));
    }
    let empty = page(format!(r#"{{"SessionItem":[],{end}"#)).unwrap();
    assert_eq!(empty.next.unwrap().to_string(), "tim1:1,2,3,4");
    is_protocol(&page(r#"{"SessionItem":{},"CompleteFlag":1}"#));
    is_protocol(&page(r#"{"SessionItem":"","CompleteFlag":1}"#));
}

#[test]
fn a_page_that_is_not_the_last_needs_its_whole_cursor() {
    let parts = ["TimeStamp", "StartIndex", "TopTimeStamp", "TopStartIndex"];
    for missing in parts {
        for odd in ["null", "1.5", "{}", "\"x\""] {
            let of = |name| format!("\"{name}\":{}", if name == missing { odd } else { "1" });
            let cursor = parts.map(of).join(",");
            is_protocol(&page(format!(r#"{{"SessionItem":[],"CompleteFlag":0,{cursor}}}"#)));
            is_protocol(&page(format!(r#"{{"SessionItem":[],{cursor}}}"#)));
            let last = page(format!(r#"{{"SessionItem":[],"CompleteFlag":1,{cursor}}}"#));
            assert!(last.unwrap().next.is_none());
        }
    }
    is_protocol(&page(PAGE.replace(r#""CompleteFlag":0"#, r#""CompleteFlag":{}"#)));
    is_protocol(&page(PAGE.replace(r#""StartIndex":0"#, r#""StartIndex":0,"StartIndex":0"#)));
}

/// Every decoder there is, on the same text.
fn read_all(body: &[u8]) {
    let reply = reply(body);
    let _ = read(&reply, true).map(|listing| {
        for row in listing.rows {
            assert!(row.patch.listing.is_some());
        }
    });
    let _ = reply.decode::<wire::Envelope>().map(|envelope| (envelope.code(), envelope.info()));
    let _ = wire::contact_group::read(&reply);
    let _ = wire::unread::read(&reply);
    let _ = wire::joined_groups::read(&reply, 0);
    let _ = wire::portrait::read(&reply, wire::Depth::Full);
    let _ = wire::group_info::read(&reply, wire::Depth::Full);
}

/// Any JSON, with the wire's own names in it.
fn wire_json() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec![
        "SessionItem",
        "Type",
        "To_Account",
        "GroupId",
        "MsgTime",
        "StandardMark",
        "CustomMark",
        "ContactGroupId",
        "CompleteFlag",
        "TimeStamp",
        "StartIndex",
        "TopTimeStamp",
        "TopStartIndex",
        "ErrorCode",
        "ErrorInfo",
        "GroupItem",
        "GroupName",
        "UserProfileItem",
        "ProfileItem",
        "Tag",
        "Value",
        "ResultCode",
        "Fail_Account",
        "GroupInfo",
        "Name",
        "AppDefinedData",
        "Key",
        "C2CUnreadMsgNumList",
        "Peer_Account",
        "GroupIdList",
        "SelfInfo",
        "UnreadMsgNum",
    ]);
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<i64>().prop_map(|number| number.to_string()),
        prop::sample::select(vec!["0", "1", "2", "1.5", "true", "1e400", "\"u\"", "\"\\ud800\""])
            .prop_map(str::to_owned),
        ".{0,8}".prop_map(|text| serde_json::to_string(&text).unwrap()),
    ];
    leaf.prop_recursive(4, 60, 8, move |inner| {
        let member =
            (name.clone(), inner.clone()).prop_map(|(name, value)| format!("\"{name}\":{value}"));
        prop_oneof![
            prop::collection::vec(inner, 0..6).prop_map(|list| format!("[{}]", list.join(","))),
            prop::collection::vec(member, 0..8).prop_map(|list| format!("{{{}}}", list.join(","))),
        ]
    })
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_panic(bytes: Vec<u8>) {
        read_all(&bytes);
    }

    #[test]
    fn any_json_is_read_without_panic(json in wire_json()) {
        read_all(json.as_bytes());
    }

    #[test]
    fn a_page_with_bytes_changed_is_read_without_panic(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut page = PAGE.as_bytes().to_vec();
        for (at, byte) in changes {
            *at.get_mut(&mut page) = byte;
        }
        read_all(&page);
    }
}
