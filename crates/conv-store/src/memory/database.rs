//! Stores in memory for any number of accounts.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use conv_model::AccountId;

use super::MemoryEngine;
use crate::{
    AccountEngines, AccountPages, EngineDatabase, MemorySignals, Signals, StoreError,
    StoredAccounts, sync::lock,
};

/// Stores in memory for any number of accounts. Clones are handles to the same ones.
///
/// The database keeps the records of every account. A store that was closed or dropped is opened
/// again with what it held, as a preview until a pass has finished.
///
/// ```
/// use conv_store::{ConversationDatabase, MemoryDatabase};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let database = MemoryDatabase::new();
/// let store = database.account(&"user_0001".parse()?).await?;
/// assert!(store.snapshot().is_empty());
/// # Ok(())
/// # }
/// ```
pub type MemoryDatabase = EngineDatabase<MemoryEngines>;

impl MemoryDatabase {
    /// Returns a database without accounts.
    pub fn new() -> Self {
        Self::default()
    }
}

/// The engines of a [`MemoryDatabase`].
#[derive(Default)]
pub struct MemoryEngines {
    accounts: Arc<Accounts>,
    signals: MemorySignals,
}

type Accounts = Mutex<HashMap<AccountId, MemoryEngine>>;

#[async_trait]
impl AccountEngines for MemoryEngines {
    type Engine = MemoryEngine;

    async fn engine(&self, account: &AccountId) -> Result<MemoryEngine, StoreError> {
        Ok(lock(&self.accounts).entry(account.clone()).or_default().clone())
    }

    async fn wipe(&self, account: &AccountId) -> Result<(), StoreError> {
        lock(&self.accounts).remove(account);
        Ok(())
    }

    async fn close(&self) -> Result<(), StoreError> {
        lock(&self.accounts).clear();
        Ok(())
    }

    fn accounts(&self) -> StoredAccounts {
        StoredAccounts::new(OnePage(Some(Arc::clone(&self.accounts))))
    }

    fn signals(&self) -> Option<Arc<dyn Signals>> {
        Some(Arc::new(self.signals.clone()))
    }
}

/// All accounts in one page; `None` after it.
struct OnePage(Option<Arc<Accounts>>);

#[async_trait]
impl AccountPages for OnePage {
    async fn next_page(&mut self) -> Result<Option<Vec<AccountId>>, StoreError> {
        let Some(accounts) = self.0.take() else { return Ok(None) };
        let accounts = lock(&accounts);
        let held = accounts.iter().filter(|(_, engine)| !engine.is_empty());
        Ok(Some(held.map(|(account, _)| account.clone()).collect()))
    }
}

impl fmt::Debug for MemoryEngines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryEngines").field("accounts", &lock(&self.accounts).len()).finish()
    }
}
