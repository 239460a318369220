//! When a lease is renewed, and when it is over: a plain state machine.

use std::{ops::Add, time::Duration};

/// Time is whatever can be added to: Tokio's clock, or one that a test turns.
pub(super) trait Time: Copy + Ord + Add<Duration, Output = Self> {}

impl<T: Copy + Ord + Add<Duration, Output = T>> Time for T {}

/// How long a lease is held for sure.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tenure<T> {
    lasts: Duration,
    /// Somebody else may have it from now on.
    ends: T,
    /// When it is to be renewed.
    due: T,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step<T> {
    /// Nothing, until a time.
    Wait(T),
    /// Ask for more time.
    Renew,
    /// Nothing more: somebody else may have it.
    Over,
}

impl<T: Time> Tenure<T> {
    /// Of a lease that was asked for at a time: it cannot have been given before.
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

    /// More time was given, when asked at a time.
    pub(super) fn renewed(&mut self, asked: T) {
        *self = Self::new(asked, self.lasts);
    }

    /// Nobody answered: it is tried again soon.
    pub(super) fn failed(&mut self, now: T) {
        self.due = now + self.lasts / 10;
    }
}

#[cfg(test)]
mod tests;
