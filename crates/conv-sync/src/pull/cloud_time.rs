//! The cloud's time between its answers.

use std::time::Duration;

use conv_model::Timestamp;
use serde::{Deserialize, Serialize};

/// The last time that the cloud gave, with the driver's time at which it came; unknown before.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(super) struct CloudTime(Option<(Timestamp, Duration)>);

impl CloudTime {
    pub(super) fn learn(&mut self, time: Option<Timestamp>, now: Duration) {
        if let Some(time) = time {
            self.0 = Some((time, now));
        }
    }

    /// Returns the cloud's time at `moment` of the driver's clock. Rounds down, since the cloud
    /// states whole seconds.
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
