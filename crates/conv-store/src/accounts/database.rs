//! The database over any engines.

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use conv_model::AccountId;

use super::{AccountEngines, AccountPages, StoredAccounts, registry::Registry};
use crate::{ConversationDatabase, ConversationStore, Leases, Signals, StoreError};

/// A database over the engines of any number of accounts. Clones are handles to the same one.
///
/// Its stores are [`IndexedStore`](crate::IndexedStore)s. It implements [`ConversationDatabase`]
/// once for every backend: an [`Engine`](crate::Engine) with its [`AccountEngines`] makes a
/// database.
///
/// * All callers of an open account share one store. A store that was closed, or whose handles were
///   all dropped, is opened again with what the engine holds.
/// * Callers who ask for the same account share one opening. It continues if some of them go away.
/// * `forget` waits for an opening under way and closes the open store. It ends what it began if its
///   caller goes away.
/// * `close` waits for openings, closes all stores and then the engines. Later calls fail with
///   [`StoreError::Closed`].
pub struct EngineDatabase<E: AccountEngines>(Arc<Registry<E>>);

impl<E: AccountEngines> EngineDatabase<E> {
    /// Returns the database over some engines. See [`AccountEngines`] for an example.
    pub fn over(engines: E) -> Self {
        Self(Arc::new(Registry::new(engines)))
    }

    /// Returns the engines.
    pub fn engines(&self) -> &E {
        &self.0.engines
    }

    /// Starts a listing of the stored accounts, open or closed, if the engines have one.
    pub fn accounts(&self) -> StoredAccounts {
        let registry = Arc::clone(&self.0);
        StoredAccounts::new(WhileOpen { registry, pages: self.0.engines.accounts() })
    }
}

/// A listing that ends with its database.
struct WhileOpen<E: AccountEngines> {
    registry: Arc<Registry<E>>,
    pages: StoredAccounts,
}

#[async_trait]
impl<E: AccountEngines> AccountPages for WhileOpen<E> {
    async fn next_page(&mut self) -> Result<Option<Vec<AccountId>>, StoreError> {
        self.registry.check_open()?;
        self.pages.next_page().await
    }
}

#[async_trait]
impl<E: AccountEngines> ConversationDatabase for EngineDatabase<E> {
    async fn account(&self, account: &AccountId) -> Result<Arc<dyn ConversationStore>, StoreError> {
        self.0.open(account).await.map(|store| store as Arc<dyn ConversationStore>)
    }

    async fn forget(&self, account: &AccountId) -> Result<(), StoreError> {
        self.0.wipe(account).await
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.0.close().await
    }

    fn pass_leases(&self) -> Option<Arc<dyn Leases>> {
        self.0.engines.pass_leases()
    }

    fn send_leases(&self) -> Option<Arc<dyn Leases>> {
        Some(self.0.engines.send_leases().unwrap_or_else(|| Arc::new(self.0.send_leases.clone())))
    }

    fn signals(&self) -> Option<Arc<dyn Signals>> {
        self.0.engines.signals()
    }
}

impl<E: AccountEngines + Default> Default for EngineDatabase<E> {
    fn default() -> Self {
        Self::over(E::default())
    }
}

impl<E: AccountEngines> Clone for EngineDatabase<E> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<E: AccountEngines> fmt::Debug for EngineDatabase<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EngineDatabase")
            .field("engines", &self.0.engines)
            .field("in_use", &self.0.len())
            .finish()
    }
}
