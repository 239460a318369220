//! The schedule of the passes of watched accounts: plain data, which gets the time as a number.
//!
//! A mark is never lost: it stays until a pass is seen to have begun after it. Between the beginnings of
//! two passes of an account there is at least the interval, and while passes queue up it grows to the
//! time that the queue needs, so that the marks of a busy account become fewer passes.

mod entry;

use std::{
    collections::{BTreeSet, HashMap},
    num::NonZeroU32,
    time::Duration,
};

use conv_model::AccountId;

use self::entry::{Due, Entry};
use super::{
    figures::WatchStats,
    options::{WatchLevel, WatchOptions},
    work::{Failed, Pending},
};
use crate::passes::Progress;

/// The calls for pages of a usual pass.
const CALLS: u32 = 2;

/// The watched accounts.
#[derive(Debug)]
pub(super) struct Schedule {
    options: WatchOptions,
    /// Calls for pages per second.
    rate: NonZeroU32,
    accounts: HashMap<AccountId, Entry>,
    /// Each account with something to do, at its time.
    due: BTreeSet<(Duration, AccountId)>,
    marks: u64,
    /// Passes that were asked for and have not begun.
    queued: u32,
    watched: u32,
    visible: u32,
    /// The time of the last mark of any account, also of one that is not watched.
    heard: Option<Duration>,
    pub(super) counts: WatchStats,
}

/// Something to do now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// A pass, once it is its turn.
    Pull(AccountId),
    /// Facets of some rows.
    Read(AccountId, Pending),
}

/// The reason of a pass.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Cause {
    #[default]
    Watch,
    Mark,
    Safety,
}

/// The end of an interest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Left {
    /// No interest in the account is left.
    pub(super) is_last: bool,
    pub(super) is_visible: bool,
}

impl Schedule {
    pub(super) fn new(options: WatchOptions, rate: NonZeroU32) -> Self {
        Self {
            options,
            rate,
            accounts: HashMap::new(),
            due: BTreeSet::new(),
            marks: 0,
            queued: 0,
            watched: 0,
            visible: 0,
            heard: None,
            counts: WatchStats::default(),
        }
    }

    /// Adds an interest in an account. The first asks for a pass.
    pub(super) fn watch(&mut self, now: Duration, account: &AccountId, level: WatchLevel) {
        let entry = self.accounts.entry(account.clone()).or_default();
        entry.handles += 1;
        self.visible += u32::from(level == WatchLevel::Visible && entry.visible == 0);
        entry.visible += usize::from(level == WatchLevel::Visible);
        // Also if the stored list is young: what changed while no process watched the account marked
        // nothing, so a reader whose position is current may still lack it.
        if entry.handles == 1 {
            self.watched += 1;
            self.marks += 1;
            entry.mark(now, self.marks, Cause::Watch);
            entry.is_urgent = true;
        }
        self.plan(now, account);
    }

    /// Changes the level of an interest. Returns true if the account is visible then.
    pub(super) fn set_level(&mut self, account: &AccountId, level: WatchLevel) -> bool {
        let Some(entry) = self.accounts.get_mut(account) else { return false };
        let was_visible = entry.visible > 0;
        entry.visible = match level {
            WatchLevel::Visible => entry.visible + 1,
            WatchLevel::Background => entry.visible.saturating_sub(1),
        };
        let is_visible = entry.visible > 0;
        self.visible =
            (self.visible + u32::from(is_visible)).saturating_sub(u32::from(was_visible));
        is_visible
    }

    /// Ends an interest in an account. With the last one its marks end, too.
    pub(super) fn unwatch(
        &mut self,
        now: Duration,
        account: &AccountId,
        level: WatchLevel,
    ) -> Left {
        let Some(entry) = self.accounts.get_mut(account) else {
            return Left { is_last: true, is_visible: false };
        };
        entry.handles = entry.handles.saturating_sub(1);
        if level == WatchLevel::Visible {
            entry.visible = entry.visible.saturating_sub(1);
            self.visible = self.visible.saturating_sub(u32::from(entry.visible == 0));
        }
        let left = Left { is_last: entry.handles == 0, is_visible: entry.visible > 0 };
        if left.is_last {
            self.watched = self.watched.saturating_sub(1);
            self.drop_work(account);
            self.plan(now, account);
        }
        left
    }

    /// The list of an account is another one, with passes of its own.
    pub(super) fn relisted(&mut self, now: Duration, account: &AccountId, progress: Progress) {
        let Some(entry) = self.accounts.get_mut(account) else { return };
        self.queued = self.queued.saturating_sub(u32::from(std::mem::take(&mut entry.is_asked)));
        (entry.begun, entry.is_running) = (progress.begun, progress.is_running);
        (entry.is_lost, entry.is_reading) = (false, false);
        self.plan(now, account);
    }

