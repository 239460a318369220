//! A schedule with a line of passes, and its time.

use std::collections::BTreeMap;

use super::super::*;
use crate::Work;

pub(super) fn account(n: usize) -> AccountId {
    format!("user_{n:03}").parse().unwrap()
}

pub(super) fn listing() -> Pending {
    Work::Listing.into()
}

pub(super) fn secs(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

pub(super) fn rate(per_second: u32) -> NonZeroU32 {
    NonZeroU32::new(per_second).unwrap()
}

/// The passes of one account, as its list has them.
#[derive(Debug, Default)]
pub(super) struct Passes {
    pub(super) noted: u64,
    pub(super) progress: Progress,
    /// The mark that the pass under way sees, and its end.
    pub(super) running: Option<(u64, Duration)>,
    pub(super) begun: Vec<Duration>,
}

/// A schedule with a line of passes, of which one begins per step, as the rate allows.
pub(super) struct World {
    pub(super) schedule: Schedule,
    pub(super) now: Duration,
    pub(super) line: Vec<AccountId>,
    free: Duration,
    pub(super) passes: BTreeMap<AccountId, Passes>,
    pub(super) reads: usize,
    /// The time of a pass.
    pub(super) takes: Duration,
}

impl World {
    pub(super) fn new(options: WatchOptions, per_second: u32) -> Self {
        Self {
            schedule: Schedule::new(options, rate(per_second)),
            now: Duration::from_secs(1),
            line: Vec::new(),
            free: Duration::ZERO,
            passes: BTreeMap::new(),
            reads: 0,
            takes: Duration::from_millis(50),
        }
    }

    pub(super) fn watch(&mut self, n: usize) {
        self.schedule.watch(self.now, &account(n), WatchLevel::Background);
    }

    /// The number of the mark, if it was taken.
    pub(super) fn mark(&mut self, n: usize) -> Option<u64> {
        let number = self.schedule.mark(self.now, &account(n), &listing())??;
        self.note(&account(n), number);
        Some(number)
    }

    pub(super) fn note(&mut self, account: &AccountId, number: u64) {
        let passes = self.passes.entry(account.clone()).or_default();
        passes.noted = passes.noted.max(number);
    }

    pub(super) fn run_until(&mut self, end: Duration) {
        while self.now < end {
            self.now = (self.now + Duration::from_millis(10)).min(end);
            self.turn();
        }
    }

    pub(super) fn turn(&mut self) {
        self.end_passes();
        while let Some(action) = self.schedule.next(self.now) {
            match action {
                Action::Pull(account) => {
                    let newest = self.schedule.newest_mark(&account);
                    self.note(&account, newest);
                    self.line.push(account);
                }
                Action::Read(account, _) => {
                    self.reads += 1;
                    self.schedule.read(self.now, &account, &Failed::default());
                }
            }
        }
        let per_pass = self.schedule.time_of(1);
        while self.free <= self.now && !self.line.is_empty() {
            let account = self.line.remove(0);
            if self.schedule.is_asked(&account) {
                self.free = self.free.max(self.now - Duration::from_millis(10)) + per_pass;
                self.begin(&account);
            }
        }
    }

    /// A pass begins, for whatever reason.
    pub(super) fn begin(&mut self, account: &AccountId) {
        let passes = self.passes.entry(account.clone()).or_default();
        passes.begun.push(self.now);
        passes.running = Some((passes.noted, self.now + self.takes));
        passes.progress.begun += 1;
        passes.progress.seen = passes.noted;
        passes.progress.is_running = true;
        let progress = passes.progress;
        self.schedule.started(self.now, account, progress);
    }

    fn end_passes(&mut self) {
        for (account, passes) in &mut self.passes {
            if let Some((seen, end)) = passes.running.filter(|(_, end)| *end <= self.now) {
                debug_assert!(end <= self.now);
                passes.running = None;
                (passes.progress.served, passes.progress.is_running) = (seen, false);
                self.schedule.progress(self.now, account, passes.progress);
            }
        }
    }

    pub(super) fn begun(&self, n: usize) -> &[Duration] {
        self.passes.get(&account(n)).map_or(&[], |passes| &passes.begun)
    }
}

pub(super) fn no_safety() -> WatchOptions {
    let never = Duration::from_secs(1_000_000);
    WatchOptions::default().with_safety(never, never)
}
