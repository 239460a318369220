//! The traits that give the suite a store, an engine or a database.

use std::sync::Arc;

use crate::{
    ConversationDatabase, ConversationStore, Engine, IndexedStore, MemoryDatabase, MemoryEngine,
    StoreError,
};

/// Gives the suite a store, and gives it again.
///
/// A fixture is one place that stores are opened at, empty at first, such as a temporary folder;
/// each case makes a fixture of its own. At most one store is open at a time.
pub trait StoreFixture: Send + Sync {
    /// The store under test.
    type Store: ConversationStore;

    /// Opens the store. It holds what the one that was open before held when it was closed.
    ///
    /// # Errors
    /// If it could not be opened.
    fn open(&self) -> impl Future<Output = Result<Self::Store, StoreError>> + Send;
}

/// Gives the suite an engine, and gives it again, as [`StoreFixture`] does a store.
pub trait EngineFixture: Send + Sync {
    /// The engine under test.
    type Engine: Engine;

    /// Opens the engine. It holds what the one that was open before held when it was closed.
    ///
    /// # Errors
    /// If it could not be opened.
    fn open(&self) -> impl Future<Output = Result<Self::Engine, StoreError>> + Send;
}

/// Gives the suite a database.
///
/// Each case makes a fixture of its own, which is empty at first. At most one database of it is
/// open at a time.
pub trait DatabaseFixture: Send + Sync {
    /// The database under test.
    type Database: ConversationDatabase;

    /// Opens the database.
    ///
    /// # Errors
    /// Those of opening it.
    fn open(&self) -> impl Future<Output = Result<Self::Database, StoreError>> + Send;
}

/// The store over a fixture's engine.
#[derive(Clone, Debug, Default)]
pub struct OverEngine<F>(pub F);

impl<F: EngineFixture> StoreFixture for OverEngine<F> {
    type Store = IndexedStore;

    async fn open(&self) -> Result<IndexedStore, StoreError> {
        IndexedStore::open(self.0.open().await?).await
    }
}

/// A fixture's store behind the trait alone.
#[derive(Clone, Debug, Default)]
pub struct Dyn<F>(pub F);

impl<F: StoreFixture> StoreFixture for Dyn<F> {
    type Store = Arc<dyn ConversationStore>;

    async fn open(&self) -> Result<Self::Store, StoreError> {
        Ok(Arc::new(self.0.open().await?))
    }
}

/// A fixture's engine behind the trait alone.
#[derive(Clone, Debug, Default)]
pub struct DynEngine<F>(pub F);

impl<F: EngineFixture> EngineFixture for DynEngine<F> {
    type Engine = Arc<dyn Engine>;

    async fn open(&self) -> Result<Self::Engine, StoreError> {
        Ok(Arc::new(self.0.open().await?))
    }
}

/// Handles to one [`MemoryEngine`], or a [`MemoryDatabase`].
#[derive(Clone, Debug, Default)]
pub struct MemoryFixture(MemoryEngine);

impl EngineFixture for MemoryFixture {
    type Engine = MemoryEngine;

    async fn open(&self) -> Result<MemoryEngine, StoreError> {
        Ok(self.0.clone())
    }
}

impl DatabaseFixture for MemoryFixture {
    type Database = MemoryDatabase;

    async fn open(&self) -> Result<MemoryDatabase, StoreError> {
        Ok(MemoryDatabase::new())
    }
}
