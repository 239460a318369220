//! Changes that a user makes to the list: each sets one thing to an absolute value.

mod check;
mod failure;
mod group_name;
mod overlay;
mod slot;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub(crate) use self::overlay::newest;
pub use self::{
    check::{Limits, MutationError, ShownList},
    failure::MutationFailure,
    group_name::{GroupName, GroupNameError},
    overlay::overlay,
    slot::{Aspect, Slot},
};
use crate::{ConversationId, MarkType, RemindType, Timestamp};

/// One change that a user makes to the list: the value that one [`Slot`] is to have.
///
/// A mutation says how things shall be, not what to do: sent twice it has the effect of one. So a
/// change whose answer was lost is sent again without harm, and of two queued changes of the same
/// slot only the later one is sent. [`overlay`] computes what the user sees meanwhile.
///
/// ```
/// use conv_model::{Conversation, ConversationId, Mutation, overlay};
///
/// let alice = ConversationId::c2c("alice")?;
/// let base = Conversation::new(alice.clone());
/// let pin = Mutation::Pin { id: alice, is_pinned: true };
///
/// let shown = overlay(&base, [&pin]).expect("only a deletion hides a row");
/// assert!(shown.listing.is_pinned);
/// assert!(!base.listing.is_pinned); // what the cloud said stays known
/// # Ok::<(), conv_model::ParseIdError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[non_exhaustive]
pub enum Mutation {
    /// Pins a conversation, or unpins it.
    Pin {
        /// The conversation.
        #[serde(rename = "conversationID")]
        id: ConversationId,
        /// True to pin, false to unpin.
        is_pinned: bool,
    },
    /// Sets a mark, or clears it.
    Mark {
        /// The conversation.
        #[serde(rename = "conversationID")]
        id: ConversationId,
        /// The mark.
        mark_type: MarkType,
        /// True to set the mark, false to remove it: the SDK's `enableMark`.
        is_set: bool,
    },
    /// Sets the app's own text; an empty one clears it.
    CustomData {
        /// The conversation.
        #[serde(rename = "conversationID")]
        id: ConversationId,
        /// The text, at most 256 bytes.
        custom_data: Arc<str>,
    },
    /// Puts a conversation into a conversation group, or takes it out.
    Member {
        /// The conversation.
        #[serde(rename = "conversationID")]
        id: ConversationId,
        /// The conversation group.
        group_name: GroupName,
        /// True to add to the group, false to remove from it.
        is_member: bool,
    },
    /// Creates, deletes or renames a conversation group.
    Group {
        /// The name it has now, or is to be created with.
        group_name: GroupName,
        /// The change of the group.
        target: GroupTarget,
    },
    /// Deletes a conversation.
    Delete {
        /// The conversation.
        #[serde(rename = "conversationID")]
        id: ConversationId,
        /// The time of its newest message, as the user saw it; zero if there was none. The cloud's
        /// command names no moment: a message that is newer than this must not go unseen.
        seen: Timestamp,
        /// True if its messages are deleted with it.
        clears_history: bool,
        /// The effect if a newer message came before the deletion was sent.
        if_newer: IfNewer,
    },
    /// Marks messages as read, up to those that the user saw.
    Read {
        /// The conversation.
        #[serde(rename = "conversationID")]
        id: ConversationId,
        /// The newest message that the user saw.
        until: ReadMark,
        /// The number of unread messages that it reads, as far as that is known: a store counts them when it
        /// accepts it, by [`Outbox::counted`](crate::Outbox::counted). Those that an earlier pending
        /// mutation reads are not among them.
        count: u32,
    },
    /// Sets how new messages of a group are announced.
    Remind {
        /// The conversation, a group's.
        #[serde(rename = "conversationID")]
        id: ConversationId,
        /// The way new messages are announced.
        remind_type: RemindType,
    },
}

/// The change of a conversation group.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum GroupTarget {
    /// It exists.
    Present,
    /// It does not exist.
    Absent,
    /// It has another name.
    Named(GroupName),
}

/// The effect of a deletion if a message came that the user had not seen when he asked for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum IfNewer {
    /// It fails, and the conversation shows again.
    #[default]
    GiveUp,
    /// The conversation goes, and its messages stay.
    KeepHistory,
    /// It goes all the same, with unseen messages.
    Delete,
}

/// The newest message that a user saw: it and all messages before it are read.
///
/// The cloud reads a one-to-one conversation up to a time, and a group up to a sequence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ReadMark {
    /// The cloud's time of the message.
    pub time: Timestamp,
    /// Its sequence; 0 if that is not known.
    pub sequence: u64,
}

impl ReadMark {
    /// A message's time and sequence; 0 for a sequence that is not known.
    pub const fn new(time: Timestamp, sequence: u64) -> Self {
        Self { time, sequence }
    }

    /// Returns the later of two, each part by itself: a message that was read stays read.
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        Self::new(self.time.max(other.time), self.sequence.max(other.sequence))
    }
}

impl Mutation {
    /// Returns the slot whose value it sets.
    pub fn slot(&self) -> Slot {
        let (id, aspect) = match self {
            Self::Group { group_name, .. } => return Slot::Group(group_name.clone()),
            Self::Pin { id, .. } => (id, Aspect::Pinned),
            Self::Mark { id, mark_type, .. } => (id, Aspect::Mark(*mark_type)),
            Self::CustomData { id, .. } => (id, Aspect::CustomData),
            Self::Member { id, group_name, .. } => (id, Aspect::Member(group_name.clone())),
            Self::Delete { id, .. } => (id, Aspect::Exists),
            Self::Read { id, .. } => (id, Aspect::ReadTo),
            Self::Remind { id, .. } => (id, Aspect::RemindType),
        };
        Slot::Conversation(id.clone(), aspect)
    }

    /// Returns the conversation that it changes; `None` for a conversation group as a whole.
    pub fn conversation_id(&self) -> Option<&ConversationId> {
        match self {
            Self::Group { .. } => None,
            Self::Pin { id, .. }
            | Self::Mark { id, .. }
            | Self::CustomData { id, .. }
            | Self::Member { id, .. }
            | Self::Delete { id, .. }
            | Self::Read { id, .. }
            | Self::Remind { id, .. } => Some(id),
        }
    }

    /// Returns the names of the conversation groups that it concerns: none, one, or the two of a
    /// renaming.
    pub fn group_names(&self) -> impl Iterator<Item = &GroupName> {
        let (one, other) = match self {
            Self::Group { group_name, target: GroupTarget::Named(new) } => {
                (Some(group_name), Some(new))
            }
            Self::Group { group_name, .. } | Self::Member { group_name, .. } => {
                (Some(group_name), None)
            }
            _ => (None, None),
        };
        one.into_iter().chain(other)
    }
}
