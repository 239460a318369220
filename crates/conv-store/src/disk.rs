//! Accounts in a folder, whatever the engine that keeps their rows.
//!
//! A database is a folder: a file of rows and sync states, which is the engine's part, and a log for
//! local state. An engine implements [`RowFile`] and nothing else.

mod account;
mod accounts;
pub(crate) mod commit;
mod engine;
mod files;
mod files_disk;
mod folder;
pub(crate) mod frame;
#[cfg(all(test, feature = "testing"))]
pub(crate) mod harms;
mod journal;
mod key;
pub(crate) mod local_log;
mod met;
mod open;
mod opened;
mod reading;
mod records;
pub(crate) mod recover;
#[cfg(feature = "redb")]
pub(crate) mod redb;
mod row_file;
mod rows;
mod schema;
#[cfg(feature = "sled")]
pub(crate) mod sled;
mod stores;
mod tally;
mod types;

use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use async_trait::async_trait;
use conv_model::AccountId;

use self::{
    account::Account, accounts::Listing, engine::AccountEngine, files::Files,
    files_disk::FilesDisk, journal::Journal, stores::Stores,
};
use crate::{
    ConversationDatabase, ConversationStore, IndexedStore, Recovery, StoreError, StoredAccounts,
    disk::commit::{Job, Work, Writer},
};

#[cfg(feature = "sled")]
pub(crate) use self::{folder::create_private, key::Prefix};
pub(crate) use self::{
    folder::patiently,
    open::{How, open},
    row_file::{Changes, Each, Found, RowFile},
    schema::check as check_schema,
    types::disk_types,
};

/// What an acknowledged change survives. Local state survives a power cut at every level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Durability {
    /// The end of the process once about half a second has passed, or the store was closed.
    WriteBehind,
    /// The end of the process at any moment, `kill -9` too. A power cut may take what the system
    /// had not written yet.
    #[default]
    Process,
    /// A power cut.
    Disk,
}

/// The lists of any number of accounts, in one folder.
#[derive(Debug)]
pub(crate) struct Database<R: RowFile> {
    files: Arc<Files<R>>,
    writer: Writer<FilesDisk<R>>,
    stores: Stores,
    /// What was met in accounts that were loaded.
    recovery: Mutex<Recovery>,
    closed: AtomicBool,
}

impl<R: RowFile> Database<R> {
    /// The database of a folder, over files that something opens.
    async fn over(
        folder: PathBuf,
        durability: Durability,
        files: impl FnOnce() -> Result<Files<R>, StoreError> + Send + 'static,
    ) -> Result<Self, StoreError> {
        engine::blocking(move || {
            let files = Arc::new(files()?);
            let disk = FilesDisk::new(Arc::clone(&files), durability, Journal::of(&folder));
            let writer = Writer::start(disk)?;
            let (stores, closed) = (Stores::default(), AtomicBool::new(false));
            Ok(Self { files, writer, stores, recovery: Mutex::default(), closed })
        })
        .await
    }

    /// The store of one account, with which the database ends.
    pub(crate) async fn into_store(self, account: &AccountId) -> Result<IndexedStore, StoreError> {
        IndexedStore::open(self.into_engine(account)).await
    }

    pub(crate) fn into_engine(self, account: &AccountId) -> AccountEngine<R> {
        self.engine(&Arc::new(Account::new(account.clone()))).alone()
    }

    fn engine(&self, account: &Arc<Account>) -> AccountEngine<R> {
        AccountEngine::new(Arc::clone(account), Arc::clone(&self.files), self.writer.clone())
    }

    /// Returns the findings of the opening and of the accounts loaded so far. Never waits for a disk.
    pub(crate) fn recovery(&self) -> Recovery {
        let mut recovery = self.recovered().clone();
        recovery.join(self.files.recovery());
        recovery
    }

    /// Starts a listing of the accounts that it holds.
    pub(crate) fn accounts(&self) -> StoredAccounts {
        StoredAccounts::new(Listing::new(Arc::clone(&self.files), self.writer.clone()))
    }

    /// Returns true if it refuses every change.
    pub(crate) fn is_read_only(&self) -> bool {
        !self.files.is_writable()
    }

    fn recovered(&self) -> MutexGuard<'_, Recovery> {
        self.recovery.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }
}

/// Closes a store that its user may be closing too.
async fn closed(store: &IndexedStore) -> Result<(), StoreError> {
    match store.close().await {
        Err(StoreError::Closed) => Ok(()),
        result => result,
    }
}

#[async_trait]
impl<R: RowFile> ConversationDatabase for Database<R> {
    async fn account(&self, account: &AccountId) -> Result<Arc<dyn ConversationStore>, StoreError> {
        let slot = self.stores.slot(account);
        let mut slot = slot.lock().await;
        if self.is_closed() {
            return Err(StoreError::Closed);
        }
        if let Some(store) = slot.store() {
            return Ok(store);
        }
        let store = Arc::new(IndexedStore::open(self.engine(slot.account(account))).await?);
        slot.keep(&store);
        self.recovered().join(store.recovery().without_losses());
        if self.is_closed() {
            // `close` may have passed this slot before there was a store in it.
            closed(&store).await?;
            return Err(StoreError::Closed);
        }
        Ok(store)
    }

    async fn forget(&self, account: &AccountId) -> Result<(), StoreError> {
        let slot = self.stores.slot(account);
        let mut slot = slot.lock().await;
        if self.is_closed() {
            return Err(StoreError::Closed);
        }
        self.files.check_writable()?;
        if let Some(store) = slot.store() {
            // What it could not write is about to go anyway.
            let _ = store.close().await;
        }
        let job = Job { account: Arc::clone(slot.account(account)), work: Work::Forget };
        self.writer.run(job).await
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.closed.store(true, Ordering::Release);
        let mut result = Ok(());
        for slot in self.stores.all() {
            let store = slot.lock().await.store();
            if let Some(store) = store {
                result = result.and(closed(&store).await);
            }
        }
        let ended = self.writer.close().await;
        result.and(ended)
    }
}

/// For the tests of engines.
#[cfg(test)]
pub(crate) mod inside {
    pub(crate) use super::{
        engine::AccountEngine,
        key::{SCHEMA, name, prefix},
    };
}

#[cfg(test)]
mod tests;
