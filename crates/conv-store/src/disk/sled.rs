//! Accounts kept on disk by sled 0.34.
//!
//! A database is a folder: sled's files for rows and sync state, and a log for local state. See
//! [`SledDatabase`].

mod ahead;
mod error;
mod open;
mod rows;

use std::{path::Path, sync::Arc};

use async_trait::async_trait;
use conv_model::AccountId;

use self::rows::SledRows;
use crate::{
    ConversationDatabase, ConversationStore, EngineDatabase, IndexedStore, Leases, Recovery,
    StoreError, StoredAccounts,
    disk::{DiskEngines, DiskOptions},
};

/// The lists of any number of accounts, in one folder.
///
/// ```
/// use conv_store::{ConversationDatabase, SledDatabase};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("cache");
/// let database = SledDatabase::open(&path).await?;
/// let store = database.account(&"user_0001".parse()?).await?;
/// assert!(store.snapshot().is_empty());
/// database.close().await?;
/// # Ok(())
/// # }
/// ```
///
/// The folder is locked: one database can be open on it at a time. A database needs a Tokio runtime.
/// A thread of its own writes for all accounts, and nothing blocks the runtime's threads. Accounts are
/// kept apart whatever their IDs are. An account that is not in use costs no file descriptor; its
/// local records cost memory for their positions.
///
/// # What survives
/// The [`Durability`](crate::Durability) says what rows and sync state survive. At
/// [`Process`](crate::Durability::Process) they are acknowledged once the system has them in
/// `rows.journal`; sled gets them a moment later and flushes them together. Local state (drafts, the
/// embedder's own bytes) is in a separate log, `local.log`, and survives a power cut at every level;
/// damage to sled's files does not affect it. Damaged bytes of the log are kept in files
/// `local.log.damaged-<number>`, which [`forget`](crate::ConversationDatabase::forget) leaves as well.
/// Rows are a cache. After an opening the list is a preview until a pass has finished.
///
/// After a write to sled failed, for instance on a full disk, sled's files are reopened before the
/// next write. Until that succeeds, changes of rows fail and are not shown; acknowledged changes come
/// back from the journal. On a full disk a draft is saved or refused.
///
/// # When it does not open
/// All rows are read once when a database is opened, so that damage shows then and not later:
///
/// * Files that a crash left unfinished are removed, or finished. Nothing is lost.
/// * Damaged rows are opened again without sled's snapshots and settings, which sled rebuilds. The
///   rows may then be older.
/// * If that fails too, the folder `rows` is renamed to `rows.damaged-<number>`, and the
///   lists begin empty. The two newest such folders are kept. Local state stays, and belongs to its
///   rows again once they are back.
/// * Rows whose files take more than 32 MiB, and more than 64 times their content, are rewritten.
///
/// [`recovery`](Self::recovery) reports all of it. A small file `rows.tally` has each
/// account's last acknowledged write: if rows are missing or older, the recovery reports the
/// number of accounts and rows, until the account's rows are written again.
///
/// A folder in use, a newer schema and an opening that takes
/// [too long](SledOptions::open_within()) are errors, and leave everything as it was. An opening that
/// timed out continues in its thread and holds the folder until it ends.
///
/// # Where nothing can be written
/// On a full disk, on a read-only mount and without the right to write, an existing database is
/// opened for [reading alone](SledOptions::read_only()): rows and local state can be read, every
/// change is refused, no file is changed. [`is_read_only`](Self::is_read_only) returns true. sled
/// writes while it opens, so it opens a copy of its files in the folder for temporary files, or
/// in `/dev/shm`, which needs space for it. The copy is removed after it was read.
///
/// sled panics at some damage. A panic during an opening is treated like other damage, and a panic in
/// a later write becomes an error; the process's panic hook prints it. With `panic = "abort"` the first
/// panic ends the process.
///
/// # Against SQLite
/// A small change writes a small multiple of its size, where SQLite writes whole pages. In return sled
/// takes several times as long to open, and several times the space on disk; removed and forgotten
/// bytes stay until sled reuses their space. Open a database once per process.
#[derive(Clone, Debug)]
pub struct SledDatabase(EngineDatabase<DiskEngines<SledRows>>);

impl SledDatabase {
    /// Opens the database of a folder with the default options.
    ///
    /// # Errors
    /// Those of [`SledOptions::open`].
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        Self::options().open(path).await
    }

    /// Returns options for opening a database in another way.
    pub fn options() -> SledOptions {
        SledOptions::default()
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
impl ConversationDatabase for SledDatabase {
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

/// Options for opening a [`SledDatabase`].
///
/// ```
/// use conv_store::{Durability, SledDatabase};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("cache");
/// let database = SledDatabase::options().durability(Durability::Disk).open(&path).await?;
/// # drop(database);
/// # Ok(())
/// # }
/// ```
pub type SledOptions = DiskOptions<SledDatabase>;

impl SledOptions {
    /// Opens the database of a folder, which is created if it is missing. Damaged rows do not fail
    /// the opening: see [`SledDatabase`].
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
    pub async fn open(&self, path: impl AsRef<Path>) -> Result<SledDatabase, StoreError> {
        let engines = self.engines(path.as_ref(), open::open, open::read).await?;
        Ok(SledDatabase(EngineDatabase::over(engines)))
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

/// Opens one account's list in a folder of its own, where a [`SledDatabase`] has many.
///
/// ```
/// use conv_store::{ConversationStore, SledStore};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("cache");
/// let store = SledStore::open(&path, &"user_0001".parse()?).await?;
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
pub enum SledStore {}

impl SledStore {
    /// Opens an account's store in a folder, which is created if it is missing, with the default
    /// options.
    ///
    /// # Errors
    /// Those of [`SledOptions::open_store`].
    pub async fn open(
        path: impl AsRef<Path>,
        account: &AccountId,
    ) -> Result<IndexedStore, StoreError> {
        SledOptions::default().open_store(path, account).await
    }
}

#[cfg(test)]
mod tests;
