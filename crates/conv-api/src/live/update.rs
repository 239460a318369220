//! The updates of a live list.

use std::sync::Arc;

use conv_model::{Conversation, Seq};
use conv_store::Totals;
use serde::Serialize;

use super::{Patch, PatchError};

/// The next state of a live list: the change of its rows, their commit and their totals.
///
/// As JSON it is one object, such as `{"type":"patch","patches":[…],"seq":7,"totals":{…}}`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct LiveUpdate {
    /// The change of the rows.
    #[serde(flatten)]
    pub change: LiveChange,
    /// The number of the commit that the rows are of then.
    pub seq: Seq,
    /// Sums over all rows that match the query, including those below the window.
    pub totals: Totals,
}

/// The change of a live list's rows.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum LiveChange {
    /// All rows: in the first update, and after the reader was too slow for steps.
    Reset {
        /// The rows, in list order.
        rows: Vec<Arc<Conversation>>,
    },
    /// Single steps; none if the totals alone changed.
    Patch {
        /// The steps, in order. Readers of the same query share them.
        patches: Arc<[Patch]>,
    },
}

impl LiveUpdate {
    /// Brings rows to this state.
    ///
    /// # Errors
    /// If the rows are not those that the live list gave: then they are half changed; subscribe again
    /// for whole ones.
    pub fn apply(&self, rows: &mut Vec<Arc<Conversation>>) -> Result<(), PatchError> {
        match &self.change {
            LiveChange::Reset { rows: all } => rows.clone_from(all),
            LiveChange::Patch { patches } => {
                patches.iter().try_for_each(|patch| patch.apply(rows))?;
            }
        }
        Ok(())
    }
}
