//! Changes that their callers apply, past the store's task.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, Waker},
    time::Duration,
};

use conv_model::{Commit, Delta, Local, Seq};
use conv_store::{ConversationStore, IndexedStore, MemoryStore, StoreError};
use tokio::{task::yield_now, time::timeout};

use crate::support::{Probe, Trouble, at, user};

type Asked<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// What a caller is told who looks at it once, and then at something else.
fn poll<T>(asked: &mut Asked<'_, T>) -> Option<Result<T, StoreError>> {
    match asked.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => Some(result),
        Poll::Pending => None,
    }
}

fn one(name: &str) -> Delta {
    Delta::listed([at(name, 1)])
}

fn page(name: &str) -> Delta {
    Delta::listed((0..100).map(|number| at(&format!("{name}{number}"), number)))
}

/// A store that knows from a first write that its engine answers at once.
async fn tried<S: ConversationStore>(store: S) -> S {
    store.apply(one("first")).await.unwrap();
    yield_now().await;
    store
}

async fn prompt(probe: &Probe) -> IndexedStore {
    tried(IndexedStore::open(probe.clone()).await.unwrap()).await
}

/// A change whose write the engine keeps waiting, after its caller looked at it once.
fn held<'a>(probe: &Probe, store: &'a IndexedStore) -> Asked<'a, Commit> {
    probe.hold();
    let mut change = store.apply(one("held"));
    assert!(poll(&mut change).is_none());
    assert_eq!(probe.calls().len(), 2, "it is with the engine");
    change
}

#[tokio::test]
async fn a_small_change_of_an_idle_store_is_there_when_it_was_looked_at_once() {
    let store = tried(MemoryStore::open().await.unwrap()).await;
    for round in 0..50 {
        let name = format!("u{round}");
        poll(&mut store.apply(one(&name))).expect("it waits").unwrap();
        poll(&mut store.put_local(user(&name), Local::draft("Dear Alice")))
            .expect("it waits")
            .unwrap();
    }
    assert_eq!((store.snapshot().len(), store.snapshot().seq()), (51, Seq::new(101)));
}

#[tokio::test]
async fn who_changes_without_end_lets_others_run() {
    let store = tried(MemoryStore::open().await.unwrap()).await;
    let other = tokio::spawn(async {});
    for round in 0..500 {
        store.apply(Delta::listed([at("u", round)])).await.unwrap();
    }
    assert!(other.is_finished());
}

#[tokio::test]
async fn who_waits_for_the_task_goes_before_who_could_go_past_it() {
    let store = prompt(&Probe::new()).await;
    let mut many = store.apply(page("u"));
    assert!(poll(&mut many).is_none(), "many rows are a change for the task");
    let mut few = store.apply(one("last"));
    assert!(poll(&mut few).is_none());
    let (many, few) = tokio::join!(many, few);
    assert!(many.unwrap().seq < few.unwrap().seq);
}

#[tokio::test]
async fn an_engine_that_makes_it_wait_is_asked_by_the_task_from_then_on() {
    let probe = Probe::new();
    let store = prompt(&probe).await;
    let change = held(&probe, &store);
    probe.release();
    change.await.unwrap();
    // A change of nothing asks it nothing.
    assert_eq!(store.apply(one("held")).await.unwrap().seq, Seq::new(2));
    assert!(poll(&mut store.apply(one("next"))).is_none());
    assert_eq!(probe.calls().len(), 2, "it is not with the engine yet");
}

#[tokio::test]
async fn nobody_waits_for_a_caller_who_looks_at_something_else() {
    let probe = Probe::new();
    let store = prompt(&probe).await;
    let change = held(&probe, &store);
    probe.release();
    let next = timeout(Duration::from_secs(20), store.apply(one("next")));
    next.await.expect("it waits for the one before").unwrap();
    assert_eq!(store.snapshot().len(), 3);
    assert_eq!(change.await.unwrap().seq, Seq::new(2));
}

