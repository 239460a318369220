//! One step from a list to the next.

use std::sync::Arc;

use conv_model::{Conversation, ConversationId, Removal};
use serde::Serialize;
use thiserror::Error;

/// One step from the rows of a live list to the next, to be taken in order.
///
/// An index refers to the rows at the moment the step is taken.
///
/// ```
/// use std::sync::Arc;
///
/// use conv_api::{Conversation, ConversationId, Patch};
///
/// let mut rows = Vec::new();
/// let row = Arc::new(Conversation::new(ConversationId::c2c("alice")?));
/// Patch::Insert { index: 0, row: Arc::clone(&row) }.apply(&mut rows).unwrap();
/// assert!(Arc::ptr_eq(&rows[0], &row));
///
/// // What does not fit changes nothing.
/// let update = Patch::Update { index: 7, row };
/// assert!(update.apply(&mut rows).is_err());
/// assert_eq!(rows.len(), 1);
/// # Ok::<(), conv_api::ParseIdError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum Patch {
    /// Inserts a row at `index`; the rows from there on move down.
    Insert {
        /// Its index afterwards.
        index: usize,
        /// The row.
        row: Arc<Conversation>,
    },
    /// Takes a row out at `from`, and inserts it at `to`. Its values may have changed, too.
    Move {
        /// Its index before.
        from: usize,
        /// Its index afterwards, counted without the row that was taken out.
        to: usize,
        /// The row.
        row: Arc<Conversation>,
    },
    /// Replaces a row at the same index.
    Update {
        /// Its index.
        index: usize,
        /// The row.
        row: Arc<Conversation>,
    },
    /// Removes a row.
    Remove {
        /// Its index before.
        index: usize,
        /// Its ID.
        #[serde(rename = "conversationID")]
        id: ConversationId,
        /// The reason.
        reason: RemoveReason,
    },
}

/// The reason a row left a live list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum RemoveReason {
    /// A finished pass did not find it in the cloud.
    NotInCloud,
    /// Its retention ended.
    Expired,
    /// A change said that it is gone.
    Deleted,
    /// It is cached, but no longer matches the query.
    LeftFilter,
    /// It still matches the query, but is below the window.
    BelowWindow,
}

/// A patch that does not fit the rows: they are not those that the live list gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[error("patch does not fit the rows at index {index} of {len}")]
#[non_exhaustive]
pub struct PatchError {
    /// The index it was for.
    pub index: usize,
    /// The number of rows.
    pub len: usize,
}

impl Patch {
    /// Returns the ID of its row.
    pub fn id(&self) -> &ConversationId {
        match self {
            Self::Insert { row, .. } | Self::Move { row, .. } | Self::Update { row, .. } => &row.id,
            Self::Remove { id, .. } => id,
        }
    }

    /// Takes the step, whole or not at all.
    ///
    /// # Errors
    /// If an index is out of range, or another row is there.
    pub fn apply(&self, rows: &mut Vec<Arc<Conversation>>) -> Result<(), PatchError> {
        match self {
            Self::Insert { index, row } => {
                fits(rows, *index, *index <= rows.len())?;
                rows.insert(*index, Arc::clone(row));
            }
            Self::Move { from, to, row } => {
                check(rows, *from, &row.id)?;
                fits(rows, *to, *to < rows.len())?;
                rows.remove(*from);
                rows.insert(*to, Arc::clone(row));
            }
            Self::Update { index, row } => *check(rows, *index, &row.id)? = Arc::clone(row),
            Self::Remove { index, id, .. } => {
                check(rows, *index, id)?;
                rows.remove(*index);
            }
        }
        Ok(())
    }
}

impl From<Removal> for RemoveReason {
    fn from(removal: Removal) -> Self {
        match removal {
            Removal::NotInCloud => Self::NotInCloud,
            Removal::Expired => Self::Expired,
            _ => Self::Deleted,
        }
    }
}

/// Returns the row at an index, if it is the expected one.
fn check<'a>(
    rows: &'a mut [Arc<Conversation>],
    index: usize,
    id: &ConversationId,
) -> Result<&'a mut Arc<Conversation>, PatchError> {
    let len = rows.len();
    rows.get_mut(index).filter(|row| row.id == *id).ok_or(PatchError { index, len })
}

fn fits(rows: &[Arc<Conversation>], index: usize, is_fit: bool) -> Result<(), PatchError> {
    if is_fit { Ok(()) } else { Err(PatchError { index, len: rows.len() }) }
}
