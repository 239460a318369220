//! The trait of a backend: keys and bytes.

mod key;

use std::{fmt::Debug, sync::Arc};

use async_trait::async_trait;
use conv_model::{ConversationId, Seq, Slot};

use crate::StoreError;

/// A backend for one account: it keeps bytes under keys, and nothing else.
///
/// [`IndexedStore`](crate::IndexedStore) does the rest for every backend: index, merge, guard, codec,
/// checksums, snapshots.
///
/// ```
/// use std::{collections::BTreeMap, sync::{Arc, Mutex, PoisonError}};
///
/// use async_trait::async_trait;
/// use conv_model::Seq;
/// use conv_store::{Engine, Loaded, Record, StoreError, Write};
///
/// /// Records in a map, for one store.
/// #[derive(Debug, Default)]
/// struct Map(Mutex<(Seq, BTreeMap<Record, Arc<[u8]>>)>);
///
/// #[async_trait]
/// impl Engine for Map {
///     async fn load(&self) -> Result<Loaded, StoreError> {
///         let (seq, records) = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
///         Ok(Loaded::new(seq, records.into_iter().collect()))
///     }
///
///     async fn commit(&self, writes: &[Write]) -> Result<(), StoreError> {
///         let mut map = self.0.lock().unwrap_or_else(PoisonError::into_inner);
///         let (last, records) = &mut *map;
///         if writes.first().is_some_and(|write| write.expected != *last) {
///             return Err(StoreError::Conflict);
///         }
///         for write in writes {
///             write.delete.iter().for_each(|record| drop(records.remove(record)));
///             records.extend(write.put.iter().cloned());
///             *last = write.seq;
///         }
///         Ok(())
///     }
///
///     async fn follow(&self, _since: Seq) -> Result<(), StoreError> {
///         std::future::pending().await // there is no other writer
///     }
///
///     async fn close(&self) -> Result<(), StoreError> {
///         Ok(())
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), StoreError> {
/// let store = conv_store::IndexedStore::open(Map::default()).await?;
/// # Ok(())
/// # }
/// ```
///
/// # Contract
/// * `load` returns the records of one instant, and the sequence number of the last write in them.
/// * `commit` applies its writes in order, each whole or not at all. A crash leaves a prefix of
///   whole writes. Once it returned, the writes are as durable as the engine was opened for.
/// * The writes of a call follow one another: each one's [`expected`](Write::expected) is the
///   [`seq`](Write::seq) of the one before it. If that of the first is not the number of the last
///   write, another writer was first: the engine refuses the whole call with
///   [`StoreError::Conflict`] and writes nothing of it.
/// * A [`Write`] holds either [local](Record::is_local) records or others, never both.
/// * A record of a kind that the engine's version does not know is kept as it is: an engine that uses
///   [`Record::to_key`] and [`Record::from_key`] does that by itself.
/// * After any other error the caller cannot know what was written, so it loads again. While it
///   cannot, it may go on to write local records.
/// * Dropping a future leaves each write whole or absent.
#[async_trait]
pub trait Engine: Debug + Send + Sync + 'static {
    /// Returns all records, of one instant.
    ///
    /// # Errors
    /// The reason why they could not be read.
    async fn load(&self) -> Result<Loaded, StoreError>;

    /// Applies writes, in order.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if another writer was first; otherwise the reason of the failure.
    async fn commit(&self, writes: &[Write]) -> Result<(), StoreError>;

    /// Waits until another writer has written after `since`. An engine with only one writer never
    /// returns. Cancel-safe.
    ///
    /// # Errors
    /// The reason that it is unknown.
    async fn follow(&self, since: Seq) -> Result<(), StoreError>;

    /// Stores pending writes and closes files.
    ///
    /// # Errors
    /// The reason why pending writes could not be stored.
    async fn close(&self) -> Result<(), StoreError>;
}

/// The key of a record.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Record {
    /// The state of the sync: one per account.
    State,
    /// A conversation, as the cloud knows it.
    Row(ConversationId),
    /// A conversation's local state. A record of an [empty](conv_model::Local::is_empty) one says that it
    /// was cleared: an engine may drop it once the account's last write is more than
    /// [`CLEARED_KEPT`](Self::CLEARED_KEPT) beyond the record's.
    Local(ConversationId),
    /// The mutations of a slot that the cloud has yet to show. Local.
    Pending(Slot),
    /// The number of the last mutation and what else belongs to the outbox as a whole: one per
    /// account. Local.
    Outbox,
    /// A record of a kind that this version does not know, by its [key](Record::to_key), as a later
    /// version wrote it. Local. A store leaves it alone.
    Other(Arc<str>),
}

impl Record {
    /// The number of writes for which an engine keeps the record of local state that was cleared: a
    /// reader who comes back after no more than that learns of the clearing alone, a later one gets all
    /// rows of his window.
    pub const CLEARED_KEPT: u64 = 1024;
}

/// One whole write.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Write {
    /// The number of the last write that the writer knows.
    pub expected: Seq,
    /// This write's own number, greater than `expected`.
    pub seq: Seq,
    /// Records to set. Their bytes are whole [`record`](crate::record) envelopes.
    pub put: Vec<(Record, Arc<[u8]>)>,
    /// Records to remove.
    pub delete: Vec<Record>,
}

impl Write {
    /// Builds an empty write that follows another.
    pub fn new(expected: Seq, seq: Seq) -> Self {
        Self { expected, seq, put: Vec::new(), delete: Vec::new() }
    }
}

/// All records of an account, of one instant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Loaded {
    /// The number of the last write.
    pub seq: Seq,
    /// Every record, in any order.
    pub records: Vec<(Record, Arc<[u8]>)>,
    /// Set if writes are gone that this engine had acknowledged or loaded, as a server with asynchronous
    /// replicas can lose them. The store then shows a preview, and the running pass is superseded, since
    /// its rows may be among the lost ones.
    pub lost: bool,
    /// The number of rows lost with those writes; 0 if the engine does not know.
    pub lost_rows: u64,
    /// Bits that become part of the list's epoch. An engine that cannot prove that all acknowledged
    /// writes are there, and does not know whose are gone, gives all accounts another number: then all
    /// have another epoch. It is the same for all loads of an engine; 0 if the engine needs none.
    pub term: u64,
}

impl Loaded {
    /// Returns records as of a write.
    pub fn new(seq: Seq, records: Vec<(Record, Arc<[u8]>)>) -> Self {
        Self { seq, records, lost: false, lost_rows: 0, term: 0 }
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl<T: Engine + ?Sized> Engine for Arc<T> {
    async fn load(&self) -> Result<Loaded, StoreError> {
        (**self).load().await
    }

    async fn commit(&self, writes: &[Write]) -> Result<(), StoreError> {
        (**self).commit(writes).await
    }

    async fn follow(&self, since: Seq) -> Result<(), StoreError> {
        (**self).follow(since).await
    }

    async fn close(&self) -> Result<(), StoreError> {
        (**self).close().await
    }
}
