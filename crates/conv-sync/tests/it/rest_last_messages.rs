//! Last messages, as the documented samples of the REST API have them.

mod calls;

use conv_model::{
    ConversationId, ErrorClass, Facet, Known, LastMessage, MessageKind, Payload, Timestamp,
};
use conv_sync::{ConversationSource, HydrateRequest, Hydrated, SourceError};
use serde_json::{Value, json};

use crate::{
    cloud::{Cloud, DATE_SECS},
    rest_samples::{account, hydrate, id, ids, ok},
    rest_wire::{EMPTY, request},
};

const ROAMING: &str = r#"{"ActionStatus":"OK","ErrorInfo":"","ErrorCode":0,"Complete":1,"MsgCnt":1,"LastMsgTime":1584669680,"LastMsgKey":"549396494_2578554_1584669680","MsgList":[{"From_Account":"user2","To_Account":"user1","MsgSeq":549396494,"MsgRandom":2578554,"MsgTimeStamp":1584669680,"MsgFlagBits":0,"IsPeerRead":0,"MsgKey":"549396494_2578554_1584669680","MsgBody":[{"MsgType":"TIMTextElem","MsgContent":{"Text":"msg 1"}},{"MsgType":"TIMTextElem","MsgContent":{"Text":"more"}}],"CloudCustomData":"your cloud custom data"}]}"#;
const GROUP: &str = r#"{"ActionStatus":"OK","ErrorInfo":"","ErrorCode":0,"GroupId":"@TGS#15ERQPAER","IsFinished":1,"RspMsgList":[{"From_Account":"144115197276518801","IsPlaceMsg":0,"IsSystemMsg":0,"MsgBody":[{"MsgContent":{"Data":"\b","Index":15},"MsgType":"TIMFaceElem"}],"MsgPriority":1,"MsgRandom":51083293,"MsgSeq":7803321,"MsgTimeStamp":1458721802}]}"#;

/// Returns the facets that one call about a conversation gives a member since 2010.
async fn ask(asked: &str, body: &str) -> Hydrated {
    let groups = ids([asked]);
    let joined = groups[0].group_id().map(|group| joined([(group.as_str(), 1_262_304_000)]));
    let cloud = Cloud::of_json(joined.iter().map(String::as_str).chain([body])).await;
    hydrate(&cloud, Facet::LastMessage, groups).await.unwrap()
}

/// The list of an account's groups, each with the time at which it joined.
fn joined<'a>(groups: impl IntoIterator<Item = (&'a str, u64)>) -> String {
    let groups: Vec<_> = groups
        .into_iter()
        .map(|(group, time)| json!({"GroupId": group, "SelfInfo": {"JoinTime": time}}))
        .collect();
    ok(json!({"TotalCount": groups.len(), "GroupIdList": groups}))
}

async fn message(asked: &str, body: &str) -> LastMessage {
    let hydrated = ask(asked, body).await;
    assert!(hydrated.failed.is_empty(), "{body}: {:?}", hydrated.failed);
    let [patch] = &hydrated.found[..] else { panic!("{body}: {:?}", hydrated.found) };
    assert_eq!(patch.id, id(asked));
    LastMessage::clone(patch.last_message.value().unwrap())
}

async fn failure(asked: &str, body: &str) -> SourceError {
    let hydrated = ask(asked, body).await;
    let [(failed, error)] = &hydrated.failed[..] else { panic!("{body}: {hydrated:?}") };
    assert_eq!((failed, hydrated.found.len()), (&id(asked), 0));
    error.clone()
}

fn roaming(item: Value) -> String {
    let mut message: Value = serde_json::from_str(ROAMING).unwrap();
    let fields = message["MsgList"][0].as_object_mut().unwrap();
    fields.extend(item.as_object().unwrap().clone());
    message.to_string()
}

fn group(item: Value) -> String {
    let mut message: Value = serde_json::from_str(GROUP).unwrap();
    let fields = message["RspMsgList"][0].as_object_mut().unwrap();
    fields.extend(item.as_object().unwrap().clone());
    message.to_string()
}

