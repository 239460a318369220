//! Last messages, as the documented samples of the REST API have them.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use conv_model::{ConversationId, ErrorClass, Facet, LastMessage, MessageKind, Payload, Timestamp};
use conv_sync::{ConversationSource, HydrateRequest, Hydrated, RateLimiter, SourceError};
use serde_json::{Value, json};

use crate::{
    cloud::{Answer, Cloud, DATE_SECS, http, json as answer},
    rest_samples::{account, hydrate, id, ids, ok},
    rest_wire::{EMPTY, request},
};

const ROAMING: &str = r#"{"ActionStatus":"OK","ErrorInfo":"","ErrorCode":0,"Complete":1,"MsgCnt":1,"LastMsgTime":1584669680,"LastMsgKey":"549396494_2578554_1584669680","MsgList":[{"From_Account":"user2","To_Account":"user1","MsgSeq":549396494,"MsgRandom":2578554,"MsgTimeStamp":1584669680,"MsgFlagBits":0,"IsPeerRead":0,"MsgKey":"549396494_2578554_1584669680","MsgBody":[{"MsgType":"TIMTextElem","MsgContent":{"Text":"msg 1"}},{"MsgType":"TIMTextElem","MsgContent":{"Text":"more"}}],"CloudCustomData":"your cloud custom data"}]}"#;
const GROUP: &str = r#"{"ActionStatus":"OK","ErrorInfo":"","ErrorCode":0,"GroupId":"@TGS#15ERQPAER","IsFinished":1,"RspMsgList":[{"From_Account":"144115197276518801","IsPlaceMsg":0,"IsSystemMsg":0,"MsgBody":[{"MsgContent":{"Data":"\b","Index":15},"MsgType":"TIMFaceElem"}],"MsgPriority":1,"MsgRandom":51083293,"MsgSeq":7803321,"MsgTimeStamp":1458721802}]}"#;