    /// The list of an account was closed: nothing is done for it until it is watched again.
    pub(super) fn lost(&mut self, now: Duration, account: &AccountId) {
        self.drop_work(account);
        let Some(entry) = self.accounts.get_mut(account) else { return };
        (entry.is_lost, entry.is_running) = (true, false);
        self.plan(now, account);
    }

    pub(super) fn is_visible(&self, account: &AccountId) -> bool {
        self.accounts.get(account).is_some_and(|entry| entry.visible > 0)
    }

    /// Forgets all accounts.
    pub(super) fn clear(&mut self) {
        (self.accounts, self.due) = (HashMap::new(), BTreeSet::new());
        (self.queued, self.watched, self.visible) = (0, 0, 0);
    }

    /// Notes that a mark came from outside, for any account.
    pub(super) fn hear(&mut self, now: Duration) {
        self.heard = Some(now);
    }

    /// Notes that something changed. Returns the number of the mark, if it asks for a pass; `None` in
    /// it if not. Without an interest in the account nothing happens, and it returns `None`.
    pub(super) fn mark(
        &mut self,
        now: Duration,
        account: &AccountId,
        work: &Pending,
    ) -> Option<Option<u64>> {
        self.counts.marks += 1;
        let entry = self.accounts.get_mut(account).filter(|entry| entry.is_watched());
        let Some(entry) = entry else {
            self.counts.marks_ignored += 1;
            return None;
        };
        let was_due = entry.is_marked() || entry.pending.has_facets();
        self.counts.coalesced += u64::from(was_due);
        if work.has_facets() {
            entry.read_first.get_or_insert(now);
        }
        entry.pending.merge(work);
        let is_listing = std::mem::take(&mut entry.pending.is_listing);
        if !entry.pending.has_facets() {
            entry.read_first = None;
        }
        let number = is_listing.then(|| {
            self.marks += 1;
            entry.mark(now, self.marks, Cause::Mark);
            self.marks
        });
        self.plan(now, account);
        Some(number)
    }

    /// Notes that a caller waits for a fresh list: as a mark, without its delay. Returns the number of
    /// the mark; `None` without an interest in the account.
    pub(super) fn refresh(&mut self, now: Duration, account: &AccountId) -> Option<u64> {
        let entry = self.accounts.get_mut(account).filter(|entry| entry.is_watched())?;
        self.marks += 1;
        entry.mark(now, self.marks, Cause::Mark);
        entry.is_urgent = true;
        self.counts.marks += 1;
        self.plan(now, account);
        Some(self.marks)
    }

    /// Returns the newest mark of an account.
    pub(super) fn newest_mark(&self, account: &AccountId) -> u64 {
        self.accounts.get(account).map_or(0, |entry| entry.marked)
    }

    /// Takes in what became of the passes of an account, for whatever reason they were made.
    pub(super) fn progress(&mut self, now: Duration, account: &AccountId, progress: Progress) {
        let Some(entry) = self.accounts.get_mut(account) else { return };
        self.queued = self.queued.saturating_sub(u32::from(entry.progress(now, progress)));
        self.plan(now, account);
    }

    /// Returns true if a pass that was asked for is still to begin, now that it may.
    pub(super) fn is_asked(&self, account: &AccountId) -> bool {
        self.accounts.get(account).is_some_and(|entry| entry.is_asked)
    }

    /// A pass that was asked for was started; this became of it so far.
    pub(super) fn started(&mut self, now: Duration, account: &AccountId, progress: Progress) {
        if let Some(entry) = self.accounts.get_mut(account) {
            entry.is_running = true;
        }
        self.progress(now, account, progress);
    }

    /// A pass that was asked for is not started.
    pub(super) fn give_up(&mut self, now: Duration, account: &AccountId) {
        let Some(entry) = self.accounts.get_mut(account) else { return };
        self.queued = self.queued.saturating_sub(u32::from(std::mem::take(&mut entry.is_asked)));
        self.plan(now, account);
    }

    /// Facets of an account were read, but for those that failed: they are read again, a few times.
    pub(super) fn read(&mut self, now: Duration, account: &AccountId, failed: &Failed) {
        let Some(entry) = self.accounts.get_mut(account) else { return };
        entry.is_reading = false;
        let is_left = entry.is_watched() && entry.read_failed(now, failed);
        self.counts.reads_given_up += u64::from(failed.work.has_facets() && !is_left);
        if is_left {
            self.put_back(now, account, &failed.work);
        } else {
            self.plan(now, account);
        }
    }

