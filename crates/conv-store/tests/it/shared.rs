//! Two stores on one engine, as processes on one server.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use conv_model::{
    All, ConversationId, Coverage, Delta, Local, Mutation, OutboxChange, PassId, Position,
    Progress, Seq,
};
use conv_store::{
    ConversationStore, Engine, IndexedStore, Loaded, MemoryEngine, ResumeFrom, Since, StoreError,
    Write,
};
use tokio::time::timeout;

use crate::support::{Probe, at, begin, finish, named, user};

async fn two() -> (IndexedStore, IndexedStore) {
    let engine = MemoryEngine::new();
    let a = IndexedStore::open(engine.clone()).await.unwrap();
    (a, IndexedStore::open(engine).await.unwrap())
}

/// The first snapshot of a store that has what a test waits for.
async fn until(
    store: &IndexedStore,
    is_there: impl Fn(&conv_store::Snapshot) -> bool,
) -> conv_store::Snapshot {
    let waiting = async {
        let mut seen = store.snapshot();
        while !is_there(&seen) {
            seen = store.watch().newer_than(seen.seq()).await.unwrap();
        }
        seen
    };
    timeout(Duration::from_secs(20), waiting).await.expect("it never comes")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_hundred_contended_changes_are_all_there() {
    let (a, b) = two().await;
    let writer = |store: IndexedStore, name: &'static str| {
        tokio::spawn(async move {
            for round in 0..200 {
                let rows = [at(&format!("{name}{round}"), round), at("both", round)];
                store.apply(Delta::listed(rows)).await.unwrap();
            }
        })
    };
    let (first, second) = tokio::join!(writer(a.clone(), "a"), writer(b.clone(), "b"));
    first.unwrap();
    second.unwrap();
    for store in [&a, &b] {
        let snapshot = until(store, |snapshot| snapshot.len() == 401).await;
        assert_eq!(snapshot.totals().conversations, 401);
    }
    assert!(
        a.snapshot().list(&conv_model::All.into()) == b.snapshot().list(&conv_model::All.into())
    );
}

#[tokio::test]
async fn readers_wake_when_somebody_else_wrote() {
    let (a, b) = two().await;
    a.apply(Delta::listed([at("alice", 1)])).await.unwrap();
    until(&b, |snapshot| snapshot.len() == 1).await;
    a.put_local(user("alice"), Local::draft("hello")).await.unwrap();
    let there = until(&b, |snapshot| snapshot.local(&user("alice")).is_some()).await;
    assert_eq!(there.get(&user("alice")).unwrap().local, Local::draft("hello"));
    a.apply(Delta::removed([user("alice")])).await.unwrap();
    assert!(until(&b, |snapshot| snapshot.is_empty()).await.local(&user("alice")).is_some());
}

#[tokio::test]
async fn unchanged_rows_stay_shared_and_the_log_has_the_others() {
    let (a, b) = two().await;
    b.apply(Delta::listed((0..100).map(|n| at(&format!("u{n}"), n)))).await.unwrap();
    let before = b.snapshot();
    until(&a, |snapshot| snapshot.len() == 100).await;
    let mut delta = Delta::listed([at("new", 500), at("u7", 501)]);
    delta.removed = vec![user("u8")];
    a.apply(delta).await.unwrap();
    let after = until(&b, |snapshot| snapshot.get(&user("new")).is_some()).await;
    let shared = after
        .rows()
        .filter(|row| before.get(&row.id).is_some_and(|old| Arc::ptr_eq(&old, row)))
        .count();
    assert_eq!(shared, 98);
    let commits = after.changes_since(before.seq()).unwrap();
    let mut ids: Vec<_> =
        commits.iter().flat_map(|c| &c.changes).map(|change| change.id().unwrap()).collect();
    ids.sort();
    assert_eq!(ids, [&user("new"), &user("u7"), &user("u8")]);
}

#[tokio::test]
async fn a_pass_of_one_store_is_superseded_by_that_of_another() {
    let (a, b) = two().await;
    a.apply(begin(1)).await.unwrap();
    b.apply(begin(2)).await.unwrap();
    let mut page = Delta::listed([at("alice", 1)]);
    page.pass = Some(PassId::new(1));
    let late = a.apply(page).await;
    assert!(matches!(late, Err(StoreError::Superseded(s)) if s.newest == PassId::new(2)));
    assert!(matches!(a.apply(begin(2)).await, Err(StoreError::Superseded(_))));
}