/// What the one call about a conversation taught.
async fn ask(asked: &str, body: &str) -> Hydrated {
    let cloud = Cloud::of_json([body]).await;
    hydrate(&cloud, Facet::LastMessage, ids([asked])).await.unwrap()
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
async fn one_message_is_asked_for_up_to_the_clouds_now() {
    let cloud = Cloud::of_json([EMPTY, ROAMING, GROUP, GROUP]).await;
    let source = cloud.source();
    source.pull(&request()).await.unwrap();
    for asked in ["C2Cuser2", "GROUP@TGS#15ERQPAER", "GROUP@TGS#_town@TOPIC#_square"] {
        let request = HydrateRequest::new(account(), Facet::LastMessage, ids([asked]));
        assert_eq!(source.hydrate(&request).await.unwrap().found.len(), 1, "{asked}");
    }
    let requests = cloud.requests();
    assert!(requests[1].target().starts_with("/v4/openim/admin_getroammsg?"));
    let mut user = requests[1].json();
    let now = user["MaxTime"].take().as_u64().unwrap();
    assert!((DATE_SECS..DATE_SECS + 60).contains(&now), "{now}");
    assert_eq!(
        user,
        json!({"Operator_Account": "user_0001", "Peer_Account": "user2", "MaxCnt": 1,
            "MinTime": 0, "MaxTime": null})
    );
    assert!(requests[2].target().starts_with("/v4/group_open_http_svc/group_msg_get_simple?"));
    assert_eq!(
        requests[2].json(),
        json!({"GroupId": "@TGS#15ERQPAER", "ReqMsgNumber": 1, "WithRecalledMsg": 1})
    );
    assert_eq!(
        requests[3].json(),
        json!({"GroupId": "@TGS#_town", "TopicId": "@TGS#_town@TOPIC#_square",
            "ReqMsgNumber": 1, "WithRecalledMsg": 1})
    );
}

#[tokio::test]
async fn a_message_taken_back_says_so() {
    let user = message("C2Ca", &roaming(json!({"MsgFlagBits": 8}))).await;
    assert!(user.is_revoked && user.payload == Some(Payload::of_text("msg 1")));
    assert!(!message("C2Ca", &roaming(json!({"MsgFlagBits": 7}))).await.is_revoked);
    let in_group = message("GROUPa", &group(json!({"IsPlaceMsg": 2}))).await;
    assert!(in_group.is_revoked && in_group.kind == MessageKind::Face);
    let emptied = json!({"IsPlaceMsg": 2, "MsgBody": []});
    let emptied = message("GROUPa", &group(emptied)).await;
    assert!(emptied.is_revoked && emptied.payload.is_none() && emptied.kind.as_str().is_empty());
}

#[tokio::test]
async fn where_no_message_is_nothing_is_found_and_nothing_fails() {
    let gone = group(json!({"IsPlaceMsg": 1, "MsgBody": {}, "From_Account": ""}));
    for (asked, body) in [
        ("C2Ca", ok(json!({"Complete": 1, "MsgCnt": 0, "MsgList": []}))),
        ("C2Ca", ok(json!({"MsgList": null}))),
        ("C2Ca", ok(json!({}))),
        ("GROUPa", ok(json!({"IsFinished": 1, "RspMsgList": []}))),
        ("GROUPa", gone),
    ] {
        let hydrated = ask(asked, &body).await;
        assert_eq!((hydrated.found.len(), hydrated.failed.len()), (0, 0), "{body}");
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
async fn who_does_not_exist_or_keeps_no_messages_has_failed_for_good() {
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

fn users(count: usize) -> Vec<ConversationId> {
    (0..count).map(|number| id(&format!("C2Cu{number}"))).collect()
}

fn down() -> Answer {
    http("502 Bad Gateway", "", b"")
}

#[tokio::test]
async fn a_lost_call_costs_its_own_conversation_alone() {
    let answers = (0..20).map(|call| if call == 3 { down() } else { answer(ROAMING) });
    let cloud = Cloud::new(answers).await;
    let hydrated = hydrate(&cloud, Facet::LastMessage, users(20)).await.unwrap();
    assert_eq!((hydrated.found.len(), cloud.requests().len()), (19, 20));
    let [(_, SourceError::Http { status: 502, .. })] = hydrated.failed[..] else { panic!() };
}

#[tokio::test]
async fn a_cloud_that_is_down_is_not_asked_about_everybody() {
    let cloud = Cloud::new((0..20).map(|_| down())).await;
    let error = hydrate(&cloud, Facet::LastMessage, users(20)).await.unwrap_err();
    assert!(matches!(error, SourceError::Http { status: 502, .. }));
    assert_eq!(cloud.requests().len(), 8);
    // What was learned before it went down is kept.
    let answers = (0..20).map(|call| if call < 8 { answer(ROAMING) } else { down() });
    let cloud = Cloud::new(answers).await;
    let hydrated = hydrate(&cloud, Facet::LastMessage, users(20)).await.unwrap();
    assert_eq!((hydrated.found.len(), hydrated.failed.len()), (8, 12));
    assert_eq!(cloud.requests().len(), 16);
}

/// Sees how many calls are under way at once.
#[derive(Debug, Default)]
struct Watching {
    now: AtomicUsize,
    most: AtomicUsize,
}

#[async_trait]
impl RateLimiter for Watching {
    async fn acquire(&self, _: u32, _: &str) -> Result<(), SourceError> {
        let now = self.now.fetch_add(1, Ordering::Relaxed) + 1;
        self.most.fetch_max(now, Ordering::Relaxed);
        tokio::task::yield_now().await;
        self.now.fetch_sub(1, Ordering::Relaxed);
        Ok(())
    }

    async fn hold_back(&self, _: u32, _: &str, _: std::time::Duration) {}
}

#[tokio::test]
async fn eight_calls_run_side_by_side_and_no_more() {
    let cloud = Cloud::of_json([ROAMING; 30]).await;
    let watching = Arc::new(Watching::default());
    let source = cloud.builder().rate_limiter(watching.clone()).build();
    let request = HydrateRequest::new(account(), Facet::LastMessage, users(30));
    let hydrated = source.hydrate(&request).await.unwrap();
    let found: Vec<_> = hydrated.found.into_iter().map(|patch| patch.id).collect();
    assert_eq!(found, users(30));
    assert_eq!(watching.most.load(Ordering::Relaxed), 8);
}
