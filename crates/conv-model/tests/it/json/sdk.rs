//! Rows as the SDK writes them, read in.

use std::sync::Arc;

use conv_model::{
    AtType, Conversation, GroupType, Known, MessageKind, ProfileDetail, RemindType, Timestamp,
};
use serde_json::{Value, json};

#[track_caller]
fn read(json: Value) -> Conversation {
    serde_json::from_value(json).unwrap()
}

#[track_caller]
fn assert_refused(json: Value, reason: &str) {
    let error = serde_json::from_value::<Conversation>(json).unwrap_err().to_string();
    assert!(error.contains(reason), "{error}");
}

#[test]
fn an_id_and_a_type_are_enough() {
    let row = read(json!({"conversationID": "GROUPg1", "type": "GROUP"}));
    assert_eq!(row, Conversation::new("GROUPg1".parse().unwrap()));
}

#[test]
fn a_row_of_the_sdk_is_read_whole() {
    let row = read(json!({
        "conversationID": "GROUP@TGS#1",
        "type": "GROUP",
        "subType": "Public",
        "unreadCount": 2,
        "lastMessage": {
            "lastTime": 1_700_000_000,
            "lastSequence": 7,
            "fromAccount": "bob",
            "type": "TIMCustomElem",
            "payload": {"data": "d", "description": "", "extension": ""},
            "messageForShow": "[自定义消息]",
            "cloudCustomData": "c",
            "isRevoked": true,
            "revoker": "bob",
            "onlineOnlyFlag": false,
            "nick": "Bob",
            "nameCard": "Bobby",
            "version": 0,
            "revokerInfo": {"userID": "bob"},
        },
        "groupProfile": {
            "groupID": "@TGS#1",
            "name": "客户",
            "avatar": "https://example.com/g.png",
            "type": "Public",
            "ownerID": "bob",
            "createTime": 1_600_000_000,
            "infoSequence": "",
            "memberCount": 12,
            "selfInfo": {"role": "Member", "joinTime": "", "readedSequence": 5},
            "lastMessage": {"lastTime": "", "lastSequence": "", "fromAccount": "", "messageForShow": ""},
            "groupCustomField": [{"key": "n", "value": 7}, {"key": "s", "value": "7"}],
            "muteAllMembers": false,
        },
        "groupAtInfoList": [
            {"from": "bob", "groupID": "@TGS#1", "messageSequence": 7, "atTypeArray": [2], "__random": 1},
        ],
        "remark": "",
        "isPinned": true,
        "messageRemindType": "Discard",
        "markList": [1, 4_294_967_296_u64],
        "customData": "vip",
        "conversationGroupList": ["b", "a", "b"],
        "draftText": "well",
        "peerReadTime": 0,
        "toAccount": "@TGS#1",
        "_isInfoCompleted": true,
    }));
    assert_eq!(row.show_name(), "客户");
    assert_eq!(row.profile.group_type, Some(GroupType::Public));
    assert_eq!(row.listing.time, Some(Timestamp::from_secs(1_700_000_000)));
    assert_eq!(row.listing.marks.bits(), 1 << 32 | 1);
    assert_eq!(row.listing.groups, ["a", "b"].map(Arc::from));
    assert_eq!(&*row.listing.custom_data, "vip");
    assert!(row.listing.is_pinned);
    assert_eq!(row.unread.count, Some(2));
    assert_eq!(row.unread.remind_type, Some(RemindType::Discard));
    assert_eq!(row.unread.peer_read_time, None);
    assert_eq!(row.group_at_info().unwrap()[0].at_type, AtType::All);
    assert_eq!(row.local.draft_text().map(AsRef::as_ref), Some("well"));
    let message = row.last_message.value().unwrap();
    assert_eq!(message.kind, MessageKind::Custom);
    assert_eq!(message.sequence, 7);
    assert_eq!(message.revoker.as_deref(), Some("bob"));
    assert_eq!(&*message.name_card, "Bobby");
    let Some(ProfileDetail::Group(detail)) = row.profile.detail.as_deref() else { panic!() };
    assert_eq!((detail.create_time, detail.info_sequence), (Some(1_600_000_000), None));
    assert_eq!((detail.self_info.join_time, detail.self_info.read_sequence), (0, 5));
    assert_eq!(detail.custom_fields[0].value, "7");
    assert_eq!(detail.custom_fields[1].value, "7");
}

