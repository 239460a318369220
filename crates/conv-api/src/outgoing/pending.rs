//! The changes that are not over.

use std::{sync::Arc, time::Duration};

use conv_model::{Pending, PendingState};
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

    /// Waits until the cloud acknowledged or refused every change, or until `timeout` is over. Returns
    /// the changes that are left then: none if all were sent. Changes that an earlier process sent have
    /// been compared with the passes of this one then.
    ///
    /// # Errors
    /// [`Error::Store`] once the list is closed.
    pub async fn flush(&self, timeout: Duration) -> Result<Vec<Arc<Pending>>, Error> {
        self.check_open()?;
        let sent = async {
            let mut store = self.store().watch();
            loop {
                let snapshot = self.snapshot();
                if ChangesReport::of(&snapshot).unsent() == 0 {
                    // A process that ends now has at least compared what it read.
                    self.outgoing().compared().await;
                    return Ok(Vec::new());
                }
                store.newer_than(snapshot.seq()).await?;
            }
        };
        tokio::select! {
            biased;
            sent = sent => sent,
            () = self.clock().sleep(timeout) => {
                let mut left = self.pending();
                left.retain(|pending| is_unsent(pending.state));
                Ok(left)
            }
        }
    }
}

fn is_unsent(state: PendingState) -> bool {
    !matches!(state, PendingState::Settling | PendingState::Failed)
}
