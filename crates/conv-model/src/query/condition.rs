//! Conditions that the SDK's filter cannot say.

use std::ops;

use super::{ConversationFilter, GroupFilter, MarkFilter};
#[cfg(feature = "search")]
use super::{FoldedText, UnaccentedText};
use crate::{Conversation, ConversationType, Facet, Timestamp};

/// A condition on a row, of any shape.
///
/// A condition on a facet that was never fetched is *unknown*: a row does not meet it, and not its
/// opposite either. `and`, `or` and `not` follow Kleene's logic of three values, so this holds for
/// whatever is built of it.
///
/// In JSON it is an object, met if all its members are: those of the SDK's filter, `isPinned`,
/// `isMuted`, `nameContains`, `nameContainsUnaccented`, `before` and `after` (seconds since 1970), and `all` and `any` with
/// lists of such objects, `not` with one.
///
/// ```
/// use conv_model::{Condition, Conversation, ConversationId, ConversationQuery, MarkType};
///
/// let wanted = Condition::mark(MarkType::STAR).or(Condition::unread(true)) & !Condition::muted(true);
/// let json = r#"{"any": [{"markType": 1}, {"hasUnreadCount": true}], "not": {"isMuted": true}}"#;
/// let read: ConversationQuery = serde_json::from_str(json)?;
/// assert_eq!(read.normalized(), ConversationQuery::condition(wanted.clone())?.normalized());
///
/// // Whether alice is muted was never fetched.
/// let mut alice = Conversation::new(ConversationId::c2c("alice")?);
/// alice.unread.count = Some(1);
/// assert!(!wanted.matches(&alice));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Condition {
    /// All of them are met; also if the list is empty.
    All(Vec<Condition>),
    /// At least one of them is met; never if the list is empty.
    Any(Vec<Condition>),
    /// It is known not to be met.
    Not(Box<Condition>),
    /// Of this kind.
    Type(ConversationType),
    /// With this mark, or without any.
    Mark(MarkFilter),
    /// In this conversation group, or in none.
    Group(GroupFilter),
    /// With unread messages, or without.
    Unread(bool),
    /// With unread mentions of the user, or without.
    Mention(bool),
    /// Pinned, or not.
    Pinned(bool),
    /// Muted, or not: see [`Unread::is_muted`](crate::Unread::is_muted).
    Muted(bool),
    /// The name that a list shows contains this text in any case.
    #[cfg(feature = "search")]
    NameContains(FoldedText),
    /// The name that a list shows contains this text in any case, with or without accents.
    #[cfg(feature = "search")]
    NameContainsUnaccented(UnaccentedText),
    /// The last message is older than this moment. One without a message is not.
    Before(Timestamp),
    /// The last message is newer than this moment.
    After(Timestamp),
}

impl Condition {
    /// The maximum depth of nested conditions.
    pub const MAX_DEPTH: usize = 32;

    /// Matches rows of a kind.
    pub fn conversation_type(kind: ConversationType) -> Self {
        Self::Type(kind)
    }

    /// Matches rows with a mark, or with [`MarkFilter::Unmarked`] those without any.
    pub fn mark(mark: impl Into<MarkFilter>) -> Self {
        Self::Mark(mark.into())
    }

    /// Matches rows in a conversation group; `""` means those in none.
    pub fn group(name: &str) -> Self {
        Self::Group(name.into())
    }

    /// Matches rows with (or without) unread messages.
    pub fn unread(has: bool) -> Self {
        Self::Unread(has)
    }

    /// Matches rows with (or without) unread mentions of the user.
    pub fn mention(has: bool) -> Self {
        Self::Mention(has)
    }

    /// Matches rows that are pinned (or not).
    pub fn pinned(is: bool) -> Self {
        Self::Pinned(is)
    }

    /// Matches rows that are muted (or not).
    pub fn muted(is: bool) -> Self {
        Self::Muted(is)
    }

    /// Matches rows whose shown name contains a text, in any case.
    #[cfg(feature = "search")]
    pub fn name_contains(text: &str) -> Self {
        Self::NameContains(text.into())
    }

    /// Matches rows whose shown name contains a text, in any case and with or without accents:
    /// `jose` finds `José`.
    #[cfg(feature = "search")]
    pub fn name_contains_unaccented(text: &str) -> Self {
        Self::NameContainsUnaccented(text.into())
    }

    /// Matches rows whose last message is older than a moment; one of that very second is not.
    pub fn before(time: Timestamp) -> Self {
        Self::Before(time)
    }

    /// Matches rows whose last message is newer than a moment; one of that very second is not.
    pub fn after(time: Timestamp) -> Self {
        Self::After(time)
    }

    /// Combines two conditions: both must be met.
    #[must_use]
    pub fn and(self, other: impl Into<Self>) -> Self {
        match self {
            Self::All(mut all) => {
                all.push(other.into());
                Self::All(all)
            }
            first => Self::All(vec![first, other.into()]),
        }
    }

