//! A reply that is read in one go says what it says when it is read part by part.

use std::collections::BTreeMap;

use conv_model::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::UserSigSigner;

const PAGE: &str = r#"{"SessionItem":[{"Type":1,"To_Account":"u","MsgTime":1772612017,"TopFlag":0},{"Type":2,"GroupId":"g","MsgTime":1775185968,"TopFlag":1,"StandardMark":"111001","CustomMark":"a\"b","ContactGroupId":[1,2]}],"CompleteFlag":0,"TimeStamp":1775552160,"StartIndex":0,"TopTimeStamp":1775552160,"TopStartIndex":0,"ActionStatus":"OK","ErrorCode":0,"ErrorInfo":"","ErrorDisplay":""}"#;
const USERS: &str = r#"{"UserProfileItem":[{"To_Account":"u","ProfileItem":[{"Tag":"Tag_Profile_IM_Nick","Value":"A\u00fc"},{"Tag":"Tag_Profile_IM_Level","Value":7}],"ResultCode":0,"ResultInfo":""},{"To_Account":"v","ResultCode":40003,"ResultInfo":"gone"}],"Fail_Account":["w"],"ActionStatus":"OK","ErrorCode":0,"ErrorInfo":""}"#;
const GROUPS: &str = r#"{"GroupInfo":[{"GroupId":"g","ErrorCode":0,"ErrorInfo":"","Type":"Public","Name":"G","FaceUrl":"x","AppDefinedData":[{"Key":"k","Value":1}]},{"GroupId":"h","ErrorCode":10010,"ErrorInfo":"gone"}],"ActionStatus":"OK","ErrorCode":0,"ErrorInfo":""}"#;

/// What may stand in place of a value.
const VALUES: [&str; 16] = [
    "null",
    "0",
    "1",
    "2",
    "-1",
    "1.5",
    "1e400",
    "true",
    "\"\"",
    "\"u\"",
    "\"\\u0041\"",
    "\"\\ud800\"",
    "[]",
    "[[1]]",
    "{}",
    "{\"Tag\":\"x\",\"Value\":\"y\"}",
];
/// What may stand beside a member.
const MEMBERS: [&str; 10] = [
    "\"ErrorCode\":0",
    "\"ErrorCode\":null",
    "\"\\u0045rrorCode\":0",
    "\"ErrorInfo\":[]",
    "\"ActionStatus\":\"FAIL\"",
    "\"Type\":1",
    "\"To_Account\":\"w\"",
    "\"GroupId\":\"w\"",
    "\"ResultCode\":0",
    "\"New\":[{}]",
];

fn reply(body: impl Into<Vec<u8>>) -> Reply {
    let signer = UserSigSigner::new("administrator", "k");
    let lifetime = std::time::Duration::from_secs(9);
    let user_sig = signer.sign(1, Timestamp::from_secs(1), lifetime).unwrap();
    Reply::new(body.into(), Arc::new(user_sig))
}

/// Whether a reply was read in one go, by each command's decoder; if so, that it says the same.
fn read_at_once(body: impl Into<Vec<u8>>) -> [bool; 3] {
    let reply = reply(body);
    let page = get_list::Request::new("a", Default::default(), true);
    let users = portrait::Request::new(&[], &[], Depth::Full);
    let groups = group_info::Request::new(&[], &[], &[], Depth::Full);
    [
        is_same(&page, &reply, |listing| format!("{listing:?}")),
        is_same(&users, &reply, sorted),
        is_same(&groups, &reply, sorted),
    ]
}

fn sorted(profiles: Profiles) -> String {
    format!("{:?}", profiles.into_iter().collect::<BTreeMap<_, _>>())
}

fn is_same<C: Command>(command: &C, reply: &Reply, show: impl Fn(C::Answer) -> String) -> bool {
    let Some((envelope, answer)) = command.read_at_once(reply) else {
        return false;
    };
    assert_eq!(show(answer), show(command.read(reply).unwrap()), "{}", reply.text());
    let alone: Envelope = reply.decode().unwrap();
    assert_eq!(envelope.code(), alone.code(), "{}", reply.text());
    true
}

