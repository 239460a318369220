//! Effects that show later than the answer that promises them.

use std::time::Duration;

/// The delay between the answer to a write and the moment at which its effect shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Lag {
    /// This long by the world's clock, which [`World::advance`](crate::World::advance) moves.
    Time(Duration),
    /// This many calls after the write, of any command and any account. The first call after them
    /// meets the effect. Calls that a fault or the gate answers do not count.
    Calls(u64),
}

impl Lag {
    /// The end of a lag that begins with the call being run, which is the one after `served`.
    pub(crate) fn end(self, now: Duration, served: u64) -> Due {
        match self {
            Self::Time(time) => Due::At(now.saturating_add(time)),
            Self::Calls(calls) => Due::Served(served.saturating_add(1).saturating_add(calls)),
        }
    }
}

/// The end of a [`Lag`].
#[derive(Clone, Copy, Debug)]
pub(crate) enum Due {
    /// A time since 1970.
    At(Duration),
    /// A number of calls that were run.
    Served(u64),
}

impl Due {
    pub(crate) fn is_past(self, now: Duration, served: u64) -> bool {
        match self {
            Self::At(end) => end <= now,
            Self::Served(end) => end <= served,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lag_of_two_calls_ends_before_the_third_call_after_the_write() {
        let now = Duration::ZERO;
        let due = Lag::Calls(2).end(now, 7);
        // The write is call 8; calls 9 and 10 begin when 8 and 9 were run.
        assert!(!due.is_past(now, 8));
        assert!(!due.is_past(now, 9));
        assert!(due.is_past(now, 10));
    }

    #[test]
    fn a_lag_in_seconds_ends_at_its_last_moment() {
        let due = Lag::Time(Duration::from_secs(3)).end(Duration::from_secs(10), 0);
        assert!(!due.is_past(Duration::from_millis(12_999), 9));
        assert!(due.is_past(Duration::from_secs(13), 0));
    }
}