#[tokio::test]
async fn of_two_stores_that_begin_at_once_one_is_superseded() {
    let (a, b) = two().await;
    for pass in 1..30 {
        let (first, second) = tokio::join!(a.apply(begin(pass)), b.apply(begin(pass)));
        assert!(first.is_ok() != second.is_ok(), "{first:?} {second:?}");
    }
}

#[tokio::test]
async fn a_pass_does_not_overwrite_rows_that_another_store_changed() {
    let (a, b) = two().await;
    a.apply(Delta::listed([at("alice", 1), at("bob", 1)])).await.unwrap();
    a.apply(begin(1)).await.unwrap();
    b.apply(Delta::listed([at("alice", 9)])).await.unwrap();
    let mut page = Delta::listed([at("alice", 2), at("bob", 2)]);
    page.pass = Some(PassId::new(1));
    a.apply(page).await.unwrap();
    let time = |name| {
        let row = a.snapshot().get(&user(name)).unwrap();
        row.listing.time.unwrap().as_secs() - 1_700_000_000
    };
    assert_eq!((time("alice"), time("bob")), (9, 2));
}

#[tokio::test]
async fn a_pass_does_not_overwrite_rows_that_another_store_changed_and_changed_back() {
    let (a, b) = two().await;
    a.apply(Delta::listed([at("alice", 1)])).await.unwrap();
    a.apply(begin(1)).await.unwrap();
    let there = Delta::listed([at("alice", 9)]);
    let (there, back) = tokio::join!(b.apply(there), b.apply(Delta::listed([at("alice", 1)])));
    let (there, back) = (there.unwrap(), back.unwrap());
    assert!(there.changes.len() == 1 && back.changes.len() == 1);
    let mut page = Delta::listed([at("alice", 2)]);
    page.pass = Some(PassId::new(1));
    a.apply(page).await.unwrap();
    let time = a.snapshot().get(&user("alice")).unwrap().listing.time;
    assert_eq!(time, at("alice", 1).listing.unwrap().time);
}

#[tokio::test]
async fn a_pass_that_another_store_finished_makes_the_list_complete_here() {
    let (a, b) = two().await;
    a.apply(begin(1)).await.unwrap();
    until(&b, |snapshot| snapshot.sync().pass == PassId::new(1)).await;
    assert!(!b.snapshot().report().is_sync_completed());
    a.apply(finish(1)).await.unwrap();
    until(&b, |snapshot| snapshot.report().is_sync_completed()).await;
    // It stays while the next one runs, and what this store does itself changes nothing of it.
    a.apply(begin(2)).await.unwrap();
    b.apply(Delta::listed([at("alice", 1)])).await.unwrap();
    assert_eq!(b.snapshot().sync().pass, PassId::new(2));
    assert_eq!(b.snapshot().report().coverage, Coverage::Complete);
}

#[tokio::test]
async fn numbers_go_on_after_changes_that_only_one_store_saw() {
    let (a, b) = two().await;
    a.apply(begin(1)).await.unwrap();
    for _ in 0..5 {
        a.apply(finish(1)).await.unwrap(); // shown each time, written once
    }
    let seen = a.snapshot().seq();
    b.apply(Delta::listed([at("alice", 1)])).await.unwrap();
    let next = until(&a, |snapshot| snapshot.len() == 1).await;
    assert!(next.seq() > seen && seen > Seq::new(2));
    a.apply(Delta::updates([named("alice", "Alice")])).await.unwrap();
    until(&b, |snapshot| snapshot.get(&user("alice")).unwrap().profile.is_known()).await;
}

