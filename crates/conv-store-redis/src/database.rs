//! The lists of any number of accounts, on one server.

mod engines;
mod listing;

use std::sync::Arc;

use async_trait::async_trait;
use conv_model::AccountId;
use conv_store::{
    ConversationDatabase, ConversationStore, EngineDatabase, Leases, Signals, StoreError,
    StoredAccounts,
};

use self::engines::RedisEngines;
use crate::{RedisEngine, RedisOptions, RedisStats, server::Server};

/// The lists of any number of accounts, on a server or a cluster that many processes use at once.
/// Clones are handles to the same database.
///
/// A store of it is loaded into memory like any other, and answers from there. A write of another
/// process shows in it as soon as the server reports it. Each account is one slot of a cluster.
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
pub struct RedisDatabase(EngineDatabase<RedisEngines>);

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

    /// Returns options for opening a database in another way.
    pub fn options() -> RedisOptions {
        RedisOptions::default()
    }

    pub(crate) fn new(server: Arc<Server>) -> Self {
        Self(EngineDatabase::over(RedisEngines(server)))
    }

    pub(crate) fn server(&self) -> &Arc<Server> {
        &self.0.engines().0
    }

    /// Returns the engine of an account, for a store of your own over it. [`account`](Self::account)
    /// gives the usual one.
    pub fn engine(&self, account: &AccountId) -> RedisEngine {
        RedisEngine::new(self.server(), account)
    }

    /// Starts a listing of the stored accounts, whichever process opened them.
    ///
    /// A listing may return an account twice. It may or may not return an account whose slot moves
    /// to another server meanwhile. The servers continue to serve others: each call looks at about a
    /// thousand of their keys, also those of other apps.
    ///
    /// ```no_run
    /// use conv_store_redis::RedisDatabase;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let database = RedisDatabase::open(["redis://127.0.0.1:6379"]).await?;
    /// let mut accounts = database.accounts();
    /// while let Some(page) = accounts.next_page().await? {
    ///     for account in page {
    ///         println!("{account}");
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn accounts(&self) -> StoredAccounts {
        self.0.accounts()
    }

    /// Returns counts of what this database and its servers did since it was opened. Calls no server.
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
        self.server().counters.read()
    }
}

#[async_trait]
impl ConversationDatabase for RedisDatabase {
    async fn account(&self, account: &AccountId) -> Result<Arc<dyn ConversationStore>, StoreError> {
        self.0.account(account).await
    }

    async fn forget(&self, account: &AccountId) -> Result<(), StoreError> {
        self.0.forget(account).await
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.0.close().await
    }

    fn pass_leases(&self) -> Option<Arc<dyn Leases>> {
        self.0.pass_leases()
    }

    fn send_leases(&self) -> Option<Arc<dyn Leases>> {
        self.0.send_leases()
    }

    fn signals(&self) -> Option<Arc<dyn Signals>> {
        self.0.signals()
    }
}
