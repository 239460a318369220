//! Waiting for the next snapshot of a store.

use std::fmt;

use conv_model::Seq;
use tokio::sync::watch;

use crate::{Snapshot, StoreError};

/// Waits for newer snapshots of one store. See
/// [`ConversationStore::watch`](crate::ConversationStore::watch).
///
/// A watcher holds the newest snapshot in memory, but neither an engine nor a file: it does not keep
/// a store open. Once the store is closed, or its runtime ended, the watcher gives the last snapshot
/// if that is new to it, and then [`StoreError::Closed`].
///
/// ```
/// use conv_model::{ConversationId, ConversationPatch, Delta};
/// use conv_store::{ConversationStore, MemoryStore, StoreError};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let store = MemoryStore::open().await?;
/// let mut watcher = store.watch();
///
/// let alice = ConversationPatch::new(ConversationId::c2c("alice")?);
/// let commit = store.apply(Delta::listed([alice])).await?;
/// assert_eq!(watcher.next().await?.seq(), commit.seq);
///
/// store.close().await?;
/// assert!(matches!(watcher.next().await, Err(StoreError::Closed)));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Watcher {
    published: watch::Receiver<Snapshot>,
    seen: Seq,
}

impl Watcher {
    pub(crate) fn new(published: watch::Receiver<Snapshot>) -> Self {
        let seen = published.borrow().seq();
        Self { published, seen }
    }

    /// Waits for a snapshot newer than those that this watcher gave, and newer than the one there
    /// was when the watcher was made. Returns the newest one; those in between are skipped.
    /// Cancel-safe.
    ///
    /// # Errors
    /// [`StoreError::Closed`] once no newer one can come.
    pub async fn next(&mut self) -> Result<Snapshot, StoreError> {
        self.newer_than(self.seen).await
    }

    /// Waits for a snapshot newer than `seq`; returns at once if there is one. Cancel-safe.
    ///
    /// # Errors
    /// [`StoreError::Closed`] once no newer one can come.
    pub async fn newer_than(&mut self, seq: Seq) -> Result<Snapshot, StoreError> {
        let newer = self.published.wait_for(|snapshot| snapshot.seq() > seq).await;
        let newer = newer.map_err(|_| StoreError::Closed)?.clone();
        self.seen = newer.seq();
        Ok(newer)
    }

    /// Returns true once no newer snapshot can come: the store is closed, or its runtime ended.
    pub fn is_closed(&self) -> bool {
        self.published.has_changed().is_err()
    }
}

impl fmt::Debug for Watcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watcher")
            .field("seen", &self.seen)
            .field("is_closed", &self.is_closed())
            .finish_non_exhaustive()
    }
}

/// Shows snapshots to [`Watcher`]s: for mocks, and for stores that are not built on
/// [`IndexedStore`](crate::IndexedStore). Dropping it closes its watchers.
///
/// ```
/// use conv_model::{Seq, SyncState};
/// use conv_store::{Publisher, Snapshot, StoreError};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let empty = Snapshot::of([], SyncState::default());
/// let publisher = Publisher::new(empty.clone());
/// let mut watcher = publisher.watch();
///
/// publisher.publish(empty.at(Seq::new(1)));
/// assert_eq!(watcher.next().await.unwrap().seq(), Seq::new(1));
///
/// drop(publisher);
/// assert!(matches!(watcher.next().await, Err(StoreError::Closed)));
/// # }
/// ```
pub struct Publisher(watch::Sender<Snapshot>);

impl Publisher {
    /// Returns a publisher of a first snapshot.
    pub fn new(snapshot: Snapshot) -> Self {
        Self(watch::Sender::new(snapshot))
    }

    /// Returns the snapshot that was published last.
    pub fn snapshot(&self) -> Snapshot {
        self.0.borrow().clone()
    }

    /// Replaces the snapshot, and wakes watchers if its number is greater.
    pub fn publish(&self, snapshot: Snapshot) {
        self.0.send_if_modified(|shown| {
            let is_newer = snapshot.seq() > shown.seq();
            *shown = snapshot;
            is_newer
        });
    }

    /// Returns a watcher of the published snapshots.
    pub fn watch(&self) -> Watcher {
        Watcher::new(self.0.subscribe())
    }
}

impl fmt::Debug for Publisher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Publisher").field(&*self.0.borrow()).finish()
    }
}
