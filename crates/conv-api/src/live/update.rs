//! The updates of a live list.

use std::{collections::HashMap, sync::Arc};

use conv_model::{Conversation, ConversationId, Position, Seq};
use conv_store::Totals;
use serde::Serialize;

use super::{Patch, PatchError};

/// The next state of a live list: the change of its rows, their commit and their totals.
///
/// As JSON it is one object, such as
/// `{"type":"patch","patches":[…],"seq":7,"position":"00c0ffee00c0ffee.7","totals":{…}}`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct LiveUpdate {
    /// The change of the rows.
    #[serde(flatten)]
    pub change: LiveChange,
    /// The number of the commit that the rows are of then.
    pub seq: Seq,
    /// The position that the rows are of: what to [resume](super::LiveList::resume) from later. `None`
    /// while the list has none, see [`Snapshot::position`](conv_store::Snapshot::position).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<Position>,
    /// Sums over all rows that match the query, including those below the window.
    pub totals: Totals,
}

/// The change of a live list's rows.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum LiveChange {
    /// All rows: in the first update, unless that resumes, and after the reader was too slow for steps.
    Reset {
        /// The rows, in list order.
        rows: Vec<Arc<Conversation>>,
    },
    /// Single steps; none if the totals alone changed.
    Patch {
        /// The steps, in order. Readers of the same query share them.
        patches: Arc<[Patch]>,
    },
    /// The rows of a window as a difference to those at the position that the reader resumed from: only
    /// in the first update, if the steps from there are no longer known.
    Sync {
        /// The IDs of the rows, in list order. Rows that are not in it have left.
        order: Vec<ConversationId>,
        /// The rows that the reader does not hold as they are, in list order.
        rows: Vec<Arc<Conversation>>,
    },
}

impl LiveUpdate {
    /// Brings rows to this state.
    ///
    /// # Errors
    /// If the rows are not those that the live list gave: then they are half changed; subscribe again
    /// for whole ones, without resuming.
    pub fn apply(&self, rows: &mut Vec<Arc<Conversation>>) -> Result<(), PatchError> {
        match &self.change {
            LiveChange::Reset { rows: all } => rows.clone_from(all),
            LiveChange::Patch { patches } => {
                patches.iter().try_for_each(|patch| patch.apply(rows))?;
            }
            LiveChange::Sync { order, rows: newer } => *rows = arranged(order, newer, rows)?,
        }
        Ok(())
    }
}

/// Returns rows in an order, each in its newer form if there is one.
fn arranged(
    order: &[ConversationId],
    newer: &[Arc<Conversation>],
    held: &[Arc<Conversation>],
) -> Result<Vec<Arc<Conversation>>, PatchError> {
    let by_id: HashMap<_, _> = held.iter().chain(newer).map(|row| (&row.id, row)).collect();
    let found = order.iter().enumerate().map(|(index, id)| {
        let row = by_id.get(id).map(|row| Arc::clone(row));
        row.ok_or(PatchError { index, len: held.len() })
    });
    found.collect()
}
