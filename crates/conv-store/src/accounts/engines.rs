//! The trait that a backend implements to get a database.

use std::{fmt::Debug, sync::Arc};

use async_trait::async_trait;
use conv_model::AccountId;
use thiserror::Error;

use super::StoredAccounts;
use crate::{Engine, Leases, Recovery, Signals, StoreError};

/// The engines of any number of accounts.
///
/// [`EngineDatabase`](crate::EngineDatabase) makes a
/// [`ConversationDatabase`](crate::ConversationDatabase) of them.
///
/// ```
/// use std::{collections::HashMap, sync::{Mutex, PoisonError}};
///
/// use async_trait::async_trait;
/// use conv_model::AccountId;
/// use conv_store::{
///     AccountEngines, ConversationDatabase, EngineDatabase, MemoryEngine, StoreError,
/// };
///
/// /// One engine per account.
/// #[derive(Debug, Default)]
/// struct Tables(Mutex<HashMap<AccountId, MemoryEngine>>);
///
/// #[async_trait]
/// impl AccountEngines for Tables {
///     type Engine = MemoryEngine; // yours
///
///     async fn engine(&self, account: &AccountId) -> Result<MemoryEngine, StoreError> {
///         let mut tables = self.0.lock().unwrap_or_else(PoisonError::into_inner);
///         Ok(tables.entry(account.clone()).or_default().clone())
///     }
///
///     async fn wipe(&self, account: &AccountId) -> Result<(), StoreError> {
///         self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(account);
///         Ok(())
///     }
///
///     async fn close(&self) -> Result<(), StoreError> {
///         Ok(())
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let database = EngineDatabase::over(Tables::default());
/// let store = database.account(&"user_0001".parse()?).await?;
/// assert!(store.snapshot().is_empty());
/// # Ok(())
/// # }
/// ```
///
/// # Contract
/// The database guarantees, per account:
/// * At most one engine is in use. [`engine`](Self::engine) is called again only once the engine
///   before it was closed or dropped. If a store was dropped and still finishes a write, the next
///   store takes over its engine after that.
/// * [`wipe`](Self::wipe) runs alone: no engine of the account is in use, and none is opened.
///
/// [`close`](Self::close) is called after all engines were closed. None of the methods but
/// [`accounts`](Self::accounts) is called afterwards.
#[async_trait]
pub trait AccountEngines: Debug + Send + Sync + 'static {
    /// The engine of one account.
    type Engine: Engine;

    /// Returns the engine of an account, which is empty if the account was never written.
    ///
    /// An account ID may be any text of 1–255 bytes: hash or escape it before it becomes a path or a
    /// key.
    ///
    /// # Errors
    /// Those of opening it.
    async fn engine(&self, account: &AccountId) -> Result<Self::Engine, StoreError>;

    /// Removes everything of an account. Wiping an account that was never written succeeds.
    ///
    /// # Errors
    /// Those of removing it.
    async fn wipe(&self, account: &AccountId) -> Result<(), StoreError>;

    /// Writes pending changes and releases the files or connections that the accounts share.
    ///
    /// # Errors
    /// Those of storing pending writes.
    async fn close(&self) -> Result<(), StoreError>;

    /// Starts a listing of the stored accounts. By default a listing fails.
    fn accounts(&self) -> StoredAccounts {
        StoredAccounts::failing(StoreError::engine(NotListed))
    }

    /// Returns the leases of passes if other processes use the same accounts; `None`, the default, if
    /// this process is the only one.
    fn pass_leases(&self) -> Option<Arc<dyn Leases>> {
        None
    }

    /// Returns the leases to send changes if other processes use the same accounts; `None`, the
    /// default, if this process is the only one: then its handles have leases among themselves.
    fn send_leases(&self) -> Option<Arc<dyn Leases>> {
        None
    }

    /// Returns the signals between the processes that use the accounts; `None`, the default, if there
    /// are none.
    fn signals(&self) -> Option<Arc<dyn Signals>> {
        None
    }

    /// Fails if the accounts accept no changes. [`forget`](crate::ConversationDatabase::forget) then
    /// fails as well and leaves an open store open. By default it succeeds.
    ///
    /// # Errors
    /// [`StoreError::ReadOnly`].
    fn check_writable(&self) -> Result<(), StoreError> {
        Ok(())
    }

    /// Receives what was dropped each time an account is loaded. By default it is ignored.
    fn loaded(&self, account: &AccountId, recovery: &Recovery) {
        let _ = (account, recovery);
    }
}

#[derive(Debug, Error)]
#[error("the engines of this database do not list their accounts")]
struct NotListed;
