//! A profile on disk.

use std::sync::Arc;

use conv_model::{
    CustomField, GroupDetail, GroupType, Profile, ProfileDetail, SelfInfo, Timestamp, UserDetail,
};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
pub(super) struct Body<'a> {
    #[serde(borrow)]
    name: Option<&'a str>,
    #[serde(borrow)]
    avatar: Option<&'a str>,
    #[serde(borrow)]
    remark: Option<&'a str>,
    #[serde(borrow)]
    group_type: Option<&'a str>,
    read_at: Option<u64>,
    #[serde(borrow)]
    detail: Option<Detail<'a>>,
}

/// Boxed, since few rows have one, and all pass through the structures of this module.
#[derive(Serialize, Deserialize)]
enum Detail<'a> {
    #[serde(borrow)]
    User(Box<User<'a>>),
    #[serde(borrow)]
    Group(Box<Group<'a>>),
}

#[derive(Serialize, Deserialize)]
struct User<'a> {
    gender: &'a str,
    birthday: u64,
    location: &'a str,
    self_signature: &'a str,
    allow_type: &'a str,
    language: u64,
    message_settings: u64,
    admin_forbid_type: &'a str,
    level: u64,
    role: u64,
    #[serde(borrow)]
    custom_fields: Vec<(&'a str, &'a str)>,
    last_updated_ms: u64,
}

#[derive(Serialize, Deserialize)]
struct Group<'a> {
    introduction: &'a str,
    notification: &'a str,
    owner_id: &'a str,
    create_time: Option<u64>,
    info_sequence: Option<u64>,
    last_info_time: Option<u64>,
    next_message_seq: Option<u64>,
    member_count: Option<u64>,
    max_member_count: Option<u64>,
    mute_all_members: Option<bool>,
    join_option: &'a str,
    invite_option: &'a str,
    is_support_topic: Option<bool>,
    #[serde(borrow)]
    membership: Membership<'a>,
    #[serde(borrow)]
    custom_fields: Vec<(&'a str, &'a str)>,
}

#[derive(Serialize, Deserialize)]
struct Membership<'a> {
    role: &'a str,
    message_remind_type: &'a str,
    join_time: u64,
    name_card: &'a str,
    user_id: &'a str,
    read_sequence: u64,
}

impl<'a> Body<'a> {
    pub(super) fn of(profile: &'a Profile) -> Self {
        Self {
            name: profile.name.as_deref(),
            avatar: profile.avatar.as_deref(),
            remark: profile.remark.as_deref(),
            group_type: profile.group_type.as_ref().map(GroupType::as_str),
            read_at: profile.read_at.map(Timestamp::as_secs),
            detail: profile.detail.as_deref().and_then(Detail::of),
        }
    }
}

impl From<Body<'_>> for Profile {
    fn from(body: Body<'_>) -> Self {
        let mut profile = Self::default();
        profile.name = body.name.map(Arc::from);
        profile.avatar = body.avatar.map(Arc::from);
        profile.remark = body.remark.map(Arc::from);
        profile.group_type = body.group_type.map(GroupType::from);
        profile.read_at = body.read_at.map(Timestamp::from_secs);
        profile.detail = body.detail.map(|detail| Arc::new(detail.into()));
        profile
    }
}

impl<'a> Detail<'a> {
    /// Leaves out a kind of detail that this version of the format cannot encode: it is read again on
    /// request.
    fn of(detail: &'a ProfileDetail) -> Option<Self> {
        match detail {
            ProfileDetail::User(user) => Some(Self::User(Box::new(User::of(user)))),
            ProfileDetail::Group(group) => Some(Self::Group(Box::new(Group::of(group)))),
            _ => None,
        }
    }
}

impl From<Detail<'_>> for ProfileDetail {
    fn from(detail: Detail<'_>) -> Self {
        match detail {
            Detail::User(user) => Self::User((*user).into()),
            Detail::Group(group) => Self::Group((*group).into()),
        }
    }
}

