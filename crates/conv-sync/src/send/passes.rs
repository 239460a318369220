//! The passes that a sender needs, and the last one that it saw.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::moment::Moment;

/// The time after which a pass that was asked for is asked for again.
const PATIENCE: Duration = Duration::from_secs(60);
const MAX_PATIENCE: Duration = Duration::from_secs(15 * 60);

#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Passes {
    last: Option<Pass>,
    /// When a pass is to be asked for.
    due: Option<Duration>,
    /// The latest moment from which on a pass is wanted; `due` is the earliest of them.
    #[serde(default)]
    latest: Option<Duration>,
    asked: Option<Asked>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Pass {
    began: Moment,
    finished: Moment,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Asked {
    at: Duration,
    times: u32,
}

impl Asked {
    fn again_at(self) -> Duration {
        let patience = PATIENCE.saturating_mul(2_u32.saturating_pow(self.times));
        self.at.saturating_add(patience.min(MAX_PATIENCE))
    }
}

impl Passes {
    pub(super) fn finished(&mut self, now: Moment, began: Moment) {
        self.last = Some(Pass { began, finished: now });
        self.asked.take_if(|asked| asked.at <= began.clock);
        self.due.take_if(|due| *due <= began.clock);
        self.latest.take_if(|latest| *latest <= began.clock);
        // What was acknowledged after the beginning of this pass waits for another one.
        self.due = self.due.or(self.latest);
    }

    /// Returns whether the newest pass began after a moment.
    pub(super) fn began_after(&self, moment: Duration) -> bool {
        self.last.is_some_and(|last| last.began.clock >= moment)
    }

    /// Returns whether the newest pass says enough of the present for a deletion that was first seen
    /// at a moment. A pass that takes longer than it may be old counts, if it began after that
    /// moment, from its end; not if the device was suspended meanwhile, with pages read before.
    pub(super) fn is_recent(&self, now: Moment, seen: Duration) -> bool {
        self.last.is_some_and(|Pass { began, finished }| {
            let is_for_it = began.clock >= seen && began.was_awake_until(finished);
            began.is_recent(now) || (is_for_it && finished.is_recent(now))
        })
    }

    /// Makes sure that a pass is asked for at a moment, or before.
    pub(super) fn want(&mut self, moment: Duration) {
        self.due = Some(self.due.map_or(moment, |due| due.min(moment)));
        self.latest = self.latest.max(Some(moment));
    }

    /// Makes sure that a pass is asked for now, if none is on its way.
    pub(super) fn want_now(&mut self, now: Duration) {
        if self.asked.is_none() {
            self.want(now);
        }
    }

    /// A pass that was asked for in vain is asked for again now.
    pub(super) fn retry(&mut self, now: Duration) {
        if self.asked.take().is_some() {
            self.want(now);
        }
    }

    /// Forgets what was asked for, with the driver that knew of it.
    pub(super) fn abandon(&mut self, now: Duration) {
        self.retry(now);
    }

    /// No pass is needed.
    pub(super) fn clear(&mut self) {
        (self.due, self.latest, self.asked) = (None, None, None);
    }

    /// Returns whether to ask for a pass now.
    pub(super) fn ask(&mut self, now: Duration) -> bool {
        if let Some(asked) = &mut self.asked {
            if now < asked.again_at() {
                return false;
            }
            *asked = Asked { at: now, times: asked.times.saturating_add(1) };
            self.due = None;
            return true;
        }
        if self.due.take_if(|due| *due <= now).is_none() {
            return false;
        }
        self.asked = Some(Asked { at: now, times: 0 });
        true
    }

    /// Returns the next moment at which [`ask`](Self::ask) may be true.
    pub(super) fn next_moment(&self) -> Option<Duration> {
        self.asked.map(Asked::again_at).or(self.due)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pass_leaves_what_was_wanted_from_a_later_moment_on() {
        let at = Duration::from_secs;
        let mut passes = Passes::default();
        passes.want(at(10));
        assert!(passes.ask(at(10)));
        passes.want(at(20));
        // Another pass is under way since 25, and a change is acknowledged.
        passes.want(at(45));
        passes.finished(Moment::new(at(32), None), Moment::new(at(25), None));
        assert_eq!(passes.next_moment(), Some(at(45)));
        assert!(!passes.ask(at(44)) && passes.ask(at(45)));
        passes.finished(Moment::new(at(47), None), Moment::new(at(46), None));
        assert_eq!(passes.next_moment(), None);
    }
}
