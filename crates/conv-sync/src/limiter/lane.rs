//! The queue of one command's calls.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use governor::{
    Quota, RateLimiter, clock,
    middleware::NoOpMiddleware,
    state::{InMemoryState, NotKeyed},
};
use tokio::time::Instant;

/// Lets calls through at a rate, in order of arrival.
#[derive(Debug)]
pub(super) struct Lane {
    /// The first call holds it while it waits. Tokio's mutex is fair, and a dropped call leaves the
    /// queue without using up anything.
    first: tokio::sync::Mutex<()>,
    clock: Clock,
    rate: RateLimiter<NotKeyed, InMemoryState, Clock, NoOpMiddleware<Duration>>,
    // Held for a copy only, never across an await.
    held_until: Mutex<Duration>,
}

impl Lane {
    pub(super) fn new(quota: Quota) -> Self {
        let clock = Clock(Instant::now());
        Self {
            first: tokio::sync::Mutex::default(),
            clock,
            rate: RateLimiter::direct_with_clock(quota, clock),
            held_until: Mutex::default(),
        }
    }

    /// Waits until the next call may go out.
    pub(super) async fn next(&self) {
        let _first = self.first.lock().await;
        // Checked again after each wait: the lane may have been held back meanwhile.
        while let Some(wait) = self.wait() {
            tokio::time::sleep(wait).await;
        }
    }

    /// Returns the remaining wait; `None` if the call may go out, which uses it up.
    fn wait(&self) -> Option<Duration> {
        let now = clock::Clock::now(&self.clock);
        let held_until = *self.held_until.lock().unwrap_or_else(PoisonError::into_inner);
        if now < held_until {
            return Some(held_until - now);
        }
        self.rate.check().err().map(|not_until| not_until.wait_time_from(now))
    }

    /// Lets no call through for `pause`.
    pub(super) fn hold_back(&self, pause: Duration) {
        let until = clock::Clock::now(&self.clock).saturating_add(pause);
        let mut held_until = self.held_until.lock().unwrap_or_else(PoisonError::into_inner);
        *held_until = until.max(*held_until);
    }
}

/// The time since the lane began, on Tokio's clock, which tests can pause.
#[derive(Clone, Copy, Debug)]
struct Clock(Instant);

impl clock::Clock for Clock {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.elapsed()
    }
}
