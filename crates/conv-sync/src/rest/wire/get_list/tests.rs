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

/// Returns the skipped entry of one row among good ones.
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
fn a_page_cut_anywhere_is_invalid() {
    assert_eq!(page(PAGE).unwrap().rows.len(), 2);
    for end in 0..PAGE.len() {
        is_protocol(&page(&PAGE.as_bytes()[..end]));
    }
}

/// Odd values to put in place of a good one.
const ODD: [&str; 9] =
    ["{}", "[]", "[[]]", "true", "1.5", "1e400", "-1", "18446744073709551616", "\"odd\\u0000\""];

/// A row of a group, with one member put in place of a good one.
fn row_with(field: &str, value: &str) -> String {
    let mut members = [
        ("Type", "2"),
        ("GroupId", "\"g\""),
        ("MsgTime", "1772612017"),
        ("TopFlag", "1"),
        ("StandardMark", "\"1\""),
        ("CustomMark", "\"c\""),
        ("ContactGroupId", "[1]"),
    ];
    members.iter_mut().filter(|(name, _)| *name == field).for_each(|member| member.1 = value);
    let members: Vec<_> =
        members.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
    format!("{{{}}}", members.join(","))
}

#[test]
fn each_mistyped_field_that_makes_the_row_costs_its_row_alone_and_is_named() {
    for field in ["Type", "GroupId", "MsgTime"] {
        for value in ODD {
            let (id, reason) = skipped(&row_with(field, value));
            assert!(reason.contains(field), "{field} = {value}: {reason}");
            assert!(!reason.contains("odd"), "quotes the row: {reason}");
            let is_known = field == "MsgTime";
            assert_eq!(id.as_deref(), is_known.then_some("GROUPg"), "{field} = {value}");
        }
    }
}

#[test]
fn each_mistyped_decoration_costs_itself_alone() {
    for field in ["TopFlag", "StandardMark", "CustomMark", "ContactGroupId"] {
        for value in ODD {
            let means_something = match field {
                "TopFlag" => value == "-1",
                "CustomMark" => value.starts_with('"'),
                "ContactGroupId" => value == "[]",
                _ => false,
            };
            if means_something {
                continue;
            }
            let twice = row_with(field, "1").replace('}', &format!(",\"{field}\":{value}}}"));
            for row in [row_with(field, value), twice] {
                let listing = rows(&[&row]).unwrap();
                let [row] = &listing.rows[..] else { panic!("{row}: {:?}", listing.skipped) };
                let patch = row.patch.listing.as_ref().unwrap();
                assert_eq!(patch.is_pinned.is_none(), field == "TopFlag", "{value}");
                assert_eq!(patch.marks.is_none(), field == "StandardMark", "{value}");
                assert_eq!(patch.custom_data.is_none(), field == "CustomMark", "{value}");
                assert_eq!(row.group_ids.is_none(), field == "ContactGroupId", "{value}");
                assert_eq!(patch.time, Some(Timestamp::from_secs(1_772_612_017)));
            }
        }
    }
}