#[tokio::test]
async fn a_change_is_whole_though_its_caller_went_away_meanwhile() {
    let probe = Probe::new();
    let store = prompt(&probe).await;
    drop(held(&probe, &store));
    assert_eq!(store.snapshot().len(), 1);
    probe.release();
    let newer = store.watch().newer_than(Seq::new(1)).await.unwrap();
    assert!(newer.get(&user("held")).is_some());
}

#[tokio::test]
async fn an_error_past_the_task_is_the_callers_and_the_next_change_loads() {
    let probe = Probe::new();
    let store = prompt(&probe).await;
    probe.next(Trouble::After);
    assert!(matches!(store.apply(one("u1")).await, Err(StoreError::Io { .. })));
    assert_eq!((store.snapshot().len(), probe.loads()), (1, 1));
    store.apply(one("u2")).await.unwrap();
    assert_eq!((store.snapshot().len(), probe.loads()), (3, 2));
}

#[tokio::test]
async fn a_panic_of_the_engine_ends_the_store_for_all() {
    let probe = Probe::new();
    let store = prompt(&probe).await;
    probe.next(Trouble::Panic);
    let closed = |result: Result<Commit, _>| {
        assert!(matches!(result, Err(StoreError::Closed)), "{result:?}")
    };
    closed(store.apply(one("u1")).await);
    closed(store.apply(one("u2")).await);
    assert!(matches!(store.watch().newer_than(Seq::new(1)).await, Err(StoreError::Closed)));
    assert_eq!(store.snapshot().len(), 1);
}

#[tokio::test]
async fn what_was_written_past_the_task_is_no_news_to_it() {
    let probe = Probe::new();
    let store = prompt(&probe).await;
    let other = IndexedStore::open(probe.memory()).await.unwrap();
    for round in 0..10 {
        store.apply(one(&format!("u{round}"))).await.unwrap();
        for _ in 0..5 {
            yield_now().await;
        }
    }
    assert_eq!(probe.loads(), 1);
    // What others write is.
    let known = store.snapshot().seq();
    other.apply(one("theirs")).await.unwrap();
    let newer = timeout(Duration::from_secs(20), store.watch().newer_than(known)).await;
    assert!(newer.unwrap().unwrap().get(&user("theirs")).is_some());
}

#[tokio::test]
async fn after_trouble_with_following_the_next_change_has_the_task_follow_again() {
    let probe = Probe::new();
    let store = prompt(&probe).await;
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
async fn nobody_comes_past_a_task_that_is_closing() {
    let probe = Probe::new();
    let store = prompt(&probe).await;
    probe.hold();
    let closing = tokio::spawn({
        let store = store.clone();
        async move { store.close().await }
    });
    while !store.is_closed() {
        yield_now().await;
    }
    let late = poll(&mut store.apply(one("late"))).expect("it waits");
    assert!(matches!(late, Err(StoreError::Closed)), "{late:?}");
    assert_eq!(probe.calls().len(), 1, "nothing is with the engine");
    probe.release();
    closing.await.unwrap().unwrap();
}

#[tokio::test]
async fn closing_waits_for_who_came_past_the_task_before() {
    let probe = Probe::new();
    let store = prompt(&probe).await;
    let change = held(&probe, &store);
    let mut closing = store.close();
    for _ in 0..10 {
        assert!(poll(&mut closing).is_none());
        yield_now().await;
    }
    probe.release();
    closing.await.unwrap();
    change.await.unwrap();
    assert_eq!(store.snapshot().len(), 2);
}

#[test]
fn it_needs_the_runtime_of_nobody_but_the_store() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let store = runtime.block_on(prompt(&Probe::new()));
    poll(&mut store.apply(one("u1"))).expect("it waits").unwrap();
    drop(runtime);
    let late = poll(&mut store.apply(one("u2"))).expect("it waits");
    assert!(matches!(late, Err(StoreError::Closed)), "{late:?}");
    assert_eq!(store.snapshot().len(), 2);
}
