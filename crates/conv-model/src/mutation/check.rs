//! Checks that find a failure before a mutation is sent.

use std::sync::Arc;

use thiserror::Error;

use super::{GroupName, GroupTarget, Mutation};
use crate::{Conversation, ConversationId, ConversationType, ErrorClass, MarkType};

/// The reason a mutation is refused at once. Nothing was queued.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum MutationError {
    /// The list has no such conversation.
    #[error("the list has no conversation {0}")]
    NotListed(ConversationId),
    /// The list has none of these conversations.
    #[error("the list has none of the conversations {}", joined(.0))]
    NoneListed(Arc<[ConversationId]>),
    /// As many conversations are pinned as the cloud allows.
    #[error("{0} conversations are pinned, which is the limit")]
    TooManyPinned(usize),
    /// As many conversation groups exist as the cloud allows.
    #[error("{0} conversation groups exist, which is the limit")]
    TooManyGroups(usize),
    /// As many conversations have marks or custom data as the cloud allows.
    #[error("{0} conversations have marks or custom data, which is the limit")]
    TooManyMarked(usize),
    /// As many conversations are in the group as the cloud allows.
    #[error("{1} conversations are in the group {0:?}, which is the limit")]
    TooManyMembers(GroupName, usize),
    /// The custom data has more bytes than the cloud takes.
    #[error("custom data has {0} bytes, the limit is 256")]
    CustomDataTooLong(usize),
    /// The group does not exist.
    #[error("no conversation group {0:?}")]
    NoSuchGroup(GroupName),
    /// Another group has the name.
    #[error("a conversation group {0:?} exists already")]
    GroupExists(GroupName),
    /// The new name of a group has a control character, such as a line break.
    #[error("group name {0:?} contains a control character")]
    ControlInGroupName(GroupName),
    /// The conversation's kind does not have what the mutation sets.
    #[error("{0} cannot be changed in this way")]
    WrongKind(ConversationId),
    /// The mark is one of those that the cloud keeps for itself: bits 4–31.
    #[error("mark {0:?} is reserved")]
    ReservedMark(MarkType),
    /// The outbox holds as much as it may.
    #[error("{pending} changes are pending, with {bytes} bytes: the outbox is full")]
    OutboxFull {
        /// The number of pending changes.
        pending: usize,
        /// Their size in bytes.
        bytes: usize,
    },
}

impl MutationError {
    /// Returns what a caller can do about it.
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::NotListed(_) | Self::NoneListed(_) | Self::NoSuchGroup(_) => ErrorClass::NotFound,
            Self::WrongKind(_) => ErrorClass::Unsupported,
            Self::OutboxFull { .. } => ErrorClass::RateLimited,
            _ => ErrorClass::InvalidArgument,
        }
    }

    /// Returns the number that the SDK or the cloud has for it; `None` where neither has one.
    pub fn code(&self) -> Option<i32> {
        match self {
            Self::NotListed(_) | Self::NoneListed(_) => Some(2500),
            Self::TooManyPinned(_) => Some(51012),
            Self::TooManyGroups(_) => Some(51010),
            Self::TooManyMarked(_) | Self::TooManyMembers(..) => Some(51008),
            Self::NoSuchGroup(_) => Some(51009),
            _ => None,
        }
    }
}

fn joined(ids: &[ConversationId]) -> String {
    ids.iter().map(ConversationId::as_str).collect::<Vec<_>>().join(", ")
}

/// The cloud's limits on what an account may set (`53438`, `53437`, `48850` of the documentation).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Conversations that may be pinned: 50.
    pub pinned: usize,
    /// Conversation groups: 20.
    pub groups: usize,
    /// Conversations with marks or custom data, together: 1,000.
    pub marked: usize,
    /// Conversations in one group: 1,000.
    pub members: usize,
    /// Bytes of custom data: 256.
    pub custom_data: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { pinned: 50, groups: 20, marked: 1_000, members: 1_000, custom_data: 256 }
    }
}

/// The part of the shown list that a check needs.
pub trait ShownList {
    /// Returns a row, or `None` if the list does not show it.
    fn row(&self, id: &ConversationId) -> Option<&Conversation>;

    /// Returns the number of pinned rows.
    fn pinned(&self) -> usize;

    /// Returns the number of rows with marks or custom data.
    fn marked(&self) -> usize;

    /// Returns the number of rows in a conversation group.
    fn members(&self, group: &str) -> usize;

    /// Returns the number of conversation groups; `None` while their names are not known.
    fn groups(&self) -> Option<usize>;

    /// Returns true if a conversation group exists; `None` while their names are not known.
    fn has_group(&self, group: &str) -> Option<bool>;
}