#[test]
fn a_user_of_the_sdk_is_read_with_detail_only_if_there_is_one() {
    let user = |profile: Value| {
        let json = json!({"conversationID": "C2Calice", "type": "C2C", "userProfile": profile});
        read(json).profile
    };
    let thin = user(json!({
        "userID": "alice", "nick": "Alice", "avatar": "", "gender": "",
        "allowType": "AllowType_Type_AllowAny", "adminForbidType": "AdminForbid_Type_None",
    }));
    assert_eq!((thin.name.as_deref(), thin.avatar.as_deref()), (Some("Alice"), Some("")));
    assert_eq!(thin.detail, None);
    let full = user(json!({"nick": "Alice", "birthday": 20_000_101}));
    assert!(
        matches!(full.detail.as_deref(), Some(ProfileDetail::User(user)) if user.birthday == 20_000_101)
    );
}

#[test]
fn an_empty_last_message_is_known_to_be_nothing() {
    for kind in [json!(null), json!("")] {
        let row = read(json!({
            "conversationID": "C2Calice",
            "type": "C2C",
            "lastMessage": {"lastTime": 0, "type": kind, "payload": null},
        }));
        assert_eq!(row.last_message, Known::Nothing);
        assert_eq!(row.listing.time, Some(Timestamp::ZERO));
    }
}

#[test]
fn a_zero_that_is_there_is_known() {
    let row = read(json!({
        "conversationID": "GROUPg1", "type": "GROUP", "unreadCount": 0, "groupAtInfoList": [],
    }));
    assert_eq!(row.unread.count, Some(0));
    assert_eq!(row.group_at_info(), Some(&[][..]));
}

#[test]
fn a_meeting_that_counts_unread_messages_is_read_with_none() {
    for (sub_type, count) in [("ChatRoom", 0), ("AVChatRoom", 0), ("Public", 4)] {
        let row = read(json!({
            "conversationID": "GROUPg1", "type": "GROUP", "subType": sub_type, "unreadCount": 4,
        }));
        assert_eq!(row.unread.count, Some(count), "{sub_type}");
    }
}

#[test]
fn only_the_profile_of_the_kind_is_read() {
    let profiles = |id: &str, kind: &str| {
        read(json!({
            "conversationID": id,
            "type": kind,
            "subType": "Public",
            "remark": "remark",
            "peerReadTime": 1_700_000_000,
            "userProfile": {"nick": "user"},
            "groupProfile": {"name": "group"},
        }))
    };
    let user = profiles("C2Calice", "C2C");
    assert_eq!(user.profile.name.as_deref(), Some("user"));
    assert_eq!(user.profile.group_type, None);
    assert_eq!(user.unread.peer_read_time, Some(Timestamp::from_secs(1_700_000_000)));
    let group = profiles("GROUPg1", "GROUP");
    assert_eq!(group.show_name(), "group");
    assert_eq!(group.profile.remark, None);
    assert_eq!(group.unread.peer_read_time, None);
    let system = profiles("@TIM#SYSTEM", "@TIM#SYSTEM");
    assert!(!system.profile.is_known());
}

#[test]
fn a_row_that_contradicts_itself_is_refused() {
    assert_refused(json!({"conversationID": "C2Calice", "type": "GROUP"}), "disagree");
    assert_refused(json!({"conversationID": "c2calice", "type": "C2C"}), "wrong case");
    assert_refused(json!({"conversationID": "C2Calice"}), "missing field `type`");
    assert_refused(json!({"type": "C2C"}), "missing field `conversationID`");
    let with = |key: &str, value: Value| {
        let mut row = json!({"conversationID": "GROUPg1", "type": "GROUP"});
        row[key] = value;
        row
    };
    assert_refused(with("unreadCount", json!(-1)), "invalid value");
    assert_refused(with("markList", json!([3])), "one power of two");
    assert_refused(with("groupProfile", json!({"createTime": "soon"})), "");
    let mention = json!([{"from": "b", "groupID": "g", "messageSequence": 1, "atTypeArray": [4]}]);
    assert_refused(with("groupAtInfoList", mention), "1, 2 or 3");
}
