//! The cloud's clock, derived from its replies.

use std::{
    sync::{Mutex, PoisonError},
    time::{SystemTime, UNIX_EPOCH},
};

use conv_model::Timestamp;
use tokio::time::Instant;

/// The tolerance in seconds between a reply's time and the clock's: the machines of a cloud differ
/// by less, and a reply takes less.
const TOLERANCE: u64 = 60;

/// The cloud's clock: a time that a reply stated, and the monotonic time since.
///
/// A time that contradicts the clock counts only once the next reply agrees with it. So one odd
/// `Date`, of a proxy or a machine whose clock is wrong, changes nothing; if the clock really was
/// set, or the device slept, the correction takes one more reply.
#[derive(Debug, Default)]
pub(super) struct CloudTime {
    // Held for a copy only, never across an await.
    clock: Mutex<Clock>,
}

#[derive(Debug, Default)]
struct Clock {
    believed: Option<Reading>,
    doubted: Option<Reading>,
}

/// A time that a reply stated, and the time at which it came.
#[derive(Clone, Copy, Debug)]
struct Reading {
    time: Timestamp,
    at: Instant,
}

impl CloudTime {
    /// Takes in the time of a reply, and returns the clock's time; `None` if no reply has stated a
    /// time yet.
    pub(super) fn note(&self, stated: Option<Timestamp>) -> Option<Timestamp> {
        let mut clock = self.clock.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(time) = stated {
            let reading = Reading { time, at: Instant::now() };
            let Clock { believed, doubted } = *clock;
            let is_agreed = |other: Option<Reading>| other.is_some_and(|o| o.agrees_with(reading));
            if believed.is_none() || is_agreed(believed) || is_agreed(doubted) {
                *clock = Clock { believed: Some(reading), doubted: None };
            } else {
                clock.doubted = Some(reading);
            }
        }
        clock.believed.map(Reading::now)
    }

    /// Sets the clock to the time of a reply that refused a UserSig made by this clock: here the
    /// cloud's time decides.
    pub(super) fn correct(&self, stated: Option<Timestamp>) {
        if let Some(time) = stated {
            let mut clock = self.clock.lock().unwrap_or_else(PoisonError::into_inner);
            *clock = Clock { believed: Some(Reading { time, at: Instant::now() }), doubted: None };
        }
    }

    /// Returns the clock's time; `None` if no reply has stated a time yet.
    pub(super) fn known(&self) -> Option<Timestamp> {
        self.note(None)
    }

    /// Returns the time to sign by: the device's until a reply has stated the cloud's. If the
    /// device's is wrong, the cloud refuses the first UserSig, and that reply states the right
    /// time.
    pub(super) fn now(&self) -> Timestamp {
        self.known().unwrap_or_else(device_time)
    }

    /// Returns a time after every message, even if one of the clocks is behind.
    pub(super) fn latest(&self) -> Timestamp {
        self.now().max(device_time()).plus_secs(TOLERANCE)
    }
}

impl Reading {
    fn now(self) -> Timestamp {
        self.time.plus_secs(self.at.elapsed().as_secs())
    }

    fn agrees_with(self, later: Self) -> bool {
        is_near(self.now(), later.time)
    }
}

/// Returns true if two times may come from the same clock.
pub(super) fn is_near(one: Timestamp, other: Timestamp) -> bool {
    one.as_secs().abs_diff(other.as_secs()) <= TOLERANCE
}

fn device_time() -> Timestamp {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH);
    Timestamp::from_secs(since_1970.map_or(0, |time| time.as_secs()))
}

/// Reads an HTTP date; `None` if it is not one, or not a moment from 2010 to 2100.
pub(super) fn of_http_date(text: &str) -> Option<Timestamp> {
    let since_1970 = httpdate::parse_http_date(text).ok()?.duration_since(UNIX_EPOCH).ok()?;
    let time = Timestamp::from_cloud(i64::try_from(since_1970.as_secs()).ok()?).ok()?;
    (!time.is_zero()).then_some(time)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const START: u64 = 1_300_000_000;
    const YEAR: u64 = 365 * 24 * 3600;

    fn at(seconds: u64) -> Option<Timestamp> {
        Some(Timestamp::from_secs(seconds))
    }

    async fn pass(seconds: u64) {
        tokio::time::advance(Duration::from_secs(seconds)).await;
    }

    #[tokio::test(start_paused = true)]
    async fn the_clouds_time_runs_on_by_the_monotonic_clock() {
        let time = CloudTime::default();
        assert_eq!((time.known(), time.note(None)), (None, None));
        assert!(time.now() > Timestamp::from_secs(1_600_000_000));
        assert_eq!(time.note(at(START)), at(START));
        pass(5).await;
        assert_eq!(time.note(None), at(START + 5));
        assert_eq!(time.now(), Timestamp::from_secs(START + 5));
        assert_eq!(time.note(at(START + 7)), at(START + 7));
    }

    #[tokio::test(start_paused = true)]
    async fn one_odd_time_changes_nothing() {
        for odd in [START + YEAR, START - YEAR, START + 100] {
            let time = CloudTime::default();
            time.note(at(START));
            pass(1).await;
            assert_eq!(time.note(at(odd)), at(START + 1), "{odd}");
            pass(1).await;
            assert_eq!(time.note(at(START + 2)), at(START + 2), "{odd}");
            // The agreeing reply cleared the doubted time, so a second odd one is needed again.
            assert_eq!(time.note(at(odd)), at(START + 2), "{odd}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_second_reply_that_agrees_sets_the_clock() {
        for set in [START + YEAR, START - YEAR] {
            let time = CloudTime::default();
            time.note(at(START));
            time.note(at(set));
            pass(3).await;
            assert_eq!(time.note(at(set + 3)), at(set + 3));
            pass(1).await;
            assert_eq!(time.known(), at(set + 4));
        }
        let time = CloudTime::default();
        time.note(at(START));
        for odd in 1..5 {
            assert_eq!(time.note(at(START + odd * YEAR)), at(START), "no two of them agree");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_reply_that_refuses_a_user_sig_sets_the_clock_at_once() {
        let time = CloudTime::default();
        time.note(at(START + YEAR));
        time.correct(None);
        assert_eq!(time.known(), at(START + YEAR));
        time.correct(at(START));
        assert_eq!(time.known(), at(START));
    }

    #[test]
    fn odd_dates_are_no_time() {
        let noon = of_http_date("Tue, 14 Nov 2023 22:13:20 GMT");
        assert_eq!(noon, at(1_700_000_000));
        for text in [
            "",
            "now",
            "Thu, 01 Jan 1970 00:00:00 GMT",
            "Thu, 01 Jan 1970 00:00:01 GMT",
            "Fri, 01 Jan 2100 00:00:00 GMT",
        ] {
            assert_eq!(of_http_date(text), None, "{text}");
        }
    }
}
