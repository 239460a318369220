//! The changes that are not over.

use std::{sync::Arc, time::Duration};

use conv_model::{MutationFailure, PassStatus, Pending, PendingState};
use conv_store::Snapshot;
use serde::Serialize;

use crate::{Conversations, Error};

/// The number of changes that are not over, by how far they have come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ChangesReport {
    /// Changes that wait to be sent, for the first time or again.
    pub queued: usize,
    /// Changes whose call is under way.
    pub sending: usize,
    /// Changes that the cloud acknowledged and its list has yet to show.
    pub settling: usize,
    /// Changes that wait for the app's account to be mended:
    /// [`retry_now`](Conversations::retry_now) sends them then.
    pub held: usize,
    /// Changes that failed, and were neither dropped nor retried.
    pub failed: usize,
}

impl ChangesReport {
    fn of(snapshot: &Snapshot) -> Self {
        let mut report = Self::default();
        for pending in snapshot.outbox().pending() {
            let count = match pending.state {
                PendingState::Sending => &mut report.sending,
                PendingState::Settling => &mut report.settling,
                PendingState::Held => &mut report.held,
                PendingState::Failed => &mut report.failed,
                _ => &mut report.queued,
            };
            *count = count.saturating_add(1);
        }
        report
    }

    /// Returns the number of changes that the cloud has not acknowledged, and that have not failed.
    pub fn unsent(&self) -> usize {
        self.queued.saturating_add(self.sending).saturating_add(self.held)
    }
}

impl Conversations {
    /// Returns the changes that are not over, also those of earlier processes, in the order in which
    /// they were accepted: each with its state, the number of times it was sent, and why it failed.
    pub fn pending(&self) -> Vec<Arc<Pending>> {
        let mut pending: Vec<_> = self.snapshot().outbox().pending().cloned().collect();
        pending.sort_unstable_by_key(|pending| pending.number);
        pending
    }

    /// Returns the number of changes that are not over, by how far they have come.
    pub fn changes_report(&self) -> ChangesReport {
        ChangesReport::of(&self.snapshot())
    }

    /// Returns the number of changes of a snapshot that were not sent.
    pub(crate) fn unsent_of(snapshot: &Snapshot) -> usize {
        ChangesReport::of(snapshot).unsent()
    }

    /// Returns why changes are not sent: why they are held, else the failure of the newest one that was
    /// tried, else that of the newest pass, for which a deletion waits. `None` if all are sent, or if
    /// nothing failed so far.
    pub fn sending_failure(&self) -> Option<MutationFailure> {
        let unsent = self.unsent();
        let tried = || unsent.iter().rev().find_map(|pending| pending.failure.clone());
        let passed = || match self.sync_report().pass {
            PassStatus::Failed(failure) => {
                let code = Some(failure.code).filter(|code| *code != 0);
                Some(MutationFailure::new(failure.class, code, failure.message))
            }
            _ => None,
        };
        if unsent.is_empty() {
            return None;
        }
        self.outgoing().held().or_else(tried).or_else(passed)
    }

    /// Returns the changes that the cloud neither acknowledged nor refused.
    fn unsent(&self) -> Vec<Arc<Pending>> {
        let mut unsent = self.pending();
        unsent.retain(|pending| is_unsent(pending.state));
        unsent
    }

    /// Waits until the cloud acknowledged or refused every change, or until `timeout` is over. Returns
    /// the changes that are left then: none if all were sent. It returns at once when all that are left
    /// are held; [`sending_failure`](Self::sending_failure) says why. Changes that an earlier process sent have
    /// been compared with the passes of this one then.
    ///
    /// # Errors
    /// [`Error::Store`] once the list is closed.
    pub async fn flush(&self, timeout: Duration) -> Result<Vec<Arc<Pending>>, Error> {
        self.check_open()?;
        let sent = async {
            let mut store = self.store().watch();
            let mut held = self.outgoing().0.held.subscribe();
            loop {
                let snapshot = self.snapshot();
                let mut unsent = snapshot.outbox().pending().filter(|it| is_unsent(it.state));
                if ChangesReport::of(&snapshot).unsent() == 0 {
                    // A process that ends now has at least compared what it read.
                    self.outgoing().compared().await;
                    return Ok(Vec::new());
                }
                if unsent.all(|pending| self.outgoing().is_blocked(pending)) {
                    return Ok(self.unsent());
                }
                tokio::select! {
                    newer = store.newer_than(snapshot.seq()) => drop(newer?),
                    // The sender is in the list.
                    _ = held.changed() => {}
                }
            }
        };
        tokio::select! {
            biased;
            sent = sent => sent,
            () = self.clock().sleep(timeout) => {
                Ok(self.unsent())
            }
        }
    }
}

fn is_unsent(state: PendingState) -> bool {
    !matches!(state, PendingState::Settling | PendingState::Failed)
}