/// Two writes that cancel each other out show nothing new, and are two writes all the same.
#[tokio::test]
async fn numbers_go_on_after_writes_of_others_that_cancel_out() {
    let probe = Probe::new();
    let a = IndexedStore::open(probe.clone()).await.unwrap();
    let b = IndexedStore::open(probe.memory()).await.unwrap();
    let unread = |count| {
        let mut patch = named("alice", "Alice");
        patch.unread.count = Some(count);
        Delta::updates([patch])
    };
    a.apply(Delta::listed([at("alice", 1)])).await.unwrap();
    a.apply(unread(0)).await.unwrap();
    until(&b, |snapshot| snapshot.written() == Seq::new(2)).await;
    b.apply(unread(1)).await.unwrap();
    b.apply(unread(0)).await.unwrap();
    let written = b.snapshot().written();
    while a.snapshot().written() < written {
        tokio::task::yield_now().await;
    }
    let commit = a.apply(Delta::updates([named("alice", "Alicia")])).await.unwrap();
    let write = probe.last().pop().unwrap();
    assert!(write.seq > write.expected && write.expected == written, "{write:?}");
    assert_eq!((commit.seq, commit.written), (write.seq, write.seq));
    until(&b, |snapshot| snapshot.written() == write.seq).await;
    assert_eq!(b.snapshot().get(&user("alice")).unwrap().show_name(), "Alicia");
}

/// A store that only reads hears of others again by itself; until then it claims nothing.
#[tokio::test(start_paused = true)]
async fn after_trouble_with_following_a_reader_hears_of_others_again() {
    for load_fails in [true, false] {
        let probe = Probe::new();
        let a = IndexedStore::open(probe.clone()).await.unwrap();
        let b = IndexedStore::open(probe.memory()).await.unwrap();
        b.apply(begin(1)).await.unwrap();
        b.apply(finish(1)).await.unwrap();
        until(&a, |snapshot| snapshot.report().coverage == Coverage::Complete).await;
        if load_fails {
            probe.fail_loads(true)
        } else {
            probe.fail_follows(3)
        }
        b.apply(Delta::listed([at("alice", 1)])).await.unwrap();
        until(&a, |snapshot| snapshot.report().coverage == Coverage::CacheOnly).await;
        probe.fail_loads(false);
        let seen = until(&a, |snapshot| snapshot.len() == 1).await;
        assert_eq!(seen.report().coverage, Coverage::Complete, "no pass began meanwhile");
        b.apply(Delta::listed([at("bob", 2)])).await.unwrap();
        until(&a, |snapshot| {
            snapshot.len() == 2 && snapshot.report().coverage == Coverage::Complete
        })
        .await;
    }
}

/// An engine may load and still not be able to follow: each look for it costs a load of all rows.
#[tokio::test(start_paused = true)]
async fn following_that_keeps_failing_is_tried_after_growing_pauses() {
    let probe = Probe::new();
    let _store = IndexedStore::open(NeverFollows(probe.clone())).await.unwrap();
    tokio::time::sleep(Duration::from_secs(300)).await;
    assert!((10..30).contains(&probe.loads()), "{}", probe.loads());
}

#[derive(Debug)]
struct NeverFollows(Probe);

#[async_trait]
impl Engine for NeverFollows {
    async fn load(&self) -> Result<Loaded, StoreError> {
        self.0.load().await
    }

    async fn commit(&self, writes: &[Write]) -> Result<(), StoreError> {
        self.0.commit(writes).await
    }

    async fn follow(&self, _: Seq) -> Result<(), StoreError> {
        Err(StoreError::Conflict)
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.0.close().await
    }
}

#[tokio::test]
async fn local_state_set_on_both_sides_joins() {
    let (a, b) = two().await;
    a.put_local(user("alice"), Local::draft("hello")).await.unwrap();
    b.put_local(user("alice"), Local::data(*b"bytes")).await.unwrap();
    let both = Local::draft("hello").merged(&Local::data(*b"bytes"));
    assert_eq!(b.snapshot().local(&user("alice")), Some(both.clone()));
    until(&a, |snapshot| snapshot.local(&user("alice")).as_ref() == Some(&both)).await;
}

#[tokio::test]
async fn after_trouble_with_following_changes_are_still_seen_by_the_next_write() {
    let probe = Probe::new();
    let a = IndexedStore::open(probe.clone()).await.unwrap();
    let b = IndexedStore::open(probe.memory()).await.unwrap();
    probe.fail_loads(true);
    b.apply(Delta::listed([at("alice", 1)])).await.unwrap();
    while probe.loads() < 2 {
        tokio::task::yield_now().await;
    }
    probe.fail_loads(false);
    a.apply(Delta::listed([at("bob", 2)])).await.unwrap();
    assert_eq!(a.snapshot().len(), 2);
    b.apply(Delta::listed([at("carol", 3)])).await.unwrap();
    until(&a, |snapshot| snapshot.len() == 3).await;
}

