//! conv's own entrants: a facade over a store, on a runtime of its own.

use std::{num::NonZeroUsize, path::Path, sync::Arc};

use conv_api::{
    AccountId, ConversationDatabase, ConversationQuery, ConversationStore, Conversations,
    Durability, ListPage, MemoryStore, RedbDatabase, SledDatabase,
    model::{Commit, Delta},
};
use tokio::runtime::{Builder, Runtime};

use crate::data::{Row, patch};

pub const ACCOUNT: &str = "user_0001";
/// Rows that a screen shows.
pub const SCREEN: usize = 50;
/// Rows that a page of a pull brings.
pub const PAGE: usize = 100;
/// The backend that keeps the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Sled,
    Redb,
}

pub struct Ours {
    pub conversations: Conversations,
    store: Arc<dyn ConversationStore>,
    pub runtime: Runtime,
}

pub fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

pub fn screen() -> NonZeroUsize {
    NonZeroUsize::new(SCREEN).unwrap()
}

impl Ours {
    pub fn in_memory(rows: &[Row]) -> Self {
        let runtime = runtime();
        let store = runtime.block_on(MemoryStore::open()).unwrap();
        let ours = Self::with(runtime, Arc::new(store));
        ours.fill(rows, 10_000);
        ours
    }

    /// Opens a folder.
    pub fn open(kind: Kind, durability: Durability, folder: &Path) -> Self {
        let runtime = runtime();
        let account: AccountId = ACCOUNT.parse().unwrap();
        let store = runtime.block_on(async {
            let database = database(kind, durability, folder).await;
            database.account(&account).await.unwrap()
        });
        Self::with(runtime, store)
    }

    fn with(runtime: Runtime, store: Arc<dyn ConversationStore>) -> Self {
        let builder = Conversations::builder(ACCOUNT).store(Arc::clone(&store));
        let conversations = runtime.block_on(builder.build()).unwrap();
        Self { conversations, store, runtime }
    }

    pub fn fill(&self, rows: &[Row], at_a_time: usize) {
        for rows in rows.chunks(at_a_time) {
            self.apply(Delta::listed(rows.iter().map(|row| patch(row))));
        }
    }

    pub fn apply(&self, delta: Delta) -> Commit {
        self.runtime.block_on(self.store.apply(delta)).unwrap()
    }

    pub fn store(&self) -> Arc<dyn ConversationStore> {
        Arc::clone(&self.store)
    }

    /// Returns the first screen of a query.
    pub fn screen(&self, query: &ConversationQuery) -> ListPage {
        self.conversations.page(query.clone(), screen(), None)
    }

    pub fn close(self) {
        self.runtime.block_on(self.conversations.close()).unwrap();
    }
}

pub async fn database(
    kind: Kind,
    durability: Durability,
    folder: &Path,
) -> Arc<dyn ConversationDatabase> {
    match kind {
        Kind::Sled => {
            Arc::new(SledDatabase::options().durability(durability).open(folder).await.unwrap())
        }
        Kind::Redb => {
            Arc::new(RedbDatabase::options().durability(durability).open(folder).await.unwrap())
        }
    }
}
