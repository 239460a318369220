//! Whole objects, so that a key too many or too few is seen.

use std::sync::Arc;

use conv_model::{
    AtType, CustomField, GroupAtInfo, GroupDetail, GroupType, Known, LastMessage, Local, MarkType,
    ProfileDetail, RemindType, Timestamp, UserDetail,
};
use serde_json::json;

use super::{SENT, row, shown, text};

#[test]
fn a_bare_one_to_one_row_shows_the_defaults() {
    assert_eq!(
        shown(&row("C2Calice")),
        json!({
            "conversationID": "C2Calice",
            "type": "C2C",
            "subType": "",
            "unreadCount": 0,
            "lastMessage": {
                "lastSequence": 0,
                "fromAccount": "",
                "type": "",
                "payload": null,
                "messageForShow": "",
                "cloudCustomData": "",
                "isRevoked": false,
                "revoker": null,
                "onlineOnlyFlag": false,
                "nick": "",
                "nameCard": "",
                "isPeerRead": false,
                "version": 0,
            },
            "userProfile": {
                "userID": "alice",
                "nick": "",
                "gender": "",
                "birthday": 0,
                "location": "",
                "selfSignature": "",
                "allowType": "AllowType_Type_AllowAny",
                "language": 0,
                "avatar": "",
                "messageSettings": 0,
                "adminForbidType": "AdminForbid_Type_None",
                "level": 0,
                "role": 0,
                "profileCustomField": [],
                "lastUpdatedTime": 0,
            },
            "groupAtInfoList": [],
            "remark": "",
            "isPinned": false,
            "markList": [],
            "customData": "",
            "conversationGroupList": [],
            "draftText": "",
            "peerReadTime": 0,
            "notFetched": ["unreadCount", "lastMessage", "nick", "avatar", "remark", "peerReadTime"],
        })
    );
}

#[test]
fn a_full_one_to_one_row_shows_every_key() {
    let mut row = row("C2Calice");
    row.listing.time = Some(SENT);
    row.listing.is_pinned = true;
    row.listing.marks =
        [0, 3, 4, 5, 32, 63].map(|bit| MarkType::from_bit(bit).unwrap()).into_iter().collect();
    row.listing.groups = ["Suppliers", "客户"].map(Arc::from).into();
    row.listing.custom_data = "vip".into();
    row.profile.name = Some("Alice".into());
    row.profile.avatar = Some("https://example.com/a.png".into());
    row.profile.remark = Some("小爱".into());
    let mut detail = UserDetail::default();
    detail.gender = "Gender_Type_Female".into();
    detail.birthday = 20_000_101;
    detail.location = "Berlin".into();
    detail.self_signature = "hello".into();
    detail.allow_type = "AllowType_Type_DenyAny".into();
    detail.language = 1;
    detail.message_settings = 1;
    detail.admin_forbid_type = "AdminForbid_Type_SendOut".into();
    detail.level = 2;
    detail.role = 3;
    detail.custom_fields = vec![CustomField { key: "Tag_A".into(), value: "1".into() }];
    detail.last_updated_ms = 1_700_000_000_123;
    row.profile.detail = Some(Arc::new(ProfileDetail::User(detail)));
    row.unread.count = Some(3);
    row.unread.remind_type = Some(RemindType::AcceptNotNotify);
    row.unread.peer_read_time = Some(SENT);
    let mut message = LastMessage::clone(&text("me", "hi"));
    message.cloud_custom_data = "cloud".into();
    message.version = 1;
    row.last_message = Known::Value(message.into());
    row.local = Local::draft("well");
    assert_eq!(
        shown(&row),
        json!({
            "conversationID": "C2Calice",
            "type": "C2C",
            "subType": "",
            "unreadCount": 3,
            "lastMessage": {
                "lastTime": 1_700_000_000,
                "lastSequence": 7,
                "fromAccount": "me",
                "type": "TIMTextElem",
                "payload": {"text": "hi"},
                "messageForShow": "hi",
                "cloudCustomData": "cloud",
                "isRevoked": false,
                "revoker": null,
                "onlineOnlyFlag": false,
                "nick": "",
                "nameCard": "",
                "isPeerRead": true,
                "version": 1,
            },
            "userProfile": {
                "userID": "alice",
                "nick": "Alice",
                "gender": "Gender_Type_Female",
                "birthday": 20_000_101,
                "location": "Berlin",
                "selfSignature": "hello",
                "allowType": "AllowType_Type_DenyAny",
                "language": 1,
                "avatar": "https://example.com/a.png",
                "messageSettings": 1,
                "adminForbidType": "AdminForbid_Type_SendOut",
                "level": 2,
                "role": 3,
                "profileCustomField": [{"key": "Tag_A", "value": "1"}],
                "lastUpdatedTime": 1_700_000_000_123_u64,
            },
            "groupAtInfoList": [],
            "remark": "小爱",
            "isPinned": true,
            "messageRemindType": "AcceptNotNotify",
            "markList": [1, 8, 16, 32, 4_294_967_296_u64, 9_223_372_036_854_775_808_u64],
            "customData": "vip",
            "conversationGroupList": ["Suppliers", "客户"],
            "draftText": "well",
            "peerReadTime": 1_700_000_000,
        })
    );
}

