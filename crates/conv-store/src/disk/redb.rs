//! Accounts kept on disk by redb 4.
//!
//! A database is a folder: redb's file for rows and sync state, and a log for local state. See
//! [`RedbDatabase`].

// sled.rs has the same calls, each of one line over what both engines share. The types are written out
// twice on purpose: their promises differ, so each has documentation and examples of its own, which a
// macro would hide.

mod error;
mod open;
mod rows;

use std::{path::Path, sync::Arc};

use async_trait::async_trait;
use conv_model::AccountId;

use self::rows::RedbRows;
use crate::{
    ConversationDatabase, ConversationStore, EngineDatabase, IndexedStore, Leases, Recovery,
    StoreError, StoredAccounts,
    disk::{DiskEngines, DiskOptions},
};

/// The lists of any number of accounts, in one folder.
///
/// ```
/// use conv_store::{ConversationDatabase, RedbDatabase};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("cache");
/// let database = RedbDatabase::open(&path).await?;
/// let store = database.account(&"user_0001".parse()?).await?;
/// assert!(store.snapshot().is_empty());
/// database.close().await?;
/// # Ok(())
/// # }
/// ```
///
/// The folder is locked: one database can be open on it at a time. A database needs a Tokio runtime.
/// A thread of its own writes for all accounts, and nothing blocks the runtime's threads. Accounts are
/// kept apart whatever their IDs are.
///
/// # What survives
/// The [`Durability`](crate::Durability) says what rows and sync state survive. At
/// [`Process`](crate::Durability::Process) the system has them in `rows.journal` until redb, which
/// syncs the disk, gets several at once. Local state (drafts, the embedder's own bytes) is in a separate
/// log, `local.log`, and survives a power cut at every level. Rows are a cache. After an opening the
/// list is a preview until a pass has finished.
///
/// # When it does not open
/// All checksums are read at opening. A damaged file `rows.redb` is renamed to
/// `rows.redb.damaged-<number>`, and the lists begin empty; the two newest such files are kept. See
/// [`recovery`](Self::recovery). A small file `rows.tally` has each account's last acknowledged write:
/// if rows are missing or older, the recovery reports the number of accounts and rows, until the
/// account's rows are written again. With `panic = "abort"` a panic in redb ends the process.
///
/// # Where nothing can be written
/// On a full disk, on a read-only mount and without the right to write, an existing database is
/// opened for [reading alone](RedbOptions::read_only()): rows and local state can be read, every
/// change is refused, no file is changed. [`is_read_only`](Self::is_read_only) returns true.
///
/// # Against sled
/// redb's commits reach the disk by an fsync and survive a power cut, and its checksums reveal damage.
/// In return a change at [`Disk`](crate::Durability::Disk) takes longer, and each commit to its file
/// writes several times the bytes; `cargo run --release -p conv-bench -- --only commit,written` compares the two. redb
/// needs Rust 1.90.
#[derive(Clone, Debug)]
pub struct RedbDatabase(EngineDatabase<DiskEngines<RedbRows>>);

impl RedbDatabase {
    /// Opens the database of a folder with the default options.
    ///
    /// # Errors
    /// Those of [`RedbOptions::open`].
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        Self::options().open(path).await
    }

    /// Returns options for opening a database in another way.
    pub fn options() -> RedbOptions {
        RedbOptions::default()
    }

    /// Returns what was found when the database was opened, when its rows were reopened after a
    /// failed write, and when accounts were loaded. Never waits for a disk.
    pub fn recovery(&self) -> Recovery {
        self.0.engines().recovery()
    }

    /// Starts a listing of the accounts that the database holds, open or closed.
    pub fn accounts(&self) -> StoredAccounts {
        self.0.accounts()
    }

    /// Returns true if it refuses every change: because that was requested, or because its folder
    /// could not be written when it was opened. It stays so until it is opened again.
    pub fn is_read_only(&self) -> bool {
        self.0.engines().is_read_only()
    }
}

#[async_trait]
impl ConversationDatabase for RedbDatabase {
    async fn account(&self, account: &AccountId) -> Result<Arc<dyn ConversationStore>, StoreError> {
        self.0.account(account).await
    }

    async fn forget(&self, account: &AccountId) -> Result<(), StoreError> {
        self.0.forget(account).await
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.0.close().await
    }

    fn send_leases(&self) -> Option<Arc<dyn Leases>> {
        self.0.send_leases()
    }
}

/// Options for opening a [`RedbDatabase`].
///
/// ```
/// use conv_store::{Durability, RedbDatabase};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("cache");
/// let database = RedbDatabase::options().durability(Durability::Disk).open(&path).await?;
/// # drop(database);
/// # Ok(())
/// # }
/// ```
pub type RedbOptions = DiskOptions<RedbDatabase>;

impl RedbOptions {
    /// Opens the database of a folder, which is created if it is missing. Damaged rows do not fail
    /// the opening: see [`RedbDatabase`].
    ///
    /// If the folder cannot be written (a full disk, a read-only mount, a missing right), an existing
    /// database is opened for [reading alone](Self::read_only()) instead, see [`Recovery::read_only`].
    ///
    /// # Errors
    /// * [`StoreError::Locked`] if the folder is open elsewhere, here or in another process.
    /// * [`StoreError::NewerSchema`] if a newer version wrote it.
    /// * [`StoreError::OpenTimedOut`] if it took too long.
    /// * [`StoreError::NoRuntime`] outside a Tokio runtime.
    /// * Otherwise the system's or the engine's error: a full disk or a missing right, if the database
    ///   cannot be read either; a file where a folder should be. For reading alone also damaged rows,
    ///   and a missing database.
    ///
    /// After any of them the data is as it was.
    ///
    /// # Panics
    /// In a Tokio runtime whose time is not enabled.
    pub async fn open(&self, path: impl AsRef<Path>) -> Result<RedbDatabase, StoreError> {
        let engines = self.engines(path.as_ref(), open::open, open::read).await?;
        Ok(RedbDatabase(EngineDatabase::over(engines)))
    }

    /// Opens one account's store in a folder, which is created if it is missing.
    ///
    /// # Errors
    /// Those of [`open`](Self::open); or the account's records could not be read.
    pub async fn open_store(
        &self,
        path: impl AsRef<Path>,
        account: &AccountId,
    ) -> Result<IndexedStore, StoreError> {
        let engines = self.engines(path.as_ref(), open::open, open::read).await?;
        engines.into_store(account).await
    }
}

/// Opens one account's list in a folder of its own, where a [`RedbDatabase`] has many.
///
/// ```
/// use conv_store::{ConversationStore, RedbStore};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("cache");
/// let store = RedbStore::open(&path, &"user_0001".parse()?).await?;
/// assert!(store.snapshot().is_empty());
/// store.close().await?;
/// # Ok(())
/// # }
/// ```
///
/// The findings of the opening are in [`IndexedStore::recovery`]; its `read_only` is true if the
/// store refuses every change. The folder is that of a database, which can be opened on it later.
/// Once the store is closed, or a moment after its last handle is gone, the folder is free.
#[derive(Debug)]
pub enum RedbStore {}

impl RedbStore {
    /// Opens an account's store in a folder, which is created if it is missing, with the default
    /// options.
    ///
    /// # Errors
    /// Those of [`RedbOptions::open_store`].
    pub async fn open(
        path: impl AsRef<Path>,
        account: &AccountId,
    ) -> Result<IndexedStore, StoreError> {
        RedbOptions::default().open_store(path, account).await
    }
}

#[cfg(test)]
mod tests;
