//! A complete pass, as a sender compares mutations with it.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use conv_model::ConversationId;
use serde::{Deserialize, Serialize};

/// A complete pass, as a sender compares mutations with it.
///
/// ```
/// use std::time::Duration;
///
/// use conv_sync::FinishedPass;
///
/// let pass = FinishedPass::from(Duration::from_secs(7));
/// assert_eq!(pass, FinishedPass::new(Duration::from_secs(7)));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FinishedPass {
    /// When it began, on the driver's clock. One that began at the very moment of an acknowledgement
    /// counts as begun after it.
    pub began: Duration,
    /// The rows whose conversation groups it could not name, so that they show older ones: see
    /// [`Puller::unnamed`](crate::Puller::unnamed).
    pub unnamed: Arc<BTreeSet<ConversationId>>,
}

impl FinishedPass {
    /// A pass that began at a moment of the driver's clock, and named the groups of all rows.
    pub fn new(began: Duration) -> Self {
        Self { began, unnamed: Arc::default() }
    }

    /// Sets the rows whose conversation groups it could not name.
    #[must_use]
    pub fn with_unnamed(self, unnamed: BTreeSet<ConversationId>) -> Self {
        Self { unnamed: Arc::new(unnamed), ..self }
    }
}

impl From<Duration> for FinishedPass {
    fn from(began: Duration) -> Self {
        Self::new(began)
    }
}
