//! The fields of a user's profile.

use std::{borrow::Cow, sync::Arc};

use conv_model::{CustomField, Profile, ProfileDetail, UserDetail};
use serde::Deserialize;

use crate::rest::wire::{
    Depth, MAX_NAME, MAX_TEXT,
    loose::{AnyText, Loose},
    short, url,
};

const NICK: &str = "Tag_Profile_IM_Nick";
const IMAGE: &str = "Tag_Profile_IM_Image";
const CUSTOM: &str = "Tag_Profile_Custom_";
/// An app may define 20.
const MAX_CUSTOM: usize = 64;

/// What a row of the list shows.
pub(in crate::rest) const THIN: &[&str] = &[NICK, IMAGE];

/// Every standard field.
pub(in crate::rest) const FULL: &[&str] = &[
    NICK,
    IMAGE,
    "Tag_Profile_IM_Gender",
    "Tag_Profile_IM_BirthDay",
    "Tag_Profile_IM_Location",
    "Tag_Profile_IM_SelfSignature",
    "Tag_Profile_IM_AllowType",
    "Tag_Profile_IM_Language",
    "Tag_Profile_IM_MsgSettings",
    "Tag_Profile_IM_AdminForbidType",
    "Tag_Profile_IM_Level",
    "Tag_Profile_IM_Role",
];

#[derive(Deserialize)]
pub(super) struct ProfileItem<'a> {
    #[serde(rename = "Tag", default, borrow)]
    tag: Loose<Cow<'a, str>>,
    #[serde(rename = "Value", default, borrow)]
    value: Loose<AnyText<'a>>,
}

/// The fields of a user that were set and asked for.
pub(super) struct UserFields<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl<'a> UserFields<'a> {
    /// A field that cannot be read is one that is not set.
    pub(super) fn new(items: impl Iterator<Item = ProfileItem<'a>>) -> Self {
        let fields = items.filter_map(|item| Some((item.tag.any()?, item.value.any()?.0)));
        Self(fields.collect())
    }

    pub(super) fn profile(&self, depth: Depth) -> Profile {
        match depth {
            Depth::Thin => self.thin(),
            Depth::Full => self.full(),
        }
    }

    /// Name and avatar.
    fn thin(&self) -> Profile {
        let mut profile = Profile::default();
        profile.name = Some(short(self.text(NICK), MAX_NAME));
        profile.avatar = Some(url(self.text(IMAGE)));
        profile
    }

    /// All of it.
    fn full(&self) -> Profile {
        let text = |tag| short(self.text(tag), MAX_TEXT).to_string();
        let number = |tag| self.text(tag).parse().unwrap_or_default();
        let mut detail = UserDetail::default();
        detail.gender = text("Tag_Profile_IM_Gender");
        detail.birthday = number("Tag_Profile_IM_BirthDay");
        detail.location = text("Tag_Profile_IM_Location");
        detail.self_signature = text("Tag_Profile_IM_SelfSignature");
        detail.allow_type = text("Tag_Profile_IM_AllowType");
        detail.language = number("Tag_Profile_IM_Language");
        detail.message_settings = number("Tag_Profile_IM_MsgSettings");
        detail.admin_forbid_type = text("Tag_Profile_IM_AdminForbidType");
        detail.level = number("Tag_Profile_IM_Level");
        detail.role = number("Tag_Profile_IM_Role");
        detail.custom_fields = self.custom_fields();
        let mut profile = self.thin();
        profile.detail = Some(Arc::new(ProfileDetail::User(detail)));
        profile
    }

    fn custom_fields(&self) -> Vec<CustomField> {
        let custom = self.0.iter().filter(|(tag, _)| tag.starts_with(CUSTOM));
        custom
            .take(MAX_CUSTOM)
            .map(|(tag, value)| CustomField {
                key: short(tag, MAX_NAME).to_string(),
                value: short(value, MAX_TEXT).to_string(),
            })
            .collect()
    }

    /// The value of a tag; of several the last.
    fn text(&self, tag: &str) -> &str {
        let mut fields = self.0.iter().rev();
        fields.find(|(other, _)| other == tag).map_or("", |(_, value)| value)
    }
}
