//! Accounts in a folder, whatever the engine that keeps their rows.
//!
//! A database is a folder: a file of rows and sync states, which is the engine's part, and a log for
//! local state. An engine implements [`RowFile`] and nothing else.

mod account;
mod accounts;
mod disk;
mod engine;
mod files;
mod folder;
mod journal;
mod key;
mod met;
mod opened;
mod reading;
mod records;
mod row_file;
mod rows;
mod schema;
mod stores;
mod tally;
mod types;

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use async_trait::async_trait;
use conv_model::AccountId;
use tokio::runtime::Handle;

use self::{
    account::Account, accounts::Listing, disk::FilesDisk, engine::AccountEngine, files::Files,
    journal::Journal, reading::is_unwritable, stores::Stores,
};
use crate::{
    ConversationDatabase, ConversationStore, IndexedStore, Recovery, StoreError, StoredAccounts,
    heal::{Opening, is_damage, probe},
    writer::{Job, Work, Writer, caught},
};

#[cfg(feature = "sled")]
pub(crate) use self::{folder::create_private, key::Prefix};
pub(crate) use self::{
    folder::patiently,
    reading::Reader,
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

    /// What was met in the files, and in the accounts so far. Waits for no disk.
    pub(crate) fn recovery(&self) -> Recovery {
        let mut recovery = self.recovered().clone();
        recovery.join(self.files.recovery());
        recovery
    }

    /// Begins to list the accounts that it holds.
    pub(crate) fn accounts(&self) -> StoredAccounts {
        StoredAccounts::new(Listing::new(Arc::clone(&self.files), self.writer.clone()))
    }

    /// Whether it refuses every change.
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

/// How a database is opened.
#[derive(Clone, Copy, Debug)]
pub(crate) struct How<R> {
    pub(crate) durability: Durability,
    /// Whether nothing may be changed.
    pub(crate) read_only: bool,
    /// Opens the engine's rows, now and after they failed.
    pub(crate) open: fn(&Path, &Opening) -> Result<R, StoreError>,
    /// Reads them where they are not to be changed.
    pub(crate) read: Reader,
}

/// Opens a database, for reading alone where that is wanted, or where its folder cannot be written.
pub(crate) async fn open<R: RowFile>(
    folder: PathBuf,
    opening: Opening,
    how: How<R>,
) -> Result<(Database<R>, Arc<Opening>), StoreError> {
    Handle::try_current().map_err(|_| StoreError::NoRuntime)?;
    let (opening, durability) = (Arc::new(opening), how.durability);
    let files = {
        let (folder, opening) = (folder.clone(), Arc::clone(&opening));
        move || open_files(&folder, opening, how)
    };
    let database = Database::over(folder, durability, files);
    let database = opening.within(database).await?;
    Ok((database, opening))
}

fn open_files<R: RowFile>(
    folder: &Path,
    opening: Arc<Opening>,
    how: How<R>,
) -> Result<Files<R>, StoreError> {
    if how.read_only {
        return Files::read_only(folder, how.read, None);
    }
    let to_open = folder.to_owned();
    let opener = Box::new(move || open_rows(&to_open, &opening, how.open));
    let error = match caught(|| Files::open(folder, opener)) {
        Err(error) if is_unwritable(&error) => error,
        files => return files,
    };
    tracing::warn!(error = %error, "the database cannot be written, trying to read it");
    let read = Files::read_only(folder, how.read, Some(error.clone()));
    read.map_err(|why| {
        tracing::warn!(error = %why, "the database cannot be read, either");
        error
    })
}

/// Opens rows, and gives them what the journal has of them.
fn open_rows<R: RowFile>(
    folder: &Path,
    opening: &Opening,
    rows: impl Fn(&Path, &Opening) -> Result<R, StoreError>,
) -> Result<R, StoreError> {
    let file = rows(folder, opening)?;
    let replayed = opening.change(|met| {
        journal::replay(folder, &file)?.note(met);
        Ok(())
    });
    match replayed {
        Err(error) if is_damage(&error) => {
            drop(file);
            opening.change(|met| {
                probe(&folder.join("rows"))
                    .map_err(|error| StoreError::io("trying the disk", error))?;
                tracing::warn!(error = %error, "the rows do not take the journal, going on without");
                journal::discard(folder)?;
                met.journal_damaged = true;
                Ok(())
            })?;
            rows(folder, opening)
        }
        replayed => replayed.map(|()| file),
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

    /// What happens to a file.
    #[cfg(feature = "testing")]
    pub(crate) mod harms {
        use std::{fs, io, path::Path};

        pub(crate) const ALL: [fn(&Path) -> io::Result<()>; 3] = [flip, cut, remove];

        /// Flips a bit of every 97th byte.
        fn flip(path: &Path) -> io::Result<()> {
            let mut bytes = fs::read(path)?;
            bytes.iter_mut().step_by(97).for_each(|byte| *byte ^= 0x10);
            fs::write(path, bytes)
        }

        /// Leaves a third.
        fn cut(path: &Path) -> io::Result<()> {
            let bytes = fs::read(path)?;
            fs::write(path, bytes.get(..bytes.len() / 3).unwrap_or_default())
        }

        pub(crate) fn remove(path: &Path) -> io::Result<()> {
            fs::remove_file(path)
        }
    }
}

#[cfg(test)]
mod tests;
