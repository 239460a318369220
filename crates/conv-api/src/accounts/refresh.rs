//! Passes in the background: an account is loaded when its turn has come, and not before.

use std::{collections::HashSet, sync::Arc, time::Duration};

use conv_model::AccountId;
use conv_store::StoreError;
use tokio::task::JoinSet;

use super::{Accounts, background::Background, due::TaskNumber, registry::lock};
#[cfg(doc)]
use crate::Conversations;
use crate::{Error, caught::caught};

/// The results of [`Accounts::refresh_all`].
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Refreshed {
    /// Accounts whose list is complete.
    pub finished: usize,
    /// Accounts whose pass failed, with the reason.
    pub failed: Vec<(AccountId, Error)>,
    /// Accounts that were forgotten meanwhile, or waited for their turn already.
    pub left_out: usize,
}

impl Accounts {
    /// Requests a pass of an account because the cloud has changed, for example after a webhook: it is
    /// pulled in the background when its turn comes, and not loaded before. Several requests of an
    /// account that waits for its turn make one pass. Returns at once.
    ///
    /// The request stays until a pass that began after it has succeeded, also if the account cannot be
    /// loaded, or leaves memory meanwhile. After a failure it behaves like
    /// [`Conversations::request_sync`]; a request that waits for a fix is also served by the next
    /// [`open`](Self::open). Requests are kept in memory: after a restart use
    /// [`refresh_all`](Self::refresh_all).
    ///
    /// An account that you close by its handle keeps its marks, and they wait: the next
    /// [`open`](Self::open), [`refresh_all`](Self::refresh_all) or mark of the account loads it and
    /// serves them. Until then they count in [`Stats::accounts_due`](crate::Stats::accounts_due).
    /// [`forget`](Self::forget) drops them.
    ///
    /// # Errors
    /// [`Error::Store`] once closed or outside a Tokio runtime.
    pub fn request_sync(&self, account: &AccountId) -> Result<(), Error> {
        self.shared.runtime.get()?;
        if let Some(list) = self.shared.registry.get(account)? {
            match list.request_sync() {
                // Another call closes it at this moment.
                Err(Error::Store(StoreError::Closed)) => {}
                marked => return marked,
            }
        }
        if let Some(task) = self.shared.registry.open_due(|due| due.mark(account))? {
            self.start(account, task);
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
    /// An account whose pass fails is not retried: request a sync, or refresh it again later.
    /// Ends with the last pass. Dropping it leaves out those whose turn has not come.
    ///
    /// # Errors
    /// [`Error::Store`] once closed or outside a Tokio runtime. Failed passes are not an error.
    pub async fn refresh_all(
        &self,
        accounts: impl IntoIterator<Item = AccountId>,
        over: Duration,
    ) -> Result<Refreshed, Error> {
        let runtime = self.shared.runtime.get()?;
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
            let task = match is_planned {
                true => self.shared.registry.open_due(|due| due.refresh(&account))?,
                false => None,
            };
            match task {
                Some(task) => {
                    let background = self.background(&account, task, true);
                    let pass = async move { (account, outcome(background).await) };
                    passes.spawn_on(pass, &runtime);
                }
                None => refreshed.left_out += 1,
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

    /// Starts the tasks of marks whose lists left memory.
    pub(super) fn resume(&self, account: &AccountId) {
        if let Some(task) = self.shared.registry.due(|due| due.resume(account)) {
            self.start(account, task);
        }
    }

    /// Starts the task of a mark. Without a runtime the mark waits for the next call.
    fn start(&self, account: &AccountId, task: TaskNumber) {
        let background = self.background(account, task, false);
        if let Ok(runtime) = self.shared.runtime.get() {
            runtime.spawn(outcome(background));
        }
    }

    fn background(&self, account: &AccountId, task: TaskNumber, is_refresh: bool) -> Background {
        Background::new(Arc::downgrade(&self.shared), account.clone(), task, is_refresh)
    }
}

/// A database that panics fails its account alone, with an error.
async fn outcome(background: Background) -> Result<bool, Error> {
    caught(background.run()).await.unwrap_or(Err(Error::Panicked))
}

impl Refreshed {
    /// A task that its runtime dropped has no result.
    fn note(&mut self, ended: Option<(AccountId, Result<bool, Error>)>) {
        match ended {
            Some((_, Ok(true))) => self.finished += 1,
            Some((account, Err(error))) => self.failed.push((account, error)),
            Some((_, Ok(false))) | None => self.left_out += 1,
        }
    }
}
