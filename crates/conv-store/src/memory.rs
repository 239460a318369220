//! A store that keeps everything in memory.

mod database;
mod engine;
mod nothing;

use self::nothing::Nothing;
use crate::{IndexedStore, StoreError, delegate::delegate_store};

pub use self::{database::MemoryDatabase, engine::MemoryEngine};

/// A store that keeps everything in memory. Clones are handles to the same one.
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
#[derive(Clone, Debug)]
pub struct MemoryStore(IndexedStore);

impl MemoryStore {
    /// An empty store.
    ///
    /// # Errors
    /// [`StoreError::NoRuntime`] outside a Tokio runtime.
    pub async fn open() -> Result<Self, StoreError> {
        IndexedStore::unkept(Nothing).await.map(Self)
    }

    async fn over(engine: MemoryEngine) -> Result<Self, StoreError> {
        IndexedStore::open(engine).await.map(Self)
    }

    fn is_closed(&self) -> bool {
        self.0.is_closed()
    }
}

delegate_store!(MemoryStore);
