//! Watchers: what wakes them, and that they keep nothing open.

use std::time::Duration;

use conv_model::{ConversationId, ConversationPatch, Delta, Seq, SyncState};
use conv_store::{ConversationStore, MemoryStore, Publisher, Snapshot, StoreError, Watcher};
use tokio::{task::yield_now, time::timeout};

fn one(name: &str) -> Delta {
    Delta::listed([ConversationPatch::new(ConversationId::c2c(name).unwrap())])
}

async fn next(watcher: &mut Watcher) -> Result<Seq, StoreError> {
    let next = timeout(Duration::from_secs(20), watcher.next()).await;
    next.expect("it waits for ever").map(|snapshot| snapshot.seq())
}

async fn is_asleep(watcher: &mut Watcher) -> bool {
    timeout(Duration::from_secs(1_000), watcher.next()).await.is_err()
}

#[tokio::test(start_paused = true)]
async fn a_watcher_gives_the_newest_list_and_each_once() {
    let store = MemoryStore::open().await.unwrap();
    store.apply(one("before")).await.unwrap();
    let mut watcher = store.watch();
    assert!(is_asleep(&mut watcher).await, "there was nothing since");
    store.apply(one("skipped")).await.unwrap();
    store.apply(one("newest")).await.unwrap();
    let mut behind = watcher.clone();
    assert_eq!(next(&mut watcher).await.unwrap(), Seq::new(3));
    assert!(is_asleep(&mut watcher).await, "it was given already");
    assert_eq!(next(&mut behind).await.unwrap(), Seq::new(3));
    assert_eq!(watcher.newer_than(Seq::new(1)).await.unwrap().seq(), Seq::new(3));
}

#[tokio::test]
async fn a_watcher_keeps_no_store_open() {
    let store = MemoryStore::open().await.unwrap();
    let mut watcher = store.watch();
    let another = store.clone();
    drop(store);
    another.apply(one("alice")).await.unwrap();
    assert_eq!(next(&mut watcher).await.unwrap(), Seq::new(1));
    assert!(!watcher.is_closed());
    drop(another);
    assert!(matches!(next(&mut watcher).await, Err(StoreError::Closed)));
    assert!(watcher.is_closed());
}

#[tokio::test]
async fn the_last_list_is_given_before_the_end() {
    let store = MemoryStore::open().await.unwrap();
    let mut watcher = store.watch();
    store.apply(one("alice")).await.unwrap();
    store.close().await.unwrap();
    assert_eq!(next(&mut watcher).await.unwrap(), Seq::new(1));
    assert!(matches!(next(&mut watcher).await, Err(StoreError::Closed)));
}

#[test]
fn a_watcher_ends_with_the_runtime_of_its_store() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let store = runtime.block_on(MemoryStore::open()).unwrap();
    let watcher = store.watch();
    assert!(!watcher.is_closed());
    drop(runtime);
    assert!(watcher.is_closed() && store.watch().is_closed());
}

#[tokio::test(start_paused = true)]
async fn only_a_greater_number_wakes() {
    let list = Snapshot::of([], SyncState::default());
    let publisher = Publisher::new(list.at(Seq::new(5)));
    let mut watcher = publisher.watch();
    publisher.publish(list.at(Seq::new(5)));
    assert!(is_asleep(&mut watcher).await);
    let waits = tokio::spawn(async move { next(&mut watcher).await });
    yield_now().await;
    publisher.publish(list.at(Seq::new(6)));
    assert_eq!(waits.await.unwrap().unwrap(), Seq::new(6));
    assert_eq!(publisher.snapshot().seq(), Seq::new(6));
}