impl<'a> User<'a> {
    fn of(user: &'a UserDetail) -> Self {
        Self {
            gender: &user.gender,
            birthday: user.birthday,
            location: &user.location,
            self_signature: &user.self_signature,
            allow_type: &user.allow_type,
            language: user.language,
            message_settings: user.message_settings,
            admin_forbid_type: &user.admin_forbid_type,
            level: user.level,
            role: user.role,
            custom_fields: pairs(&user.custom_fields),
            last_updated_ms: user.last_updated_ms,
        }
    }
}

impl From<User<'_>> for UserDetail {
    fn from(body: User<'_>) -> Self {
        let mut user = Self::default();
        user.gender = body.gender.into();
        user.birthday = body.birthday;
        user.location = body.location.into();
        user.self_signature = body.self_signature.into();
        user.allow_type = body.allow_type.into();
        user.language = body.language;
        user.message_settings = body.message_settings;
        user.admin_forbid_type = body.admin_forbid_type.into();
        user.level = body.level;
        user.role = body.role;
        user.custom_fields = fields(body.custom_fields);
        user.last_updated_ms = body.last_updated_ms;
        user
    }
}

impl<'a> Group<'a> {
    fn of(group: &'a GroupDetail) -> Self {
        Self {
            introduction: &group.introduction,
            notification: &group.notification,
            owner_id: &group.owner_id,
            create_time: group.create_time,
            info_sequence: group.info_sequence,
            last_info_time: group.last_info_time,
            next_message_seq: group.next_message_seq,
            member_count: group.member_count,
            max_member_count: group.max_member_count,
            mute_all_members: group.mute_all_members,
            join_option: &group.join_option,
            invite_option: &group.invite_option,
            is_support_topic: group.is_support_topic,
            membership: Membership::of(&group.self_info),
            custom_fields: pairs(&group.custom_fields),
        }
    }
}

impl From<Group<'_>> for GroupDetail {
    fn from(body: Group<'_>) -> Self {
        let mut group = Self::default();
        group.introduction = body.introduction.into();
        group.notification = body.notification.into();
        group.owner_id = body.owner_id.into();
        group.create_time = body.create_time;
        group.info_sequence = body.info_sequence;
        group.last_info_time = body.last_info_time;
        group.next_message_seq = body.next_message_seq;
        group.member_count = body.member_count;
        group.max_member_count = body.max_member_count;
        group.mute_all_members = body.mute_all_members;
        group.join_option = body.join_option.into();
        group.invite_option = body.invite_option.into();
        group.is_support_topic = body.is_support_topic;
        group.self_info = body.membership.into();
        group.custom_fields = fields(body.custom_fields);
        group
    }
}

impl<'a> Membership<'a> {
    fn of(info: &'a SelfInfo) -> Self {
        Self {
            role: &info.role,
            message_remind_type: &info.message_remind_type,
            join_time: info.join_time,
            name_card: &info.name_card,
            user_id: &info.user_id,
            read_sequence: info.read_sequence,
        }
    }
}

impl From<Membership<'_>> for SelfInfo {
    fn from(body: Membership<'_>) -> Self {
        let mut info = Self::default();
        info.role = body.role.into();
        info.message_remind_type = body.message_remind_type.into();
        info.join_time = body.join_time;
        info.name_card = body.name_card.into();
        info.user_id = body.user_id.into();
        info.read_sequence = body.read_sequence;
        info
    }
}

fn pairs(fields: &[CustomField]) -> Vec<(&str, &str)> {
    fields.iter().map(|field| (field.key.as_str(), field.value.as_str())).collect()
}

fn fields(pairs: Vec<(&str, &str)>) -> Vec<CustomField> {
    let field = |(key, value): (&str, &str)| CustomField { key: key.into(), value: value.into() };
    pairs.into_iter().map(field).collect()
}
