//! Parts of a query that were checked when it was made.

use std::ops::Deref;

use super::{Condition, ConversationQuery, QueryError};
use crate::ConversationId;

/// A part of a query that is valid: IDs that are not empty, or a condition that is not nested too
/// deep.
///
/// Only [`ConversationQuery::ids`] and [`ConversationQuery::condition`] make one; it is read like
/// the value in it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Checked<T>(T);

impl<T> Checked<T> {
    /// For a value that holds what its type promises.
    pub(super) fn new(valid: T) -> Self {
        Self(valid)
    }
}

impl<T> Deref for Checked<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl ConversationQuery {
    /// Asks for these conversations. An array that is not empty is a query without this call.
    ///
    /// ```
    /// use conv_model::{ConversationId, ConversationQuery, QueryError};
    ///
    /// let ids = vec![ConversationId::c2c("alice")?, ConversationId::c2c("bob")?];
    /// let query = ConversationQuery::ids(ids.clone())?;
    /// assert_eq!(query, [&ids[0], &ids[1]].into());
    /// assert_eq!(ConversationQuery::ids([]), Err(QueryError::NoIds));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`QueryError::NoIds`] if the list is empty.
    pub fn ids(ids: impl IntoIterator<Item = ConversationId>) -> Result<Self, QueryError> {
        let ids: Vec<_> = ids.into_iter().collect();
        if ids.is_empty() { Err(QueryError::NoIds) } else { Ok(Self::Ids(Checked(ids))) }
    }

    /// Asks for the rows that meet a condition.
    ///
    /// ```
    /// use conv_model::{Condition, ConversationQuery, MarkType};
    ///
    /// let wanted = Condition::mark(MarkType::STAR) & !Condition::muted(true);
    /// let query = ConversationQuery::condition(wanted)?;
    /// # let _ = query;
    /// # Ok::<(), conv_model::QueryError>(())
    /// ```
    ///
    /// # Errors
    /// [`QueryError::TooDeep`] if it is nested more than [`Condition::MAX_DEPTH`] deep.
    pub fn condition(condition: Condition) -> Result<Self, QueryError> {
        if condition.is_within(Condition::MAX_DEPTH) {
            Ok(Self::Where(Checked(condition)))
        } else {
            Err(QueryError::TooDeep)
        }
    }
}

/// An empty array does not compile:
///
/// ```compile_fail
/// use conv_model::{ConversationId, ConversationQuery};
///
/// let nothing: [ConversationId; 0] = [];
/// let _ = ConversationQuery::from(nothing);
/// ```
impl<const N: usize> From<[ConversationId; N]> for ConversationQuery {
    fn from(ids: [ConversationId; N]) -> Self {
        const { assert!(N > 0, "expected at least one conversation ID") };
        Self::Ids(Checked(ids.into()))
    }
}

/// An empty array does not compile:
///
/// ```compile_fail
/// use conv_model::{ConversationId, ConversationQuery};
///
/// let nothing: [&ConversationId; 0] = [];
/// let _ = ConversationQuery::from(nothing);
/// ```
impl<const N: usize> From<[&ConversationId; N]> for ConversationQuery {
    fn from(ids: [&ConversationId; N]) -> Self {
        const { assert!(N > 0, "expected at least one conversation ID") };
        Self::Ids(Checked(ids.into_iter().cloned().collect()))
    }
}
