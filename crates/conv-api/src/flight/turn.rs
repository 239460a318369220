//! One pass, in its turn: among the accounts of this process, and among processes.

use std::time::Duration;

use conv_model::Coverage;
use conv_store::{Holder, Snapshot, StoreError, Turn};

use super::{Outcome, State, pass::pass, queue::Admission, task::Task};
use crate::Error;

/// How often a pass begins anew that another process superseded.
const TRIES: usize = 3;
/// How long this process may take to learn what another one wrote.
const NEWS: Duration = Duration::from_secs(2);

impl Task {
    /// One pass when its turn comes, or the end of one that another process makes.
    pub(super) async fn once(&mut self, mut admission: Option<Admission>) -> Outcome {
        let mut tries = 0;
        loop {
            let slot = self.room(admission.take()).await?;
            let lease = match self.lease().await? {
                Some(Turn::Theirs(holder)) => {
                    drop(slot);
                    // It may not see a change that this process was asked to look for.
                    let will_do = self.shared.state.borrow().is_served();
                    let before = self.route.store.snapshot();
                    let is_finished = self.ended(&holder).await?;
                    if will_do && is_finished && self.is_shown(before).await {
                        return Ok(());
                    }
                    continue;
                }
                Some(Turn::Ours(lease)) => Some(lease),
                None => None,
            };
            // It sees what was asked for while it waited.
            self.shared.state.send_modify(State::begin);
            let outcome = pass(&self.route, slot, self.signals.clone()).await;
            let Some(lease) = lease else { return outcome };
            lease.give_back(outcome.is_ok()).await;
            tries += 1;
            if tries >= TRIES || !is_superseded(&outcome) {
                return outcome;
            }
        }
    }

    /// Asks for the lease, if there are leases.
    async fn lease(&self) -> Result<Option<Turn>, Error> {
        match &self.route.leases {
            Some(leases) => Ok(Some(leases.take(&self.route.account).await?)),
            None => Ok(None),
        }
    }

    /// Waits until another process's pass ended; whether it finished.
    async fn ended(&self, holder: &Holder) -> Result<bool, Error> {
        let Some(leases) = &self.route.leases else { return Ok(false) };
        let mut open = self.signals.open.clone();
        tokio::select! {
            biased;
            _ = open.wait_for(|is_open| !is_open) => Err(Error::Stopped),
            finished = leases.ended(&self.route.account, holder) => Ok(finished?),
        }
    }

    /// Waits until the list shows that a pass finished elsewhere, and says whether it does. That the
    /// list is complete would say nothing: an earlier pass may have made it so.
    ///
    /// A pass that finished just like the one before it cannot be told from it; then this process
    /// makes a pass of its own, which costs calls and is right.
    async fn is_shown(&self, before: Snapshot) -> bool {
        let store = &self.route.store;
        let shown = async {
            let mut now = before.clone();
            while now.sync().finished == before.sync().finished {
                match store.changed(now.seq()).await {
                    Ok(newer) => now = newer,
                    Err(_) => return false,
                }
            }
            now.sync().coverage == Coverage::Complete
        };
        tokio::select! {
            biased;
            is_complete = shown => is_complete,
            () = self.route.clock.sleep(NEWS) => false,
        }
    }
}

/// Whether a later pass began; also after a server lost what this one wrote.
fn is_superseded(outcome: &Outcome) -> bool {
    matches!(outcome, Err(Error::Store(StoreError::Superseded(_))))
}