#[tokio::test]
async fn the_sample_of_admin_getroammsg_is_a_text() {
    let message = message("C2Cuser2", ROAMING).await;
    let mut expected = LastMessage::new(MessageKind::Text);
    expected.time = Some(Timestamp::from_secs(1_584_669_680));
    expected.sequence = 549_396_494;
    expected.from_account = "user2".into();
    expected.payload = Some(Payload::of_text("msg 1"));
    expected.cloud_custom_data = "your cloud custom data".into();
    assert_eq!(message, expected);
    assert_eq!(message.preview().to_string(), "msg 1");
}

#[tokio::test]
async fn the_sample_of_group_msg_get_simple_is_a_sticker() {
    let message = message("GROUP@TGS#15ERQPAER", GROUP).await;
    let mut expected = LastMessage::new(MessageKind::Face);
    expected.time = Some(Timestamp::from_secs(1_458_721_802));
    expected.sequence = 7_803_321;
    expected.from_account = "144115197276518801".into();
    expected.payload = Payload::from_json(r#"{"Data":"\b","Index":15}"#).ok();
    assert_eq!(message, expected);
}

#[tokio::test]
async fn one_message_is_asked_for_up_to_a_moment_after_the_clouds_now() {
    let groups = joined([("@TGS#15ERQPAER", 1_262_304_000)]);
    let with_topics = joined([("@TGS#_town", 1_262_304_000)]);
    let none = joined([]);
    let cloud = Cloud::of_json([EMPTY, ROAMING, &groups, GROUP, &none, &with_topics, GROUP]).await;
    let source = cloud.source();
    source.pull(&request()).await.unwrap();
    for asked in ["C2Cuser2", "GROUP@TGS#15ERQPAER", "GROUP@TGS#_town@TOPIC#_square"] {
        let request = HydrateRequest::new(account(), Facet::LastMessage, ids([asked]));
        assert_eq!(source.hydrate(&request).await.unwrap().found.len(), 1, "{asked}");
    }
    let requests = cloud.requests();
    assert!(requests[1].target().starts_with("/v4/openim/admin_getroammsg?"));
    let mut user = requests[1].json();
    let until = user["MaxTime"].take().as_u64().unwrap();
    assert!(until >= DATE_SECS + 60, "a message of this second is not missed: {until}");
    assert_eq!(
        user,
        json!({"Operator_Account": "user_0001", "Peer_Account": "user2", "MaxCnt": 1,
            "MinTime": 0, "MaxTime": null})
    );
    assert_eq!(
        requests[2].json(),
        json!({"Member_Account": "user_0001", "Limit": 1000, "Offset": 0, "WithHugeGroups": 1,
            "WithNoActiveGroups": 1, "ResponseFilter": {"GroupBaseInfoFilter": ["Type"],
            "SelfInfoFilter": ["JoinTime", "MsgFlag", "UnreadMsgNum"]}})
    );
    assert!(requests[3].target().starts_with("/v4/group_open_http_svc/group_msg_get_simple?"));
    assert_eq!(
        requests[3].json(),
        json!({"GroupId": "@TGS#15ERQPAER", "ReqMsgNumber": 1, "WithRecalledMsg": 1})
    );
    let topics = requests[5].json();
    assert_eq!((&topics["GroupType"], &topics["SupportTopic"]), (&json!("Community"), &json!(1)));
    assert_eq!(
        requests[6].json(),
        json!({"GroupId": "@TGS#_town", "TopicId": "@TGS#_town@TOPIC#_square",
            "ReqMsgNumber": 1, "WithRecalledMsg": 1})
    );
}

#[tokio::test]
async fn a_recalled_message_says_so_and_nothing_of_what_it_said() {
    let custom = json!({"CloudCustomData": "said"});
    let recalled = json!({"MsgFlagBits": 8, "CloudCustomData": "said"});
    let user = message("C2Ca", &roaming(recalled)).await;
    let in_group = json!({"IsPlaceMsg": 2, "CloudCustomData": "said",
        "MsgBody": [{"MsgType": "TIMTextElem", "MsgContent": {"Text": "msg 1"}}]});
    let in_group = message("GROUPa", &group(in_group)).await;
    for recalled in [user, in_group] {
        assert!(recalled.is_revoked && recalled.kind == MessageKind::Text);
        assert_eq!((&recalled.payload, &*recalled.cloud_custom_data), (&None, ""));
        let shown = format!("{recalled:?} {}", serde_json::to_string(&recalled).unwrap());
        assert!(!shown.contains("msg 1") && !shown.contains("said"), "{shown}");
    }
    let others = message("C2Ca", &roaming(json!({"MsgFlagBits": 7}))).await;
    assert!(!others.is_revoked && others.payload.is_some());
    assert_eq!(&*message("C2Ca", &roaming(custom)).await.cloud_custom_data, "said");
    let emptied = json!({"IsPlaceMsg": 2, "MsgBody": []});
    let emptied = message("GROUPa", &group(emptied)).await;
    assert!(emptied.is_revoked && emptied.payload.is_none() && emptied.kind.as_str().is_empty());
}

#[tokio::test]
async fn a_message_cut_inside_an_emoji_is_shown() {
    let body = ROAMING.replace("msg 1", r"msg \ud83d").replace("your", r"\ude00");
    let message = message("C2Ca", &body).await;
    assert_eq!(message.preview().to_string(), "msg \u{FFFD}");
    assert_eq!(&*message.cloud_custom_data, "\u{FFFD} cloud custom data");
}

#[tokio::test]
async fn a_message_whose_state_cannot_be_read_is_not_shown() {
    for (asked, body) in [
        ("C2Ca", roaming(json!({"MsgFlagBits": {}}))),
        ("C2Ca", roaming(json!({"MsgFlagBits": -1}))),
        ("GROUPa", group(json!({"IsPlaceMsg": []}))),
        ("GROUPa", group(json!({"IsPlaceMsg": 3}))),
    ] {
        let error = failure(asked, &body).await;
        assert!(matches!(error, SourceError::Protocol { .. }), "{body}: {error:?}");
    }
}

#[tokio::test]
async fn a_conversation_without_messages_is_no_failure() {
    let gone = group(json!({"IsPlaceMsg": 1, "MsgBody": {}, "From_Account": ""}));
    for (asked, body) in [
        ("C2Ca", ok(json!({"Complete": 1, "MsgCnt": 0, "MsgList": []}))),
        ("C2Ca", ok(json!({"Complete": 1, "MsgList": null}))),
        ("C2Ca", ok(json!({"MsgList": []}))),
        ("GROUPa", ok(json!({"IsFinished": 1, "RspMsgList": []}))),
        ("GROUPa", ok(json!({"IsFinished": 1}))),
        ("GROUPa", gone),
    ] {
        has_no_message(&ask(asked, &body).await);
    }
}

/// The one conversation that was asked about is known to have no message.
#[track_caller]
fn has_no_message(hydrated: &Hydrated) {
    let [patch] = &hydrated.found[..] else { panic!("{hydrated:?}") };
    assert_eq!(patch.last_message, Known::Nothing);
    assert!(hydrated.failed.is_empty(), "{hydrated:?}");
}

#[tokio::test]
async fn a_reply_that_is_short_of_messages_does_not_say_that_there_are_none() {
    for (asked, body) in [
        ("C2Ca", json!({})),
        ("C2Ca", json!({"MsgList": null})),
        ("C2Ca", json!({"Complete": 0, "MsgCnt": 0, "MsgList": []})),
        ("GROUPa", json!({"RspMsgList": null})),
        ("GROUPa", json!({"IsFinished": 0, "RspMsgList": []})),
    ] {
        let error = failure(asked, &ok(body.clone())).await;
        assert!(matches!(error, SourceError::Protocol { .. }), "{body}: {error:?}");
    }
}

#[tokio::test]
async fn a_group_that_the_account_is_not_in_is_not_read() {
    let cloud = Cloud::of_json([joined([("other", 1_262_304_000)]).as_str(), GROUP]).await;
    has_no_message(&hydrate(&cloud, Facet::LastMessage, ids(["GROUPa"])).await.unwrap());
    assert_eq!(cloud.requests().len(), 1);
    // A community may be in either list, and a topic is seen by those in its community.
    for asked in ["GROUP@TGS#_town", "GROUP@TGS#_town@TOPIC#_square"] {
        let cloud = Cloud::of_json([&*joined([]), &joined([("@TGS#_city", 1)]), GROUP]).await;
        has_no_message(&hydrate(&cloud, Facet::LastMessage, ids([asked])).await.unwrap());
        assert_eq!(cloud.requests().len(), 2, "{asked}");
    }
}

#[tokio::test]
async fn a_message_from_before_the_account_joined_is_not_shown() {
    const SENT: u64 = 1_458_721_802;
    for (since, is_shown) in [(SENT - 1, true), (SENT, true), (SENT + 1, false)] {
        let cloud = Cloud::of_json([joined([("a", since)]).as_str(), GROUP]).await;
        let hydrated = hydrate(&cloud, Facet::LastMessage, ids(["GROUPa"])).await.unwrap();
        match is_shown {
            true => assert!(hydrated.found[0].last_message.value().is_some(), "{since}"),
            false => has_no_message(&hydrated),
        }
    }
}

#[tokio::test]
async fn unknown_membership_reads_nothing() {
    let member = |own: Value| json!({"GroupId": "a", "SelfInfo": own});
    for list in [
        json!({"TotalCount": 1, "GroupIdList": [member(json!({}))]}),
        json!({"TotalCount": 1, "GroupIdList": [member(json!({"JoinTime": 0}))]}),
        json!({"TotalCount": 1, "GroupIdList": [member(json!({"JoinTime": "soon"}))]}),
        json!({"TotalCount": 1, "GroupIdList": [{"GroupId": 7}]}),
        json!({"TotalCount": 1, "GroupIdList": []}),
        json!({"TotalCount": 0, "GroupIdList": [{"GroupId": "b"}]}),
        json!({"GroupIdList": [{"GroupId": "b"}]}),
        json!({}),
    ] {
        let cloud = Cloud::of_json([ok(list.clone()).as_str(), GROUP]).await;
        let hydrated = hydrate(&cloud, Facet::LastMessage, ids(["GROUPa"])).await.unwrap();
        let [(_, SourceError::Protocol { .. })] = &hydrated.failed[..] else {
            panic!("{list}: {hydrated:?}")
        };
        assert!(hydrated.found.is_empty() && cloud.requests().len() == 1, "{list}");
    }
}

#[tokio::test]
async fn of_several_messages_the_newest_counts_in_any_order() {
    let at = |time: u64, seq: u64| {
        json!({"MsgSeq": seq, "MsgTimeStamp": time, "From_Account": "a",
            "MsgBody": [{"MsgType": "TIMTextElem", "MsgContent": {"Text": format!("{time}/{seq}")}}]})
    };
    let list = [at(1_600_000_000, 9), at(1_600_000_001, 2), at(1_600_000_001, 1), json!(null)];
    let user = message("C2Ca", &ok(json!({"MsgList": list}))).await;
    assert_eq!(user.payload, Some(Payload::of_text("1600000001/2")));
    let in_group = message("GROUPa", &ok(json!({"RspMsgList": list}))).await;
    assert_eq!(in_group.payload, Some(Payload::of_text("1600000000/9")));
}

#[tokio::test]
async fn elements_keep_their_kind_and_their_documented_content() {
    for (kind, content, payload) in [
        ("TIMTextElem", json!({"Text": ""}), Some(r#"{"text":""}"#)),
        ("TIMTextElem", json!({"Text": 7}), None),
        ("TIMTextElem", json!({"text": "x"}), None),
        ("TIMTextElem", json!("x"), None),
        (
            "TIMLocationElem",
            json!({"Desc": "d", "Latitude": 29.34, "Longitude": 116.32}),
            Some(r#"{"Desc":"d","Latitude":29.34,"Longitude":116.32}"#),
        ),
        ("TIMCustomElem", json!({"Data": "x"}), Some(r#"{"Data":"x"}"#)),
        ("TIMCustomElem", json!({"Data": "x".repeat(20_000)}), None),
        ("TIMCustomElem", json!([1]), None),
        ("TIMCustomElem", json!(null), None),
        ("TIMSomethingNewElem", json!({}), Some("{}")),
    ] {
        let body = json!([{"MsgType": kind, "MsgContent": content}]);
        let message = message("C2Ca", &roaming(json!({"MsgBody": body}))).await;
        assert_eq!(message.kind.as_str(), kind);
        assert_eq!(message.payload.as_ref().map(Payload::as_json), payload, "{kind}");
    }
}

#[tokio::test]
async fn odd_messages_fail_by_themselves_and_long_texts_are_bounded() {
    let deep = format!("{}{}", "[".repeat(100), "]".repeat(100));
    let deep: Value = serde_json::from_str(&deep).unwrap();
    for item in [
        json!({"MsgBody": []}),
        json!({"MsgBody": {}}),
        json!({"MsgBody": null}),
        json!({"MsgBody": [7]}),
        json!({"MsgBody": [{"MsgType": 7, "MsgContent": {}}]}),
        json!({"MsgBody": deep}),
        json!({"MsgSeq": -1}),
        json!({"MsgSeq": null}),
        json!({"MsgTimeStamp": "soon"}),
        json!({"MsgTimeStamp": i64::MAX}),
        json!({"MsgTimeStamp": -5}),
        json!({"MsgTimeStamp": 0}),
    ] {
        let error = failure("C2Ca", &roaming(item.clone())).await;
        assert!(matches!(error, SourceError::Protocol { .. }), "{item}: {error:?}");
    }
    for list in [json!([null]), json!([7]), json!([{}]), json!([[[]]])] {
        let error = failure("GROUPa", &ok(json!({"RspMsgList": list}))).await;
        assert!(matches!(error, SourceError::Protocol { .. }), "{list}: {error:?}");
    }
    let error = failure("GROUPa", &ok(json!({"RspMsgList": "x"}))).await;
    assert!(matches!(error, SourceError::Protocol { .. }), "{error:?}");

    let long = "ü".repeat(500_000);
    let message = message(
        "C2Ca",
        &roaming(json!({"From_Account": long, "CloudCustomData": long,
            "MsgBody": [{"MsgType": "TIMTextElem", "MsgContent": {"Text": long}}]})),
    )
    .await;
    assert_eq!((message.from_account.len(), message.cloud_custom_data.len()), (1024, 0));
    assert_eq!(message.payload.unwrap().text().unwrap().len(), 16 * 1024);
}

#[tokio::test]
async fn unknown_users_and_groups_without_messages_fail_for_good() {
    let refused = |code: i32| format!(r#"{{"ActionStatus":"FAIL","ErrorCode":{code}}}"#);
    for (asked, code, class) in [
        ("C2Ca", 70107, ErrorClass::NotFound),
        ("GROUPa", 10010, ErrorClass::NotFound),
        ("GROUPa", 10015, ErrorClass::NotFound),
        ("GROUPa", 10007, ErrorClass::Unsupported),
        ("GROUPa", 10004, ErrorClass::InvalidArgument),
    ] {
        let error = failure(asked, &refused(code)).await;
        assert_eq!(error.class(), class, "{code}: {error:?}");
    }
    let cloud = Cloud::of_json([ROAMING]).await;
    let asked = vec![ConversationId::system()];
    let hydrated = hydrate(&cloud, Facet::LastMessage, asked).await.unwrap();
    assert!(matches!(hydrated.failed[..], [(_, SourceError::InvalidArgument { .. })]));
    assert!(cloud.requests().is_empty());
}
