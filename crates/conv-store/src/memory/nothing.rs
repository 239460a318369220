//! An engine that keeps nothing.

use std::future::pending;

use async_trait::async_trait;
use conv_model::Seq;

use crate::{Engine, Loaded, StoreError, Write};

/// The engine of a store that cannot be opened again: its snapshot is all there is, so records would
/// only repeat it. It accepts every write, so the last write is always known.
#[derive(Debug)]
pub(super) struct Nothing;

#[async_trait]
impl Engine for Nothing {
    async fn load(&self) -> Result<Loaded, StoreError> {
        Ok(Loaded::default())
    }

    async fn commit(&self, _writes: &[Write]) -> Result<(), StoreError> {
        Ok(())
    }

    async fn follow(&self, _since: Seq) -> Result<(), StoreError> {
        pending().await
    }

    async fn close(&self) -> Result<(), StoreError> {
        Ok(())
    }
}
