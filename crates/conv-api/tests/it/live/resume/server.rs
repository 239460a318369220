//! A server that several processes write to, and that may lose writes.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU64, Ordering::SeqCst},
};

use async_trait::async_trait;
use conv_api::{
    Conversations,
    model::Seq,
    store::{Engine, IndexedStore, Loaded, MemoryEngine, Record, StoreError, Write},
};
use tokio::sync::watch;

/// The records of an account, and how often writes of it were lost.
#[derive(Debug)]
pub struct Server {
    records: Mutex<MemoryEngine>,
    losses: watch::Sender<u64>,
}

impl Server {
    pub fn new() -> Arc<Self> {
        Arc::new(Self { records: Mutex::default(), losses: watch::Sender::new(0) })
    }

    fn now(&self) -> MemoryEngine {
        self.records.lock().unwrap().clone()
    }

    pub async fn backup(&self) -> Loaded {
        self.now().load().await.unwrap()
    }

    /// Has again what it had then: later writes are gone.
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
        // Now and then so late that another process has written twice.
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
    pub store: Arc<IndexedStore>,
    pub conversations: Conversations,
}

impl Process {
    pub async fn start(server: &Arc<Server>) -> Self {
        let known = AtomicU64::new(*server.losses.borrow());
        let engine = Connection { server: Arc::clone(server), known, loads: AtomicU64::new(0) };
        let store = Arc::new(IndexedStore::open(engine).await.unwrap());
        let builder = Conversations::builder("user_0001").store(Arc::clone(&store));
        Self { conversations: builder.build().await.unwrap(), store }
    }
}

/// Lets the stores take in what other ones wrote.
pub async fn settle() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

/// True if a backup has the state of the sync, and with it an epoch.
pub fn has_state(backup: &Loaded) -> bool {
    backup.records.iter().any(|(record, _)| *record == Record::State)
}
