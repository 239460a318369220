//! Stores that keep everything in memory.

mod database;
mod engine;
mod leases;
mod nothing;
mod signals;

use self::nothing::Nothing;
use crate::{IndexedStore, StoreError};

pub use self::{
    database::{MemoryDatabase, MemoryEngines},
    engine::MemoryEngine,
    leases::MemoryLeases,
    signals::MemorySignals,
};

/// Opens stores that keep everything in memory.
///
/// ```
/// use conv_model::{ConversationId, Local};
/// use conv_store::{ConversationStore, MemoryStore};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let store = MemoryStore::open().await?;
/// let alice = ConversationId::c2c("alice")?;
/// store.put_local(alice.clone(), Local::draft("Dear Alice")).await?;
/// assert_eq!(store.snapshot().local(&alice), Some(Local::draft("Dear Alice")));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub enum MemoryStore {}

impl MemoryStore {
    /// Opens an empty store, which is gone with its last handle.
    ///
    /// # Errors
    /// [`StoreError::NoRuntime`] outside a Tokio runtime.
    pub async fn open() -> Result<IndexedStore, StoreError> {
        IndexedStore::unkept(Nothing).await
    }
}
