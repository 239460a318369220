//! The fields of a user's profile.

use std::{borrow::Cow, sync::Arc};

use conv_model::{CustomField, Profile, ProfileDetail, UserDetail};
use serde::Deserialize;

use crate::rest::wire::{
    Depth, MAX_NAME, MAX_TEXT,
    lenient::{AnyText, Lenient},
    short, url,
};

const NICK: &str = "Tag_Profile_IM_Nick";
const IMAGE: &str = "Tag_Profile_IM_Image";
const CUSTOM: &str = "Tag_Profile_Custom_";
/// A cap on custom fields; an app may define 20.
const MAX_CUSTOM: usize = 64;

/// The fields that a row of the list shows.
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
    tag: Lenient<Cow<'a, str>>,
    #[serde(rename = "Value", default, borrow)]
    value: Lenient<AnyText<'a>>,
}

/// The requested fields of a user that were set.
pub(super) struct UserFields<'a> {
    /// `None` for a value that cannot be read.
    fields: Vec<(Cow<'a, str>, Option<Cow<'a, str>>)>,
    /// Set if all fields that were sent are here: another one was never set, or was removed.
    is_whole: bool,
}

impl<'a> UserFields<'a> {
    /// Takes the fields that were sent; `None` for one without a readable name.
    pub(super) fn new(items: impl Iterator<Item = Option<ProfileItem<'a>>>) -> Self {
        let (mut fields, mut is_whole) = (Vec::new(), true);
        for item in items {
            match item.map(|item| (item.tag.any(), item.value)) {
                // A field with a name and without a value is not set.
                Some((Some(_), Lenient::Absent)) => {}
                Some((Some(tag), value)) => fields.push((tag, value.any().map(|text| text.0))),
                _ => is_whole = false,
            }
        }
        Self { fields, is_whole }
    }

    pub(super) fn profile(&self, depth: Depth) -> Profile {
        match depth {
            Depth::Thin => self.thin(),
            Depth::Full => self.full(),
        }
    }

    /// Returns name and avatar.
    fn thin(&self) -> Profile {
        let mut profile = Profile::default();
        profile.name = self.known(NICK).map(|text| short(text, MAX_NAME));
        profile.avatar = self.known(IMAGE).map(url);
        profile
    }

    /// Returns the full profile.
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
        let known = self.fields.iter().filter_map(|(tag, value)| Some((tag, value.as_ref()?)));
        known
            .filter(|(tag, _)| tag.starts_with(CUSTOM))
            .take(MAX_CUSTOM)
            .map(|(tag, value)| CustomField {
                key: short(tag, MAX_NAME).to_string(),
                value: short(value, MAX_TEXT).to_string(),
            })
            .collect()
    }

    /// Returns the value of a tag, the last of several: empty if it is not set, `None` if unknown.
    fn known(&self, tag: &str) -> Option<&str> {
        match self.fields.iter().rev().find(|(other, _)| other == tag) {
            Some((_, value)) => value.as_deref(),
            None => self.is_whole.then_some(""),
        }
    }

    fn text(&self, tag: &str) -> &str {
        self.known(tag).unwrap_or_default()
    }
}