#[test]
fn a_group_row_without_detail_shows_blanks_for_numbers() {
    let mut row = row("GROUPg1");
    row.listing.time = Some(Timestamp::ZERO);
    assert_eq!(
        shown(&row),
        json!({
            "conversationID": "GROUPg1",
            "type": "GROUP",
            "subType": "",
            "unreadCount": 0,
            "lastMessage": {
                "lastTime": 0,
                "lastSequence": 0,
                "fromAccount": "",
                "type": "",
                "payload": null,
                "messageForShow": "",
                "cloudCustomData": "",
                "isRevoked": false,
                "revoker": null,
                "onlineOnlyFlag": false,
                "nick": "",
                "nameCard": "",
                "version": 0,
            },
            "groupProfile": {
                "groupID": "g1",
                "name": "",
                "avatar": "",
                "type": "",
                "introduction": "",
                "notification": "",
                "ownerID": "",
                "createTime": "",
                "infoSequence": "",
                "lastInfoTime": "",
                "selfInfo": {
                    "role": "",
                    "messageRemindType": "",
                    "joinTime": 0,
                    "nameCard": "",
                    "userID": "",
                    "readedSequence": 0,
                },
                "nextMessageSeq": "",
                "memberCount": "",
                "maxMemberCount": "",
                "muteAllMembers": false,
                "joinOption": "",
                "inviteOption": "",
                "groupCustomField": [],
                "isSupportTopic": false,
                "lastMessage": {
                    "lastTime": 0,
                    "lastSequence": 0,
                    "fromAccount": "",
                    "messageForShow": "",
                },
            },
            "groupAtInfoList": [],
            "remark": "",
            "isPinned": false,
            "markList": [],
            "customData": "",
            "conversationGroupList": [],
            "draftText": "",
            "peerReadTime": 0,
            "notFetched": ["unreadCount", "lastMessage", "name", "avatar", "groupAtInfoList"],
        })
    );
}

