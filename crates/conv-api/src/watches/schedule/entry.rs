//! One account of the schedule.

use std::time::Duration;

use super::{Cause, Failed, Pending};
use crate::passes::Progress;

#[derive(Debug, Default)]
pub(super) struct Entry {
    pub(super) handles: usize,
    pub(super) visible: usize,
    /// The newest mark, and the newest that a pass saw which began.
    pub(super) marked: u64,
    seen: u64,
    /// The times of the oldest mark that no pass saw, and of the newest.
    first: Option<Duration>,
    latest: Duration,
    /// The next pass does not wait for further marks.
    pub(super) is_urgent: bool,
    pub(super) cause: Cause,
    /// Passes of the list that began.
    pub(super) begun: u64,
    /// The beginning of the newest pass.
    last: Option<Duration>,
    /// A pass was asked for and has not begun.
    pub(super) is_asked: bool,
    /// A pass is under way, or pauses after a failure: then another one follows.
    pub(super) is_running: bool,
    /// Facets of rows; a listing is a mark.
    pub(super) pending: Pending,
    pub(super) read_first: Option<Duration>,
    pub(super) read_last: Option<Duration>,
    pub(super) is_reading: bool,
    /// Reads that failed in a row, and the time before which none begins.
    read_fails: u32,
    read_rest: Duration,
    /// Passes in a row that failed before they began, and the time before which none is asked for.
    pull_fails: u32,
    pull_rest: Duration,
    /// Its list was closed.
    pub(super) is_lost: bool,
    /// Its time in the schedule.
    pub(super) due: Option<Duration>,
}

/// The maximum number of readings of facets that fail.
const READS: u32 = 7;

/// Returns the pause after so many failures in a row before it: a second, and up to a minute.
fn pause(fails: u32) -> Duration {
    Duration::from_secs(1 << fails.min(6))
}

/// The next step for an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Due {
    Pull,
    Read,
    Safety,
    /// No interest is left, and its interval is over.
    Forget,
}

impl Entry {
    pub(super) fn is_watched(&self) -> bool {
        self.handles > 0 && !self.is_lost
    }

    /// A mark came that no pass saw.
    pub(super) fn is_marked(&self) -> bool {
        self.marked > self.seen
    }

    pub(super) fn mark(&mut self, now: Duration, number: u64, cause: Cause) {
        if !self.is_marked() {
            self.cause = cause;
        }
        self.first.get_or_insert(now);
        (self.marked, self.latest) = (number, now);
    }

    /// No mark is left.
    pub(super) fn seen_all(&mut self) {
        (self.seen, self.first, self.is_urgent) = (self.marked, None, false);
    }

    /// Takes in what became of the passes. Returns true if the one that was asked for is no longer
    /// queued.
    pub(super) fn progress(&mut self, now: Duration, progress: Progress) -> bool {
        let has_begun = self.begun != progress.begun;
        let has_ended = self.is_running && !progress.is_running;
        let was_asked = self.is_asked;
        self.is_running = progress.is_running;
        if has_begun {
            (self.begun, self.last, self.is_asked) = (progress.begun, Some(now), false);
            (self.pull_fails, self.pull_rest) = (0, Duration::ZERO);
        }
        self.seen = self.seen.max(progress.seen);
        if self.seen >= self.marked {
            self.seen_all();
        } else if has_begun {
            self.first = Some(self.latest);
            self.is_urgent = false;
        }
        if has_ended && self.is_asked {
            // It failed before it began, and its list does not repeat it: the marks stay.
            self.is_asked = false;
            self.pull_rest = now + pause(self.pull_fails);
            self.pull_fails = self.pull_fails.saturating_add(1);
        }
        was_asked && !self.is_asked
    }

    /// Takes in what became of a read. Returns true if what failed is to be read again.
    pub(super) fn read_failed(&mut self, now: Duration, failed: &Failed) -> bool {
        if !failed.work.has_facets() {
            (self.read_fails, self.read_rest) = (0, Duration::ZERO);
            return false;
        }
        let rest = pause(self.read_fails).max(failed.pause.unwrap_or_default());
        self.read_rest = now + rest;
        self.read_fails += 1;
        let is_left = self.read_fails < READS;
        if !is_left {
            self.read_fails = 0;
        }
        is_left
    }

    /// Returns what comes next, and when.
    pub(super) fn due(
        &self,
        delay: Duration,
        interval: Duration,
        safety: Duration,
    ) -> Option<(Duration, Due)> {
        let after = |last: Option<Duration>| last.map_or(Duration::ZERO, |last| last + interval);
        let is_busy = self.is_asked || self.is_running;
        if !self.is_watched() {
            let is_over = self.handles == 0 && !self.is_asked;
            return is_over.then(|| (after(self.last), Due::Forget));
        }
        let delay = if self.is_urgent { Duration::ZERO } else { delay };
        let marked = self.first.filter(|_| self.is_marked() && !is_busy);
        let pull = marked.map(|first| (first + delay).max(after(self.last)).max(self.pull_rest));
        let pull = pull.map(|at| (at, Due::Pull));
        let read = self.read_first.filter(|_| !self.is_reading);
        let read = read.map(|first| (first + delay).max(after(self.read_last)).max(self.read_rest));
        let read = read.map(|at| (at, Due::Read));
        let is_idle = !is_busy && !self.is_marked();
        let safe = is_idle.then(|| (self.last.unwrap_or(self.latest) + safety, Due::Safety));
        [pull, read, safe].into_iter().flatten().min()
    }
}
