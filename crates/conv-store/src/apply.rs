//! The store over an engine: one task, one working copy.
//!
//! Every change goes to the store's [writer](writer::Writer) task over a queue. The task
//!
//! 1. takes all changes that wait, as one [`Batch`](batch::Batch);
//! 2. clones the published state, which costs a few pointers, since the list is persistent;
//! 3. runs the changes on the clone, one after another. Each is [resolved](change::Change::resolve)
//!    before it touches the clone, so a refused change has its own error and leaves no trace;
//! 4. hands the collected writes to the engine in one call;
//! 5. publishes the clone, or drops it if the engine failed;
//! 6. answers the callers.
//!
//! Readers take the published snapshot and never wait for a write. A caller that goes away changes
//! nothing: the task has its change, or it has not. If another store wrote first, the task loads what
//! the engine holds and runs the batch again.

mod batch;
mod change;
mod following;
mod load;
mod outbox;
mod reload;
mod suggesting;
mod transaction;
mod writer;

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use conv_model::{Commit, ConversationId, Delta, Local, OutboxChange, Suggestion};
use tokio::{
    runtime::Handle,
    sync::{mpsc, oneshot, watch},
    time::Instant,
};

use self::{
    change::{Change, Encoding},
    suggesting::Suggested,
    writer::{Request, Writer},
};
use crate::{ConversationStore, Engine, Recovery, Snapshot, StoreError, Watcher};

/// The most requests that wait for the task; further callers wait for room.
const QUEUE: usize = 64;

/// The store over any [`Engine`]: index, merge, guard, records, log and snapshots, once for all.
///
/// Clones are handles to the same store. A task of its own applies the changes, so a caller that
/// goes away leaves none half done. The task ends when the store is
/// [closed](ConversationStore::close) or the last handle is dropped.
///
/// ```
/// use conv_model::{All, ConversationId, ConversationPatch, Delta};
/// use conv_store::{ConversationStore, IndexedStore, MemoryEngine};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let store = IndexedStore::open(MemoryEngine::new()).await?;
/// let alice = ConversationId::c2c("alice")?;
/// let commit = store.apply(Delta::listed([ConversationPatch::new(alice)])).await?;
/// assert_eq!(commit.changes.len(), 1);
/// assert_eq!(store.snapshot().list(&All.into()).len(), 1);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct IndexedStore {
    queue: mpsc::Sender<Request>,
    published: watch::Receiver<Snapshot>,
    recovery: Arc<Recovery>,
}

impl IndexedStore {
    /// Loads what an engine holds, as a preview until a pass has finished; see
    /// [`SyncState::reopened`](conv_model::SyncState::reopened).
    ///
    /// Records that do not decode are dropped, counted in [`recovery`](Self::recovery), and
    /// fetched again by the next pass.
    ///
    /// # Errors
    /// [`StoreError::NewerSchema`] if any record is of a newer version: nothing is touched then.
    /// [`StoreError::NoRuntime`] outside a Tokio runtime. Else the engine's.
    pub async fn open(engine: impl Engine) -> Result<Self, StoreError> {
        Self::run(Arc::new(engine), Encoding::Full).await
    }

    /// Opens a store over an engine that keeps nothing.
    pub(crate) async fn unkept(engine: impl Engine) -> Result<Self, StoreError> {
        Self::run(Arc::new(engine), Encoding::Skipped).await
    }

    async fn run(engine: Arc<dyn Engine>, encoding: Encoding) -> Result<Self, StoreError> {
        let runtime = Handle::try_current().map_err(|_| StoreError::NoRuntime)?;
        let (state, recovery) = load::load(engine.as_ref()).await?;
        let (queue, inbox) = mpsc::channel(QUEUE);
        let (publish, published) = watch::channel(Snapshot::new(state));
        runtime.spawn(Writer::new(engine, encoding, inbox, publish).run());
        Ok(Self { queue, published, recovery: Arc::new(recovery) })
    }

    /// Sets what was lost at the opening.
    #[cfg(any(feature = "redb", feature = "sled"))]
    pub(crate) fn with_recovery(self, recovery: Recovery) -> Self {
        Self { recovery: Arc::new(recovery), ..self }
    }

    /// Returns what was lost when the store was opened.
    pub fn recovery(&self) -> &Recovery {
        &self.recovery
    }

    /// Returns true once the store was closed, or its runtime ended.
    pub fn is_closed(&self) -> bool {
        self.queue.is_closed()
    }

    async fn change(&self, change: Change) -> Result<Commit, StoreError> {
        let (answer, answered) = oneshot::channel();
        self.send(Request::Change(change, answer)).await?;
        answered.await.map_err(|_| StoreError::Closed)?
    }

    async fn send(&self, request: Request) -> Result<(), StoreError> {
        self.queue.send(request).await.map_err(|_| StoreError::Closed)
    }
}

#[async_trait]
impl ConversationStore for IndexedStore {
    fn snapshot(&self) -> Snapshot {
        self.published.borrow().clone()
    }

    fn watch(&self) -> Watcher {
        Watcher::new(self.published.clone())
    }

    async fn apply(&self, delta: Delta) -> Result<Commit, StoreError> {
        self.change(Change::Cloud(Box::new(delta))).await
    }

    async fn put_local(&self, id: ConversationId, local: Local) -> Result<Commit, StoreError> {
        self.change(Change::Local(id, local)).await
    }

    async fn mutate(&self, change: OutboxChange) -> Result<Commit, StoreError> {
        self.change(Change::Outbox(change)).await
    }

    fn suggest(&self, suggestion: Suggestion) -> bool {
        let message = Suggested::Message(Box::new(suggestion), Instant::now());
        // Without room the pass shows it.
        let (answer, _) = oneshot::channel();
        self.queue.try_send(Request::Change(Change::Suggestion(message), answer)).is_ok()
    }

    async fn close(&self) -> Result<(), StoreError> {
        let (answer, answered) = oneshot::channel();
        self.send(Request::Close(answer)).await?;
        answered.await.map_err(|_| StoreError::Closed)?
    }
}

impl fmt::Debug for IndexedStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IndexedStore")
            .field("snapshot", &self.snapshot())
            .field("is_closed", &self.is_closed())
            .finish_non_exhaustive()
    }
}
