//! The calls that change a list.

use std::sync::Arc;

use conv_model::{
    ConversationId, ConversationType, GroupName, GroupTarget, IfNewer, Marks, Mutation, ReadMark,
    RemindType, Timestamp,
};
use serde::{Deserialize, Serialize};

/// The change of one call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum WriteCall {
    /// Deletes a conversation from the list.
    Delete {
        /// The conversation.
        id: ConversationId,
        /// True if its messages are deleted with it.
        clears_history: bool,
        /// The time of the newest message that may go with it, zero if there was none: for a cloud that
        /// can keep a conversation which has a newer one. `None` if all may go.
        #[serde(default)]
        seen: Option<Timestamp>,
        /// The effect that the user asked for if there is a newer message than `seen`, for a cloud that
        /// compares.
        #[serde(default)]
        if_newer: IfNewer,
    },
    /// Pins conversations, or unpins them.
    Pin {
        /// The conversations.
        ids: Vec<ConversationId>,
        /// True to pin, false to unpin.
        is_pinned: bool,
    },
    /// Sets and clears marks.
    Mark {
        /// The conversations, each once.
        items: Vec<MarkItem>,
    },
    /// Sets the app's own texts.
    CustomData {
        /// The conversations, each once, with their texts.
        items: Vec<(ConversationId, Arc<str>)>,
    },
    /// Creates a conversation group, with its first members.
    CreateGroup {
        /// Its name.
        name: GroupName,
        /// Its first members. None if none was waiting.
        ids: Vec<ConversationId>,
    },
    /// Renames a conversation group.
    RenameGroup {
        /// The name it has.
        old: GroupName,
        /// The name it gets.
        new: GroupName,
    },
    /// Deletes a conversation group.
    DeleteGroup {
        /// Its name.
        name: GroupName,
    },
    /// Puts conversations into a conversation group and takes others out.
    Members {
        /// The group.
        name: GroupName,
        /// The conversations, each once, and whether each is to be in the group.
        items: Vec<(ConversationId, bool)>,
    },
    /// Marks messages as read.
    Read {
        /// The conversation: a user's for [`WriteKind::Read`], a group's for
        /// [`WriteKind::ReadGroup`].
        id: ConversationId,
        /// The newest message that the user saw.
        until: ReadMark,
        /// The number of messages that stay unread, as far as the list knows: for a cloud that can
        /// only set this number.
        unread: Option<u32>,
    },
    /// Sets how new messages of a group are announced.
    Remind {
        /// The conversation, a group's.
        id: ConversationId,
        /// The way new messages are announced.
        remind_type: RemindType,
    },
}

/// The marks of one conversation that a call changes. No mark is both set and cleared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct MarkItem {
    /// The conversation.
    pub id: ConversationId,
    /// The marks to set.
    pub set: Marks,
    /// The marks to clear.
    pub clear: Marks,
}

impl MarkItem {
    /// An item that changes no mark yet.
    pub fn new(id: ConversationId) -> Self {
        Self { id, set: Marks::NONE, clear: Marks::NONE }
    }
}

/// The kind of a call. Of each kind, an account has at most one call in flight: the cloud says nothing
/// about the order in which it applies two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum WriteKind {
    /// [`WriteCall::Delete`].
    Delete,
    /// [`WriteCall::Pin`].
    Pin,
    /// [`WriteCall::Mark`].
    Mark,
    /// [`WriteCall::CustomData`].
    CustomData,
    /// [`WriteCall::CreateGroup`].
    CreateGroup,
    /// [`WriteCall::RenameGroup`].
    RenameGroup,
    /// [`WriteCall::DeleteGroup`].
    DeleteGroup,
    /// [`WriteCall::Members`].
    Members,
    /// [`WriteCall::Read`] of a user's conversation.
    Read,
    /// [`WriteCall::Read`] of a group's conversation.
    ReadGroup,
    /// [`WriteCall::Remind`].
    Remind,
}

impl WriteKind {
    /// Every kind.
    pub const ALL: [Self; 11] = [
        Self::Delete,
        Self::Pin,
        Self::Mark,
        Self::CustomData,
        Self::CreateGroup,
        Self::RenameGroup,
        Self::DeleteGroup,
        Self::Members,
        Self::Read,
        Self::ReadGroup,
        Self::Remind,
    ];

    /// Returns the kind of call that sends a mutation; `None` if no call does.
    pub fn of(mutation: &Mutation) -> Option<Self> {
        Some(match mutation {
            Mutation::Pin { .. } => Self::Pin,
            Mutation::Mark { .. } => Self::Mark,
            Mutation::CustomData { .. } => Self::CustomData,
            Mutation::Member { .. } => Self::Members,
            Mutation::Group { target, .. } => match target {
                GroupTarget::Present => Self::CreateGroup,
                GroupTarget::Absent => Self::DeleteGroup,
                GroupTarget::Named(_) => Self::RenameGroup,
                _ => return None,
            },
            Mutation::Delete { .. } => Self::Delete,
            Mutation::Read { id, .. } => Self::of_reading(id),
            Mutation::Remind { .. } => Self::Remind,
            _ => return None,
        })
    }

    fn of_reading(id: &ConversationId) -> Self {
        match id.conversation_type() {
            ConversationType::Group => Self::ReadGroup,
            _ => Self::Read,
        }
    }
}

impl WriteCall {
    /// Returns the kind of the call.
    pub fn kind(&self) -> WriteKind {
        match self {
            Self::Delete { .. } => WriteKind::Delete,
            Self::Pin { .. } => WriteKind::Pin,
            Self::Mark { .. } => WriteKind::Mark,
            Self::CustomData { .. } => WriteKind::CustomData,
            Self::CreateGroup { .. } => WriteKind::CreateGroup,
            Self::RenameGroup { .. } => WriteKind::RenameGroup,
            Self::DeleteGroup { .. } => WriteKind::DeleteGroup,
            Self::Members { .. } => WriteKind::Members,
            Self::Read { id, .. } => WriteKind::of_reading(id),
            Self::Remind { .. } => WriteKind::Remind,
        }
    }

    /// Returns the conversations that it names, its items.
    pub fn ids(&self) -> Vec<&ConversationId> {
        match self {
            Self::Delete { id, .. } | Self::Read { id, .. } | Self::Remind { id, .. } => vec![id],
            Self::Pin { ids, .. } | Self::CreateGroup { ids, .. } => ids.iter().collect(),
            Self::Mark { items } => items.iter().map(|item| &item.id).collect(),
            Self::CustomData { items } => items.iter().map(|(id, _)| id).collect(),
            Self::Members { items, .. } => items.iter().map(|(id, _)| id).collect(),
            Self::RenameGroup { .. } | Self::DeleteGroup { .. } => Vec::new(),
        }
    }
}