/// The rows that a reader at another store's position lacks here, where no commit ends at it.
fn lacking(store: &IndexedStore, position: Position) -> Vec<ConversationId> {
    let from = ResumeFrom::from(position).with_conversations(1);
    match store.snapshot().since(&All.into(), Some(3), from) {
        Since::Sync { rows, .. } => rows.iter().map(|row| row.id.clone()).collect(),
        other => panic!("{other:?}"),
    }
}

/// Two stores, of which the second one loads nothing until its probe lets it.
async fn apart() -> (IndexedStore, IndexedStore, Probe) {
    let probe = Probe::new();
    let a = IndexedStore::open(probe.memory()).await.unwrap();
    a.apply(Delta::listed([at("alice", 1)])).await.unwrap();
    a.put_local(user("alice"), Local::draft("Dear Alice")).await.unwrap();
    let b = IndexedStore::open(probe.clone()).await.unwrap();
    probe.fail_loads(true);
    (a, b, probe)
}

/// Lets the second store take in all writes at once.
async fn join(a: &IndexedStore, b: &IndexedStore, probe: &Probe) {
    probe.fail_loads(false);
    let written = a.snapshot().written();
    until(b, |snapshot| snapshot.written() == written).await;
}

fn pin_alice() -> OutboxChange {
    OutboxChange::enqueue([Mutation::Pin { id: user("alice"), is_pinned: true }])
}

#[tokio::test(start_paused = true)]
async fn a_mutation_that_came_after_a_change_of_its_row_is_news_for_readers_in_between() {
    let (a, b, probe) = apart().await;
    a.apply(Delta::listed([at("alice", 2)])).await.unwrap();
    let between = a.snapshot().position().unwrap();
    a.mutate(pin_alice()).await.unwrap();
    join(&a, &b, &probe).await;
    assert_eq!(lacking(&b, between), [user("alice")]);
}

#[tokio::test(start_paused = true)]
async fn a_mutation_that_came_and_went_is_news_for_readers_in_between() {
    let (a, b, probe) = apart().await;
    let commit = a.mutate(pin_alice()).await.unwrap();
    let between = a.snapshot().position().unwrap();
    let number = commit.numbers[0].unwrap();
    a.mutate(OutboxChange::progress(number, Progress::Drop)).await.unwrap();
    join(&a, &b, &probe).await;
    assert_eq!(lacking(&b, between), [user("alice")]);
}

#[tokio::test(start_paused = true)]
async fn a_draft_that_was_cleared_after_a_change_of_its_row_is_news_for_readers_in_between() {
    let (a, b, probe) = apart().await;
    a.apply(Delta::listed([at("alice", 2)])).await.unwrap();
    let between = a.snapshot().position().unwrap();
    a.put_local(user("alice"), Local::draft("")).await.unwrap();
    join(&a, &b, &probe).await;
    assert_eq!(lacking(&b, between), [user("alice")]);
}

#[tokio::test]
async fn numbers_without_a_name_are_remembered_and_not_stored() {
    let engine = MemoryEngine::new();
    let store = IndexedStore::open(engine.clone()).await.unwrap();
    store.apply(begin(1)).await.unwrap();
    store.apply(finish(1)).await.unwrap();
    let mut delta = Delta::default();
    delta.unnamed = Some([7].into());
    let before = store.snapshot().written();
    store.apply(delta).await.unwrap();
    assert_eq!(store.snapshot().written(), before);
    // Another store writes, and a reopened one begins without them.
    let other = IndexedStore::open(engine).await.unwrap();
    assert!(other.snapshot().sync().groups.unnamed.is_empty());
    other.apply(Delta::listed([at("bob", 5)])).await.unwrap();
    store.apply(Delta::listed([at("alice", 1)])).await.unwrap();
    assert_eq!(store.snapshot().len(), 2);
    assert_eq!(store.snapshot().sync().groups.unnamed, [7].into());
}
