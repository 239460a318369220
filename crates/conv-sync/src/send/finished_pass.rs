//! A complete pass, as a sender compares mutations with it.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use conv_model::{ConversationId, Timestamp};
use serde::{Deserialize, Serialize};

use super::moment::Moment;

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
    /// The date at which it began; `None` if the driver has no clock of dates.
    pub wall_time: Option<Timestamp>,
    /// The rows whose conversation groups it could not name, so that they show older ones: see
    /// [`Puller::unnamed`](crate::Puller::unnamed).
    pub unnamed: Arc<BTreeSet<ConversationId>>,
}

impl FinishedPass {
    /// A pass that began at a moment of the driver's clock, and named the groups of all rows.
    pub fn new(began: Duration) -> Self {
        Self { began, wall_time: None, unnamed: Arc::default() }
    }

    /// Sets the date at which it began, to be compared with [`SendView::wall_time`](crate::SendView):
    /// a driver's clock may stand still while its device is suspended.
    #[must_use]
    pub fn with_wall_time(self, wall_time: Option<Timestamp>) -> Self {
        Self { wall_time, ..self }
    }

    /// Sets the rows whose conversation groups it could not name.
    #[must_use]
    pub fn with_unnamed(self, unnamed: BTreeSet<ConversationId>) -> Self {
        Self { unnamed: Arc::new(unnamed), ..self }
    }

    /// Returns true if it says what the cloud has now: it began a minute ago or less, by both clocks.
    /// After the device was suspended, or its date was set, it does not.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use conv_model::Timestamp;
    /// use conv_sync::FinishedPass;
    ///
    /// let date = |seconds: u64| Some(Timestamp::from_secs(1_775_000_000 + seconds));
    /// let pass = FinishedPass::new(Duration::from_secs(7)).with_wall_time(date(0));
    /// let now = Duration::from_secs(27);
    /// assert!(pass.is_recent(now, date(20)));
    /// assert!(!pass.is_recent(now, date(10_000)));
    /// ```
    pub fn is_recent(&self, now: Duration, wall_time: Option<Timestamp>) -> bool {
        self.moment().is_recent(Moment::new(now, wall_time))
    }

    pub(super) fn moment(&self) -> Moment {
        Moment::new(self.began, self.wall_time)
    }
}

impl From<Duration> for FinishedPass {
    fn from(began: Duration) -> Self {
        Self::new(began)
    }
}
