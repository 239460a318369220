//! The writer task: callers that go away, closing, a panic, the writes of others.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, Waker},
    time::Duration,
};

use conv_model::{Commit, Delta, Seq};
use conv_store::{ConversationStore, IndexedStore, StoreError};
use tokio::{task::yield_now, time::timeout};

use crate::support::{Probe, Trouble, at, user};

type Asked<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// Polls a call once.
fn poll<T>(asked: &mut Asked<'_, T>) -> Option<Result<T, StoreError>> {
    match asked.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => Some(result),
        Poll::Pending => None,
    }
}

fn one(name: &str) -> Delta {
    Delta::listed([at(name, 1)])
}

/// Opens a store and writes a first row.
async fn open(probe: &Probe) -> IndexedStore {
    let store = IndexedStore::open(probe.clone()).await.unwrap();
    store.apply(one("first")).await.unwrap();
    store
}

/// Returns a change whose write the engine holds.
async fn held<'a>(probe: &Probe, store: &'a IndexedStore) -> Asked<'a, Commit> {
    probe.hold();
    let mut change = store.apply(one("held"));
    while probe.calls().len() < 2 {
        assert!(poll(&mut change).is_none());
        yield_now().await;
    }
    change
}

fn assert_closed<T: std::fmt::Debug>(result: Result<T, StoreError>) {
    assert!(matches!(result, Err(StoreError::Closed)), "{result:?}");
}

#[tokio::test]
async fn a_caller_that_goes_away_during_the_write_leaves_the_change_whole() {
    let probe = Probe::new();
    let store = open(&probe).await;
    drop(held(&probe, &store).await);
    assert_eq!(store.snapshot().len(), 1);
    probe.release();
    let newer = store.watch().newer_than(Seq::new(1)).await.unwrap();
    assert!(newer.get(&user("held")).is_some());
}

#[tokio::test]
async fn a_caller_that_is_not_polled_holds_up_no_other() {
    let probe = Probe::new();
    let store = open(&probe).await;
    let change = held(&probe, &store).await;
    probe.release();
    let next = timeout(Duration::from_secs(20), store.apply(one("next")));
    next.await.expect("it waits for the one before").unwrap();
    assert_eq!(store.snapshot().len(), 3);
    assert_eq!(change.await.unwrap().seq, Seq::new(2));
}

#[tokio::test]
async fn a_panic_of_the_engine_closes_the_store() {
    let probe = Probe::new();
    let store = open(&probe).await;
    probe.next(Trouble::Panic);
    assert_closed(store.apply(one("u1")).await);
    assert_closed(store.apply(one("u2")).await);
    assert_closed(store.watch().newer_than(Seq::new(1)).await);
    assert_eq!(store.snapshot().len(), 1);
}

#[tokio::test]
async fn a_store_loads_nothing_after_its_own_writes() {
    let probe = Probe::new();
    let store = open(&probe).await;
    let other = IndexedStore::open(probe.memory()).await.unwrap();
    for round in 0..10 {
        store.apply(one(&format!("u{round}"))).await.unwrap();
        for _ in 0..5 {
            yield_now().await;
        }
    }
    assert_eq!(probe.loads(), 1);
    // After those of others it does.
    let known = store.snapshot().seq();
    other.apply(one("theirs")).await.unwrap();
    let newer = timeout(Duration::from_secs(20), store.watch().newer_than(known)).await;
    assert!(newer.unwrap().unwrap().get(&user("theirs")).is_some());
}

#[tokio::test]
async fn a_store_that_lost_touch_follows_again_after_its_next_change() {
    let probe = Probe::new();
    let store = open(&probe).await;
    let other = IndexedStore::open(probe.memory()).await.unwrap();
    probe.fail_loads(true);
    other.apply(one("u1")).await.unwrap();
    while probe.loads() < 2 {
        yield_now().await;
    }
    probe.fail_loads(false);
    let known = store.apply(one("u2")).await.unwrap().seq;
    other.apply(one("u3")).await.unwrap();
    let newer = timeout(Duration::from_secs(20), store.watch().newer_than(known)).await;
    assert_eq!(newer.unwrap().unwrap().len(), 4);
}

#[tokio::test]
async fn a_store_that_is_closing_refuses_changes() {
    let probe = Probe::new();
    let store = open(&probe).await;
    probe.hold();
    let closing = tokio::spawn({
        let store = store.clone();
        async move { store.close().await }
    });
    while !store.is_closed() {
        yield_now().await;
    }
    assert_closed(poll(&mut store.apply(one("late"))).expect("it waits"));
    assert_eq!(probe.calls().len(), 1, "nothing is with the engine");
    probe.release();
    closing.await.unwrap().unwrap();
}

#[tokio::test]
async fn closing_waits_for_the_write_before_it_and_later_requests_wait_for_closing() {
    let probe = Probe::new();
    let store = open(&probe).await;
    let mut change = held(&probe, &store).await;
    let mut closing = store.close();
    let mut late = store.apply(one("late"));
    let mut again = store.close();
    for _ in 0..10 {
        assert!(poll(&mut closing).is_none());
        assert!(poll(&mut late).is_none() && poll(&mut again).is_none());
        yield_now().await;
    }
    // The write goes on; the engine holds up closing.
    probe.release_one();
    while poll(&mut change).is_none() {
        yield_now().await;
    }
    while !store.is_closed() {
        yield_now().await;
    }
    for _ in 0..10 {
        assert!(poll(&mut closing).is_none());
        assert!(poll(&mut late).is_none() && poll(&mut again).is_none());
        yield_now().await;
    }
    probe.release();
    closing.await.unwrap();
    assert_closed(late.await);
    assert_closed(again.await);
    assert_eq!(store.snapshot().len(), 2);
}

#[test]
fn a_store_needs_only_its_own_runtime_and_ends_with_it() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let store = runtime.block_on(open(&Probe::new()));
    let mut change = store.apply(one("u1"));
    assert!(poll(&mut change).is_none());
    runtime.block_on(async {
        while store.snapshot().len() < 2 {
            yield_now().await;
        }
    });
    poll(&mut change).expect("it waits").unwrap();
    drop(runtime);
    assert_closed(poll(&mut store.apply(one("u2"))).expect("it waits"));
    assert_eq!(store.snapshot().len(), 2);
}
