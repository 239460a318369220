//! The requests for passes of one account and their results: plain data.

use std::time::Duration;

use super::{
    Outcome,
    trouble::{News, Trouble},
};
use crate::Error;

/// Requests and passes of one account. It lives in a watch channel, so that a caller waits for the
/// very change it asked for.
///
/// Requests are numbered. A pass sees those made before it began, and serves them if it succeeds.
#[derive(Debug, Default)]
pub(crate) struct State {
    requested: u64,
    /// The number of the newest request that must not be lost: a mark.
    marked: u64,
    /// The newest request that a successful pass saw.
    served: u64,
    /// The newest request that the pass under way sees.
    seen: u64,
    /// The number of the newest note: a mark that starts no pass by itself.
    noted: u64,
    /// The newest note that the newest pass to begin sees.
    seen_noted: u64,
    /// The newest note that a successful pass saw.
    served_noted: u64,
    /// The newest note that a failed pass saw.
    failed_noted: u64,
    /// The time of the newest request or note.
    latest: Duration,
    /// Passes that began.
    begun: u64,
    /// Callers that wait for a pass.
    waiters: usize,
    /// A task is there: it makes passes, or pauses between two of them.
    is_running: bool,
    is_pausing: bool,
    succeeded: u64,
    failed: u64,
    /// Passes that failed since one succeeded.
    failed_in_a_row: u32,
    /// The reason the newest pass failed, if it did.
    error: Option<Error>,
    trouble: Trouble,
}

/// The kinds of requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Request {
    /// A pass, also the one under way, unless something was asked for that it does not see.
    Join,
    /// A pass that begins after this moment.
    Refresh,
    /// A pass that begins after the newest request or note.
    Noted,
    /// A pass that begins after this moment, and again until one succeeds.
    Mark,
    /// A mark that outlived its list.
    Inherit(Unserved),
}

/// A caller's request, to find its answer by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    request: u64,
    succeeded: u64,
    failed: u64,
}

/// The duties of the caller of [`State::ask`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Answer {
    pub(super) asked: Asked,
    /// Start a task.
    pub(super) starts: bool,
    /// End the pause between two passes.
    pub(super) hurries: bool,
}

/// The next step of the task after a pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    Again,
    Pause,
    End,
}

/// The progress of the passes of one account, as far as notes are concerned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Progress {
    /// Passes that began.
    pub(crate) begun: u64,
    /// The newest note that a pass saw which began.
    pub(crate) seen: u64,
    /// The newest note that a successful pass saw.
    pub(crate) served: u64,
    /// A task is there: it makes passes, or pauses between two of them.
    pub(crate) is_running: bool,
}

/// The part of a mark that is kept when its list leaves memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Unserved {
    /// Passes that failed in a row.
    pub(crate) failed: u32,
    /// The last one failed for a reason that has to be fixed.
    pub(crate) is_blocked: bool,
}

impl State {
    pub(super) fn ask(&mut self, request: Request) -> Answer {
        if request != Request::Join {
            self.requested += 1;
        }
        if let Request::Mark | Request::Inherit(_) = request {
            self.marked = self.requested;
        }
        if let Request::Inherit(mark) = request {
            self.failed_in_a_row = self.failed_in_a_row.max(mark.failed);
            if mark.failed > 0 {
                self.trouble.inherit(mark.is_blocked);
            }
        }
        let (succeeded, failed) = (self.succeeded, self.failed);
        let starts = !std::mem::replace(&mut self.is_running, true);
        // A mark waits for the end of a pause: in an outage marks keep coming.
        let hurries = self.is_pausing && request != Request::Mark;
        Answer { asked: Asked { request: self.requested, succeeded, failed }, starts, hurries }
    }

    pub(super) fn wait(&mut self) {
        self.waiters += 1;
    }

    /// Returns true if that was the last caller that waited.
    pub(super) fn wait_no_more(&mut self) -> bool {
        self.waiters = self.waiters.saturating_sub(1);
        self.waiters == 0
    }

    /// Notes a mark that asks for no pass: the one who made it asks later.
    pub(super) fn note(&mut self, number: u64, now: Duration) {
        if number > self.noted {
            self.noted = number;
            self.ask_at(now);
        }
    }

    /// Something was asked for at this moment.
    pub(super) fn ask_at(&mut self, now: Duration) {
        self.latest = self.latest.max(now);
    }

    /// Returns the time of the newest request or note; `None` if a caller waits for a pass, which is
    /// made for it.
    pub(super) fn latest(&self) -> Option<Duration> {
        (!self.is_awaited()).then_some(self.latest)
    }

