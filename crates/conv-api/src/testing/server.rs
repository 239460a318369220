//! A server in memory that several processes write to, and that may lose writes.

#![allow(clippy::unwrap_used, reason = "a server in memory only fails with its test")]

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU64, Ordering::SeqCst},
};

use async_trait::async_trait;
use conv_model::Seq;
use conv_store::{Engine, IndexedStore, Loaded, MemoryEngine, Record, StoreError, Write};
use tokio::sync::watch;

use crate::Conversations;

/// The records of an account, and the number of times that writes of it were lost.
#[derive(Debug)]
pub struct Server {
    records: Mutex<MemoryEngine>,
    losses: watch::Sender<u64>,
}

impl Server {
    /// Creates a server without records.
    pub fn new() -> Arc<Self> {
        Arc::new(Self { records: Mutex::default(), losses: watch::Sender::new(0) })
    }

    fn now(&self) -> MemoryEngine {
        self.records.lock().unwrap().clone()
    }

    /// Returns the records of this moment.
    pub async fn backup(&self) -> Loaded {
        self.now().load().await.unwrap()
    }

    /// Goes back to a backup: later writes are lost.
    pub async fn restore(&self, backup: &Loaded) {
        let records = MemoryEngine::new();
        let mut write = Write::new(Seq::ZERO, backup.seq);
        write.put.clone_from(&backup.records);
        records.commit(&[write]).await.unwrap();
        *self.records.lock().unwrap() = records;
        self.losses.send_modify(|losses| *losses += 1);
    }
}

/// One process's connection. It learns of a loss, as one to Redis does.
#[derive(Debug)]
struct Connection {
    server: Arc<Server>,
    known: AtomicU64,
    loads: AtomicU64,
}

#[async_trait]
impl Engine for Connection {
    async fn load(&self) -> Result<Loaded, StoreError> {
        // Every few loads so late that another process has written twice.
        for _ in 0..self.loads.fetch_add(1, SeqCst) % 13 {
            tokio::task::yield_now().await;
        }
        let losses = *self.server.losses.borrow();
        let mut loaded = self.server.now().load().await?;
        loaded.lost = self.known.swap(losses, SeqCst) != losses;
        Ok(loaded)
    }

    async fn commit(&self, writes: &[Write]) -> Result<(), StoreError> {
        if self.known.load(SeqCst) != *self.server.losses.borrow() {
            return Err(StoreError::Conflict);
        }
        self.server.now().commit(writes).await
    }

    async fn follow(&self, since: Seq) -> Result<(), StoreError> {
        let mut losses = self.server.losses.subscribe();
        let known = self.known.load(SeqCst);
        let records = self.server.now();
        tokio::select! {
            news = records.follow(since) => news,
            _ = losses.wait_for(|losses| *losses != known) => Ok(()),
        }
    }

    async fn close(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

/// A process with the account loaded.
#[derive(Debug)]
pub struct Process {
    /// Its store, over a connection of its own.
    pub store: Arc<IndexedStore>,
    /// Its list over that store, without a cloud.
    pub conversations: Conversations,
}

impl Process {
    /// Connects to a server and loads the account.
    pub async fn start(server: &Arc<Server>) -> Self {
        let known = AtomicU64::new(*server.losses.borrow());
        let engine = Connection { server: Arc::clone(server), known, loads: AtomicU64::new(0) };
        let store = Arc::new(IndexedStore::open(engine).await.unwrap());
        let builder = Conversations::builder("user_0001").store(Arc::clone(&store));
        Self { conversations: builder.build().await.unwrap(), store }
    }
}

/// Gives the stores time to load the writes of other processes.
pub async fn settle() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

/// Returns true if a backup has the record of the sync state, and with it an epoch.
pub fn has_state(backup: &Loaded) -> bool {
    backup.records.iter().any(|(record, _)| *record == Record::State)
}
