//! The fields of a group's profile.

use std::{borrow::Cow, sync::Arc};

use conv_model::{CustomField, GroupDetail, GroupType, Profile, ProfileDetail};
use serde::{
    Deserialize,
    de::{IgnoredAny, MapAccess},
};

use super::Verdict;
use crate::rest::wire::{
    Depth, MAX_NAME, MAX_TEXT,
    lenient::{AnyText, FromWire, Lenient},
    short, url,
};

/// A cap on custom fields; an app may define ten.
const MAX_CUSTOM: usize = 64;

/// The fields that a row of the list shows.
pub(in crate::rest) const THIN: &[&str] = &["Type", "Name", "FaceUrl"];

/// Every field except the last message's time and the members.
pub(in crate::rest) const FULL: &[&str] = &[
    "Type",
    "Name",
    "FaceUrl",
    "Introduction",
    "Notification",
    "Owner_Account",
    "CreateTime",
    "InfoSeq",
    "LastInfoTime",
    "NextMsgSeq",
    "MemberNum",
    "MaxMemberNum",
    "ApplyJoinOption",
    "InviteJoinOption",
    "MuteAllMember",
    "SupportTopic",
];

/// The requested fields of a group.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct GroupFields<'a> {
    #[serde(rename = "GroupId", borrow)]
    group: Lenient<Cow<'a, str>>,
    #[serde(rename = "ErrorCode")]
    code: Lenient<i32>,
    #[serde(rename = "ErrorInfo", borrow)]
    info: Lenient<Cow<'a, str>>,
    #[serde(rename = "Type", borrow)]
    kind: Lenient<Cow<'a, str>>,
    #[serde(rename = "Name", borrow)]
    name: Lenient<Cow<'a, str>>,
    #[serde(rename = "FaceUrl", borrow)]
    face: Lenient<Cow<'a, str>>,
    #[serde(rename = "Introduction", borrow)]
    introduction: Lenient<Cow<'a, str>>,
    #[serde(rename = "Notification", borrow)]
    notification: Lenient<Cow<'a, str>>,
    #[serde(rename = "Owner_Account", borrow)]
    owner: Lenient<Cow<'a, str>>,
    #[serde(rename = "CreateTime")]
    created: Lenient<u64>,
    #[serde(rename = "InfoSeq")]
    info_seq: Lenient<u64>,
    #[serde(rename = "LastInfoTime")]
    info_time: Lenient<u64>,
    #[serde(rename = "NextMsgSeq")]
    next_seq: Lenient<u64>,
    #[serde(rename = "MemberNum")]
    members: Lenient<u64>,
    #[serde(rename = "MaxMemberNum")]
    max_members: Lenient<u64>,
    #[serde(rename = "ApplyJoinOption", borrow)]
    join: Lenient<Cow<'a, str>>,
    #[serde(rename = "InviteJoinOption", borrow)]
    invite: Lenient<Cow<'a, str>>,
    /// `ShutUpAllMember` in older replies.
    #[serde(rename = "MuteAllMember", alias = "ShutUpAllMember", borrow)]
    mute: Lenient<Cow<'a, str>>,
    #[serde(rename = "SupportTopic")]
    topics: Lenient<i64>,
    #[serde(rename = "AppDefinedData")]
    custom: Lenient<Vec<Pair>>,
}

impl<'a> GroupFields<'a> {
    /// Returns the group's ID, code and error text.
    pub(super) fn verdict(&self) -> Verdict<'a> {
        Verdict { group: self.group.clone(), code: self.code.clone(), info: self.info.clone() }
    }

    pub(super) fn profile(&self, depth: Depth) -> Profile {
        match depth {
            Depth::Thin => self.thin(),
            Depth::Full => self.full(),
        }
    }

    /// Returns name, avatar and type.
    fn thin(&self) -> Profile {
        let mut profile = Profile::default();
        profile.name = known(&self.name).map(|text| short(text, MAX_NAME));
        profile.avatar = known(&self.face).map(url);
        profile.group_type = match text(&self.kind) {
            "" => None,
            word => Some(GroupType::from(&*short(word, MAX_NAME))),
        };
        profile
    }

    /// Returns the full profile.
    fn full(&self) -> Profile {
        let owned = |field| short(text(field), MAX_TEXT).to_string();
        let mut detail = GroupDetail::default();
        detail.introduction = owned(&self.introduction);
        detail.notification = owned(&self.notification);
        detail.owner_id = owned(&self.owner);
        detail.create_time = self.created.clone().any();
        detail.info_sequence = self.info_seq.clone().any();
        detail.last_info_time = self.info_time.clone().any();
        detail.next_message_seq = self.next_seq.clone().any();
        detail.member_count = self.members.clone().any();
        detail.max_member_count = self.max_members.clone().any();
        detail.mute_all_members = match text(&self.mute) {
            "On" => Some(true),
            "Off" => Some(false),
            _ => None,
        };
        detail.join_option = owned(&self.join);
        detail.invite_option = owned(&self.invite);
        detail.is_support_topic = self.topics.clone().any().map(|flag| flag == 1);
        detail.custom_fields = self.custom_fields();
        let mut profile = self.thin();
        profile.detail = Some(Arc::new(ProfileDetail::Group(detail)));
        profile
    }

    fn custom_fields(&self) -> Vec<CustomField> {
        let pairs = self.custom.clone().any().unwrap_or_default();
        pairs
            .iter()
            .take(MAX_CUSTOM)
            .map(|Pair { key, value }| CustomField {
                key: short(key, MAX_NAME).to_string(),
                value: short(value, MAX_TEXT).to_string(),
            })
            .collect()
    }
}

/// One of the app's own fields.
#[derive(Clone, Debug, Default)]
struct Pair {
    key: String,
    value: String,
}

impl<'de> FromWire<'de> for Pair {
    fn from_map<A: MapAccess<'de>>(mut map: A) -> Result<Option<Self>, A::Error> {
        let mut pair = Self::default();
        while let Some(field) = map.next_key::<String>()? {
            let into = match field.as_str() {
                "Key" => &mut pair.key,
                "Value" => &mut pair.value,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            let value = map.next_value::<Lenient<AnyText<'de>>>()?.any().unwrap_or_default();
            *into = value.0.into_owned();
        }
        Ok((!pair.key.is_empty()).then_some(pair))
    }
}

/// Returns a requested text: empty if it is not set, `None` if it cannot be read.
fn known<'a>(field: &'a Lenient<Cow<'_, str>>) -> Option<&'a str> {
    match field {
        Lenient::Given(text) => Some(text),
        Lenient::Absent => Some(""),
        Lenient::Bad => None,
    }
}

fn text<'a>(field: &'a Lenient<Cow<'_, str>>) -> &'a str {
    known(field).unwrap_or_default()
}
