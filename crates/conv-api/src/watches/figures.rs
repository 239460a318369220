//! Numbers of watched accounts and of the wait for the cloud's rate.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use serde::Serialize;

/// Numbers of watched accounts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct WatchStats {
    /// Accounts that are watched.
    pub watched: usize,
    /// Those of them that are visible.
    pub visible: usize,
    /// Rows of all watched accounts, as the index of their holders has them.
    pub indexed_rows: usize,
    /// Marks so far, also those that a change of a row made for its holders.
    pub marks: u64,
    /// Marks so far of accounts that are not watched, for which nothing was done.
    pub marks_ignored: u64,
    /// Marks so far that other processes sent for accounts that are watched here; those of
    /// [holders](crate::Accounts::mark_holders) do not count.
    pub marks_of_others: u64,
    /// Marks so far that another one of the same account waited with.
    pub coalesced: u64,
    /// Messages that events stated, so far, as each list was to show them until a pass.
    pub suggestions: u64,
    /// Passes asked for so far because an account came to be watched.
    pub passes_for_watches: u64,
    /// Passes asked for so far because of marks.
    pub passes_for_marks: u64,
    /// Passes asked for so far because an account had none for a while.
    pub passes_for_safety: u64,
    /// Times so far that facets of rows were read without a pass.
    pub reads: u64,
    /// Times so far that facets of rows were given up, after several tries.
    pub reads_given_up: u64,
}

/// The time for which passes without a waiting caller waited for their turn and for the
/// [budget](crate::AccountsBuilder::listing_budget), until their first call. The time in which marks
/// gather does not count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct QuotaWait {
    /// Passes.
    pub count: u64,
    /// The sum of their waits, in milliseconds.
    pub total_millis: u64,
    /// Passes that waited at most as long as each of [`BOUNDS_MILLIS`](Self::BOUNDS_MILLIS), and longer
    /// than the bound before; the last number is of those beyond all bounds.
    pub buckets: [u64; QuotaWait::BOUNDS_MILLIS.len() + 1],
}

impl QuotaWait {
    /// The bounds of the buckets.
    pub const BOUNDS_MILLIS: [u64; 10] = [10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 15_000];
}

/// The counters of [`QuotaWait`].
#[derive(Debug, Default)]
pub(crate) struct QuotaWaits {
    total_millis: AtomicU64,
    buckets: [AtomicU64; QuotaWait::BOUNDS_MILLIS.len() + 1],
}

impl QuotaWaits {
    pub(crate) fn note(&self, wait: Duration) {
        let millis = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        self.total_millis.fetch_add(millis, Relaxed);
        let bucket = QuotaWait::BOUNDS_MILLIS.partition_point(|bound| *bound < millis);
        if let Some(bucket) = self.buckets.get(bucket) {
            bucket.fetch_add(1, Relaxed);
        }
    }

    pub(crate) fn read(&self) -> QuotaWait {
        let mut buckets = [0; QuotaWait::BOUNDS_MILLIS.len() + 1];
        for (bucket, count) in buckets.iter_mut().zip(&self.buckets) {
            *bucket = count.load(Relaxed);
        }
        let total_millis = self.total_millis.load(Relaxed);
        QuotaWait { count: buckets.iter().sum(), total_millis, buckets }
    }
}
