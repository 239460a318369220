//! The registry, over engines whose openings, commits and wipes a test holds back.

use std::{
    future::{Future, poll_fn},
    pin::{Pin, pin},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    task::Poll,
};

use async_trait::async_trait;
use conv_model::{AccountId, ConversationId, ConversationPatch, Delta, Seq};
use tokio::{
    runtime::{Builder, Runtime},
    sync::Semaphore,
    task::yield_now,
};

use super::*;
use crate::{
    ConversationDatabase, ConversationStore, Engine, Loaded, MemoryEngine, StoreError, Write,
    sync::lock,
};

/// One account's engines, and what they were asked for.
#[derive(Clone, Debug, Default)]
struct Double(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    kept: Mutex<MemoryEngine>,
    engines: AtomicUsize,
    /// Engines that were not dropped.
    alive: AtomicUsize,
    closed: AtomicUsize,
    panics: AtomicBool,
    openings: Semaphore,
    commits: Semaphore,
    wipes: Semaphore,
}

impl Default for Inner {
    fn default() -> Self {
        let free = || Semaphore::new(Semaphore::MAX_PERMITS);
        let (openings, commits, wipes) = (free(), free(), free());
        let (engines, alive, closed) = Default::default();
        let (kept, panics) = Default::default();
        Self { kept, engines, alive, closed, panics, openings, commits, wipes }
    }
}

fn hold(gate: &Semaphore) {
    gate.forget_permits(Semaphore::MAX_PERMITS);
}

fn release(gate: &Semaphore) {
    gate.add_permits(Semaphore::MAX_PERMITS);
}

impl Double {
    fn database(&self) -> EngineDatabase<Double> {
        EngineDatabase::over(self.clone())
    }

