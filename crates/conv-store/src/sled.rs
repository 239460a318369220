//! Accounts kept on disk by sled 0.34.
//!
//! A database is a folder: sled's files for rows and sync state, and a log for local state. See
//! [`SledDatabase`].

mod account;
mod disk;
mod engine;
mod error;
mod files;
mod key;
mod open;
mod rows;
mod store;
mod stores;

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use async_trait::async_trait;
use conv_model::AccountId;

use self::{account::Account, disk::SledDisk, engine::SledEngine, files::Files, stores::Stores};
use crate::{
    ConversationDatabase, ConversationStore, IndexedStore, StoreError,
    writer::{Job, Work, Writer},
};

pub use self::store::SledStore;

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
/// One handle at a time: the folder is locked. A database needs a Tokio runtime; one thread of its
/// own writes for all accounts, and nothing blocks the runtime's. Accounts never meet, however
/// their IDs look. One that is not in use costs no file descriptor, and memory only for
/// the places of its local records.
///
/// # What survives
/// Rows and sync state survive as much as the [`Durability`] says. Local state (drafts, the
/// embedder's own bytes) is in a log of its own, `local.log`, and survives a power cut at every
/// level; damage to sled's files does not reach it. Damaged bytes of the log are never thrown away:
/// they go to files `local.log.damaged-<number>`, which also [`forget`](Self::forget) leaves.
/// Rows are a cache. Whatever is found at opening is a preview until a pass has finished.
///
/// After a write to sled failed, for instance on a full disk, rows are not written until the folder
/// is opened anew, and the account that met it saves nothing at all. A panic in sled becomes an error
/// too, for every account of the handle. With `panic = "abort"` it ends the process.
///
/// # Against SQLite
/// A small change writes a small multiple of itself, where SQLite writes whole pages. For that sled
/// takes several times as long to open and as much room on disk; what was removed or forgotten lies
/// there until sled uses the place again. Open a database once a process.
#[derive(Debug)]
pub struct SledDatabase {
    files: Arc<Files>,
    writer: Writer<SledDisk>,
    stores: Stores,
    closed: AtomicBool,
}

/// What an acknowledged change survives. Local state survives a power cut at every level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
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

/// How to open a database.
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
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct SledOptions {
    /// What an acknowledged change survives.
    pub durability: Durability,
}

impl SledOptions {
    /// Sets what an acknowledged change survives.
    #[must_use]
    pub fn durability(mut self, durability: Durability) -> Self {
        self.durability = durability;
        self
    }

    /// Opens the database of a folder, which is created if it is missing.
    ///
    /// # Errors
    /// * [`StoreError::Locked`] if the folder is open elsewhere, here or in another process.
    /// * [`StoreError::NewerSchema`] if a newer version wrote it.
    /// * [`StoreError::NoRuntime`] outside a Tokio runtime.
    /// * Else why it does not open; the data is left as it is.
    pub async fn open(&self, path: impl AsRef<Path>) -> Result<SledDatabase, StoreError> {
        let (folder, durability) = (path.as_ref().to_owned(), self.durability);
        engine::blocking(move || {
            let files = Arc::new(open::open(&folder)?);
            let writer = Writer::start(SledDisk::new(Arc::clone(&files), durability))?;
            let (stores, closed) = (Stores::default(), AtomicBool::new(false));
            Ok(SledDatabase { files, writer, stores, closed })
        })
        .await
    }
}

impl SledDatabase {
    /// Opens the database of a folder with the default options.
    ///
    /// # Errors
    /// Those of [`SledOptions::open`].
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        Self::options().open(path).await
    }

    /// How to open a database in another way.
    pub fn options() -> SledOptions {
        SledOptions::default()
    }

    async fn load(&self, account: &Arc<Account>) -> Result<Arc<IndexedStore>, StoreError> {
        let (files, writer) = (Arc::clone(&self.files), self.writer.clone());
        let engine = SledEngine::new(Arc::clone(account), files, writer);
        Ok(Arc::new(IndexedStore::open(engine).await?))
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
impl ConversationDatabase for SledDatabase {
    async fn account(&self, account: &AccountId) -> Result<Arc<dyn ConversationStore>, StoreError> {
        let slot = self.stores.slot(account);
        let mut slot = slot.lock().await;
        if self.is_closed() {
            return Err(StoreError::Closed);
        }
        if let Some(store) = slot.store() {
            return Ok(store);
        }
        let store = self.load(slot.account(account)).await?;
        slot.keep(&store);
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

#[cfg(test)]
mod tests;
