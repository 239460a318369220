//! The times of a lease's renewals and of its end: a plain state machine.

use std::{ops::Add, time::Duration};

/// A point in time: of Tokio's clock, or of one that a test turns.
pub(super) trait Time: Copy + Ord + Add<Duration, Output = Self> {}

impl<T: Copy + Ord + Add<Duration, Output = T>> Time for T {}

/// The time that a lease is certainly held.
#[derive(Clone, Copy, Debug)]
pub(super) struct LeaseTimer<T> {
    lasts: Duration,
    /// The time from which another process may have it.
    ends: T,
    /// The time of the next renewal.
    due: T,
}

/// The next step of the holder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step<T> {
    /// Wait until a time.
    Wait(T),
    /// Renew the lease.
    Renew,
    /// Stop: another process may have it.
    Over,
}

impl<T: Time> LeaseTimer<T> {
    /// Starts with the time of the request for the lease, before which it cannot have been granted.
    pub(super) fn new(asked: T, lasts: Duration) -> Self {
        Self { lasts, ends: asked + lasts, due: asked + lasts / 3 }
    }

    pub(super) fn step(&self, now: T) -> Step<T> {
        if now >= self.ends {
            Step::Over
        } else if now >= self.due {
            Step::Renew
        } else {
            Step::Wait(self.due)
        }
    }

    /// Records a renewal that was requested at a time.
    pub(super) fn renewed(&mut self, asked: T) {
        *self = Self::new(asked, self.lasts);
    }

    /// Records a renewal that failed. It is tried again soon.
    pub(super) fn failed(&mut self, now: T) {
        self.due = now + self.lasts / 10;
    }
}

#[cfg(test)]
mod tests;
