//! An engine that keeps its records in memory and can be shared.

use std::{
    collections::HashMap,
    fmt,
    pin::pin,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicU64, Ordering},
    },
};

use async_trait::async_trait;
use conv_model::Seq;
use tokio::sync::Notify;

use crate::{Engine, Loaded, Record, StoreError, Write, sync::lock};

/// Records in memory. Clones are handles to the same ones: stores opened on several of them write
/// to the same account, as processes do over a shared server.
#[derive(Clone, Default)]
pub struct MemoryEngine(Arc<Shared>);

#[derive(Default)]
struct Shared {
    /// Locked for a few map operations, never across an await.
    records: Mutex<Records>,
    /// The number of the last write. `news` wakes those who wait for a greater one.
    last: AtomicU64,
    news: Notify,
}

#[derive(Clone, Default)]
struct Records {
    seq: Seq,
    by_key: HashMap<Record, Arc<[u8]>>,
}

impl MemoryEngine {
    /// Returns an engine without records.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns true if there are no records.
    pub(super) fn is_empty(&self) -> bool {
        self.records().by_key.is_empty()
    }

    fn records(&self) -> MutexGuard<'_, Records> {
        lock(&self.0.records)
    }
}

impl Records {
    fn check(&self, writes: &[Write]) -> Result<Seq, StoreError> {
        let mut last = self.seq;
        for write in writes {
            if write.expected != last {
                return Err(StoreError::Conflict);
            }
            if write.seq <= last {
                return Err(StoreError::Corrupt { what: "the number of a write".to_owned() });
            }
            last = write.seq;
        }
        Ok(last)
    }

    fn apply(&mut self, write: &Write) {
        for record in &write.delete {
            self.by_key.remove(record);
        }
        for (record, bytes) in &write.put {
            self.by_key.insert(record.clone(), Arc::clone(bytes));
        }
        self.seq = write.seq;
    }
}

#[async_trait]
impl Engine for MemoryEngine {
    async fn load(&self) -> Result<Loaded, StoreError> {
        let Records { seq, by_key } = self.records().clone();
        Ok(Loaded::new(seq, by_key.into_iter().collect()))
    }

    async fn commit(&self, writes: &[Write]) -> Result<(), StoreError> {
        let last = {
            let mut records = self.records();
            let last = records.check(writes)?;
            writes.iter().for_each(|write| records.apply(write));
            last
        };
        // Two writers may arrive here in either order.
        self.0.last.fetch_max(last.as_u64(), Ordering::SeqCst);
        self.0.news.notify_waiters();
        Ok(())
    }

    async fn follow(&self, since: Seq) -> Result<(), StoreError> {
        loop {
            let mut news = pin!(self.0.news.notified());
            // From here on, no notification is missed.
            news.as_mut().enable();
            if self.0.last.load(Ordering::SeqCst) > since.as_u64() {
                return Ok(());
            }
            news.await;
        }
    }

    async fn close(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

impl fmt::Debug for MemoryEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seq, records) = {
            let records = self.records();
            (records.seq, records.by_key.len())
        };
        f.debug_struct("MemoryEngine").field("seq", &seq).field("records", &records).finish()
    }
}
