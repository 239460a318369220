//! The cloud's clock, as its replies told it.

use std::{
    sync::{Mutex, PoisonError},
    time::{SystemTime, UNIX_EPOCH},
};

use conv_model::Timestamp;
use tokio::time::Instant;

/// The time the cloud told last, and the monotonic time that went by since.
#[derive(Debug, Default)]
pub(super) struct CloudTime {
    // Held for a copy only, never across an await.
    told: Mutex<Option<(Timestamp, Instant)>>,
}

impl CloudTime {
    /// Takes note of what a reply said; zero says nothing.
    pub(super) fn note(&self, time: Timestamp) {
        if !time.is_zero() {
            *self.told.lock().unwrap_or_else(PoisonError::into_inner) =
                Some((time, Instant::now()));
        }
    }

    /// The time to sign by. Until the cloud has told its time, the device's clock has to do: if
    /// that is wrong, the cloud refuses the first UserSig and tells its time along with that.
    pub(super) fn now(&self) -> Timestamp {
        match *self.told.lock().unwrap_or_else(PoisonError::into_inner) {
            Some((time, since)) => time.plus_secs(since.elapsed().as_secs()),
            None => device_time(),
        }
    }
}

fn device_time() -> Timestamp {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH);
    Timestamp::from_secs(since_1970.map_or(0, |time| time.as_secs()))
}

/// Reads an HTTP date; zero if it is none or not a moment from 2010 to 2100.
pub(super) fn of_http_date(text: &str) -> Timestamp {
    httpdate::parse_http_date(text)
        .ok()
        .and_then(|time| time.duration_since(UNIX_EPOCH).ok())
        .and_then(|time| i64::try_from(time.as_secs()).ok())
        .and_then(|seconds| Timestamp::from_cloud(seconds).ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_clouds_time_runs_on_by_the_monotonic_clock() {
        let time = CloudTime::default();
        assert!(time.now() > Timestamp::from_secs(1_600_000_000));
        time.note(Timestamp::from_secs(1_300_000_000));
        time.note(Timestamp::ZERO);
        tokio::time::advance(Duration::from_secs(5)).await;
        assert_eq!(time.now(), Timestamp::from_secs(1_300_000_005));
    }

    #[test]
    fn odd_dates_are_no_time() {
        let noon = of_http_date("Tue, 14 Nov 2023 22:13:20 GMT");
        assert_eq!(noon, Timestamp::from_secs(1_700_000_000));
        for text in ["", "now", "Thu, 01 Jan 1970 00:00:01 GMT", "Fri, 01 Jan 2100 00:00:00 GMT"] {
            assert_eq!(of_http_date(text), Timestamp::ZERO, "{text}");
        }
    }
}
