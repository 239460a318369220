//! When connections are given up: after some calls that led to no server, or to the wrong one.

use std::sync::atomic::{AtomicU32, Ordering};

use tokio::sync::mpsc;

use crate::RedisError;

/// After so many calls in a row that found no server, or so many writes that were refused by a
/// server that takes none, connections are made anew. The client does so by itself where it learns
/// that one broke; not where a server goes on to refuse behind a name that leads to another one by
/// now.
const MANY: u32 = 3;

/// What went wrong on a link.
pub(super) struct Troubles {
    /// How many calls in a row found no server.
    unserved: AtomicU32,
    /// How many found one that takes no writes. It may go on to serve reads.
    refused: AtomicU32,
    /// Asks for other connections.
    wanted: mpsc::Sender<()>,
}

impl Troubles {
    pub(super) fn new(wanted: &mpsc::Sender<()>) -> Self {
        Self { unserved: AtomicU32::new(0), refused: AtomicU32::new(0), wanted: wanted.clone() }
    }

    /// Takes in how a call ended, and asks for other connections after some that ended badly.
    pub(super) fn note(&self, error: Option<&RedisError>) {
        use RedisError as E;
        let counter = match error {
            Some(E::Unreachable(_) | E::TimedOut { .. } | E::NotServed(_)) => &self.unserved,
            Some(E::ReadOnly(_)) => &self.refused,
            _ => return self.unserved.store(0, Ordering::Relaxed),
        };
        let before = counter.fetch_add(1, Ordering::Relaxed);
        if before + 1 >= MANY {
            // They may have been asked for by now.
            let _ = self.wanted.try_send(());
        }
    }

    /// The connections are others now.
    pub(super) fn forget(&self) {
        self.unserved.store(0, Ordering::Relaxed);
        self.refused.store(0, Ordering::Relaxed);
    }
}
