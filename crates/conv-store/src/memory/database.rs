//! Stores in memory for any number of accounts.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use conv_model::AccountId;
use tokio::sync::Mutex;

use super::{MemoryEngine, MemoryStore};
use crate::{ConversationDatabase, ConversationStore, StoreError, StoredAccounts, accounts::Pages};

/// Stores in memory for any number of accounts. Clones are handles to the same ones.
///
/// An account's store that was closed is opened anew when it is asked for, with what it held.
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
#[derive(Clone, Debug)]
pub struct MemoryDatabase {
    /// `None` once it is closed. A lock of Tokio's, because a store is opened under it: two who
    /// ask at the same time shall get the same one.
    accounts: Arc<Mutex<Option<Accounts>>>,
}

type Accounts = BTreeMap<AccountId, Opened>;

#[derive(Debug)]
struct Opened {
    engine: MemoryEngine,
    store: Arc<MemoryStore>,
}

impl MemoryDatabase {
    /// Without any accounts.
    pub fn new() -> Self {
        Self { accounts: Arc::new(Mutex::new(Some(Accounts::new()))) }
    }

    /// Starts a listing of the accounts that the database holds, open or closed.
    pub fn accounts(&self) -> StoredAccounts {
        StoredAccounts::new(All { accounts: Some(Arc::clone(&self.accounts)) })
    }
}

/// All accounts, in one page.
struct All {
    /// `None` after the page.
    accounts: Option<Arc<Mutex<Option<Accounts>>>>,
}

#[async_trait]
impl Pages for All {
    async fn next(&mut self) -> Result<Option<Vec<AccountId>>, StoreError> {
        let Some(accounts) = &self.accounts else { return Ok(None) };
        let page = {
            let accounts = accounts.lock().await;
            let all = accounts.as_ref().ok_or(StoreError::Closed)?.iter();
            let held = all.filter(|(_, opened)| !opened.engine.is_empty());
            held.map(|(account, _)| account.clone()).collect()
        };
        self.accounts = None;
        Ok(Some(page))
    }
}

impl Default for MemoryDatabase {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl ConversationDatabase for MemoryDatabase {
    async fn account(&self, account: &AccountId) -> Result<Arc<dyn ConversationStore>, StoreError> {
        let mut accounts = self.accounts.lock().await;
        let accounts = accounts.as_mut().ok_or(StoreError::Closed)?;
        let known = accounts.get(account);
        let store = match known.filter(|opened| !opened.store.is_closed()) {
            Some(opened) => Arc::clone(&opened.store),
            None => {
                let engine = known.map(|opened| opened.engine.clone()).unwrap_or_default();
                let store = Arc::new(MemoryStore::over(engine.clone()).await?);
                let opened = Opened { engine, store: Arc::clone(&store) };
                accounts.insert(account.clone(), opened);
                store
            }
        };
        Ok(store)
    }

    async fn forget(&self, account: &AccountId) -> Result<(), StoreError> {
        let mut accounts = self.accounts.lock().await;
        let accounts = accounts.as_mut().ok_or(StoreError::Closed)?;
        match accounts.remove(account) {
            Some(opened) => close(&opened.store).await,
            None => Ok(()),
        }
    }

    async fn close(&self) -> Result<(), StoreError> {
        let accounts = self.accounts.lock().await.take().ok_or(StoreError::Closed)?;
        for opened in accounts.values() {
            close(&opened.store).await?;
        }
        Ok(())
    }
}

/// Closes a store that its user may have closed already.
async fn close(store: &MemoryStore) -> Result<(), StoreError> {
    match store.close().await {
        Err(StoreError::Closed) => Ok(()),
        result => result,
    }
}
