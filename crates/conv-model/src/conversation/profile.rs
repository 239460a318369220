//! The profile facet: thin in every row, with detail where a profile call read it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::json::{as_digits, or_blank};
use crate::{Timestamp, open_enum::open_enum};

open_enum! {
    /// The type of a group, in the wire's old words.
    pub enum GroupType {
        /// A work group.
        Work = "Private" | "Work",
        /// A public group.
        Public = "Public",
        /// A meeting group: it has no unread count.
        Meeting = "ChatRoom" | "Meeting",
        /// A live-streaming group: it has no unread count.
        AvChatRoom = "AVChatRoom",
        /// A community.
        Community = "Community",
        /// A room.
        Room = "Room",
        /// A live session.
        Live = "Live",
    }
}

impl GroupType {
    /// Returns true if groups of this type count unread messages; Meeting and AVChatRoom do not.
    pub fn counts_unread(&self) -> bool {
        !matches!(self, Self::Meeting | Self::AvChatRoom)
    }
}

/// The user or group behind a conversation. `None` is *not fetched*; an empty text is *not set*.
///
/// As part of a change, `None` keeps the stored value.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Profile {
    /// The user's nickname or the group's name.
    pub name: Option<Arc<str>>,
    /// URL of the picture.
    pub avatar: Option<Arc<str>>,
    /// The account's own name for a friend.
    pub remark: Option<Arc<str>>,
    /// The group's type; one-to-one conversations have none.
    pub group_type: Option<GroupType>,
    /// The time at which it was read, by the cloud's clock: decides when it is read again. It is set without a
    /// name where the cloud said that it has none.
    pub read_at: Option<Timestamp>,
    /// The full profile; rows of a list leave it out.
    pub detail: Option<Arc<ProfileDetail>>,
}

impl Profile {
    /// Returns true if name and avatar were ever fetched.
    pub fn is_known(&self) -> bool {
        self.name.is_some()
    }
}

/// The part of a profile that only a profile call brings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum ProfileDetail {
    /// Of a user.
    User(UserDetail),
    /// Of a group.
    Group(GroupDetail),
}

/// A user's profile without nickname and avatar (REST `Tag_Profile_*`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct UserDetail {
    /// `Gender_Type_Unknown`, `Gender_Type_Female`, `Gender_Type_Male`, or empty.
    pub gender: String,
    /// As a number, such as 20000101; 0 if not set.
    pub birthday: u64,
    /// At most 16 bytes.
    pub location: String,
    /// At most 500 bytes.
    pub self_signature: String,
    /// The rule for adding the user as a friend: `AllowType_Type_…`; empty is the SDK's default.
    pub allow_type: String,
    /// The app's own number.
    pub language: u64,
    /// Bit 0 blocks messages.
    pub message_settings: u64,
    /// `AdminForbid_Type_None` or `_SendOut`; empty is the SDK's default.
    pub admin_forbid_type: String,
    /// The app's own number.
    pub level: u64,
    /// The app's own number.
    pub role: u64,
    /// The app's own fields.
    pub custom_fields: Vec<CustomField>,
    /// The time of the profile's last change, in milliseconds since 1970; 0 if the cloud gave none.
    pub last_updated_ms: u64,
}

/// A group's profile without name, avatar and type. A number that was not sent is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct GroupDetail {
    /// The group's introduction.
    pub introduction: String,
    /// The group's notice.
    pub notification: String,
    /// userID of the owner.
    pub owner_id: String,
    /// Seconds since 1970.
    pub create_time: Option<u64>,
    /// Counts changes of the profile.
    pub info_sequence: Option<u64>,
    /// Time of the last change, in seconds since 1970.
    pub last_info_time: Option<u64>,
    /// The number that the next message will get.
    pub next_message_seq: Option<u64>,
    /// The number of members.
    pub member_count: Option<u64>,
    /// The maximum number of members.
    pub max_member_count: Option<u64>,
    /// True if all members are muted.
    pub mute_all_members: Option<bool>,
    /// The rule for joining: `FreeAccess`, `NeedPermission`, `DisableApply`.
    pub join_option: String,
    /// The rule for inviting.
    pub invite_option: String,
    /// True if the community has topics.
    pub is_support_topic: Option<bool>,
    /// The account's own membership, if the call returned it.
    pub self_info: SelfInfo,
    /// The app's own fields.
    pub custom_fields: Vec<CustomField>,
}

/// The account's own membership of a group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct SelfInfo {
    /// `Owner`, `Admin`, `Member`, or empty.
    pub role: String,
    /// The way new messages are announced, in the SDK's words.
    pub message_remind_type: String,
    /// Seconds since 1970; 0 if unknown.
    #[serde(deserialize_with = "or_blank")]
    pub join_time: u64,
    /// The account's name in the group.
    pub name_card: String,
    /// The account's userID.
    #[serde(rename = "userID")]
    pub user_id: String,
    /// The last message read. (The SDK spells it so.)
    #[serde(rename = "readedSequence", deserialize_with = "or_blank")]
    pub read_sequence: u64,
}

/// A field that the app defined.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomField {
    /// Its name.
    pub key: String,
    /// Its value; a number is kept as its digits.
    #[serde(deserialize_with = "as_digits")]
    pub value: String,
}