    /// Combines two conditions: at least one must be met.
    #[must_use]
    pub fn or(self, other: impl Into<Self>) -> Self {
        match self {
            Self::Any(mut any) => {
                any.push(other.into());
                Self::Any(any)
            }
            first => Self::Any(vec![first, other.into()]),
        }
    }

    /// Returns true if a row meets it.
    pub fn matches(&self, row: &Conversation) -> bool {
        self.judge(row) == Some(true)
    }

    /// Returns true if a row meets it; `None` if that depends on a facet that was never fetched.
    pub fn judge(&self, row: &Conversation) -> Option<bool> {
        match self {
            Self::All(all) => first_of(false, all, row),
            Self::Any(any) => first_of(true, any, row),
            Self::Not(inner) => inner.judge(row).map(|is| !is),
            Self::Type(kind) => Some(*kind == row.conversation_type()),
            Self::Mark(mark) => Some(mark.is_met_by(row)),
            Self::Group(group) => Some(group.is_met_by(row)),
            Self::Unread(has) => row.unread.count.map(|count| *has == (count > 0)),
            Self::Mention(has) => row.group_at_info().map(|info| *has != info.is_empty()),
            Self::Pinned(is) => Some(*is == row.listing.is_pinned),
            Self::Muted(is) => {
                row.unread.remind_type.as_ref().map(|_| *is == row.unread.is_muted())
            }
            #[cfg(feature = "search")]
            Self::NameContains(text) => known_name(row).map(|name| text.is_in(name)),
            #[cfg(feature = "search")]
            Self::NameContainsUnaccented(text) => known_name(row).map(|name| text.is_in(name)),
            Self::Before(time) => row.listing.time.map(|last| !last.is_zero() && last < *time),
            Self::After(time) => row.listing.time.map(|last| last > *time),
        }
    }

    /// Returns the facets other than the listing that it depends on, each once.
    pub fn facets(&self) -> Vec<Facet> {
        let mut facets = Vec::new();
        self.add_facets(&mut facets);
        facets.sort_unstable();
        facets.dedup();
        facets
    }

    fn add_facets(&self, facets: &mut Vec<Facet>) {
        match self {
            Self::All(inner) | Self::Any(inner) => {
                inner.iter().for_each(|inner| inner.add_facets(facets));
            }
            Self::Not(inner) => inner.add_facets(facets),
            Self::Unread(_) | Self::Mention(_) | Self::Muted(_) => facets.push(Facet::Unread),
            #[cfg(feature = "search")]
            Self::NameContains(_) | Self::NameContainsUnaccented(_) => facets.push(Facet::Profile),
            _ => {}
        }
    }

    /// Returns true if conditions are nested at most `depth` deep.
    pub(super) fn is_within(&self, depth: usize) -> bool {
        let Some(below) = depth.checked_sub(1) else { return false };
        match self {
            Self::All(inner) | Self::Any(inner) => inner.iter().all(|inner| inner.is_within(below)),
            Self::Not(inner) => inner.is_within(below),
            _ => true,
        }
    }
}

/// Returns the deciding value if any condition has it; else its opposite, or unknown if any is.
fn first_of(deciding: bool, conditions: &[Condition], row: &Conversation) -> Option<bool> {
    let mut joined = Some(!deciding);
    for condition in conditions {
        match condition.judge(row) {
            Some(is) if is == deciding => return Some(deciding),
            Some(_) => {}
            None => joined = None,
        }
    }
    joined
}

/// Returns the name that a list shows, unless it only replaces one that was never fetched.
#[cfg(feature = "search")]
fn known_name(row: &Conversation) -> Option<&str> {
    let profile = &row.profile;
    let is_known = profile.is_known()
        || profile.read_at.is_some()
        || profile.remark.as_ref().is_some_and(|remark| !remark.is_empty())
        || row.conversation_type() == ConversationType::System;
    is_known.then(|| row.show_name())
}

impl From<&ConversationFilter> for Condition {
    fn from(filter: &ConversationFilter) -> Self {
        let conditions = [
            filter.conversation_type.map(Self::Type),
            filter.mark.map(Self::Mark),
            filter.group.clone().map(Self::Group),
            filter.has_unread_count.map(Self::Unread),
            filter.has_group_at_info.map(Self::Mention),
        ];
        Self::All(conditions.into_iter().flatten().collect())
    }
}

impl From<ConversationFilter> for Condition {
    fn from(filter: ConversationFilter) -> Self {
        Self::from(&filter)
    }
}

impl ops::BitAnd for Condition {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        self.and(other)
    }
}

impl ops::BitOr for Condition {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        self.or(other)
    }
}

impl ops::Not for Condition {
    type Output = Self;

    fn not(self) -> Self {
        Self::Not(Box::new(self))
    }
}
