//! The traits of a store and of a database.

use std::{fmt::Debug, pin::Pin, sync::Arc};

use async_trait::async_trait;
use conv_model::{AccountId, Commit, ConversationId, Delta, Local, OutboxChange, Suggestion};

use crate::{Leases, Signals, Snapshot, StoreError, Watcher};

/// The cache of one account's conversation list.
///
/// [`IndexedStore`](crate::IndexedStore) implements it over any [`Engine`](crate::Engine); a
/// backend implements that one. This trait is what a facade holds and a test mocks.
///
/// # Contract
/// * **Whole.** A change is applied whole or not at all, also when the process dies in the middle.
/// * **Then visible.** A snapshot shows a change once it is as durable as the store was opened for.
/// * **One instant.** Rows, totals and sync state of a snapshot belong to the same commit.
/// * **Cancel-safe.** Dropping a future of any method leaves the change whole or absent.
/// * **No lost update.** Changes through any number of handles and tasks are applied one after
///   another.
#[async_trait]
pub trait ConversationStore: Debug + Send + Sync + 'static {
    /// The list at this instant. A store that exists is loaded: it neither waits nor fails.
    fn snapshot(&self) -> Snapshot;

    /// Returns a watcher, which waits for newer snapshots, whether this process or another one made
    /// the change. It shows no less than [`snapshot`](Self::snapshot), and does not keep the store
    /// open.
    fn watch(&self) -> Watcher;

    /// Applies a change.
    ///
    /// A change of a pass is admitted by
    /// [`SyncState::admit`](conv_model::SyncState::admit). Rows are joined by
    /// [`merge`](conv_model::merge); a row whose listing another writer changed since the pass
    /// began keeps its listing. See [`Delta`] for the rest.
    ///
    /// In a change, rows are listed, then updated, then removed, then pruned. The commit's number
    /// is new if there is anything to show; a change without effect has the number of the newest
    /// commit, and wakes no watcher.
    ///
    /// # Errors
    /// [`StoreError::Superseded`] if a later pass began, or if a step came without a pass; else why
    /// it could not be stored.
    /// Whatever the error, nothing of the change is visible.
    async fn apply(&self, delta: Delta) -> Result<Commit, StoreError>;

    /// Sets the draft or the embedder's bytes of a conversation; a part that is `None` stays. The
    /// row need not be there: local state outlives its row and meets it again.
    ///
    /// # Errors
    /// If it could not be stored. It is durable once this returns, whatever the store's level.
    async fn put_local(&self, id: ConversationId, local: Local) -> Result<Commit, StoreError>;

    /// Changes the outbox: accepts mutations, or stores their progress.
    ///
    /// The list shows the cloud's rows as the outbox leaves them. The cloud's own row stays
    /// [known](Snapshot::base): no mutation changes it, and it shows again when a mutation is
    /// dropped. Mutations that are accepted are [checked](conv_model::Mutation::check) against the
    /// list as it is shown, each after those before it. A value that no listing will show, as of
    /// [`SettledUnseen`](conv_model::Progress::SettledUnseen), is taken over into the cloud's rows.
    ///
    /// # Errors
    /// [`StoreError::Refused`] if a mutation fails its check or finds no room: none is accepted then.
    /// [`StoreError::Unsupported`] by a store without an outbox. Otherwise the reason that it could
    /// not be stored. It is durable once this returns, whatever the store's level.
    async fn mutate(&self, change: OutboxChange) -> Result<Commit, StoreError> {
        drop(change);
        Err(StoreError::Unsupported)
    }

    /// Shows a message that an event states, until a pass that begins after it has finished, for a minute at
    /// most. Returns at once, and false if it is not taken: it is a hint.
    ///
    /// The row shows [more](conv_model::suggested) than the cloud's for that time, and
    /// [says so](conv_model::Conversation::provisional). It is not stored, makes no row, and shows no
    /// deleted one again. The same message counts once. A store that does not have this takes none.
    fn suggest(&self, suggestion: Suggestion) -> bool {
        drop(suggestion);
        false
    }

    /// Writes pending changes and releases files. `snapshot` goes on to answer, watchers end, and
    /// later calls fail with [`StoreError::Closed`].
    ///
    /// # Errors
    /// If pending changes could not be stored.
    async fn close(&self) -> Result<(), StoreError>;
}

/// The future of an asynchronous method of the trait.
pub(crate) type Pending<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// Hands over what the store itself gives, which is boxed already.
#[deny(clippy::missing_trait_methods)]
impl<T: ConversationStore + ?Sized> ConversationStore for Arc<T> {
    fn snapshot(&self) -> Snapshot {
        (**self).snapshot()
    }

    fn watch(&self) -> Watcher {
        (**self).watch()
    }

    fn apply<'a, 'b>(&'a self, delta: Delta) -> Pending<'b, Commit>
    where
        'a: 'b,
        Self: 'b,
    {
        (**self).apply(delta)
    }

    fn put_local<'a, 'b>(&'a self, id: ConversationId, local: Local) -> Pending<'b, Commit>
    where
        'a: 'b,
        Self: 'b,
    {
        (**self).put_local(id, local)
    }

    fn mutate<'a, 'b>(&'a self, change: OutboxChange) -> Pending<'b, Commit>
    where
        'a: 'b,
        Self: 'b,
    {
        (**self).mutate(change)
    }

    fn suggest(&self, suggestion: Suggestion) -> bool {
        (**self).suggest(suggestion)
    }

    fn close<'a, 'b>(&'a self) -> Pending<'b, ()>
    where
        'a: 'b,
        Self: 'b,
    {
        (**self).close()
    }
}

/// The stores of any number of accounts.
///
/// [`EngineDatabase`](crate::EngineDatabase) implements it over any engines.
#[async_trait]
pub trait ConversationDatabase: Debug + Send + Sync + 'static {
    /// Returns the store of an account, loaded. While it is open, every call returns the same store.
    ///
    /// # Errors
    /// Those of opening it.
    async fn account(&self, account: &AccountId) -> Result<Arc<dyn ConversationStore>, StoreError>;

    /// Wipes an account: rows, sync state and local state. Closes its store if it is open.
    ///
    /// # Errors
    /// Those of wiping it.
    async fn forget(&self, account: &AccountId) -> Result<(), StoreError>;

    /// Closes every store and releases the files. Later calls, of this one too, fail with
    /// [`StoreError::Closed`].
    ///
    /// # Errors
    /// Those of storing pending changes.
    async fn close(&self) -> Result<(), StoreError>;

    /// Returns the leases of passes if other processes use the database at the same time; `None` if
    /// this process is the only one.
    fn pass_leases(&self) -> Option<Arc<dyn Leases>> {
        None
    }

    /// Returns the leases to send changes, if other processes, or other handles of this one, may send
    /// those of the same account; `None` if a list has one handle.
    fn send_leases(&self) -> Option<Arc<dyn Leases>> {
        None
    }

    /// Returns the signals between the processes that use the database; `None` if it has none, as when
    /// this process is the only one: then [`MemorySignals`](crate::MemorySignals) do.
    fn signals(&self) -> Option<Arc<dyn Signals>> {
        None
    }

    /// Returns once the database has shown that it can be reached: for one on a server, a call that
    /// reads nothing. One on disk or in memory always can.
    ///
    /// # Errors
    /// Those of reaching it.
    async fn ping(&self) -> Result<(), StoreError> {
        Ok(())
    }
}
