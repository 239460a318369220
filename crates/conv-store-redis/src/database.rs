//! The lists of any number of accounts, on one server.

mod accounts;
mod stores;

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use async_trait::async_trait;
use conv_model::AccountId;
use conv_store::{ConversationDatabase, ConversationStore, IndexedStore, PassLeases, StoreError};

pub use self::accounts::RedisAccounts;
use self::stores::Stores;
use crate::{
    RedisEngine, RedisOptions, RedisStats, keys::Keys, lease::Leases, script::FORGET,
    server::Server,
};

/// The lists of any number of accounts, on a server or a cluster that many processes use at once.
/// Clones are handles to the same database.
///
/// A store of it is loaded into memory like any other, and answers from there; a write of another
/// process shows in it as soon as the server tells of it. Each account is one slot of a cluster.
///
/// # Forgetting an account
/// [`forget`](ConversationDatabase::forget) wipes what the server holds when the call arrives. A
/// write whose answer timed out may still be on its way then, through a proxy or in a buffer. If it
/// follows an earlier write, the server refuses it, since that one is gone. If it is the account's
/// first, it follows nothing, and goes in after the wipe. So end all writers of an account first;
/// after a write that timed out, forget the account again once no copy of it can be on its way.
///
/// ```no_run
/// use conv_store::{ConversationDatabase, ConversationStore};
/// use conv_store_redis::RedisDatabase;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let database = RedisDatabase::open(["redis://127.0.0.1:6379"]).await?;
/// let store = database.account(&"user_0001".parse()?).await?;
/// println!("{} conversations", store.snapshot().len());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct RedisDatabase {
    server: Arc<Server>,
    stores: Arc<Stores>,
    closed: Arc<AtomicBool>,
}

impl RedisDatabase {
    /// Opens the database of a server, or of a cluster of which some nodes are given, with the
    /// default options.
    ///
    /// # Errors
    /// Those of [`RedisOptions::open`].
    pub async fn open<A: AsRef<str>>(
        nodes: impl IntoIterator<Item = A>,
    ) -> Result<Self, StoreError> {
        Self::options().open(nodes).await
    }

    /// How to open a database in another way.
    pub fn options() -> RedisOptions {
        RedisOptions::default()
    }

    pub(crate) fn new(server: Arc<Server>) -> Self {
        Self { server, stores: Arc::default(), closed: Arc::default() }
    }

    #[cfg(feature = "limiter")]
    pub(crate) fn server(&self) -> &Arc<Server> {
        &self.server
    }

    /// The engine of an account, for a store of your own over it. [`account`](Self::account)
    /// gives the usual one.
    pub fn engine(&self, account: &AccountId) -> RedisEngine {
        RedisEngine::new(&self.server, account)
    }

    /// Begins to list the accounts that are stored, whoever opened them.
    pub fn accounts(&self) -> RedisAccounts {
        RedisAccounts::new(&self.server)
    }

    /// What went on between this database and its servers since it was opened, in numbers. Asks no
    /// server.
    ///
    /// ```no_run
    /// # use conv_store_redis::RedisDatabase;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), conv_store::StoreError> {
    /// let database = RedisDatabase::open(["redis://127.0.0.1:6379"]).await?;
    /// let stats = database.stats();
    /// println!("{} calls, of which {} were not served", stats.calls, stats.unreachable);
    /// # Ok(())
    /// # }
    /// ```
    pub fn stats(&self) -> RedisStats {
        self.server.counters.read()
    }

    fn check_open(&self) -> Result<(), StoreError> {
        if self.closed.load(Ordering::Acquire) { Err(StoreError::Closed) } else { Ok(()) }
    }
}

#[async_trait]
impl ConversationDatabase for RedisDatabase {
    async fn account(&self, account: &AccountId) -> Result<Arc<dyn ConversationStore>, StoreError> {
        let slot = self.stores.slot(account);
        let mut slot = slot.lock().await;
        self.check_open()?;
        if let Some(store) = slot.upgrade().filter(|store| !store.is_closed()) {
            return Ok(store);
        }
        let store = Arc::new(IndexedStore::open(self.engine(account)).await?);
        *slot = Arc::downgrade(&store);
        if self.check_open().is_err() {
            // `close` may have passed this slot before there was a store in it.
            closed(&store).await?;
            return Err(StoreError::Closed);
        }
        Ok(store)
    }

    async fn forget(&self, account: &AccountId) -> Result<(), StoreError> {
        let slot = self.stores.slot(account);
        let slot = slot.lock().await;
        self.check_open()?;
        if let Some(store) = slot.upgrade() {
            // What it could not write is about to go anyway.
            let _ = store.close().await;
        }
        let keys = Keys::new(&self.server.options.prefix, account);
        let link = self.server.link(&keys.rows);
        let words = [link.publish(), &keys.channel].map(str::as_bytes);
        Ok(FORGET.run(&link, &keys.all(), &words).await?)
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.closed.store(true, Ordering::Release);
        let mut result = Ok(());
        for slot in self.stores.all() {
            let store = slot.lock().await.upgrade();
            if let Some(store) = store {
                result = result.and(closed(&store).await);
            }
        }
        result
    }

    fn pass_leases(&self) -> Option<Arc<dyn PassLeases>> {
        Some(Arc::new(Leases::new(&self.server)))
    }
}

/// Closes a store that its user may be closing too.
async fn closed(store: &IndexedStore) -> Result<(), StoreError> {
    match store.close().await {
        Err(StoreError::Closed) => Ok(()),
        result => result,
    }
}
