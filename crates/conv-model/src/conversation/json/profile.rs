//! `userProfile` and `groupProfile`.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::number::Number;
use crate::{
    Conversation, CustomField, GroupDetail, Profile, ProfileDetail, SelfInfo, Timestamp, UserDetail,
};

const ALLOW_ANY: &str = "AllowType_Type_AllowAny";
const FORBID_NONE: &str = "AdminForbid_Type_None";

#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct UserProfileJson {
    #[serde(rename = "userID")]
    user_id: String,
    nick: Arc<str>,
    gender: String,
    birthday: u64,
    location: String,
    self_signature: String,
    allow_type: String,
    language: u64,
    avatar: Arc<str>,
    message_settings: u64,
    admin_forbid_type: String,
    level: u64,
    role: u64,
    profile_custom_field: Vec<CustomField>,
    last_updated_time: u64,
}

impl UserProfileJson {
    pub(super) fn of(row: &Conversation) -> Self {
        let detail = match row.profile.detail.as_deref() {
            Some(ProfileDetail::User(detail)) => detail.clone(),
            _ => UserDetail::default(),
        };
        Self {
            user_id: row.id.user_id().map(|user| user.to_string()).unwrap_or_default(),
            nick: row.profile.name.clone().unwrap_or_default(),
            gender: detail.gender,
            birthday: detail.birthday,
            location: detail.location,
            self_signature: detail.self_signature,
            allow_type: or_default(detail.allow_type, ALLOW_ANY),
            language: detail.language,
            avatar: row.profile.avatar.clone().unwrap_or_default(),
            message_settings: detail.message_settings,
            admin_forbid_type: or_default(detail.admin_forbid_type, FORBID_NONE),
            level: detail.level,
            role: detail.role,
            profile_custom_field: detail.custom_fields,
            last_updated_time: detail.last_updated_ms,
        }
    }
}

impl From<UserProfileJson> for Profile {
    fn from(json: UserProfileJson) -> Self {
        let detail = UserDetail {
            gender: json.gender,
            birthday: json.birthday,
            location: json.location,
            self_signature: json.self_signature,
            allow_type: unless_default(json.allow_type, ALLOW_ANY),
            language: json.language,
            message_settings: json.message_settings,
            admin_forbid_type: unless_default(json.admin_forbid_type, FORBID_NONE),
            level: json.level,
            role: json.role,
            custom_fields: json.profile_custom_field,
            last_updated_ms: json.last_updated_time,
        };
        Self {
            name: Some(json.nick),
            avatar: Some(json.avatar),
            detail: (detail != UserDetail::default())
                .then(|| Arc::new(ProfileDetail::User(detail))),
            ..Self::default()
        }
    }
}

#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct GroupProfileJson {
    #[serde(rename = "groupID")]
    group_id: String,
    name: Arc<str>,
    avatar: Arc<str>,
    #[serde(rename = "type")]
    kind: Arc<str>,
    introduction: String,
    notification: String,
    #[serde(rename = "ownerID")]
    owner_id: String,
    create_time: Number,
    info_sequence: Number,
    last_info_time: Number,
    self_info: SelfInfo,
    next_message_seq: Number,
    member_count: Number,
    max_member_count: Number,
    mute_all_members: bool,
    join_option: String,
    invite_option: String,
    group_custom_field: Vec<CustomField>,
    is_support_topic: bool,
    #[serde(skip_deserializing)]
    last_message: GroupLastMessageJson,
}

/// The part of the row's last message that a group's profile repeats.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct GroupLastMessageJson {
    last_time: Timestamp,
    last_sequence: u64,
    from_account: Arc<str>,
    message_for_show: String,
}

impl GroupProfileJson {
    pub(super) fn of(row: &Conversation) -> Self {
        let detail = match row.profile.detail.as_deref() {
            Some(ProfileDetail::Group(detail)) => detail.clone(),
            _ => GroupDetail::default(),
        };
        Self {
            group_id: row.id.group_id().map(|group| group.to_string()).unwrap_or_default(),
            name: row.profile.name.clone().unwrap_or_default(),
            avatar: row.profile.avatar.clone().unwrap_or_default(),
            kind: row
                .profile
                .group_type
                .as_ref()
                .map(|kind| kind.as_str().into())
                .unwrap_or_default(),
            introduction: detail.introduction,
            notification: detail.notification,
            owner_id: detail.owner_id,
            create_time: detail.create_time.into(),
            info_sequence: detail.info_sequence.into(),
            last_info_time: detail.last_info_time.into(),
            self_info: detail.self_info,
            next_message_seq: detail.next_message_seq.into(),
            member_count: detail.member_count.into(),
            max_member_count: detail.max_member_count.into(),
            mute_all_members: detail.mute_all_members.unwrap_or_default(),
            join_option: detail.join_option,
            invite_option: detail.invite_option,
            group_custom_field: detail.custom_fields,
            is_support_topic: detail.is_support_topic.unwrap_or_default(),
            last_message: GroupLastMessageJson::of(row),
        }
    }
}

impl GroupLastMessageJson {
    fn of(row: &Conversation) -> Self {
        let message = row.last_message.value();
        Self {
            last_time: row.listing.time.unwrap_or_default(),
            last_sequence: message.map(|message| message.sequence).unwrap_or_default(),
            from_account: message.map(|message| message.from_account.clone()).unwrap_or_default(),
            message_for_show: message
                .map(|message| message.preview().to_string())
                .unwrap_or_default(),
        }
    }
}

impl From<GroupProfileJson> for Profile {
    fn from(json: GroupProfileJson) -> Self {
        let detail = GroupDetail {
            introduction: json.introduction,
            notification: json.notification,
            owner_id: json.owner_id,
            create_time: json.create_time.into(),
            info_sequence: json.info_sequence.into(),
            last_info_time: json.last_info_time.into(),
            self_info: json.self_info,
            next_message_seq: json.next_message_seq.into(),
            member_count: json.member_count.into(),
            max_member_count: json.max_member_count.into(),
            mute_all_members: json.mute_all_members.then_some(true),
            join_option: json.join_option,
            invite_option: json.invite_option,
            custom_fields: json.group_custom_field,
            is_support_topic: json.is_support_topic.then_some(true),
        };
        Self {
            name: Some(json.name),
            avatar: Some(json.avatar),
            group_type: Some(json.kind).filter(|kind| !kind.is_empty()).map(|kind| (*kind).into()),
            detail: (detail != GroupDetail::default())
                .then(|| Arc::new(ProfileDetail::Group(detail))),
            ..Self::default()
        }
    }
}

fn or_default(word: String, default: &str) -> String {
    if word.is_empty() { default.to_owned() } else { word }
}

fn unless_default(word: String, default: &str) -> String {
    if word == default { String::new() } else { word }
}
