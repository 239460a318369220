//! Passes in the background: an account is loaded when its turn has come, and not before.

use std::{
    collections::HashSet,
    sync::{Arc, Weak},
    time::Duration,
};

use conv_model::AccountId;
use conv_store::StoreError;
use tokio::{runtime::Handle, task::JoinSet};

use super::{Accounts, Shared, registry::lock};
use crate::{Error, flight::Place};

/// What became of the passes of [`Accounts::refresh_all`].
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Refreshed {
    /// Accounts whose list is complete.
    pub finished: usize,
    /// Accounts whose pass failed, and why. Their lists are as they were.
    pub failed: Vec<(AccountId, Error)>,
    /// Accounts that were forgotten meanwhile, or waited for their turn already.
    pub left_out: usize,
}

impl Accounts {
    /// Says that something changed in the cloud for an account, as a webhook tells: it is pulled
    /// in the background when its turn comes, and loaded no sooner than that. Marks of an account
    /// that waits for its turn are one. Returns at once.
    ///
    /// # Errors
    /// [`Error::Store`] once closed or outside a Tokio runtime.
    pub fn mark_dirty(&self, account: &AccountId) -> Result<(), Error> {
        let runtime = Handle::try_current().map_err(|_| StoreError::NoRuntime)?;
        if let Some(list) = self.shared.registry.get(account)? {
            return list.mark_dirty();
        }
        if self.shared.registry.note_due(account)? {
            let refresh = refresh(Arc::downgrade(&self.shared), self.place(), account.clone());
            runtime.spawn(refresh);
        }
        Ok(())
    }

    /// Pulls accounts in the background, their beginnings spread evenly over a time: after a
    /// restart, so that not all ask the cloud at once, or for ever in a loop, as a refresh.
    ///
    /// ```
    /// # use std::{sync::Arc, time::Duration};
    /// # use conv_api::{AccountId, Accounts, MemoryDatabase, testing::ScriptedSource};
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let source = ScriptedSource::with_rows(40);
    /// let accounts = Accounts::builder(Arc::new(MemoryDatabase::new()), source).build();
    /// let all = (1..=20).map(|n| format!("user_{n:04}").parse::<AccountId>());
    /// let all = all.collect::<Result<Vec<_>, _>>()?;
    ///
    /// let refreshed = accounts.refresh_all(all, Duration::from_secs(60)).await?;
    /// assert_eq!(refreshed.finished, 20);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Ends with the last pass. Dropping it leaves out those whose turn has not come.
    ///
    /// # Errors
    /// [`Error::Store`] once closed or outside a Tokio runtime. That passes fail is no error.
    pub async fn refresh_all(
        &self,
        accounts: impl IntoIterator<Item = AccountId>,
        over: Duration,
    ) -> Result<Refreshed, Error> {
        Handle::try_current().map_err(|_| StoreError::NoRuntime)?;
        let accounts: Vec<AccountId> = accounts.into_iter().collect();
        let plan = self.shared.registry.plan(accounts.iter().cloned().collect::<HashSet<_>>())?;
        let clock = Arc::clone(&self.shared.clock);
        let (begin, count) = (clock.now(), accounts.len().max(1) as f64);
        let (mut passes, mut refreshed) = (JoinSet::new(), Refreshed::default());
        for (number, account) in accounts.into_iter().enumerate() {
            let due = begin + over.mul_f64((number as f64 + clock.chance()) / count);
            let early = due.saturating_sub(clock.now());
            if !early.is_zero() {
                clock.sleep(early).await;
            }
            let is_planned = lock(&plan).remove(&account);
            if is_planned && self.shared.registry.note_due(&account)? {
                let weak = Arc::downgrade(&self.shared);
                let pass = refresh(weak, self.place(), account.clone());
                passes.spawn(async { (account, pass.await) });
            } else {
                refreshed.left_out += 1;
            }
            while let Some(ended) = passes.try_join_next() {
                refreshed.note(ended.ok());
            }
        }
        while let Some(ended) = passes.join_next().await {
            refreshed.note(ended.ok());
        }
        Ok(refreshed)
    }

    fn place(&self) -> Place {
        Place::new(&self.shared.queue)
    }
}

impl Refreshed {
    /// A task that panicked tells nothing.
    fn note(&mut self, ended: Option<(AccountId, Result<bool, Error>)>) {
        match ended {
            Some((_, Ok(true))) => self.finished += 1,
            Some((account, Err(error))) => self.failed.push((account, error)),
            Some((_, Ok(false))) | None => self.left_out += 1,
        }
    }
}

/// One pass when its turn comes, unless the account was forgotten before. It does not keep the
/// accounts open while it waits.
async fn refresh(accounts: Weak<Shared>, place: Place, account: AccountId) -> Result<bool, Error> {
    let permit = place.permit().await;
    let Some(shared) = accounts.upgrade() else { return Err(StoreError::Closed.into()) };
    let accounts = Accounts { shared };
    let list = {
        let claim = accounts.shared.registry.claim(&account).await?;
        if !claim.take_due() {
            return Ok(false);
        }
        accounts.load(&claim).await?
    };
    let ended = list.refresh(permit).await;
    drop(list);
    accounts.make_room();
    ended.map(|()| true)
}
