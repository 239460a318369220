//! Replies as documented, and the cost of one odd part of them.

use conv_model::Timestamp;

use super::*;
use crate::{UserSigSigner, rest::caller::answer};

const PAGE: &str = r#"{"SessionItem":[{"Type":1,"To_Account":"u","MsgTime":1772612017,"TopFlag":0},{"Type":2,"GroupId":"g","MsgTime":1775185968,"TopFlag":1,"StandardMark":"111001","CustomMark":"a\"b","ContactGroupId":[1,2]}],"CompleteFlag":0,"TimeStamp":1775552160,"StartIndex":0,"TopTimeStamp":1775552160,"TopStartIndex":0,"ActionStatus":"OK","ErrorCode":0,"ErrorInfo":"","ErrorDisplay":""}"#;
const USERS: &str = r#"{"UserProfileItem":[{"To_Account":"u","ProfileItem":[{"Tag":"Tag_Profile_IM_Nick","Value":"A\u00fc"},{"Tag":"Tag_Profile_IM_Level","Value":7}],"ResultCode":0,"ResultInfo":""},{"To_Account":"v","ResultCode":40003,"ResultInfo":"gone"}],"Fail_Account":["w"],"ActionStatus":"OK","ErrorCode":0,"ErrorInfo":""}"#;
const GROUPS: &str = r#"{"GroupInfo":[{"GroupId":"g","ErrorCode":0,"ErrorInfo":"","Type":"Public","Name":"G","FaceUrl":"x","AppDefinedData":[{"Key":"k","Value":1}]},{"GroupId":"h","ErrorCode":10010,"ErrorInfo":"gone"}],"ActionStatus":"OK","ErrorCode":0,"ErrorInfo":""}"#;

fn reply(body: impl Into<Vec<u8>>) -> Reply {
    let signer = UserSigSigner::new("administrator", "k");
    let lifetime = std::time::Duration::from_secs(9);
    let user_sig = signer.sign(1, Timestamp::from_secs(1), lifetime).unwrap();
    Reply::new(body.into(), Arc::new(user_sig))
}

fn page(body: impl Into<Vec<u8>>) -> Result<get_list::Listing, SourceError> {
    answer(&get_list::Request::new("a", Default::default(), true), &reply(body))
}

fn users(body: impl Into<Vec<u8>>) -> Profiles {
    answer(&portrait::Request::new(&[], &[], Depth::Full), &reply(body)).unwrap()
}

fn groups(body: impl Into<Vec<u8>>) -> Profiles {
    answer(&group_info::Request::new(&[], &[], &[], Depth::Full), &reply(body)).unwrap()
}

fn name<'a>(profiles: &'a Profiles, id: &str) -> Option<&'a str> {
    profiles[id].as_ref().unwrap().name.as_deref()
}

#[test]
fn replies_as_documented_are_read() {
    assert_eq!(page(PAGE).unwrap().rows.len(), 2);
    let users = users(USERS);
    assert_eq!((users.len(), name(&users, "u")), (3, Some("Aü")));
    assert!(matches!(users["v"], Err(SourceError::NotFound)));
    assert!(users["w"].is_err());
    let groups = groups(GROUPS);
    assert_eq!((groups.len(), name(&groups, "g")), (2, Some("G")));
    assert_eq!(groups["h"].as_ref().unwrap_err().code(), Some(10010));
}

#[test]
fn a_damaged_text_of_the_envelope_costs_nothing() {
    for damage in [&b"\xFF"[..], br"\ud83d", b"\n"] {
        let damaged = |text: &str| {
            let mut bytes = text.as_bytes().to_vec();
            let place = text.find("\"ErrorInfo\":\"").unwrap() + "\"ErrorInfo\":\"".len();
            bytes.splice(place..place, damage.iter().copied());
            bytes
        };
        assert_eq!(page(damaged(PAGE)).unwrap().rows.len(), 2);
        assert_eq!(users(damaged(USERS)).len(), 3);
        assert_eq!(groups(damaged(GROUPS)).len(), 2);
    }
}

#[test]
fn a_list_in_place_of_an_item_costs_that_item() {
    let with = |text: &str, list: &str| text.replacen(list, &format!("{list}[],"), 1);
    let page = page(with(PAGE, "{\"SessionItem\":[")).unwrap();
    assert_eq!((page.rows.len(), page.skipped.len()), (2, 1));
    assert_eq!(users(with(USERS, "{\"UserProfileItem\":[")).len(), 3);
    assert_eq!(name(&users(with(USERS, "\"ProfileItem\":[")), "u"), Some("Aü"));
    assert_eq!(groups(with(GROUPS, "{\"GroupInfo\":[")).len(), 2);
}

#[test]
fn very_many_empty_items_hide_no_good_one() {
    let with =
        |text: &str, list| text.replacen(list, &format!("{list}{}", "{},".repeat(50_000)), 1);
    assert_eq!(users(with(USERS, "{\"UserProfileItem\":[")).len(), 3);
    assert_eq!(groups(with(GROUPS, "{\"GroupInfo\":[")).len(), 2);
}

#[test]
fn an_error_code_counts_whatever_else_is_odd() {
    for body in [r#""SessionItem":{}"#, r#""SessionItem":[1],"CompleteFlag":[]"#, r#""x":null"#] {
        let error = page(format!(r#"{{"ErrorCode":60007,{body}}}"#)).unwrap_err();
        assert_eq!(error.code(), Some(60007), "{body}");
    }
}

#[test]
fn an_envelope_with_a_member_twice_is_invalid() {
    for member in ["\"ActionStatus\":null", "\"ErrorCode\":0", "\"ErrorInfo\":\"\""] {
        assert!(reply(format!("{{{member}}}")).decode::<Envelope>().is_ok());
        let twice = reply(format!("{{{member},\"x\":[],{member}}}"));
        assert!(twice.decode::<Envelope>().is_err(), "{member}");
    }
}
