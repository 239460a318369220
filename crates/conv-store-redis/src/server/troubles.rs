//! The count of failures after which connections are dropped: calls that reached no server, or the
//! wrong one.

use std::sync::atomic::{AtomicU32, Ordering};

use crate::RedisError;

/// The number of consecutive calls that reached no server, or of writes that a read-only server
/// refused, after which the connections are replaced. The client replaces a connection by itself
/// if it learns that it broke; it does not if a server goes on to refuse behind a name that leads
/// to another one by now.
const MANY: u32 = 3;

/// The failures of a link.
#[derive(Default)]
pub(super) struct Troubles {
    /// The number of calls in a row that found no server.
    unserved: AtomicU32,
    /// The number of calls in a row that found a server which takes no writes. It may go on to
    /// serve reads.
    refused: AtomicU32,
}

impl Troubles {
    /// Counts the outcome of a call; returns true if the connections must be replaced, after some
    /// failures.
    pub(super) fn note(&self, error: Option<&RedisError>) -> bool {
        use RedisError as E;
        let counter = match error {
            Some(E::Unreachable(_) | E::TimedOut { .. } | E::NotServed(_)) => &self.unserved,
            Some(E::ReadOnly(_)) => &self.refused,
            _ => {
                self.unserved.store(0, Ordering::Relaxed);
                return false;
            }
        };
        counter.fetch_add(1, Ordering::Relaxed) + 1 >= MANY
    }

    /// The connections are others now.
    pub(super) fn forget(&self) {
        self.unserved.store(0, Ordering::Relaxed);
        self.refused.store(0, Ordering::Relaxed);
    }
}
