//! What a live list gives.

use std::sync::Arc;

use conv_model::{Conversation, Seq};
use conv_store::Totals;
use serde::Serialize;

use super::{Patch, PatchError};

/// The next state of a live list: how its rows change, as of which commit, and what they sum up to.
///
/// As JSON it is one object, such as `{"type":"patch","patches":[…],"seq":7,"totals":{…}}`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct LiveUpdate {
    /// How the rows change.
    #[serde(flatten)]
    pub change: LiveChange,
    /// The number of the commit that the rows are of then.
    pub seq: Seq,
    /// Sums over all rows that the query asks for, those below the window included.
    pub totals: Totals,
}

/// How the rows of a live list change.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum LiveChange {
    /// All rows anew: the first time, and where the reader was too slow for steps.
    Reset {
        /// The rows, in list order.
        rows: Vec<Arc<Conversation>>,
    },
    /// Step by step. There may be no step, when the totals alone changed.
    Patch {
        /// The steps, in order. Readers of the same query share them.
        patches: Arc<[Patch]>,
    },
}

impl LiveUpdate {
    /// Brings rows to this state.
    ///
    /// # Errors
    /// If the rows are not those that the live list gave: then they are half changed, and a list
    /// subscribed anew gives them whole.
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
