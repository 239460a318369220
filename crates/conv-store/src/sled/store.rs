//! One account with a database of its own.

use std::{path::Path, sync::Arc};

use conv_model::AccountId;

use super::{SledOptions, account::Account, engine::SledEngine};
use crate::{IndexedStore, Recovery, StoreError, delegate::delegate_store};

/// One account's list in a folder of its own: for those who have one account what
/// [`SledDatabase`](super::SledDatabase) is for many. Clones are handles to the same store.
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
/// The folder is that of a database: one may later be opened on it, and the other way round.
/// Once the store is closed, or a moment after its last handle is gone, the folder is free.
#[derive(Clone, Debug)]
pub struct SledStore(IndexedStore);

impl SledStore {
    /// Opens an account's store in a folder, which is created if it is missing, with the default
    /// options.
    ///
    /// # Errors
    /// Those of [`SledOptions::open_store`].
    pub async fn open(path: impl AsRef<Path>, account: &AccountId) -> Result<Self, StoreError> {
        SledOptions::default().open_store(path, account).await
    }

    /// What was lost at the opening.
    pub fn recovery(&self) -> &Recovery {
        self.0.recovery()
    }

    /// Whether it was closed, or its runtime ended.
    pub fn is_closed(&self) -> bool {
        self.0.is_closed()
    }
}

impl SledOptions {
    /// Opens one account's store in a folder, which is created if it is missing.
    ///
    /// # Errors
    /// Those of [`open`](Self::open); or the account's records could not be read.
    pub async fn open_store(
        &self,
        path: impl AsRef<Path>,
        account: &AccountId,
    ) -> Result<SledStore, StoreError> {
        let database = self.open(path).await?;
        let account = Arc::new(Account::new(account.clone()));
        let engine = SledEngine::alone(account, database.files, database.writer);
        IndexedStore::open(engine).await.map(SledStore)
    }
}

delegate_store!(SledStore);