    /// A pass in another process, which began after that time, has finished: it is as one of our own, if
    /// nothing was asked for since. Returns true if it is.
    pub(super) fn join(&mut self, latest: Duration) -> bool {
        let is_joined = self.latest() == Some(latest);
        if is_joined {
            self.begin();
        }
        is_joined
    }

    pub(super) fn progress(&self) -> Progress {
        let Self { begun, is_running, .. } = *self;
        Progress { begun, seen: self.seen_noted, served: self.served_noted, is_running }
    }

    /// Returns the answer to a note, once there is one: a pass that saw it succeeded, or the newest one
    /// that saw it failed.
    pub(super) fn note_answer(&self, number: u64) -> Option<Outcome> {
        if self.served_noted >= number {
            return Some(Ok(()));
        }
        let error = self.error.as_ref().filter(|_| self.failed_noted >= number)?;
        Some(Err(error.clone()))
    }

    /// A pass begins.
    pub(super) fn begin(&mut self) {
        self.seen = self.requested;
        self.seen_noted = self.noted;
        self.begun += 1;
    }

    /// A pass ended, or one in another process that was joined.
    pub(super) fn end(&mut self, outcome: &Outcome, is_open: bool) -> Next {
        match outcome {
            Ok(()) => {
                self.served = self.served.max(self.seen);
                self.served_noted = self.served_noted.max(self.seen_noted);
                self.succeeded += 1;
                self.failed_in_a_row = 0;
                self.error = None;
            }
            Err(error) => self.fail(error.clone()),
        }
        let next = match outcome {
            _ if !is_open => Next::End,
            Ok(()) if self.requested > self.served => Next::Again,
            Err(error) if error.may_succeed_later() => Next::Pause,
            _ => Next::End,
        };
        self.is_running = next != Next::End;
        self.is_pausing = next == Next::Pause;
        next
    }

    /// Returns the event for the log that the end of a pass is, if it is one.
    pub(super) fn news(&mut self, outcome: &Outcome) -> Option<News> {
        self.trouble.note(outcome)
    }

    /// A pause between two passes ended; returns true if another one begins. `is_held`: the list is in
    /// use.
    pub(super) fn resume(&mut self, is_open: bool, is_held: bool) -> bool {
        let goes_on = is_open && (is_held || self.is_marked() || self.waiters > 0);
        (self.is_pausing, self.is_running) = (false, goes_on);
        goes_on
    }

    /// The task is gone in the middle of something.
    pub(super) fn die(&mut self, error: Error) {
        self.fail(error);
        (self.is_pausing, self.is_running) = (false, false);
    }

    fn fail(&mut self, error: Error) {
        self.failed += 1;
        self.failed_noted = self.failed_noted.max(self.seen_noted);
        self.failed_in_a_row = self.failed_in_a_row.saturating_add(1);
        self.error = Some(error);
    }

    /// Returns the answer to a request, once there is one: the first pass that saw it and succeeded, or the
    /// first one that failed.
    pub(super) fn answer(&self, asked: Asked) -> Option<Outcome> {
        if self.succeeded > asked.succeeded && self.served >= asked.request {
            return Some(Ok(()));
        }
        let error = self.error.as_ref().filter(|_| self.failed > asked.failed)?;
        Some(Err(error.clone()))
    }

    /// A mark was made that no successful pass has seen.
    pub(super) fn is_marked(&self) -> bool {
        self.marked > self.served
    }

    pub(super) fn unserved(&self) -> Option<Unserved> {
        let is_blocked = self.error.as_ref().is_some_and(|error| !error.may_succeed_later());
        self.is_marked().then_some(Unserved { failed: self.failed_in_a_row, is_blocked })
    }

    /// Every request was served: the pass of another process serves as well as one of our own.
    pub(super) fn is_served(&self) -> bool {
        self.served >= self.requested
    }

    pub(super) fn is_awaited(&self) -> bool {
        self.waiters > 0
    }

    pub(super) fn is_running(&self) -> bool {
        self.is_running
    }

    /// A pass is under way, or waits for its turn.
    pub(super) fn is_under_way(&self) -> bool {
        self.is_running && !self.is_pausing
    }

    pub(super) fn failed_in_a_row(&self) -> u32 {
        self.failed_in_a_row
    }

    /// Returns the time that the cloud asked to wait after the newest pass.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        match &self.error {
            Some(Error::Source(error)) => error.retry_after(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
