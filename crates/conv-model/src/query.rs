//! What is asked of a list.

mod condition;
mod filter;
mod folded;
mod json;
mod normal;
mod page_key;
mod unaccented;

use thiserror::Error;

use crate::{Conversation, ConversationId, Facet};

pub use self::{
    condition::Condition,
    filter::{ConversationFilter, GroupFilter, MarkFilter},
    folded::FoldedText,
    page_key::{PageKey, PageKeyError},
    unaccented::UnaccentedText,
};

/// Which rows of the list an answer holds.
///
/// A value like any other: it compares, hashes, and travels as JSON in the shape of the SDK's
/// `options`: `null`, a list of IDs, or a filter object, which may hold the members of a
/// [`Condition`] too. Unknown keys, wrong types and an empty list are refused, where the SDK would
/// silently answer with everything or nothing; a key whose value is `null` is not set.
///
/// ```
/// use conv_model::{ConversationFilter, ConversationQuery};
///
/// let query: ConversationQuery = serde_json::from_str(r#"{"groupName": "Suppliers"}"#)?;
/// assert_eq!(query, ConversationFilter::group_name("Suppliers").into());
/// assert!(serde_json::from_str::<ConversationQuery>(r#"{"groupname": "Suppliers"}"#).is_err());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConversationQuery {
    /// The whole list.
    #[default]
    All,
    /// Those of these conversations that are cached, in list order, each once. Not empty.
    Ids(Vec<ConversationId>),
    /// The rows that match a filter.
    Filter(ConversationFilter),
    /// The rows that meet a condition of any shape.
    Where(Condition),
}

/// Asks for the whole list: [`ConversationQuery::All`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct All;

/// A query that cannot be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum QueryError {
    /// The list of IDs is empty.
    #[error("expected at least one conversation ID")]
    NoIds,
    /// Too many conditions stand one in the other.
    #[error("expected conditions nested at most {} deep", Condition::MAX_DEPTH)]
    TooDeep,
}

impl ConversationQuery {
    /// Whether a row belongs to the answer. Every store answers as this function says.
    pub fn matches(&self, row: &Conversation) -> bool {
        match self {
            Self::All => true,
            Self::Ids(ids) => ids.contains(&row.id),
            Self::Filter(filter) => filter.matches(row),
            Self::Where(condition) => condition.matches(row),
        }
    }

    /// The facets it depends on besides the listing, each once. Rows that lack one of them are
    /// left out; whether there are such rows is in
    /// [`SyncReport::not_fetched`](crate::SyncReport::not_fetched).
    pub fn facets(&self) -> Vec<Facet> {
        match self {
            Self::All | Self::Ids(_) => Vec::new(),
            Self::Filter(filter) => Condition::from(filter).facets(),
            Self::Where(condition) => condition.facets(),
        }
    }

    /// Checks what the types cannot.
    ///
    /// # Errors
    /// [`QueryError::NoIds`] for an empty list of IDs; [`QueryError::TooDeep`] for a condition
    /// nested more than [`Condition::MAX_DEPTH`] deep.
    pub fn check(&self) -> Result<(), QueryError> {
        match self {
            Self::Ids(ids) if ids.is_empty() => Err(QueryError::NoIds),
            Self::Where(condition) if !condition.is_within(Condition::MAX_DEPTH) => {
                Err(QueryError::TooDeep)
            }
            _ => Ok(()),
        }
    }
}

impl From<All> for ConversationQuery {
    fn from(_: All) -> Self {
        Self::All
    }
}

impl From<ConversationFilter> for ConversationQuery {
    fn from(filter: ConversationFilter) -> Self {
        Self::Filter(filter)
    }
}

impl From<Condition> for ConversationQuery {
    fn from(condition: Condition) -> Self {
        Self::Where(condition)
    }
}

impl From<Vec<ConversationId>> for ConversationQuery {
    fn from(ids: Vec<ConversationId>) -> Self {
        Self::Ids(ids)
    }
}

impl From<&[ConversationId]> for ConversationQuery {
    fn from(ids: &[ConversationId]) -> Self {
        Self::Ids(ids.to_vec())
    }
}

impl<const N: usize> From<[ConversationId; N]> for ConversationQuery {
    fn from(ids: [ConversationId; N]) -> Self {
        Self::Ids(ids.into())
    }
}

impl<const N: usize> From<[&ConversationId; N]> for ConversationQuery {
    fn from(ids: [&ConversationId; N]) -> Self {
        Self::Ids(ids.into_iter().cloned().collect())
    }
}
