//! The SDK's filter of five.

use std::sync::Arc;

use super::Condition;
use crate::{Conversation, ConversationType, MarkType};

/// A filter for rows that meet every condition that is set. Without a condition: all rows.
///
/// The five are the SDK's; together they mean *and*. A condition on a facet that was never
/// fetched is not met, neither as `true` nor as `false`.
///
/// ```
/// use conv_model::{ConversationFilter, ConversationType, MarkType};
///
/// let starred_groups =
///     ConversationFilter::conversation_type(ConversationType::Group).and_mark(MarkType::STAR);
/// # let _ = starred_groups;
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct ConversationFilter {
    /// Of this kind. (The SDK ignores `@TIM#SYSTEM` here and answers with everything.)
    pub conversation_type: Option<ConversationType>,
    /// With this mark, or with none.
    pub mark: Option<MarkFilter>,
    /// In this conversation group, or in none.
    pub group: Option<GroupFilter>,
    /// With unread messages, or without.
    pub has_unread_count: Option<bool>,
    /// With unread mentions of the user, or without.
    pub has_group_at_info: Option<bool>,
}

/// The SDK's `markType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MarkFilter {
    /// Without any mark: `markType: 0`.
    Unmarked,
    /// With this mark.
    With(MarkType),
}

/// The SDK's `groupName`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GroupFilter {
    /// In no conversation group: `groupName: ""`.
    Ungrouped,
    /// In the group of this name.
    In(Arc<str>),
}

impl From<MarkType> for MarkFilter {
    fn from(mark: MarkType) -> Self {
        Self::With(mark)
    }
}

impl From<&str> for GroupFilter {
    fn from(name: &str) -> Self {
        if name.is_empty() { Self::Ungrouped } else { Self::In(name.into()) }
    }
}

impl ConversationFilter {
    /// Filters for rows of a kind.
    pub fn conversation_type(kind: ConversationType) -> Self {
        Self::default().and_type(kind)
    }

    /// Filters for rows with a mark, or with [`MarkFilter::Unmarked`] those without any.
    pub fn mark_type(mark: impl Into<MarkFilter>) -> Self {
        Self::default().and_mark(mark)
    }

    /// Filters for rows in a conversation group; `""` means those in none.
    pub fn group_name(name: &str) -> Self {
        Self::default().and_group(name)
    }

    /// Filters for rows with (or without) unread messages.
    pub fn has_unread_count(has: bool) -> Self {
        Self::default().and_unread(has)
    }

    /// Filters for rows with (or without) unread mentions.
    pub fn has_group_at_info(has: bool) -> Self {
        Self::default().and_at_info(has)
    }

    /// Narrows to rows of a kind.
    #[must_use]
    pub fn and_type(self, kind: ConversationType) -> Self {
        Self { conversation_type: Some(kind), ..self }
    }

    /// Narrows to rows with a mark.
    #[must_use]
    pub fn and_mark(self, mark: impl Into<MarkFilter>) -> Self {
        Self { mark: Some(mark.into()), ..self }
    }

    /// Narrows to rows in a conversation group; `""` means in none.
    #[must_use]
    pub fn and_group(self, name: &str) -> Self {
        Self { group: Some(name.into()), ..self }
    }

    /// Narrows to rows with (or without) unread messages.
    #[must_use]
    pub fn and_unread(self, has: bool) -> Self {
        Self { has_unread_count: Some(has), ..self }
    }

    /// Narrows to rows with (or without) unread mentions.
    #[must_use]
    pub fn and_at_info(self, has: bool) -> Self {
        Self { has_group_at_info: Some(has), ..self }
    }

    /// Returns true if a row meets every condition.
    pub fn matches(&self, row: &Conversation) -> bool {
        let judged = |condition: Condition| condition.matches(row);
        self.conversation_type.is_none_or(|kind| judged(Condition::Type(kind)))
            && self.mark.is_none_or(|mark| mark.is_met_by(row))
            && self.group.as_ref().is_none_or(|group| group.is_met_by(row))
            && self.has_unread_count.is_none_or(|has| judged(Condition::Unread(has)))
            && self.has_group_at_info.is_none_or(|has| judged(Condition::Mention(has)))
    }
}

impl MarkFilter {
    pub(super) fn is_met_by(self, row: &Conversation) -> bool {
        match self {
            Self::Unmarked => row.listing.marks.is_empty(),
            Self::With(mark) => row.listing.marks.contains(mark),
        }
    }
}

impl GroupFilter {
    pub(super) fn is_met_by(&self, row: &Conversation) -> bool {
        match self {
            Self::Ungrouped => row.listing.groups.is_empty(),
            Self::In(name) => row.listing.groups.contains(name),
        }
    }
}