    /// Adds work that was begun and is not done; it is not a new mark.
    fn put_back(&mut self, now: Duration, account: &AccountId, work: &Pending) {
        let (marks, coalesced) = (self.counts.marks, self.counts.coalesced);
        self.mark(now, account, work);
        (self.counts.marks, self.counts.coalesced) = (marks, coalesced);
    }

    /// Returns the next thing to do now.
    pub(super) fn next(&mut self, now: Duration) -> Option<Action> {
        loop {
            let (at, account) = self.due.first()?.clone();
            if at > now {
                return None;
            }
            self.due.pop_first();
            let due = self.due_of(now, &account);
            let Some(entry) = self.accounts.get_mut(&account) else { continue };
            entry.due = None;
            // The times grow with the load, so that it may not be time yet.
            let action = match due {
                Some((at, what)) if at <= now => self.act(now, &account, what),
                _ => None,
            };
            self.plan(now, &account);
            if action.is_some() {
                return action;
            }
        }
    }

    /// Returns the moment at which there is something to do.
    pub(super) fn wake(&self) -> Option<Duration> {
        self.due.first().map(|(at, _)| *at)
    }

    /// Returns the numbers of accounts that are watched, and of those that are visible.
    pub(super) fn counts(&self) -> (usize, usize) {
        (self.watched as usize, self.visible as usize)
    }

    fn act(&mut self, now: Duration, account: &AccountId, what: Due) -> Option<Action> {
        let entry = self.accounts.get_mut(account)?;
        if what == Due::Safety {
            self.marks += 1;
            entry.mark(now, self.marks, Cause::Safety);
        }
        match what {
            Due::Pull | Due::Safety => {
                entry.is_asked = true;
                self.queued += 1;
                let count = match entry.cause {
                    Cause::Watch => &mut self.counts.passes_for_watches,
                    Cause::Mark => &mut self.counts.passes_for_marks,
                    Cause::Safety => &mut self.counts.passes_for_safety,
                };
                *count += 1;
                Some(Action::Pull(account.clone()))
            }
            Due::Read => {
                entry.is_reading = true;
                (entry.read_first, entry.read_last) = (None, Some(now));
                self.counts.reads += 1;
                Some(Action::Read(account.clone(), std::mem::take(&mut entry.pending)))
            }
            Due::Forget => {
                self.accounts.remove(account);
                None
            }
        }
    }

    /// Drops the work of an account.
    fn drop_work(&mut self, account: &AccountId) {
        let Some(entry) = self.accounts.get_mut(account) else { return };
        self.queued = self.queued.saturating_sub(u32::from(std::mem::take(&mut entry.is_asked)));
        (entry.pending, entry.read_first, entry.is_reading) = (Pending::default(), None, false);
        entry.seen_all();
    }

    /// Puts an account where its next time is.
    fn plan(&mut self, now: Duration, account: &AccountId) {
        let at = self.due_of(now, account).map(|(at, _)| at);
        let Some(entry) = self.accounts.get_mut(account) else { return };
        let before = std::mem::replace(&mut entry.due, at);
        if before != at {
            if let Some(before) = before {
                self.due.remove(&(before, account.clone()));
            }
            self.due.extend(at.map(|at| (at, account.clone())));
        }
    }

    fn due_of(&self, now: Duration, account: &AccountId) -> Option<(Duration, Due)> {
        let [delay, interval] =
            [self.options.delay, self.options.interval].map(|it| self.loaded(it));
        self.accounts.get(account)?.due(delay, interval, self.safety(now))
    }

    /// Returns a time as long as the load demands.
    fn loaded(&self, time: Duration) -> Duration {
        let queue = self.time_of(self.queued);
        queue.clamp(time, self.options.longest.max(time))
    }

    /// Returns the time without a pass after which an account is pulled without a mark.
    fn safety(&self, now: Duration) -> Duration {
        let WatchOptions { safety, safety_in_silence, silence, .. } = &self.options;
        let is_silent = self.heard.is_none_or(|heard| now.saturating_sub(heard) >= *silence);
        let time = if is_silent { *safety_in_silence.min(safety) } else { *safety };
        time.max(self.time_of(self.watched).saturating_mul(2))
    }

    /// Returns the time that so many passes take at the least.
    fn time_of(&self, passes: u32) -> Duration {
        Duration::from_secs(u64::from(passes) * u64::from(CALLS)) / self.rate.get()
    }
}

#[cfg(test)]
mod tests;
