//! The slots that mutations set.

use serde::{Deserialize, Serialize};

use super::GroupName;
use crate::{ConversationId, MarkType};

/// A value in the cloud that a mutation sets.
///
/// Slots of one conversation are next to each other in their order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Slot {
    /// An aspect of a conversation.
    Conversation(ConversationId, Aspect),
    /// A conversation group, by the name it has in the cloud or is created with.
    Group(GroupName),
}

/// An aspect of a conversation that a mutation sets.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Aspect {
    /// The presence of the row in the list.
    Exists,
    /// The pin.
    Pinned,
    /// One mark.
    Mark(MarkType),
    /// The app's own text.
    CustomData,
    /// The membership in one conversation group.
    Member(GroupName),
    /// The message up to which the user has read.
    ReadTo,
    /// The way new messages are announced.
    RemindType,
}

impl Slot {
    /// Returns the conversation whose aspect it is; `None` for a conversation group.
    pub fn conversation_id(&self) -> Option<&ConversationId> {
        match self {
            Self::Conversation(id, _) => Some(id),
            Self::Group(_) => None,
        }
    }

    /// The first slot that a conversation can have, in their order.
    pub(crate) fn first_of(id: &ConversationId) -> Self {
        Self::Conversation(id.clone(), Aspect::Exists)
    }
}