#[test]
fn a_row_without_labels_has_none() {
    let listing = rows(&[r#"{"Type":2,"GroupId":"g","MsgTime":1772612017}"#]).unwrap();
    let patch = listing.rows[0].patch.listing.as_ref().unwrap();
    assert_eq!((patch.is_pinned, patch.marks), (Some(false), Some(conv_model::Marks::NONE)));
    assert_eq!(patch.custom_data.as_deref(), Some(""));
    assert_eq!(listing.rows[0].group_ids, Some(vec![]));
}

#[test]
fn rows_without_a_valid_id_are_skipped_with_the_rule_they_break() {
    for (row, reason) in [
        (r#"{"Type":1}"#, "To_Account is missing"),
        (r#"{"Type":1,"To_Account":null}"#, "To_Account is missing"),
        (r#"{"Type":1,"To_Account":7}"#, "To_Account is not a text"),
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
    let row = r#"{"Type":1,"To_Account":"u","MsgTime":1,"MsgTime":2}"#;
    assert_eq!(skipped(row), (id.clone(), "MsgTime occurs twice".to_owned()));
    let twice = r#"{"Type":1,"To_Account":"u","To_Account":"v"}"#;
    assert_eq!(skipped(twice), (None, "To_Account occurs twice".to_owned()));
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
fn damaged_texts_cost_no_row() {
    for (mark, whole) in [
        (&b"Andr\xE9"[..], "Andr\u{FFFD}"),
        (br"Ann \ud83d", "Ann \u{FFFD}"),
        ("\u{FFFD}".as_bytes(), "\u{FFFD}"),
    ] {
        let head = br#"{"SessionItem":[{"Type":1,"To_Account":"u","CustomMark":""#;
        let tail = br#""},{"Type":1,"To_Account":"v"}],"CompleteFlag":1}"#;
        let listing = page([&head[..], mark, tail].concat()).unwrap();
        assert_eq!((listing.rows.len(), listing.skipped.len()), (2, 0), "{whole}");
        let patch = listing.rows[0].patch.listing.as_ref().unwrap();
        assert_eq!(patch.custom_data.as_deref(), Some(whole));
    }
}

/// It names another conversation than the one that the cloud lists, so no row may bear it.
#[test]
fn a_damaged_id_is_a_skipped_row_without_an_id() {
    let tail = br#""},{"Type":1,"To_Account":"v"}],"CompleteFlag":1}"#;
    for (kind, field) in [("1", "To_Account"), ("2", "GroupId")] {
        for damaged in [&b"andr\xE9"[..], br"ann\ud83d", br"\ufffd", "u\u{FFFD}".as_bytes()] {
            for time in ["1772612017", "{}"] {
                let head = r#"{"SessionItem":[{"Type":"#;
                let head = format!(r#"{head}{kind},"MsgTime":{time},"{field}":""#);
                let listing = page([head.as_bytes(), damaged, tail].concat()).unwrap();
                let ids: Vec<_> = listing.rows.iter().map(|row| row.patch.id.as_str()).collect();
                assert_eq!(ids, ["C2Cv"]);
                let [skipped] = &listing.skipped[..] else { panic!("{:?}", listing.skipped) };
                assert_eq!(skipped.id, None);
                assert!(skipped.reason.starts_with(field), "{}", skipped.reason);
            }
        }
    }
}

#[test]
fn good_rows_are_shown_at_every_share_of_bad_ones() {
    let good = r#"{"Type":1,"To_Account":"u"}"#;
    for bad in [
        "null",
        r#"{"Type":3}"#,
        r#"{"Type":1,"To_Account":"\u65e5\u672c"}"#,
        r#"{"Type":1,"To_Account":"v","MsgTime":946684800}"#,
    ] {
        for share in 0..=20 {
            let rows: Vec<_> = (0..20).map(|at| if at < share { bad } else { good }).collect();
            let listing = self::rows(&rows).unwrap();
            assert_eq!((listing.rows.len(), listing.skipped.len()), (20 - share, share), "{bad}");
            let has_id = bad.contains("\"v\"");
            assert!(listing.skipped.iter().all(|row| row.id.is_some() == has_id), "{bad}");
        }
    }
}

#[test]
fn a_page_of_more_than_five_hundred_rows_is_none() {
    let row = r#"{"Type":1,"To_Account":"u"}"#;
    assert_eq!(rows(&[row; 500]).unwrap().rows.len(), 500);
    is_protocol(&rows(&[row; 501]));
}

#[test]
fn a_page_without_a_list_of_rows_is_not_an_empty_one() {
    let end = r#""TimeStamp":1,"StartIndex":2,"TopTimeStamp":3,"TopStartIndex":4}"#;
    for rows in ["", r#""SessionItem":null,"#] {
        let last = page(format!(r#"{{{rows}"CompleteFlag":1}}"#)).unwrap();
        assert!(last.rows.is_empty() && last.next.is_none());
        let [skipped] = &last.skipped[..] else { panic!("{:?}", last.skipped) };
        assert_eq!((&skipped.id, &*skipped.reason), (&None, "SessionItem is missing"));
        is_protocol(&page(format!(r#"{{{rows}"CompleteFlag":0,{end}"#)));
        is_protocol(&page(format!("{{{rows}{end}")));
    }
    let last = page(r#"{"SessionItem":[],"CompleteFlag":1}"#).unwrap();
    assert!(last.rows.is_empty() && last.skipped.is_empty());
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
    let _ = wire::joined_groups::read(&reply);
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
