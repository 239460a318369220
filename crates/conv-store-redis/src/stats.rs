//! Counters of the traffic between a database and its servers.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use crate::RedisError;

/// Counters of the traffic between a database and its servers since it was opened; they only grow.
/// See [`RedisDatabase::stats`](crate::RedisDatabase::stats).
///
/// The differences of two readings are about the time between them: `answering` by `calls` is how
/// long a call took, on average.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RedisStats {
    /// Finished calls, whatever their result. A call that the client tried several times counts
    /// once.
    pub calls: u64,
    /// The time that they took, all together.
    pub answering: Duration,
    /// Calls that no server served: it is gone or hangs, or no master has the slot.
    pub unreachable: u64,
    /// Calls that were refused because the server takes no writes: it is a replica, or has too few
    /// replicas of its own, or its memory is full.
    pub writes_refused: u64,
    /// Writes that too few replicas had in time: see [`copies`](crate::RedisOptions::copies).
    pub not_copied: u64,
    /// Writes that came after another writer's. A store tries them again.
    pub conflicts: u64,
    /// The number of times that an open account was found to have lost acknowledged writes: in a
    /// failover, or because another process wiped it.
    pub lost: u64,
    /// The number of times that connections were replaced because several calls in a row were not
    /// served. A single broken connection is replaced without being counted.
    pub renewals: u64,
}

/// The counters; each is read for itself.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    calls: AtomicU64,
    micros: AtomicU64,
    unreachable: AtomicU64,
    writes_refused: AtomicU64,
    not_copied: AtomicU64,
    conflicts: AtomicU64,
    lost: AtomicU64,
    renewals: AtomicU64,
}

impl Counters {
    pub(crate) fn call(&self, took: Duration, error: Option<&RedisError>) {
        use RedisError as E;
        add(&self.calls, 1);
        add(&self.micros, u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
        match error {
            Some(E::Unreachable(_) | E::TimedOut { .. } | E::NotServed(_)) => {
                add(&self.unreachable, 1);
            }
            Some(E::ReadOnly(_) | E::OutOfMemory(_)) => add(&self.writes_refused, 1),
            _ => {}
        }
    }

    pub(crate) fn not_copied(&self) {
        add(&self.not_copied, 1);
    }

    pub(crate) fn conflict(&self) {
        add(&self.conflicts, 1);
    }

    pub(crate) fn lost(&self) {
        add(&self.lost, 1);
    }

    pub(crate) fn renewal(&self) {
        add(&self.renewals, 1);
    }

    pub(crate) fn read(&self) -> RedisStats {
        let now = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        RedisStats {
            calls: now(&self.calls),
            answering: Duration::from_micros(now(&self.micros)),
            unreachable: now(&self.unreachable),
            writes_refused: now(&self.writes_refused),
            not_copied: now(&self.not_copied),
            conflicts: now(&self.conflicts),
            lost: now(&self.lost),
            renewals: now(&self.renewals),
        }
    }
}

fn add(counter: &AtomicU64, count: u64) {
    counter.fetch_add(count, Ordering::Relaxed);
}
