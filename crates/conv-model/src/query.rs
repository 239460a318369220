//! Queries of a list.

mod checked;
mod condition;
mod filter;
#[cfg(feature = "search")]
mod folded;
mod json;
mod normal;
mod page_key;
#[cfg(feature = "search")]
mod unaccented;

use thiserror::Error;

use crate::{Conversation, ConversationId, Facet};

pub use self::{
    checked::Checked,
    condition::Condition,
    filter::{ConversationFilter, GroupFilter, MarkFilter},
    page_key::{PageKey, PageKeyError},
};
#[cfg(feature = "search")]
pub use self::{folded::FoldedText, unaccented::UnaccentedText};

/// A query for rows of a list.
///
/// A query that exists can be answered: what cannot is refused where the query is made.
///
/// It compares, hashes, and travels as JSON in the shape of the SDK's
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
    /// Those of these conversations that are cached, in list order, each once. Not empty: see
    /// [`ids`](Self::ids).
    Ids(Checked<Vec<ConversationId>>),
    /// The rows that match a filter.
    Filter(ConversationFilter),
    /// The rows that meet a condition of any shape: see [`condition`](Self::condition).
    Where(Checked<Condition>),
}

/// Asks for the whole list: [`ConversationQuery::All`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct All;

/// The reason a query cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum QueryError {
    /// The list of IDs is empty.
    #[error("expected at least one conversation ID")]
    NoIds,
    /// Conditions are nested too deep.
    #[error("expected conditions nested at most {} deep", Condition::MAX_DEPTH)]
    TooDeep,
}

impl ConversationQuery {
    /// Returns true if a row belongs to the answer. Every store answers as this function decides.
    pub fn matches(&self, row: &Conversation) -> bool {
        match self {
            Self::All => true,
            Self::Ids(ids) => ids.contains(&row.id),
            Self::Filter(filter) => filter.matches(row),
            Self::Where(condition) => condition.matches(row),
        }
    }

    /// Returns the facets other than the listing that it depends on, each once. Rows that lack one
    /// of them are left out; whether there are such rows is in
    /// [`SyncReport::not_fetched`](crate::SyncReport::not_fetched).
    pub fn facets(&self) -> Vec<Facet> {
        match self {
            Self::All | Self::Ids(_) => Vec::new(),
            Self::Filter(filter) => Condition::from(filter).facets(),
            Self::Where(condition) => condition.facets(),
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
