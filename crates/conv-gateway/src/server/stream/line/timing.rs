//! The timers of a line: heartbeat, token, end.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use conv_api::{Clock, TokioClock};
use tokio::time::{Instant, Sleep, sleep_until};

use crate::server::stream::{event::Id, stats::End};

/// The time between two signs of life; proxies cut a connection that is silent for 60 s.
pub(super) const HEARTBEAT: Duration = Duration::from_secs(20);
/// A client that takes nothing for this long is disconnected.
pub(super) const STALL: Duration = Duration::from_secs(30);
const REPORTS: Duration = Duration::from_secs(1);

/// The times of a line, with one timer for all.
#[derive(Debug)]
pub(super) struct Timing {
    old_at: Instant,
    beat_at: Instant,
    report_at: Instant,
    /// A report that was not made yet may be due at `report_at`.
    reports: bool,
    quiet_at: Option<Id>,
    timer: Pin<Box<Sleep>>,
}

impl Timing {
    pub(super) fn new(age: Duration) -> Self {
        let now = Instant::now();
        let beat_at = now + spread(HEARTBEAT);
        let timer = Box::pin(sleep_until(beat_at));
        let old_at = now + age;
        Self { old_at, beat_at, report_at: now, reports: false, quiet_at: None, timer }
    }

    pub(super) fn is_old(&self) -> bool {
        Instant::now() >= self.old_at
    }

    /// Returns true if a report may be made now; then the next one may in a second. Otherwise the timer
    /// says when.
    pub(super) fn may_report(&mut self) -> bool {
        let now = Instant::now();
        self.reports = now < self.report_at;
        if self.reports {
            return false;
        }
        self.report_at = now + REPORTS;
        true
    }

    /// All queries were read up to there, without a change.
    pub(super) fn quiet_at(&mut self, id: Option<Id>) {
        self.quiet_at = id;
    }

    pub(super) fn beats(&self) -> bool {
        Instant::now() >= self.beat_at
    }

    /// Plans the next sign of life. Returns where all queries are.
    pub(super) fn beaten(&mut self) -> Option<Id> {
        self.beat_at = Instant::now() + spread(HEARTBEAT);
        self.quiet_at
    }

    /// Completes when the first of all times has come.
    pub(super) fn poll(&mut self, login_due: Instant, cx: &mut Context<'_>) -> Poll<()> {
        let mut next = self.old_at.min(self.beat_at).min(login_due);
        if self.reports {
            next = next.min(self.report_at);
        }
        if self.timer.deadline() != next {
            self.timer.as_mut().reset(next);
        }
        self.timer.as_mut().poll(cx)
    }
}

/// Returns the time after which a client should come back, and the spread added to it.
pub(super) fn comes_back(end: End) -> (Duration, Duration) {
    let seconds = |from, spread| (Duration::from_secs(from), Duration::from_secs(spread));
    match end {
        End::Drain => seconds(0, 10),
        // Or two clients would replace each other in turn.
        End::Replaced => seconds(30, 30),
        End::Slow => seconds(1, 4),
        End::Age | End::Expired | End::Gone => seconds(0, 1),
    }
}

/// 10 % more or less.
fn spread(time: Duration) -> Duration {
    time.mul_f64(0.9 + 0.2 * TokioClock::default().chance())
}
