//! A file per account, in one folder.

use std::{fs, io, path::PathBuf};

use async_trait::async_trait;
use conv_model::AccountId;
use conv_store::{AccountEngines, StoreError};
use tokio::task::spawn_blocking;

use crate::Journal;

/// The journals of a folder. With this, `EngineDatabase::over(Journals::new(folder))` is a database.
#[derive(Debug)]
pub struct Journals {
    folder: PathBuf,
}

impl Journals {
    /// Keeps journals in a folder.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// An account ID may be any text, `../a` too, and a file system may ignore case. So folders are
    /// named by the bytes of the ID, 100 bytes each, as names have a maximum length.
    fn path(&self, account: &AccountId) -> PathBuf {
        let mut path = self.folder.clone();
        for part in account.as_str().as_bytes().chunks(100) {
            path.push(part.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
        }
        path.join("journal")
    }
}

#[async_trait]
impl AccountEngines for Journals {
    type Engine = Journal;

    async fn engine(&self, account: &AccountId) -> Result<Journal, StoreError> {
        let path = self.path(account);
        run(move || {
            fs::create_dir_all(path.parent().unwrap_or(&path))?;
            Journal::open(path)
        })
        .await
    }

    async fn wipe(&self, account: &AccountId) -> Result<(), StoreError> {
        let path = self.path(account);
        run(move || match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        })
        .await
    }

    /// The engines share nothing, and each is closed by now.
    async fn close(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

/// Works away from the async threads.
async fn run<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, StoreError> {
    let done = spawn_blocking(work).await.map_err(StoreError::engine)?;
    done.map_err(|error| StoreError::io("opening or removing a journal", error))
}
