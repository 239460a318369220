//! Invalid conversation IDs.

use thiserror::Error;

use super::{C2C, GROUP, SYSTEM, group::TOPIC_INFIX};

/// The reason a string is not a valid conversation ID: one variant per rule.
///
/// Lengths are in bytes. The limits are those of the cloud's error codes 7003 (userID) and 8501
/// (groupID).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum ParseIdError {
    /// The text is empty.
    #[error("conversation ID is empty")]
    Empty,
    /// The text begins with another prefix than the three known ones.
    #[error("expected a conversation ID that starts with {C2C} or {GROUP}, or is {SYSTEM}")]
    UnknownPrefix,
    /// The prefix is there, but not in the right case: prefixes are case-sensitive.
    #[error("conversation ID prefix is in the wrong case: expected {C2C}, {GROUP} or {SYSTEM}")]
    WrongCase,
    /// The text is in the native SDKs' spelling (`c2c_…`, `group_…`);
    /// [`ConversationId::from_native`](crate::ConversationId::from_native) reads it.
    #[error(
        "conversation ID is in the native spelling: expected {C2C} or {GROUP} instead of c2c_ or group_"
    )]
    NativeSpelling,
    /// Nothing follows the prefix `C2C`.
    #[error("userID is empty")]
    EmptyUserId,
    /// The userID has more than 32 bytes.
    #[error("userID is longer than 32 bytes")]
    UserIdTooLong,
    /// Nothing follows the prefix `GROUP`.
    #[error("groupID is empty")]
    EmptyGroupId,
    /// The groupID, or the community part of a topic ID, has more than 48 bytes.
    #[error("groupID is longer than 48 bytes")]
    GroupIdTooLong,
    /// A topic was asked for of something else than a community.
    #[error("expected the groupID of a community, which starts with @TGS#_")]
    NotCommunity,
    /// Nothing follows `@TOPIC#_`.
    #[error("topic ID ends after {TOPIC_INFIX}")]
    EmptyTopic,
    /// The part after `@TOPIC#_` has more than 48 bytes.
    #[error("topic part is longer than 48 bytes")]
    TopicTooLong,
    /// A byte is not printable ASCII (0x20–0x7E).
    #[error("ID contains a byte that is not printable ASCII")]
    NotPrintable,
}

impl ParseIdError {
    /// Distinguishes a wrong spelling from a text that is something else.
    #[cold]
    pub(super) fn of_unknown_prefix(text: &str) -> Self {
        let starts = |prefix: &str| {
            text.get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix))
        };
        if text.is_empty() {
            Self::Empty
        } else if text.starts_with("c2c_") || text.starts_with("group_") {
            Self::NativeSpelling
        } else if starts(C2C) || starts(GROUP) || text.eq_ignore_ascii_case(SYSTEM) {
            Self::WrongCase
        } else {
            Self::UnknownPrefix
        }
    }
}