#[test]
fn a_group_row_with_detail_shows_every_key() {
    let mut row = row("GROUP@TGS#_123@TOPIC#_news");
    row.listing.time = Some(SENT);
    row.profile.name = Some("News".into());
    row.profile.group_type = Some(GroupType::Community);
    let mut detail = GroupDetail::default();
    detail.introduction = "about".into();
    detail.notification = "notice".into();
    detail.owner_id = "bob".into();
    detail.create_time = Some(1_600_000_000);
    detail.info_sequence = Some(0);
    detail.last_info_time = Some(1_600_000_001);
    detail.next_message_seq = Some(8);
    detail.member_count = Some(12);
    detail.max_member_count = Some(500);
    detail.mute_all_members = Some(true);
    detail.join_option = "FreeAccess".into();
    detail.invite_option = "NeedPermission".into();
    detail.is_support_topic = Some(true);
    detail.self_info.role = "Admin".into();
    detail.self_info.join_time = 1_600_000_002;
    detail.custom_fields = vec![CustomField { key: "k".into(), value: "v".into() }];
    row.profile.detail = Some(Arc::new(ProfileDetail::Group(detail)));
    let mut message = LastMessage::clone(&text("bob", "hi"));
    message.nick = "Bob".into();
    message.name_card = "Bobby".into();
    message.is_revoked = true;
    message.revoker = Some("bob".into());
    message.online_only = true;
    row.last_message = Known::Value(message.into());
    let mut mention = GroupAtInfo::new("bob", "@TGS#_123", 7, AtType::AllAndMe);
    mention.topic_id = Some("@TGS#_123@TOPIC#_news".into());
    row.unread.group_at_info =
        Some([GroupAtInfo::new("bob", "@TGS#_123", 6, AtType::Me), mention].into());
    let json = shown(&row);
    assert_eq!(json["subType"], "Community");
    assert_eq!(
        json["groupProfile"],
        json!({
            "groupID": "@TGS#_123@TOPIC#_news",
            "name": "News",
            "avatar": "",
            "type": "Community",
            "introduction": "about",
            "notification": "notice",
            "ownerID": "bob",
            "createTime": 1_600_000_000,
            "infoSequence": 0,
            "lastInfoTime": 1_600_000_001,
            "selfInfo": {
                "role": "Admin",
                "messageRemindType": "",
                "joinTime": 1_600_000_002,
                "nameCard": "",
                "userID": "",
                "readedSequence": 0,
            },
            "nextMessageSeq": 8,
            "memberCount": 12,
            "maxMemberCount": 500,
            "muteAllMembers": true,
            "joinOption": "FreeAccess",
            "inviteOption": "NeedPermission",
            "groupCustomField": [{"key": "k", "value": "v"}],
            "isSupportTopic": true,
            "lastMessage": {
                "lastTime": 1_700_000_000,
                "lastSequence": 7,
                "fromAccount": "bob",
                "messageForShow": "[Message recalled]",
            },
        })
    );
    assert_eq!(
        json["lastMessage"],
        json!({
            "lastTime": 1_700_000_000,
            "lastSequence": 7,
            "fromAccount": "bob",
            "type": "TIMTextElem",
            "payload": null,
            "messageForShow": "[Message recalled]",
            "cloudCustomData": "",
            "isRevoked": true,
            "revoker": "bob",
            "onlineOnlyFlag": true,
            "nick": "Bob",
            "nameCard": "Bobby",
            "version": 0,
        })
    );
    assert_eq!(
        json["groupAtInfoList"],
        json!([
            {"from": "bob", "groupID": "@TGS#_123", "messageSequence": 6, "atTypeArray": [1]},
            {
                "from": "bob",
                "groupID": "@TGS#_123",
                "topicID": "@TGS#_123@TOPIC#_news",
                "messageSequence": 7,
                "atTypeArray": [3],
            },
        ])
    );
}

#[test]
fn the_system_row_has_no_profile() {
    assert_eq!(
        shown(&row("@TIM#SYSTEM")),
        json!({
            "conversationID": "@TIM#SYSTEM",
            "type": "@TIM#SYSTEM",
            "subType": "",
            "unreadCount": 0,
            "lastMessage": {
                "lastSequence": 0,
                "fromAccount": "",
                "type": "",
                "payload": null,
                "messageForShow": "",
                "cloudCustomData": "",
                "isRevoked": false,
                "revoker": null,
                "onlineOnlyFlag": false,
                "nick": "",
                "nameCard": "",
                "version": 0,
            },
            "groupAtInfoList": [],
            "remark": "",
            "isPinned": false,
            "markList": [],
            "customData": "",
            "conversationGroupList": [],
            "draftText": "",
            "peerReadTime": 0,
            "notFetched": ["unreadCount", "lastMessage"],
        })
    );
}
