//! What is asked of a list.

mod filter;
mod json;

use thiserror::Error;

use crate::{Conversation, ConversationId};

pub use self::filter::{ConversationFilter, GroupFilter, MarkFilter};

/// Which rows of the list an answer holds.
///
/// A value like any other: it compares, hashes, and travels as JSON in the shape of the SDK's
/// `options`: `null`, a list of IDs, or a filter object. Unknown keys, wrong types and an empty
/// list are refused, where the SDK would silently answer with everything or nothing; a key whose
/// value is `null` is not set.
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
}

impl ConversationQuery {
    /// Whether a row belongs to the answer. Every store answers as this function says.
    pub fn matches(&self, row: &Conversation) -> bool {
        match self {
            Self::All => true,
            Self::Ids(ids) => ids.contains(&row.id),
            Self::Filter(filter) => filter.matches(row),
        }
    }

    /// Checks what the types cannot.
    ///
    /// # Errors
    /// [`QueryError::NoIds`] for an empty list of IDs.
    pub fn check(&self) -> Result<(), QueryError> {
        match self {
            Self::Ids(ids) if ids.is_empty() => Err(QueryError::NoIds),
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
