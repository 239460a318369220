//! The turn to send, among processes and handles that share a store.

use std::sync::atomic::Ordering::Relaxed;

use conv_model::{OutboxChange, Progress};
use conv_store::{Holder, Lease, LeaseGrant, Leases, StoreError};

use super::{
    sending::{has_work, held},
    task::Task,
};
use crate::{passes::backoff, reached::reached};

impl Task {
    /// Waits for the lease to send. Returns `None` once the list is closed, or once nothing is left
    /// to send.
    pub(super) async fn turn(&self, leases: &dyn Leases) -> Option<Box<dyn Lease>> {
        let mut open = self.shared.open.subscribe();
        tokio::select! {
            biased;
            _ = open.wait_for(|is_open| !is_open) => None,
            lease = self.lease(leases) => lease,
        }
    }

    async fn lease(&self, leases: &dyn Leases) -> Option<Box<dyn Lease>> {
        let config = &self.shared.config;
        let mut failed = 0_u32;
        while has_work(&config.store.snapshot()) {
            let waited = match leases.take(&config.account).await {
                Ok(LeaseGrant::Ours(lease)) => return Some(lease),
                Ok(LeaseGrant::Theirs(holder)) => self.stand_by(leases, &holder).await,
                Err(error) => Err(error),
            };
            match waited {
                Ok(()) => failed = 0,
                Err(error) => {
                    failed = failed.saturating_add(1);
                    let class = error.class().as_str();
                    tracing::debug!(class, "the lease to send could not be asked for");
                    config.clock.sleep(backoff(failed, None, &*config.clock)).await;
                }
            }
        }
        None
    }

    /// Waits while another holder sends, until its lease ended or it sent everything.
    async fn stand_by(&self, leases: &dyn Leases, holder: &Holder) -> Result<(), StoreError> {
        let config = &self.shared.config;
        let mut retry = self.shared.retry.subscribe();
        // As in a process that sends: the app's account may be mended.
        if !self.shared.was_released.swap(true, Relaxed) {
            self.release().await;
        }
        let mut store = config.store.watch();
        let mut seen = config.store.snapshot();
        let mut ended = std::pin::pin!(leases.ended(&config.account, holder));
        while has_work(&seen) {
            tokio::select! {
                biased;
                Ok(()) = retry.changed() => self.release().await,
                newer = store.newer_than(seen.seq()) => seen = newer?,
                written = &mut ended => {
                    if let Some(written) = written? {
                        reached(&*config.store, &*config.clock, written).await;
                    }
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Has the holder send held changes: it notices releases by others.
    async fn release(&self) {
        let snapshot = self.shared.config.store.snapshot();
        let steps: Vec<_> =
            held(&snapshot).into_iter().map(|number| (number, Progress::Released)).collect();
        if steps.is_empty() {
            return;
        }
        if let Err(error) = self.shared.mutate(OutboxChange::Progress(steps)).await {
            tracing::debug!(code = error.code(), "held changes could not be released");
        }
    }
}
