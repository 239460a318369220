//! The store over an engine.

mod applier;
mod group;
mod load;
mod reload;
mod request;
mod resolve;
mod shortcut;
mod task;
mod view;

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use conv_model::{Commit, ConversationId, Delta, Local};
use tokio::{
    runtime::Handle,
    sync::{Mutex, mpsc, oneshot, watch},
};

use self::{
    applier::Applier,
    request::{Change, Request},
    shortcut::Shortcut,
    task::Task,
    view::Records,
};
use crate::{ConversationStore, Engine, Recovery, Snapshot, StoreError, Watcher};

/// How many changes may wait for the engine; who comes then waits to be let in.
const QUEUE: usize = 64;

/// The store over any [`Engine`]: index, merge, guard, records, log and snapshots, once for all.
///
/// Clones are handles to the same store. A task of its own applies the changes, so that a caller
/// who goes away leaves none half done; it ends when it is [closed](ConversationStore::close) or
/// the last handle is gone. A few rows of an idle store whose engine answers at once are changed
/// where the caller is; what waits after all goes on without it.
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
    shortcut: Shortcut,
    queue: mpsc::Sender<Request>,
    published: watch::Receiver<Snapshot>,
    recovery: Arc<Recovery>,
}

impl IndexedStore {
    /// Loads what an engine holds. It is a preview until a pass has finished; see
    /// [`SyncState::reopened`](conv_model::SyncState::reopened).
    ///
    /// Records that do not decode are dropped, counted in [`recovery`](Self::recovery), and
    /// fetched again by the next pass.
    ///
    /// # Errors
    /// [`StoreError::NewerSchema`] if any record is of a newer version: nothing is touched then.
    /// [`StoreError::NoRuntime`] outside a Tokio runtime. Else the engine's.
    pub async fn open(engine: impl Engine) -> Result<Self, StoreError> {
        Self::run(Arc::new(engine), Records::Kept).await
    }

    /// The store over an engine that keeps nothing.
    pub(crate) async fn unkept(engine: impl Engine) -> Result<Self, StoreError> {
        Self::run(Arc::new(engine), Records::Unread).await
    }

    async fn run(engine: Arc<dyn Engine>, records: Records) -> Result<Self, StoreError> {
        let runtime = Handle::try_current().map_err(|_| StoreError::NoRuntime)?;
        let (state, recovery) = load::load(engine.as_ref()).await?;
        let (queue, inbox) = mpsc::channel(QUEUE);
        let (shown, published) = watch::channel(Snapshot::new(state));
        let applier = Applier::new(Arc::clone(&engine), records, shown);
        let applier = Arc::new(Mutex::new(Some(applier)));
        let shortcut = Shortcut::new(&applier, runtime.clone());
        runtime.spawn(Task::new(engine, applier, inbox).run());
        Ok(Self { shortcut, queue, published, recovery: Arc::new(recovery) })
    }

    /// What was lost at the opening.
    pub fn recovery(&self) -> &Recovery {
        &self.recovery
    }

    /// Whether it was closed, or its runtime ended.
    pub fn is_closed(&self) -> bool {
        self.queue.is_closed()
    }

    async fn change(&self, mut change: Change) -> Result<Commit, StoreError> {
        // Whoever waits goes first.
        if self.queue.capacity() == QUEUE {
            match self.shortcut.apply(change).await {
                Ok(answer) => return answer,
                Err(back) => change = back,
            }
        }
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

#[cfg(test)]
mod tests;
