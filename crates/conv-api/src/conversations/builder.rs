//! Builds a handle.

use std::{fmt, sync::Arc};

use conv_model::{AccountId, AccountIdError};
use conv_store::{ConversationDatabase, ConversationStore, MemoryStore, StoreError};
use conv_sync::{ConversationSource, ConversationWriter};

use super::config::{HandleConfig, StoreOwner};
use crate::{
    Conversations, Error,
    options::{ListOptions, list_options},
    runtime::Runtime,
};

/// Builds a [`Conversations`]: the store of the list, and the cloud that it is pulled from.
#[must_use = "opens nothing before `build`"]
pub struct ConversationsBuilder {
    account: Result<AccountId, AccountIdError>,
    storage: Storage,
    source: Option<Arc<dyn ConversationSource>>,
    writer: Option<Arc<dyn ConversationWriter>>,
    options: ListOptions,
}

enum Storage {
    Memory,
    Store(Arc<dyn ConversationStore>),
    Database(Arc<dyn ConversationDatabase>),
    Shared(Arc<dyn ConversationDatabase>),
}

impl ConversationsBuilder {
    pub(crate) fn new(account: &str) -> Self {
        Self {
            account: account.parse(),
            storage: Storage::Memory,
            source: None,
            writer: None,
            options: ListOptions::default(),
        }
    }

    /// Keeps the list in a database, such as `SledDatabase`. Without a database or a store it is
    /// kept in memory.
    pub fn database(self, database: impl ConversationDatabase) -> Self {
        Self { storage: Storage::Database(Arc::new(database)), ..self }
    }

    /// Keeps the list in a database that others use, too: [`Conversations::close`] leaves it open.
    pub fn shared_database(self, database: Arc<dyn ConversationDatabase>) -> Self {
        Self { storage: Storage::Shared(database), ..self }
    }

    /// Keeps the list in a store, one that holds this account.
    pub fn store(self, store: impl ConversationStore) -> Self {
        Self { storage: Storage::Store(Arc::new(store)), ..self }
    }

    /// Pulls from a cloud, such as `RestSource`. An `Arc` of a source is a source, so that many
    /// handles can share one. Without a source the list is only read.
    pub fn source(self, source: impl ConversationSource) -> Self {
        Self { source: Some(Arc::new(source)), ..self }
    }

    /// Sends the user's changes to a cloud, such as `RestSource`. An `Arc` of one value can be
    /// given here and to [`source`](Self::source). Without a writer, the list shows the changes and
    /// they stay queued: a later process with a writer sends them.
    pub fn writer(self, writer: impl ConversationWriter) -> Self {
        Self { writer: Some(Arc::new(writer)), ..self }
    }

    /// Opens the list. Nothing is pulled yet. Changes that an earlier process left unsent begin to be
    /// sent.
    ///
    /// # Errors
    /// [`Error::Account`] if the account ID is invalid; [`Error::Store`] if the store cannot be
    /// opened, or if this is not called within a Tokio runtime.
    pub async fn build(self) -> Result<Conversations, Error> {
        if tokio::runtime::Handle::try_current().is_err() {
            return Err(StoreError::NoRuntime.into());
        }
        let account = self.account?;
        let (leases, send_leases) = match &self.storage {
            Storage::Memory | Storage::Store(_) => (None, None),
            Storage::Database(database) | Storage::Shared(database) => {
                (database.pass_leases(), database.send_leases())
            }
        };
        let (owner, store) = match self.storage {
            Storage::Memory => {
                let store: Arc<dyn ConversationStore> = Arc::new(MemoryStore::open().await?);
                (StoreOwner::Handle, store)
            }
            Storage::Store(store) => (StoreOwner::Handle, store),
            Storage::Database(database) => {
                let store = database.account(&account).await?;
                (StoreOwner::Own(database), store)
            }
            Storage::Shared(database) => {
                let store = database.account(&account).await?;
                (StoreOwner::Shared(database), store)
            }
        };
        let config = HandleConfig {
            account,
            owner,
            store,
            source: self.source,
            writer: self.writer,
            clock: self.options.clock(),
            options: self.options.pull,
            send: self.options.send,
            send_permits: None,
            edition: Arc::default(),
            profile_freshness: self.options.profile_freshness,
            ticket: None,
            counters: Arc::default(),
            names_read: Arc::default(),
            last_reply: Arc::default(),
            leases,
            send_leases,
            runtime: Arc::new(Runtime::current()),
        };
        Ok(Conversations::new(config))
    }
}

list_options!(ConversationsBuilder);

impl fmt::Debug for ConversationsBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConversationsBuilder")
            .field("account", &self.account)
            .finish_non_exhaustive()
    }
}
