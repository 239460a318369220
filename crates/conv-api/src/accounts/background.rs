//! The task of one account that is not loaded: a pass when its turn comes, and not before.

use std::sync::{Arc, Weak};

use conv_model::AccountId;
use conv_store::StoreError;

use super::{Accounts, Shared, due::TaskNumber};
use crate::{
    Error,
    passes::{Admission, QueueTicket, Unserved, backoff},
};

/// Owns the entry of an account among those that are due: however it ends, the entry does not
/// outlive it unless it is a mark.
pub(super) struct Background {
    accounts: Weak<Shared>,
    account: AccountId,
    task: TaskNumber,
    /// A task that its caller may drop leaves a mark that came meanwhile to a new one.
    is_refresh: bool,
}

impl Background {
    pub(super) fn new(
        accounts: Weak<Shared>,
        account: AccountId,
        task: TaskNumber,
        is_refresh: bool,
    ) -> Self {
        Self { accounts, account, task, is_refresh }
    }

    /// One pass when its turn comes; `false` if the account was forgotten before. It does not keep
    /// the accounts open while it waits.
    ///
    /// For a mark, an account that cannot be loaded is loaded again after pauses, as long as waiting
    /// may help. Once it is loaded, its list has the mark.
    pub(super) async fn run(self) -> Result<bool, Error> {
        loop {
            self.pause().await?;
            let admission = self.admit().await?;
            let accounts = Accounts { shared: self.shared()? };
            let claim = accounts.shared.registry.claim(&self.account).await?;
            if self.due(&accounts.shared).is_none() {
                return Ok(false);
            }
            let list = match accounts.load(&claim).await {
                Ok(list) => list,
                Err(error) => {
                    let is_marked = self.due(&accounts.shared).flatten().is_some();
                    let registry = &accounts.shared.registry;
                    registry
                        .due(|due| due.fail(&self.account, self.task, error.may_succeed_later()));
                    if is_marked && error.may_succeed_later() {
                        continue;
                    }
                    return Err(error);
                }
            };
            let Some(mark) = self.due(&accounts.shared) else { return Ok(false) };
            let asked = list.begin_refresh(admission, mark)?;
            accounts.shared.registry.due(|due| due.remove(&self.account));
            drop(claim);
            let ended = list.refreshed(asked).await;
            drop(list);
            accounts.make_room();
            return ended.map(|()| true);
        }
    }

    /// Waits after a failure.
    async fn pause(&self) -> Result<(), Error> {
        let (clock, mark) = {
            let shared = self.shared()?;
            (Arc::clone(&shared.clock), self.due(&shared).flatten())
        };
        let failed = mark.map_or(0, |mark| mark.failed);
        if failed > 0 {
            clock.sleep(backoff(failed, None, &*clock)).await;
        }
        Ok(())
    }

    /// Waits for its turn.
    async fn admit(&self) -> Result<Admission, Error> {
        let (queue, clock) = {
            let shared = self.shared()?;
            (Arc::clone(&shared.queue), Arc::clone(&shared.clock))
        };
        // Its caller waits for the end, but does not give it precedence.
        Ok(QueueTicket::new(&queue).admit(&*clock, None).await)
    }

    /// The mark by which a pass is due, if it is by one. `None` if it no longer is.
    fn due(&self, shared: &Shared) -> Option<Option<Unserved>> {
        shared.registry.due(|due| due.of_task(&self.account, self.task))
    }

    fn shared(&self) -> Result<Arc<Shared>, Error> {
        Ok(self.accounts.upgrade().ok_or(StoreError::Closed)?)
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        let Some(shared) = self.accounts.upgrade() else { return };
        shared.registry.due(|due| due.end(&self.account, self.task));
        // Dropped with its caller, it leaves a mark that came meanwhile. A task that the runtime
        // dropped leaves its mark to the next call: here nothing can run.
        if self.is_refresh {
            Accounts { shared }.resume(&self.account);
        }
    }
}
