//! An account's engine, which the registry can take from a store that is gone.

use std::sync::Arc;

use async_trait::async_trait;
use conv_model::Seq;
use tokio::sync::RwLock;

use crate::{Engine, Loaded, StoreError, Write};

/// One store's use of an engine.
///
/// A store that was dropped may still have changes to write. The registry ends its use of the
/// engine before the account is opened again or wiped, so no such write comes afterwards.
#[derive(Debug)]
pub(super) struct Guarded<E> {
    engine: Arc<E>,
    /// False once the engine was closed or taken. Locked for reading during a commit.
    is_open: RwLock<bool>,
}

impl<E: Engine> Guarded<E> {
    pub(super) fn new(engine: Arc<E>) -> Self {
        Self { engine, is_open: RwLock::new(true) }
    }

    /// Ends this use and returns the engine, unless it was closed. Waits for a commit under way.
    pub(super) async fn take(&self) -> Option<Arc<E>> {
        let mut is_open = self.is_open.write().await;
        let engine = is_open.then(|| Arc::clone(&self.engine));
        *is_open = false;
        engine
    }
}

#[async_trait]
impl<E: Engine> Engine for Guarded<E> {
    async fn load(&self) -> Result<Loaded, StoreError> {
        if !*self.is_open.read().await {
            return Err(StoreError::Closed);
        }
        self.engine.load().await
    }

    async fn commit(&self, writes: &[Write]) -> Result<(), StoreError> {
        let is_open = self.is_open.read().await;
        if !*is_open {
            return Err(StoreError::Closed);
        }
        self.engine.commit(writes).await
    }

    async fn follow(&self, since: Seq) -> Result<(), StoreError> {
        self.engine.follow(since).await
    }

    /// Closes the engine, once. If the future is dropped, the next call closes it again.
    async fn close(&self) -> Result<(), StoreError> {
        let mut is_open = self.is_open.write().await;
        if !*is_open {
            return Ok(());
        }
        let closed = self.engine.close().await;
        *is_open = false;
        closed
    }
}
