//! Moments by both clocks of a device.

use std::time::Duration;

use conv_model::Timestamp;
use serde::{Deserialize, Serialize};

/// The age up to which a pass says what the cloud has now. A deletion names no moment, so that a message
/// which came since goes with it unseen.
const RECENT: Duration = Duration::from_secs(60);

/// A moment by both clocks of a device: a monotonic one, which may stand still while the device is
/// suspended, and one of dates, which may be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Moment {
    pub(super) clock: Duration,
    pub(super) wall: Option<Timestamp>,
}

impl Moment {
    pub(super) fn new(clock: Duration, wall: Option<Timestamp>) -> Self {
        Self { clock, wall }
    }

    /// Returns whether it was a minute ago or less, by both clocks.
    pub(super) fn is_recent(self, now: Self) -> bool {
        let by_wall = match (self.wall, now.wall) {
            (Some(then), Some(now)) => seconds(then, now).is_some_and(|it| it <= RECENT),
            (None, _) => true,
            // Its clock of dates went back beyond 1970.
            (Some(_), None) => false,
        };
        now.clock.saturating_sub(self.clock) <= RECENT && by_wall
    }

    /// Returns whether the date went on by no more than the other clock until a later moment: the device
    /// was not suspended meanwhile, and its date was not set.
    pub(super) fn was_awake_until(self, later: Self) -> bool {
        let passed = later.clock.saturating_sub(self.clock).saturating_add(RECENT);
        match (self.wall, later.wall) {
            (Some(then), Some(now)) => seconds(then, now).is_some_and(|it| it <= passed),
            (None, _) => true,
            (Some(_), None) => false,
        }
    }
}

/// Returns the time between two dates; `None` if the second one is the earlier. Seconds are cut: one of
/// them may be too many.
fn seconds(then: Timestamp, now: Timestamp) -> Option<Duration> {
    let passed = now.as_secs().checked_sub(then.as_secs())?;
    Some(Duration::from_secs(passed.saturating_sub(1)))
}
