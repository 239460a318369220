//! One step from a list to the next.

use std::sync::Arc;

use conv_model::{Conversation, ConversationId, Removal};
use serde::Serialize;
use thiserror::Error;

/// One step from the rows of a live list to the next, to be taken in order.
///
/// An index counts the rows as they stand when the step is taken.
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
    /// A row comes to stand at `index`; those from there on make room.
    Insert {
        /// Where it stands then.
        index: usize,
        /// The row.
        row: Arc<Conversation>,
    },
    /// A row is taken out at `from`, and then comes to stand at `to`. It may be another than
    /// before in more than its place.
    Move {
        /// Where it stood.
        from: usize,
        /// Where it stands then, counted without the row that was taken out.
        to: usize,
        /// The row.
        row: Arc<Conversation>,
    },
    /// A row is another than before, at the same place.
    Update {
        /// Where it stands.
        index: usize,
        /// The row.
        row: Arc<Conversation>,
    },
    /// A row is gone from the list.
    Remove {
        /// Where it stood.
        index: usize,
        /// Which it was.
        #[serde(rename = "conversationID")]
        id: ConversationId,
        /// Why.
        reason: RemoveReason,
    },
}

/// Why a row is gone from a live list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum RemoveReason {
    /// A finished pass did not find it in the cloud.
    NotInCloud,
    /// Its retention ended.
    Expired,
    /// Somebody said that it is gone.
    Deleted,
    /// It is cached, but no longer what the query asks for.
    LeftFilter,
    /// It is still what the query asks for, but stands below the window.
    BelowWindow,
}

/// A patch that does not fit the rows: they are not those that the live list gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[error("patch does not fit the rows at index {index} of {len}")]
#[non_exhaustive]
pub struct PatchError {
    /// Where it was to be applied.
    pub index: usize,
    /// How many rows there are.
    pub len: usize,
}

impl Patch {
    /// Which row it is about.
    pub fn id(&self) -> &ConversationId {
        match self {
            Self::Insert { row, .. } | Self::Move { row, .. } | Self::Update { row, .. } => &row.id,
            Self::Remove { id, .. } => id,
        }
    }

    /// Takes the step, whole or not at all.
    ///
    /// # Errors
    /// If an index is out of range, or another row stands there.
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

/// The row at an index, if it is the one that is meant.
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