#[test]
fn replies_as_documented_are_read_in_one_go() {
    assert_eq!(read_at_once(PAGE), [true, false, false]);
    assert_eq!(read_at_once(USERS), [false, true, false]);
    assert_eq!(read_at_once(GROUPS), [false, false, true]);
}

#[test]
fn a_reply_with_damaged_texts_is_too() {
    for (text, at_once) in [(PAGE, 0), (USERS, 1), (GROUPS, 2)] {
        for damage in [&b"\xFF"[..], br"\ud83d", b"\n"] {
            let mut bytes = text.as_bytes().to_vec();
            let place = text.find("\"ErrorInfo\":\"").unwrap() + "\"ErrorInfo\":\"".len();
            bytes.splice(place..place, damage.iter().copied());
            assert!(read_at_once(bytes)[at_once], "{text}");
        }
    }
}

#[test]
fn a_reply_with_a_list_in_place_of_an_object_is_not() {
    for (text, place) in [
        (PAGE, "{\"SessionItem\":["),
        (USERS, "{\"UserProfileItem\":["),
        (USERS, "\"ProfileItem\":["),
        (GROUPS, "{\"GroupInfo\":["),
    ] {
        let text = text.replacen(place, &format!("{place}[],"), 1);
        assert_eq!(read_at_once(text), [false; 3], "{place}");
    }
}

#[test]
fn a_reply_of_very_many_objects_is_not() {
    for (text, list) in [(USERS, "{\"UserProfileItem\":["), (GROUPS, "{\"GroupInfo\":[")] {
        let with = |count| text.replacen(list, &format!("{list}{}", "{},".repeat(count)), 1);
        assert!(read_at_once(with(4000)).contains(&true), "{list}");
        assert_eq!(read_at_once(with(5000)), [false; 3], "{list}");
    }
}

#[test]
fn an_envelope_with_a_member_twice_is_none() {
    for member in ["\"ActionStatus\":null", "\"ErrorCode\":0", "\"ErrorInfo\":\"\""] {
        assert!(reply(format!("{{{member}}}")).decode::<Envelope>().is_ok());
        let twice = reply(format!("{{{member},\"x\":[],{member}}}"));
        assert!(twice.decode::<Envelope>().is_err(), "{member}");
    }
}

/// Replies with values and members put in at some places.
fn odd_replies() -> impl Strategy<Value = String> {
    let value = prop::sample::select(&VALUES[..]).prop_map(|value| (true, value));
    let member = prop::sample::select(&MEMBERS[..]).prop_map(|member| (false, member));
    let change = (any::<prop::sample::Index>(), prop_oneof![value, member]);
    let replies = prop::sample::select(vec![PAGE, USERS, GROUPS]);
    (replies, prop::collection::vec(change, 0..4)).prop_map(|(reply, changes)| {
        let mut reply = reply.to_owned();
        for (at, (is_value, text)) in changes {
            if is_value {
                put_value(&mut reply, at, text);
            } else {
                put_member(&mut reply, at, text);
            }
        }
        reply
    })
}

fn put_value(reply: &mut String, at: prop::sample::Index, value: &str) {
    let places: Vec<_> = reply.match_indices("\":").map(|(place, _)| place + 2).collect();
    let begin = places[at.index(places.len())];
    let end = reply[begin..].find([',', '}', ']']).map_or(reply.len(), |end| begin + end);
    reply.replace_range(begin..end, value);
}

fn put_member(reply: &mut String, at: prop::sample::Index, member: &str) {
    let places: Vec<_> = reply.match_indices("{\"").map(|(place, _)| place + 1).collect();
    reply.insert_str(places[at.index(places.len())], &format!("{member},"));
}

proptest! {
    #[test]
    fn an_odd_reply_says_the_same_either_way(reply in odd_replies()) {
        read_at_once(reply);
    }

    #[test]
    fn a_reply_with_bytes_changed_says_the_same_either_way(
        reply in prop::sample::select(vec![PAGE, USERS, GROUPS]),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut bytes = reply.as_bytes().to_vec();
        for (at, byte) in changes {
            *at.get_mut(&mut bytes) = byte;
        }
        read_at_once(bytes);
    }
}
