//! One pass, in its turn: among the accounts of this process, and among processes.

use std::time::Duration;

use conv_model::Coverage;
use conv_store::{Holder, Snapshot, StoreError, Turn};

use super::{Outcome, Permit, Task, lock, pass::pass};
use crate::Error;

/// How often a pass begins anew that another process superseded.
const TRIES: usize = 3;
/// How long this process may take to learn what another one wrote.
const NEWS: Duration = Duration::from_secs(2);

/// Whether the pass of another process will do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turns {
    /// It will: somebody wants the list whole.
    Joined,
    /// It will not: something changed that it may not see.
    Anew,
}

impl Task {
    /// One pass when its turn comes, or the end of one that another process makes.
    pub(super) async fn once(&self, mut permit: Option<Permit>, turns: Turns) -> Outcome {
        let mut tries = 0;
        loop {
            let slot = self.room(permit.take()).await?;
            let lease = match self.lease().await? {
                Some(Turn::Theirs(holder)) => {
                    drop(slot);
                    let before = self.route.store.snapshot();
                    let finished = self.ended(&holder).await?;
                    if finished && turns == Turns::Joined && self.is_shown(before).await {
                        return Ok(());
                    }
                    continue;
                }
                Some(Turn::Ours(lease)) => Some(lease),
                None => None,
            };
            // What was marked while it waited is seen by the pass that begins now.
            lock(&self.current).is_dirty = false;
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
            _ = open.changed() => Err(Error::Stopped),
            finished = leases.ended(&self.route.account, holder) => Ok(finished?),
        }
    }

    /// Waits until the store has learned of a pass that finished elsewhere; whether the list is
    /// complete by it.
    async fn is_shown(&self, before: Snapshot) -> bool {
        let store = &self.route.store;
        let learned = async {
            let mut now = before.clone();
            while now.sync().finished == before.sync().finished {
                match store.changed(now.seq()).await {
                    Ok(newer) => now = newer,
                    Err(_) => return,
                }
            }
        };
        tokio::select! {
            () = learned => {}
            () = self.route.clock.sleep(NEWS) => {}
        }
        store.snapshot().sync().coverage == Coverage::Complete
    }
}

/// Whether a later pass began; also after a server lost what this one wrote.
fn is_superseded(outcome: &Outcome) -> bool {
    matches!(outcome, Err(Error::Store(StoreError::Superseded(_))))
}
