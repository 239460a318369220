//! The profile facet.

use std::sync::Arc;

use proptest::{collection::vec, prelude::*, sample::select};

use super::{
    ids::senders,
    rows::timestamps,
    text::{maybe, names, strings},
};
use crate::{CustomField, GroupDetail, GroupType, Profile, ProfileDetail, SelfInfo, UserDetail};

/// Profiles of users and of groups.
pub fn profiles() -> impl Strategy<Value = Profile> {
    prop_oneof![user_profiles(), group_profiles()]
}

/// Profiles of users: thin, full, or not known at all.
pub fn user_profiles() -> impl Strategy<Value = Profile> {
    let detail = user_details().prop_map(|detail| Arc::new(ProfileDetail::User(detail)));
    (maybe(names()), maybe(urls()), maybe(names()), maybe(timestamps()), rarely(detail)).prop_map(
        |(name, avatar, remark, read_at, detail)| Profile {
            name,
            avatar,
            remark,
            group_type: None,
            read_at,
            detail,
        },
    )
}

/// Profiles of groups: thin, full, or not known at all.
pub fn group_profiles() -> impl Strategy<Value = Profile> {
    let detail = group_details().prop_map(|detail| Arc::new(ProfileDetail::Group(detail)));
    (maybe(names()), maybe(urls()), maybe(group_types()), maybe(timestamps()), rarely(detail))
        .prop_map(|(name, avatar, group_type, read_at, detail)| Profile {
            name,
            avatar,
            remark: None,
            group_type,
            read_at,
            detail,
        })
}

fn group_types() -> impl Strategy<Value = GroupType> {
    select(vec![
        GroupType::Work,
        GroupType::Public,
        GroupType::Meeting,
        GroupType::AvChatRoom,
        GroupType::Community,
        GroupType::Room,
        GroupType::Live,
        GroupType::Other("SomethingNew".into()),
    ])
}

fn user_details() -> impl Strategy<Value = UserDetail> {
    let gender = select(vec!["", "Gender_Type_Unknown", "Gender_Type_Female", "Gender_Type_Male"]);
    let allow = select(vec!["", "AllowType_Type_NeedConfirm", "AllowType_Type_DenyAny"]);
    let forbid = select(vec!["", "AdminForbid_Type_SendOut"]);
    let texts = (gender, allow, forbid, strings(), strings());
    let numbers = (select(vec![0, 20_000_101]), any::<u32>(), 0..2_u64, any::<u8>(), any::<u8>());
    (texts, numbers, custom_fields(), select(vec![0, 1_700_000_000_123])).prop_map(
        |((gender, allow, forbid, location, signature), numbers, custom_fields, updated)| {
            let (birthday, language, message_settings, level, role) = numbers;
            UserDetail {
                gender: gender.to_owned(),
                birthday,
                location,
                self_signature: signature,
                allow_type: allow.to_owned(),
                language: language.into(),
                message_settings,
                admin_forbid_type: forbid.to_owned(),
                level: level.into(),
                role: role.into(),
                custom_fields,
                last_updated_ms: updated,
            }
        },
    )
}

fn group_details() -> impl Strategy<Value = GroupDetail> {
    let texts = (strings(), strings(), senders(), join_options(), join_options());
    let times = (moments(), moments());
    let counts = [number(), number(), number(), number()];
    let flags = [maybe(any::<bool>()), maybe(any::<bool>())];
    (texts, times, counts, flags, self_infos(), custom_fields()).prop_map(
        |(texts, times, counts, flags, self_info, custom_fields)| {
            let (introduction, notification, owner_id, join_option, invite_option) = texts;
            let (create_time, last_info_time) = times;
            let [info_sequence, next_message_seq, member_count, max_member_count] = counts;
            let [mute_all_members, is_support_topic] = flags;
            GroupDetail {
                introduction,
                notification,
                owner_id,
                create_time,
                info_sequence,
                last_info_time,
                next_message_seq,
                member_count,
                max_member_count,
                mute_all_members,
                join_option,
                invite_option,
                is_support_topic,
                self_info,
                custom_fields,
            }
        },
    )
}

fn self_infos() -> impl Strategy<Value = SelfInfo> {
    let role = select(vec!["", "Owner", "Admin", "Member"]);
    (role, 0..3_u64, strings(), senders(), 0..1000_u64).prop_map(
        |(role, join_time, name_card, user_id, read_sequence)| SelfInfo {
            role: role.to_owned(),
            message_remind_type: String::new(),
            join_time,
            name_card,
            user_id,
            read_sequence,
        },
    )
}

fn custom_fields() -> impl Strategy<Value = Vec<CustomField>> {
    let field = ("[A-Za-z]{1,8}", strings()).prop_map(|(key, value)| CustomField { key, value });
    vec(field, 0..3)
}

fn urls() -> impl Strategy<Value = Arc<str>> {
    select(vec!["", "https://example.com/a.png", "https://example.com/李.png"]).prop_map(Arc::from)
}

fn join_options() -> impl Strategy<Value = String> {
    select(vec!["", "FreeAccess", "NeedPermission", "DisableApply"]).prop_map(str::to_owned)
}

fn moments() -> impl Strategy<Value = Option<u64>> {
    maybe(timestamps().prop_map(|time| time.as_secs()))
}

fn number() -> impl Strategy<Value = Option<u64>> {
    maybe(0..10_000_u64)
}

fn rarely<S: Strategy + 'static>(some: S) -> BoxedStrategy<Option<S::Value>> {
    proptest::option::weighted(0.2, some).boxed()
}