    fn engines(&self) -> usize {
        self.0.engines.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl AccountEngines for Double {
    type Engine = One;

    async fn engine(&self, _account: &AccountId) -> Result<One, StoreError> {
        self.0.engines.fetch_add(1, Ordering::SeqCst);
        assert!(!self.0.panics.load(Ordering::SeqCst), "as scripted");
        assert_eq!(self.0.alive.fetch_add(1, Ordering::SeqCst), 0, "two engines are in use");
        let one = One(self.clone(), lock(&self.0.kept).clone());
        drop(self.0.openings.acquire().await.unwrap());
        Ok(one)
    }

    async fn wipe(&self, _account: &AccountId) -> Result<(), StoreError> {
        drop(self.0.wipes.acquire().await.unwrap());
        *lock(&self.0.kept) = MemoryEngine::new();
        Ok(())
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.0.closed.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}

#[derive(Debug)]
struct One(Double, MemoryEngine);

#[async_trait]
impl Engine for One {
    async fn load(&self) -> Result<Loaded, StoreError> {
        self.1.load().await
    }

    async fn commit(&self, writes: &[Write]) -> Result<(), StoreError> {
        let commits = &self.0.0.commits;
        let permit = commits.acquire().await.unwrap();
        // A single permit lets one commit pass.
        if commits.available_permits() == 0 {
            permit.forget();
        }
        // The account has these records, whatever the engine was then.
        let kept = lock(&self.0.0.kept).clone();
        kept.commit(writes).await
    }

    async fn follow(&self, since: Seq) -> Result<(), StoreError> {
        self.1.follow(since).await
    }

    async fn close(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

impl Drop for One {
    fn drop(&mut self) {
        self.0.0.alive.fetch_sub(1, Ordering::SeqCst);
    }
}

fn account() -> AccountId {
    "a".parse().unwrap()
}

/// Applies a change, and keeps the store until then.
async fn apply(store: Arc<dyn ConversationStore>, user: &str) {
    let _ = store.apply(row(user)).await;
}

fn row(user: &str) -> Delta {
    Delta::listed([ConversationPatch::new(ConversationId::c2c(user).unwrap())])
}

/// Polls a future once, and then lets all tasks run as far as they come.
async fn begin<T>(mut future: Pin<&mut impl Future<Output = T>>) {
    let polled = poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx))).await;
    assert!(polled.is_pending());
    settle().await;
}

async fn settle() {
    for _ in 0..50 {
        yield_now().await;
    }
}

#[tokio::test]
async fn an_opening_is_shared_and_continues_without_its_first_caller() {
    let double = Double::default();
    let (database, id) = (double.database(), account());
    hold(&double.0.openings);
    let mut first = Box::pin(database.account(&id));
    begin(first.as_mut()).await;
    let mut others = pin!(async { tokio::join!(database.account(&id), database.account(&id)) });
    begin(others.as_mut()).await;
    drop(first);
    release(&double.0.openings);
    let (one, two) = others.await;
    assert!(Arc::ptr_eq(&one.unwrap(), &two.unwrap()));
    assert_eq!(double.engines(), 1);
}

#[tokio::test]
async fn an_opening_that_nobody_waits_for_keeps_no_store() {
    let double = Double::default();
    let (database, id) = (double.database(), account());
    hold(&double.0.openings);
    let mut first = Box::pin(database.account(&id));
    begin(first.as_mut()).await;
    drop(first);
    release(&double.0.openings);
    settle().await;
    assert_eq!(double.0.alive.load(Ordering::SeqCst), 0);
    database.account(&id).await.unwrap();
    assert_eq!(double.engines(), 2);
}

#[tokio::test]
async fn a_failed_opening_fails_for_all_who_wait_and_is_tried_again_later() {
    let double = Double::default();
    let (database, id) = (double.database(), account());
    double.0.panics.store(true, Ordering::SeqCst);
    for _ in 0..2 {
        let (one, two) = tokio::join!(database.account(&id), database.account(&id));
        assert!(matches!(one, Err(StoreError::Engine(_))) && two.is_err());
    }
    double.0.panics.store(false, Ordering::SeqCst);
    database.account(&id).await.unwrap();
}

#[tokio::test]
async fn a_store_that_was_dropped_writes_nothing_after_the_next_one_is_open() {
    let double = Double::default();
    let (database, id) = (double.database(), account());
    let store = database.account(&id).await.unwrap();
    store.apply(row("old")).await.unwrap();
    hold(&double.0.commits);
    let mut writes: Vec<_> =
        ["first", "second"].map(|user| Box::pin(apply(Arc::clone(&store), user))).into();
    for write in &mut writes {
        begin(write.as_mut()).await;
    }
    drop((writes, store));
    let mut opening = pin!(database.account(&id));
    begin(opening.as_mut()).await;
    double.0.commits.add_permits(1);
    let store = opening.await.unwrap();
    let shown = store.snapshot().len();
    assert_eq!(shown, 2, "the write under way, and not the one behind it");
    release(&double.0.commits);
    settle().await;
    let kept = lock(&double.0.kept).clone();
    let stored = kept.load().await.unwrap();
    let rows = stored.records.iter().filter(|(key, _)| matches!(key, crate::Record::Row(_)));
    assert_eq!(rows.count(), shown);
    store.apply(row("new")).await.unwrap();
    assert_eq!(store.snapshot().len(), shown + 1);
    assert_eq!(double.engines(), 1, "the engine was in use");
}

#[tokio::test]
async fn no_write_that_still_waits_survives_a_wipe() {
    for is_dropped in [false, true] {
        let double = Double::default();
        let (database, id) = (double.database(), account());
        let store = database.account(&id).await.unwrap();
        hold(&double.0.commits);
        let mut write = Box::pin(apply(Arc::clone(&store), "late"));
        begin(write.as_mut()).await;
        let held = (!is_dropped).then(|| Arc::clone(&store));
        drop((write, store));
        let mut wipe = Box::pin(database.forget(&id));
        begin(wipe.as_mut()).await;
        // A wipe goes on without its caller, and openings wait for it.
        drop(wipe);
        let mut opening = pin!(database.account(&id));
        begin(opening.as_mut()).await;
        release(&double.0.commits);
        let fresh = opening.await.unwrap();
        assert!(fresh.snapshot().is_empty(), "dropped: {is_dropped}");
        fresh.apply(row("new")).await.unwrap();
        assert_eq!(fresh.snapshot().len(), 1);
        assert!(held.is_none_or(|store| !Arc::ptr_eq(&store, &fresh)));
    }
}

#[tokio::test]
async fn a_wipe_waits_for_an_opening_and_openings_for_a_wipe() {
    let double = Double::default();
    let (database, id) = (double.database(), account());
    database.account(&id).await.unwrap().apply(row("old")).await.unwrap();
    settle().await;
    hold(&double.0.openings);
    hold(&double.0.wipes);
    let mut opening = Box::pin(database.account(&id));
    begin(opening.as_mut()).await;
    let mut wipe = Box::pin(database.forget(&id));
    begin(wipe.as_mut()).await;
    release(&double.0.openings);
    let old = opening.await.unwrap();
    assert_eq!(old.snapshot().len(), 1);
    let mut late = Box::pin(database.account(&id));
    begin(wipe.as_mut()).await;
    begin(late.as_mut()).await;
    release(&double.0.wipes);
    wipe.await.unwrap();
    assert!(late.await.unwrap().snapshot().is_empty());
    assert!(matches!(old.apply(row("more")).await, Err(StoreError::Closed)));
}

#[tokio::test]
async fn closing_waits_for_openings_and_is_continued_if_its_caller_goes_away() {
    let double = Double::default();
    let (database, id) = (double.database(), account());
    hold(&double.0.openings);
    let mut opening = Box::pin(database.account(&id));
    begin(opening.as_mut()).await;
    let mut closing = Box::pin(database.close());
    begin(closing.as_mut()).await;
    drop(closing);
    assert!(matches!(database.account(&id).await, Err(StoreError::Closed)));
    let mut closing = Box::pin(database.close());
    begin(closing.as_mut()).await;
    assert_eq!(double.0.closed.load(Ordering::SeqCst), 0);
    release(&double.0.openings);
    closing.await.unwrap();
    assert!(matches!(opening.await, Err(StoreError::Closed)));
    assert_eq!(double.0.closed.load(Ordering::SeqCst), 1);
    assert_eq!(double.0.alive.load(Ordering::SeqCst), 0);
    assert!(matches!(database.close().await, Err(StoreError::Closed)));
}

#[test]
fn an_opening_whose_runtime_ended_is_made_on_another() {
    let runtime = || Builder::new_current_thread().build().unwrap();
    let (first, second) = (runtime(), runtime());
    let double = Double::default();
    let (database, id) = (double.database(), account());
    hold(&double.0.openings);
    let begun = |runtime: &Runtime| {
        let mut opening = Box::pin(database.account(&id));
        runtime.block_on(begin(opening.as_mut()));
        opening
    };
    drop(begun(&first));
    let opening = begun(&second);
    drop(first);
    release(&double.0.openings);
    second.block_on(opening).unwrap();
    assert_eq!(double.engines(), 2);
}

#[tokio::test]
async fn engines_without_a_listing_say_so() {
    let database = Double::default().database();
    let mut accounts = database.accounts();
    assert!(matches!(accounts.next_page().await, Err(StoreError::Engine(_))));
    database.close().await.unwrap();
    assert!(matches!(accounts.next_page().await, Err(StoreError::Closed)));
}
