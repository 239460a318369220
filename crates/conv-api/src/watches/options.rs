//! The levels of interest, and the times of the schedule.

use std::{num::NonZeroU32, time::Duration};

/// The urgency of an account for those who watch it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum WatchLevel {
    /// It is to be fresh, and others go first: a hidden page, a badge.
    Background,
    /// A user looks at it.
    #[default]
    Visible,
}

/// The times at which watched accounts are pulled.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WatchOptions {
    /// The time from the first mark of an account to its pass: further marks within it cost nothing.
    pub delay: Duration,
    /// The least time between the beginnings of two passes of an account.
    pub interval: Duration,
    /// The longest delay and interval: while passes queue up, both grow to the time that the queue needs.
    pub longest: Duration,
    /// The time without a pass after which an account is pulled without a mark.
    pub safety: Duration,
    /// The same, if no mark came for any account within [`silence`](Self::silence).
    pub safety_in_silence: Duration,
    /// The time without any mark after which they count as lost.
    pub silence: Duration,
    /// The most accounts marked per second because a row of theirs changed.
    pub holders_per_second: NonZeroU32,
    /// The most suggestions shown per second in all lists together; beyond it, passes show the messages.
    pub suggestions_per_second: NonZeroU32,
}

impl Default for WatchOptions {
    fn default() -> Self {
        Self {
            delay: Duration::from_millis(200),
            interval: Duration::from_secs(1),
            longest: Duration::from_secs(5),
            safety: Duration::from_secs(600),
            safety_in_silence: Duration::from_secs(60),
            silence: Duration::from_secs(300),
            holders_per_second: NonZeroU32::MIN.saturating_add(79),
            suggestions_per_second: NonZeroU32::MIN.saturating_add(1_999),
        }
    }
}

impl WatchOptions {
    /// Sets the time from the first mark of an account to its pass; 200 ms by default.
    #[must_use]
    pub fn with_delay(self, delay: Duration) -> Self {
        Self { delay, ..self }
    }

    /// Sets the least time between the beginnings of two passes of an account; a second by default.
    #[must_use]
    pub fn with_interval(self, interval: Duration) -> Self {
        Self { interval, ..self }
    }

    /// Sets what delay and interval grow to while passes queue up; 5 seconds by default.
    #[must_use]
    pub fn with_longest(self, longest: Duration) -> Self {
        Self { longest, ..self }
    }

    /// Sets the time without a pass after which an account is pulled without a mark: ten minutes by
    /// default, and one minute if no mark came for any account within five. Both grow with the number
    /// of watched accounts, so that these passes use at most half of the budget.
    #[must_use]
    pub fn with_safety(self, safety: Duration, in_silence: Duration) -> Self {
        Self { safety, safety_in_silence: in_silence, ..self }
    }

    /// Sets the time without any mark after which they count as lost; five minutes by default.
    #[must_use]
    pub fn with_silence(self, silence: Duration) -> Self {
        Self { silence, ..self }
    }

    /// Sets the most accounts marked per second because a row of theirs changed; 80 by default.
    #[must_use]
    pub fn with_holders_per_second(self, accounts: NonZeroU32) -> Self {
        Self { holders_per_second: accounts, ..self }
    }

    /// Sets the most [suggestions](crate::Accounts::suggest) shown per second in all lists together;
    /// 2,000 by default.
    #[must_use]
    pub fn with_suggestions_per_second(self, lists: NonZeroU32) -> Self {
        Self { suggestions_per_second: lists, ..self }
    }
}
