//! Bytes that a pull hands to its engine.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

use async_trait::async_trait;
use conv_api::{
    Conversations,
    model::Seq,
    store::{Engine, IndexedStore, Loaded, MemoryEngine, Record, StoreError, Write},
};

use super::Work;
use crate::{
    cloud::{Cloud, PLAN_LIMIT},
    figure::Value,
    ours::{ACCOUNT, runtime},
    settings::Settings,
};

pub const PULL_BYTES: Work = Work {
    name: "pull-bytes",
    title: "bytes of keys and records handed to the engine",
    baseline: "first pull",
    sizes: &[500],
    run,
};

fn run(rows: usize, _: &Settings) -> Vec<(&'static str, Value)> {
    let cloud = Cloud::start(rows);
    let bytes = Arc::new(AtomicUsize::new(0));
    let engine = Counting { engine: MemoryEngine::new(), bytes: Arc::clone(&bytes) };
    let [first, second] = runtime().block_on(async {
        let store = IndexedStore::open(engine).await.unwrap();
        let builder = Conversations::builder(ACCOUNT).store(store).source(cloud.source());
        let list = builder.plan_limit(PLAN_LIMIT).build().await.unwrap();
        list.sync().await.unwrap();
        let first = bytes.swap(0, Relaxed);
        list.sync().await.unwrap();
        [first, bytes.load(Relaxed)].map(|bytes| Value::Bytes(bytes as f64))
    });
    vec![("first pull", first), ("second pull, nothing new", second)]
}

#[derive(Debug)]
struct Counting {
    engine: MemoryEngine,
    bytes: Arc<AtomicUsize>,
}

#[async_trait]
impl Engine for Counting {
    async fn load(&self) -> Result<Loaded, StoreError> {
        self.engine.load().await
    }

    async fn commit(&self, writes: &[Write]) -> Result<(), StoreError> {
        for write in writes {
            let put = write.put.iter().map(|(record, bytes)| length(record) + bytes.len());
            self.bytes.fetch_add(put.chain(write.delete.iter().map(length)).sum(), Relaxed);
        }
        self.engine.commit(writes).await
    }

    async fn follow(&self, since: Seq) -> Result<(), StoreError> {
        self.engine.follow(since).await
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.engine.close().await
    }
}

fn length(record: &Record) -> usize {
    match record {
        Record::Row(id) | Record::Local(id) => 1 + id.as_str().len(),
        _ => 1,
    }
}
