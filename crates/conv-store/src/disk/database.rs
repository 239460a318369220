//! The accounts of one folder, as engines.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use conv_model::AccountId;

use super::{
    Durability,
    account::Account,
    accounts::Accounts,
    commit::{Job, Work, Writer},
    engine::{AccountEngine, blocking},
    files::Files,
    files_disk::FilesDisk,
    journal::Journal,
    listing::Listing,
    recover::Opening,
    row_file::RowFile,
};
use crate::{AccountEngines, IndexedStore, Recovery, StoreError, StoredAccounts, sync::lock};

/// The accounts of one folder: its files, and the thread that writes them.
#[derive(Debug)]
pub(crate) struct DiskEngines<R: RowFile> {
    pub(super) files: Arc<Files<R>>,
    writer: Writer<FilesDisk<R>>,
    accounts: Accounts,
    opening: Arc<Opening>,
    /// The losses found in accounts that were loaded.
    loaded: Mutex<Recovery>,
}

impl<R: RowFile> DiskEngines<R> {
    /// Starts the thread over the files of a folder, which `files` opens.
    pub(super) async fn over(
        folder: PathBuf,
        durability: Durability,
        opening: Arc<Opening>,
        files: impl FnOnce() -> Result<Files<R>, StoreError> + Send + 'static,
    ) -> Result<Self, StoreError> {
        blocking(move || {
            let files = files()?.with_term(&folder, durability, opening.recovery());
            let files = Arc::new(files);
            let disk = FilesDisk::new(Arc::clone(&files), durability, Journal::of(&folder));
            let (writer, loaded) = (Writer::start(disk)?, Mutex::default());
            Ok(Self { files, writer, accounts: Accounts::default(), opening, loaded })
        })
        .await
    }

    /// Returns the store of one account. Closing it closes the folder.
    pub(crate) async fn into_store(self, account: &AccountId) -> Result<IndexedStore, StoreError> {
        let mut recovery = self.recovery();
        let store = IndexedStore::open(self.into_engine(account)).await?;
        recovery.join(store.recovery().without_losses());
        Ok(store.with_recovery(recovery))
    }

    /// Returns the engine of one account. Closing it closes the folder.
    pub(crate) fn into_engine(self, account: &AccountId) -> AccountEngine<R> {
        self.engine_of(&self.accounts.get(account)).alone()
    }

    pub(super) fn engine_of(&self, account: &Arc<Account>) -> AccountEngine<R> {
        AccountEngine::new(Arc::clone(account), Arc::clone(&self.files), self.writer.clone())
    }

    /// Returns the findings of the opening, of reopenings, and of the accounts loaded so far. Never
    /// waits for a disk.
    pub(crate) fn recovery(&self) -> Recovery {
        let mut recovery = self.opening.recovery();
        recovery.join(lock(&self.loaded).clone());
        recovery.join(self.files.recovery());
        recovery
    }

    /// Returns true if every change is refused.
    pub(crate) fn is_read_only(&self) -> bool {
        !self.files.is_writable()
    }
}

#[async_trait]
impl<R: RowFile> AccountEngines for DiskEngines<R> {
    type Engine = AccountEngine<R>;

    async fn engine(&self, account: &AccountId) -> Result<AccountEngine<R>, StoreError> {
        Ok(self.engine_of(&self.accounts.get(account)))
    }

    async fn wipe(&self, account: &AccountId) -> Result<(), StoreError> {
        self.writer.run(Job { account: self.accounts.get(account), work: Work::Forget }).await
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.writer.close().await
    }

    fn accounts(&self) -> StoredAccounts {
        StoredAccounts::new(Listing::new(Arc::clone(&self.files), self.writer.clone()))
    }

    fn check_writable(&self) -> Result<(), StoreError> {
        self.files.check_writable()
    }

    /// The files count losses themselves, once per account.
    fn loaded(&self, _account: &AccountId, recovery: &Recovery) {
        lock(&self.loaded).join(recovery.without_losses());
    }
}
