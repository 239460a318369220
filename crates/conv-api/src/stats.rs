//! Numbers of many accounts.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

use conv_model::{Outcome, OutcomeKind};
use serde::Serialize;

use crate::watches::{QuotaWait, QuotaWaits, WatchStats};

/// Numbers of many accounts. See [`Accounts::stats`](crate::Accounts::stats).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Stats {
    /// Accounts that are loaded.
    pub accounts_open: usize,
    /// The approximate memory they take, in bytes, as measured when each was last looked at.
    pub loaded_bytes: usize,
    /// Accounts evicted from memory so far.
    pub evicted: u64,
    /// Passes under way, but for those that pause after a failure.
    pub passes_running: usize,
    /// Passes that wait for their turn.
    pub passes_waiting: usize,
    /// Accounts that are due for a pass in the background, or that have a request, and whose list is
    /// not loaded yet: they wait for their turn, for the end of an outage, or for a fix.
    pub accounts_due: usize,
    /// Passes that ended well so far.
    pub passes_finished: u64,
    /// Passes that failed so far.
    pub passes_failed: u64,
    /// Requests to the cloud so far, by command: those of passes, retries, profiles and changes. Empty
    /// if neither the source nor the writer [counts them](conv_sync::ConversationSource::request_counts).
    pub requests: BTreeMap<&'static str, u64>,
    /// Calls to the source so far, those of passes alone. One call may take many requests.
    pub calls: u64,
    /// Calls tried again so far.
    pub retries: u64,
    /// Calls so far that sent changes, or looked at the conversation groups for them.
    pub write_calls: u64,
    /// Changes so far that the cloud has.
    pub changes_done: u64,
    /// Changes so far that the cloud refused.
    pub changes_failed: u64,
    /// Changes so far that could not be sent in time.
    pub changes_expired: u64,
    /// Changes so far that the cloud had until another device changed the value.
    pub changes_overridden: u64,
    /// Rows left out so far because they could not be read.
    pub skipped_rows: u64,
    /// The time for which passes without a waiting caller waited for their turn and the budget of calls.
    pub quota_wait: QuotaWait,
    /// Numbers of watched accounts.
    pub watch: WatchStats,
}

/// The counters; each is independent of the others.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) evicted: AtomicU64,
    pub(crate) passes_finished: AtomicU64,
    pub(crate) passes_failed: AtomicU64,
    pub(crate) calls: AtomicU64,
    pub(crate) retries: AtomicU64,
    pub(crate) write_calls: AtomicU64,
    changes_done: AtomicU64,
    changes_failed: AtomicU64,
    changes_expired: AtomicU64,
    changes_overridden: AtomicU64,
    pub(crate) skipped_rows: AtomicU64,
    pub(crate) quota_wait: QuotaWaits,
}

impl Counters {
    /// Returns the numbers of this moment; those not counted here are zero.
    pub(crate) fn read(&self) -> Stats {
        Stats {
            evicted: self.evicted.load(Relaxed),
            passes_finished: self.passes_finished.load(Relaxed),
            passes_failed: self.passes_failed.load(Relaxed),
            calls: self.calls.load(Relaxed),
            retries: self.retries.load(Relaxed),
            write_calls: self.write_calls.load(Relaxed),
            changes_done: self.changes_done.load(Relaxed),
            changes_failed: self.changes_failed.load(Relaxed),
            changes_expired: self.changes_expired.load(Relaxed),
            changes_overridden: self.changes_overridden.load(Relaxed),
            skipped_rows: self.skipped_rows.load(Relaxed),
            quota_wait: self.quota_wait.read(),
            ..Stats::default()
        }
    }

    pub(crate) fn evicted(&self, lists: usize) {
        self.evicted.fetch_add(lists as u64, Relaxed);
    }

    /// Changes ended.
    pub(crate) fn changes_ended(&self, outcomes: &[Outcome]) {
        for outcome in outcomes {
            let count = match outcome.kind {
                OutcomeKind::Done => &self.changes_done,
                OutcomeKind::Failed(_) => &self.changes_failed,
                OutcomeKind::Expired => &self.changes_expired,
                OutcomeKind::Overridden => &self.changes_overridden,
                _ => continue,
            };
            count.fetch_add(1, Relaxed);
        }
    }

    /// A pass ended.
    pub(crate) fn ended(&self, is_well: bool) {
        let count = if is_well { &self.passes_finished } else { &self.passes_failed };
        count.fetch_add(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use conv_model::{ErrorClass, Mutation, MutationFailure};

    use super::*;

    #[test]
    fn each_end_of_a_change_has_a_number_of_its_own() {
        let pin = Mutation::Pin { id: "C2Ca".parse().unwrap(), is_pinned: true };
        let refused = MutationFailure::new(ErrorClass::Cloud, Some(50002), "refused");
        let counters = Counters::default();
        for (kind, times) in [
            (OutcomeKind::Done, 1),
            (OutcomeKind::Failed(refused), 2),
            (OutcomeKind::Expired, 3),
            (OutcomeKind::Overridden, 4),
            (OutcomeKind::Unchanged, 5),
        ] {
            counters.changes_ended(&vec![Outcome::new(1, pin.clone(), kind); times]);
        }
        let stats = counters.read();
        let ends = [stats.changes_done, stats.changes_failed, stats.changes_expired];
        assert_eq!((ends, stats.changes_overridden), ([1, 2, 3], 4));
    }
}