impl Mutation {
    /// Checks what can be known before anything is queued.
    ///
    /// # Errors
    /// Returns the reason that the cloud would refuse the mutation, judged by the list as it is
    /// shown. A value that the list does not know yet is not a reason.
    pub fn check(&self, list: &impl ShownList, limits: &Limits) -> Result<(), MutationError> {
        match self {
            Self::Pin { id, is_pinned } => {
                let row = listed(list, id)?;
                let is_more = *is_pinned && !row.listing.is_pinned;
                limit(is_more, list.pinned(), limits.pinned, MutationError::TooManyPinned)
            }
            Self::Mark { id, mark_type, is_set } => {
                if (4..32).contains(&mark_type.bit()) {
                    return Err(MutationError::ReservedMark(*mark_type));
                }
                check_marked(list, limits, id, *is_set)
            }
            Self::CustomData { id, custom_data } => {
                if custom_data.len() > limits.custom_data {
                    return Err(MutationError::CustomDataTooLong(custom_data.len()));
                }
                check_marked(list, limits, id, !custom_data.is_empty())
            }
            Self::Member { id, group_name, is_member } => {
                check_member(list, limits, id, group_name, *is_member)
            }
            Self::Group { group_name, target } => check_group(list, limits, group_name, target),
            Self::Delete { id, .. } => listed(list, id).map(|_| ()),
            Self::Read { id, .. } => {
                listed(list, id)?;
                of_kind(id, id.conversation_type() != ConversationType::System)
            }
            Self::Remind { id, .. } => {
                listed(list, id)?;
                of_kind(id, id.conversation_type() == ConversationType::Group)
            }
        }
    }
}

fn listed<'a>(
    list: &'a impl ShownList,
    id: &ConversationId,
) -> Result<&'a Conversation, MutationError> {
    list.row(id).ok_or_else(|| MutationError::NotListed(id.clone()))
}

fn of_kind(id: &ConversationId, is_kind: bool) -> Result<(), MutationError> {
    if is_kind { Ok(()) } else { Err(MutationError::WrongKind(id.clone())) }
}

fn limit(
    is_more: bool,
    now: usize,
    most: usize,
    error: impl FnOnce(usize) -> MutationError,
) -> Result<(), MutationError> {
    if is_more && now >= most { Err(error(now)) } else { Ok(()) }
}

fn check_marked(
    list: &impl ShownList,
    limits: &Limits,
    id: &ConversationId,
    sets: bool,
) -> Result<(), MutationError> {
    let row = listed(list, id)?;
    let is_marked = !row.listing.marks.is_empty() || !row.listing.custom_data.is_empty();
    limit(sets && !is_marked, list.marked(), limits.marked, MutationError::TooManyMarked)
}

fn check_member(
    list: &impl ShownList,
    limits: &Limits,
    id: &ConversationId,
    group: &GroupName,
    is_member: bool,
) -> Result<(), MutationError> {
    let row = listed(list, id)?;
    if list.has_group(group.as_str()) == Some(false) {
        return Err(MutationError::NoSuchGroup(group.clone()));
    }
    let is_in = row.listing.groups.iter().any(|name| **name == *group.as_str());
    let members = list.members(group.as_str());
    let error = |count| MutationError::TooManyMembers(group.clone(), count);
    limit(is_member && !is_in, members, limits.members, error)
}

fn check_group(
    list: &impl ShownList,
    limits: &Limits,
    name: &GroupName,
    target: &GroupTarget,
) -> Result<(), MutationError> {
    let exists = list.has_group(name.as_str());
    match target {
        // Creating a group that exists adds to it.
        GroupTarget::Present if exists == Some(true) => Ok(()),
        GroupTarget::Present => {
            nameable(name)?;
            let count = list.groups().unwrap_or_default();
            limit(true, count, limits.groups, MutationError::TooManyGroups)
        }
        _ if exists == Some(false) => Err(MutationError::NoSuchGroup(name.clone())),
        GroupTarget::Absent => Ok(()),
        // It has the name already.
        GroupTarget::Named(new) if new == name => Ok(()),
        GroupTarget::Named(new) => match list.has_group(new.as_str()) {
            Some(true) => Err(MutationError::GroupExists(new.clone())),
            _ => nameable(new),
        },
    }
}

/// A group that has such a name elsewhere can still be emptied, renamed and deleted.
fn nameable(name: &GroupName) -> Result<(), MutationError> {
    match name.as_str().contains(char::is_control) {
        true => Err(MutationError::ControlInGroupName(name.clone())),
        false => Ok(()),
    }
}
