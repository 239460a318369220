//! The unread facet.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{Timestamp, open_enum::open_enum};

open_enum! {
    /// The way new messages of a conversation are announced.
    pub enum RemindType {
        /// Received and announced.
        AcceptAndNotify = "AcceptAndNotify",
        /// Received without a notification.
        AcceptNotNotify = "AcceptNotNotify",
        /// Not received.
        Discard = "Discard",
        /// Received without a notification, except for mentions.
        AcceptNotNotifyExceptAt = "AcceptNotNotifyExceptAt",
        /// Not received, mentions excepted.
        NotReceiveMsgExceptAt = "NotReceiveMsgExceptAt",
    }
}

/// The unread facet. `None` is *not fetched*; as part of a change it keeps the stored value.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Unread {
    /// The number of unread messages; always 0 in groups of type Meeting and AVChatRoom.
    pub count: Option<u32>,
    /// Unread messages that mention the user.
    pub group_at_info: Option<Arc<[GroupAtInfo]>>,
    /// The way new messages are announced.
    pub remind_type: Option<RemindType>,
    /// Time up to which the peer has read (C2C only).
    pub peer_read_time: Option<Timestamp>,
}

impl Unread {
    /// Returns true if the conversation is muted: any remind type but `AcceptAndNotify`. The SDK leaves
    /// such conversations out of the total.
    pub fn is_muted(&self) -> bool {
        self.remind_type.as_ref().is_some_and(|kind| *kind != RemindType::AcceptAndNotify)
    }
}

/// The users whom a message mentions, in the SDK's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "[u8; 1]", into = "[u8; 1]")]
#[non_exhaustive]
pub enum AtType {
    /// The user: 1.
    Me,
    /// Everybody: 2.
    All,
    /// Everybody and the user by name: 3.
    AllAndMe,
}

/// The number is not one of the three kinds of mentions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[error("expected 1, 2 or 3 as at-type")]
#[non_exhaustive]
pub struct AtTypeError;

impl From<AtType> for [u8; 1] {
    fn from(at: AtType) -> Self {
        match at {
            AtType::Me => [1],
            AtType::All => [2],
            AtType::AllAndMe => [3],
        }
    }
}

impl TryFrom<[u8; 1]> for AtType {
    type Error = AtTypeError;

    fn try_from(number: [u8; 1]) -> Result<Self, Self::Error> {
        match number {
            [1] => Ok(Self::Me),
            [2] => Ok(Self::All),
            [3] => Ok(Self::AllAndMe),
            _ => Err(AtTypeError),
        }
    }
}

/// One unread message that mentions the user: an item of the SDK's `groupAtInfoList`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct GroupAtInfo {
    /// userID of the sender.
    pub from: Arc<str>,
    /// The group.
    #[serde(rename = "groupID")]
    pub group_id: Arc<str>,
    /// The topic, in a community.
    #[serde(rename = "topicID", default, skip_serializing_if = "Option::is_none")]
    pub topic_id: Option<Arc<str>>,
    /// The message's number.
    pub message_sequence: u64,
    /// The users whom it mentions.
    #[serde(rename = "atTypeArray")]
    pub at_type: AtType,
}

impl GroupAtInfo {
    /// A mention in a group.
    pub fn new(from: &str, group_id: &str, message_sequence: u64, at_type: AtType) -> Self {
        Self {
            from: from.into(),
            group_id: group_id.into(),
            topic_id: None,
            message_sequence,
            at_type,
        }
    }
}
