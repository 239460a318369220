//! The cloud's time between its answers.

use std::time::Duration;

use conv_model::Timestamp;
use serde::{Deserialize, Serialize};

/// The time that the cloud gave last, with the moment of the driver's clock at which it came.
/// Unknown until the cloud gives one.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(super) struct CloudTime(Option<(Timestamp, Duration)>);

impl CloudTime {
    pub(super) fn learn(&mut self, time: Option<Timestamp>, now: Duration) {
        if let Some(time) = time {
            self.0 = Some((time, now));
        }
    }

    /// The cloud's time at a moment of the driver's clock: not later than it was, whole seconds
    /// being all that is known.
    pub(super) fn at(self, moment: Duration) -> Option<Timestamp> {
        let (time, came) = self.0?;
        let secs = match moment.checked_sub(came) {
            Some(since) => time.as_secs().saturating_add(since.as_secs()),
            None => time.as_secs().saturating_sub(whole_secs(came.saturating_sub(moment))),
        };
        Some(Timestamp::from_secs(secs))
    }
}

fn whole_secs(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}
