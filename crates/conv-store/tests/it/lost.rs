//! Writes that a server acknowledged, and lost when another took over.

use std::{
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use async_trait::async_trait;
use conv_model::{Coverage, Delta, PassId, Seq, Suggestion, Timestamp};
use conv_store::{
    ConversationStore, Engine, IndexedStore, Loaded, MemoryEngine, StoreError, Write,
    testing::engine,
};

use crate::support::{at, begin, finish, user};

/// A server, and the one that takes over; it has what was copied to it, and says what it lacks.
#[derive(Debug, Default)]
struct Servers {
    first: MemoryEngine,
    second: MemoryEngine,
    is_over: AtomicBool,
    /// True once the loss was reported.
    is_reported: AtomicBool,
}

impl Servers {
    fn now(&self) -> &MemoryEngine {
        if self.is_over.load(Ordering::SeqCst) { &self.second } else { &self.first }
    }

    async fn copy(&self) {
        let Loaded { seq, records, .. } = self.first.load().await.unwrap();
        let mut write = Write::new(Seq::ZERO, seq);
        write.put = records;
        self.second.commit(&[write]).await.unwrap();
    }
}

#[async_trait]
impl Engine for Servers {
    async fn load(&self) -> Result<Loaded, StoreError> {
        let mut loaded = self.now().load().await?;
        let is_over = self.is_over.load(Ordering::SeqCst);
        loaded.lost = is_over && !self.is_reported.swap(true, Ordering::SeqCst);
        Ok(loaded)
    }

    async fn commit(&self, writes: &[Write]) -> Result<(), StoreError> {
        self.now().commit(writes).await
    }

    async fn follow(&self, _since: Seq) -> Result<(), StoreError> {
        std::future::pending().await
    }

    async fn close(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

fn page(pass: u64, name: &str, time: u64) -> Delta {
    let mut page = Delta::listed([at(name, time)]);
    page.pass = Some(PassId::new(pass));
    page
}

#[tokio::test]
async fn a_list_that_lost_writes_is_a_preview_and_the_pass_that_made_them_is_over() {
    let servers = Arc::new(Servers::default());
    let store = IndexedStore::open(Arc::clone(&servers)).await.unwrap();
    store.apply(begin(1)).await.unwrap();
    store.apply(page(1, "alice", 1)).await.unwrap();
    servers.copy().await;
    store.apply(page(1, "bob", 2)).await.unwrap();
    assert_eq!(store.snapshot().len(), 2);

    servers.is_over.store(true, Ordering::SeqCst);
    // The pass would go on and say that a list is complete which lacks bob.
    let refused = store.apply(finish(1)).await;
    assert!(matches!(refused, Err(StoreError::Superseded(_))), "{refused:?}");

    let left = store.snapshot();
    assert!(left.get(&user("alice")).is_some() && left.get(&user("bob")).is_none());
    assert_eq!(left.sync().coverage, Coverage::CacheOnly);
    // An ordinary pass follows, with a number that no pass had before.
    assert!(store.apply(begin(2)).await.is_err());
    store.apply(begin(3)).await.unwrap();
    store.apply(page(3, "bob", 2)).await.unwrap();
    assert_eq!(store.snapshot().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_pass_whose_number_was_given_before_a_loss_ends_what_an_event_stated() {
    let servers = Arc::new(Servers::default());
    // Another process has learned of the loss.
    servers.is_reported.store(true, Ordering::SeqCst);
    let other = IndexedStore::open(Arc::clone(&servers)).await.unwrap();
    other.apply(begin(1)).await.unwrap();
    other.apply(page(1, "alice", 1)).await.unwrap();
    servers.copy().await;
    let store = IndexedStore::open(Arc::clone(&servers)).await.unwrap();
    store.apply(begin(2)).await.unwrap();
    let mut watcher = store.watch();
    let time = Timestamp::from_secs(1_700_000_099);
    assert!(store.suggest(Suggestion::new(user("alice"), "key", time)));
    watcher.next().await.unwrap();

    servers.is_over.store(true, Ordering::SeqCst);
    for name in ["bob", "carol"] {
        other.apply(page(1, name, 2)).await.unwrap();
    }
    store.apply(Delta::listed([at("dave", 3)])).await.unwrap();
    let shown = || store.snapshot().get(&user("alice")).unwrap();
    assert_eq!((shown().listing.time, store.snapshot().sync().pass), (Some(time), PassId::new(1)));
    store.apply(begin(2)).await.unwrap();
    store.apply(finish(2)).await.unwrap();
    assert_eq!(shown().listing.time, at("alice", 1).listing.unwrap().time);
    assert!(shown().provisional.is_empty());
}

#[tokio::test]
async fn an_engine_that_reports_no_loss_fails_the_suite() {
    let kept = Arc::new(Mutex::new(MemoryEngine::new()));
    let open = {
        let kept = Arc::clone(&kept);
        move |_| {
            let engine = kept.lock().unwrap().clone();
            async move { Ok(engine) }
        }
    };
    let harmless = |_: &Path| Ok(());
    engine::a_loss_is_reported(&open, harmless).await.unwrap();
    *kept.lock().unwrap() = MemoryEngine::new();
    let forget = |_: &Path| {
        *kept.lock().unwrap() = MemoryEngine::new();
        Ok(())
    };
    let failure = engine::a_loss_is_reported(&open, forget).await.unwrap_err();
    assert!(format!("{failure:?}").contains("no loss is reported"), "{failure:?}");
}
