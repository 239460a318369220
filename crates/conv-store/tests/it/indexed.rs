//! The store's task: groups, errors of its engine, callers who go away.

use std::{
    future::Future,
    pin::pin,
    task::{Context, Poll, Waker},
};

use conv_model::{
    ConversationId, Coverage, Delta, ErrorClass, Local, PassFailure, PassId, Preview, Seq, SyncStep,
};
use conv_store::{
    ConversationStore, Engine, IndexedStore, MemoryEngine, Record, StoreError, Write,
    record::StateRecord,
};

use crate::support::{Probe, Trouble, at, begin, finish, named, user};

async fn open(probe: &Probe) -> IndexedStore {
    IndexedStore::open(probe.clone()).await.unwrap()
}

#[tokio::test]
async fn changes_that_wait_are_written_by_one_call() {
    let probe = Probe::new();
    let store = open(&probe).await;
    probe.hold();
    let changes = (0..20).map(|number| {
        let store = store.clone();
        tokio::spawn(
            async move { store.apply(Delta::listed([at(&format!("u{number}"), 1)])).await },
        )
    });
    let changes: Vec<_> = changes.collect();
    while probe.calls().is_empty() {
        tokio::task::yield_now().await;
    }
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
    probe.release();
    for change in changes {
        change.await.unwrap().unwrap();
    }
    assert!(probe.calls().len() <= 2, "{} calls", probe.calls().len());
    assert_eq!(store.snapshot().len(), 20);
}

#[tokio::test]
async fn readers_do_not_wait_for_a_write_and_do_not_see_it_early() {
    let probe = Probe::new();
    let store = open(&probe).await;
    probe.hold();
    let change = tokio::spawn({
        let store = store.clone();
        async move { store.apply(Delta::listed([at("alice", 1)])).await }
    });
    while probe.calls().is_empty() {
        tokio::task::yield_now().await;
    }
    assert!(store.snapshot().is_empty());
    probe.release();
    change.await.unwrap().unwrap();
    assert_eq!(store.snapshot().len(), 1);
}

#[tokio::test]
async fn equal_rows_are_not_written_again() {
    let probe = Probe::new();
    let store = open(&probe).await;
    store.apply(Delta::listed([at("alice", 1), at("bob", 2)])).await.unwrap();
    store.apply(Delta::listed([at("alice", 1), at("bob", 3)])).await.unwrap();
    let keys: Vec<_> = probe.last()[0].put.iter().map(|(record, _)| record.clone()).collect();
    assert_eq!(keys, [Record::Row(user("bob"))]);
    store.apply(Delta::listed([at("alice", 1), at("bob", 3)])).await.unwrap();
    assert_eq!(probe.calls().len(), 2);
}

#[tokio::test]
async fn a_deletion_is_written_with_the_state_that_keeps_its_number() {
    let probe = Probe::new();
    let store = open(&probe).await;
    store.apply(Delta::listed([at("alice", 1)])).await.unwrap();
    store.apply(Delta::removed([user("alice")])).await.unwrap();
    let write = &probe.last()[0];
    assert_eq!(write.delete, [Record::Row(user("alice"))]);
    assert!(matches!(&write.put[..], [(Record::State, _)]));
}

#[tokio::test]
async fn local_state_is_written_alone() {
    let probe = Probe::new();
    let store = open(&probe).await;
    store.apply(Delta::listed([at("alice", 1)])).await.unwrap();
    store.put_local(user("alice"), Local::draft("hello")).await.unwrap();
    let write = &probe.last()[0];
    assert!(matches!(&write.put[..], [(Record::Local(_), _)]) && write.delete.is_empty());
}

#[tokio::test]
async fn a_state_that_is_not_stored_is_shown_without_a_write() {
    let probe = Probe::new();
    let store = open(&probe).await;
    store.apply(begin(1)).await.unwrap();
    let calls = probe.calls().len();
    let since = store.snapshot().seq();
    let failure = PassFailure::new(ErrorClass::Transient, "no network");
    let step = SyncStep::Fail { failure, forget: false };
    let commit = store.apply(Delta::step(PassId::new(1), step)).await.unwrap();
    assert!(commit.seq > since && store.snapshot().seq() == commit.seq);
    assert_eq!(probe.calls().len(), calls);
    // And the next write follows the last one that was.
    store.apply(Delta::listed([at("alice", 1)])).await.unwrap();
    assert!(probe.last()[0].seq > commit.seq && probe.last()[0].expected == since);
}

#[tokio::test]
async fn a_failed_write_returns_its_error_and_shows_no_change() {
    let probe = Probe::new();
    let store = open(&probe).await;
    store.apply(Delta::listed([at("alice", 1)])).await.unwrap();
    let before = store.snapshot().seq();
    probe.next(Trouble::Before);
    let result = store.apply(Delta::listed([at("bob", 2)])).await;
    assert!(matches!(result, Err(StoreError::Io { .. })));
    assert_eq!(store.snapshot().seq(), before);
    store.apply(Delta::listed([at("carol", 3)])).await.unwrap();
    assert_eq!(store.snapshot().len(), 2);
}

#[tokio::test]
async fn a_write_that_failed_but_is_there_shows_once_it_was_loaded() {
    let probe = Probe::new();
    let store = open(&probe).await;
    let loads = probe.loads();
    probe.next(Trouble::After);
    store.apply(Delta::listed([at("bob", 2)])).await.unwrap_err();
    store.apply(Delta::listed([at("carol", 3)])).await.unwrap();
    assert!(probe.loads() > loads);
    assert_eq!(store.snapshot().len(), 2);
}

#[tokio::test]
async fn while_loading_fails_rows_get_that_error_drafts_are_saved_and_the_list_stays() {
    let probe = Probe::new();
    let store = open(&probe).await;
    store.apply(Delta::listed([at("alice", 1)])).await.unwrap();
    probe.next(Trouble::Before);
    probe.fail_loads(true);
    for round in 0..3 {
        store.apply(Delta::listed([at("bob", 2)])).await.unwrap_err();
        let draft = Local::draft(format!("hello {round}"));
        store.put_local(user("bob"), draft.clone()).await.unwrap();
        assert_eq!(store.snapshot().local(&user("bob")), Some(draft));
    }
    assert_eq!(store.snapshot().len(), 1);
    probe.fail_loads(false);
    store.apply(Delta::listed([at("bob", 2)])).await.unwrap();
    assert_eq!(store.snapshot().len(), 2);
    assert_eq!(store.snapshot().local(&user("bob")), Some(Local::draft("hello 2")));
}

#[tokio::test]
async fn conflicts_without_end_are_given_up() {
    let probe = Probe::new();
    let store = open(&probe).await;
    probe.always(Some(Trouble::Conflict));
    let result = store.apply(Delta::listed([at("alice", 1)])).await;
    assert!(matches!(result, Err(StoreError::Conflict)));
    assert_eq!(probe.calls().len(), 256);
    probe.always(None);
    store.apply(Delta::listed([at("alice", 1)])).await.unwrap();
}

#[tokio::test]
async fn a_refused_change_leaves_those_beside_it_alone() {
    let probe = Probe::new();
    let store = open(&probe).await;
    let (late, good) = tokio::join!(
        store.apply(Delta::step(PassId::new(7), finish(7).step.unwrap())),
        store.apply(Delta::listed([at("alice", 1)])),
    );
    assert!(matches!(late, Err(StoreError::Superseded(_))));
    good.unwrap();
    assert_eq!(store.snapshot().len(), 1);
}

#[tokio::test]
async fn a_step_without_a_pass_is_refused() {
    let store = open(&Probe::new()).await;
    let mut delta = finish(0);
    for pass in [None, Some(PassId::NONE)] {
        delta.pass = pass;
        let result = store.apply(delta.clone()).await;
        assert!(matches!(result, Err(StoreError::Superseded(_))), "{pass:?}");
    }
    assert_eq!(store.snapshot().report().coverage, Coverage::Empty);
}

#[tokio::test]
async fn rows_without_any_pass_are_a_preview() {
    let store = open(&Probe::new()).await;
    store.apply(Delta::listed([at("alice", 1)])).await.unwrap();
    assert_eq!(store.snapshot().report().coverage, Coverage::CacheOnly);
    store.apply(Delta::removed([user("alice")])).await.unwrap();
    assert_eq!(store.snapshot().report().coverage, Coverage::Empty);
}

#[tokio::test]
async fn the_task_ends_with_the_last_handle() {
    let probe = Probe::new();
    let store = open(&probe).await;
    let second = store.clone();
    drop(store);
    second.apply(Delta::listed([at("alice", 1)])).await.unwrap();
    let snapshot = second.snapshot();
    drop(second);
    while probe.holders() > 1 {
        tokio::task::yield_now().await;
    }
    assert_eq!(snapshot.len(), 1);
}

#[tokio::test]
async fn queued_changes_are_written_when_the_store_is_closed() {
    let probe = Probe::new();
    let store = open(&probe).await;
    let (change, closed) =
        tokio::join!(store.apply(Delta::listed([at("alice", 1)])), store.close());
    change.unwrap();
    closed.unwrap();
    assert!(store.is_closed());
    assert_eq!(open(&probe).await.snapshot().len(), 1);
}

#[test]
fn a_store_needs_a_runtime() {
    let opening = pin!(IndexedStore::open(MemoryEngine::new()));
    let result = opening.poll(&mut Context::from_waker(Waker::noop()));
    assert!(matches!(result, Poll::Ready(Err(StoreError::NoRuntime))));
}

#[tokio::test]
async fn records_that_do_not_decode_are_dropped_counted_and_deleted_by_the_next_write() {
    let probe = Probe::new();
    let store = open(&probe).await;
    store.apply(begin(1)).await.unwrap();
    store.apply(Delta::listed([at("alice", 1), at("bob", 2)])).await.unwrap();
    store.put_local(user("alice"), Local::draft("hello")).await.unwrap();
    store.close().await.unwrap();
    let damaged = probe.damage(|record, bytes| match record {
        Record::Row(id) if *id == user("bob") => bytes.to_vec(),
        _ => bytes[..bytes.len() - 1].to_vec(),
    });
    damaged.await;
    let store = open(&probe).await;
    let recovery = store.recovery();
    assert_eq!((recovery.dropped_rows, recovery.dropped_locals), (1, 1));
    assert!(recovery.dropped_state && !recovery.is_clean());
    assert_eq!(store.snapshot().len(), 1);
    store.apply(Delta::updates([named("bob", "Bob")])).await.unwrap();
    store.close().await.unwrap();
    let store = open(&probe).await;
    let recovery = store.recovery();
    assert_eq!((recovery.dropped_rows, recovery.dropped_state), (0, false));
    assert_eq!(recovery.dropped_locals, 1, "local state is not for the store to throw away");
}

#[tokio::test]
async fn a_newer_schema_is_refused_and_left_alone() {
    let probe = Probe::new();
    open(&probe).await.apply(Delta::listed([at("alice", 1)])).await.unwrap();
    probe.damage(|_, bytes| newer(bytes)).await;
    let before = probe.records().await;
    let result = IndexedStore::open(probe.clone()).await;
    assert!(matches!(result, Err(StoreError::NewerSchema { found: 4, known: 3 })));
    assert_eq!(probe.records().await, before);
}

/// The same record as a later version of the format would seal it.
fn newer(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[0] = conv_store::record::VERSION + 1;
    sealed(bytes)
}

/// Version 1's record of a row whose last message says "hello" and was recalled.
fn recalled_in_version_1() -> Vec<u8> {
    let text = include_str!("record/row_v1.hex").trim();
    let digits = text.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
    let mut bytes: Vec<_> = digits.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect();
    // Before the revoker, the flag of messages that are not kept, and the version.
    let flag = bytes.len() - 4;
    bytes[flag] = 1;
    sealed(bytes)
}

#[tokio::test]
async fn a_recalled_text_in_an_old_record_goes_with_the_next_write() {
    let probe = Probe::new();
    let team = ConversationId::group("g1").unwrap();
    let mut write = Write::new(Seq::ZERO, Seq::new(19));
    write.put.push((Record::Row(team.clone()), recalled_in_version_1().into()));
    probe.memory().commit(&[write]).await.unwrap();
    assert!(contains_hello(&probe).await);

    let store = open(&probe).await;
    assert!(store.recovery().is_clean());
    let before = store.snapshot().get(&team).unwrap();
    assert_eq!(before.last_message.value().unwrap().preview(), Preview::Recalled);
    store.put_local(user("alice"), Local::draft("hi")).await.unwrap();
    assert_eq!(probe.last()[0].put.len(), 1, "local state is written alone");
    store.apply(Delta::listed([at("alice", 1)])).await.unwrap();
    assert!(!contains_hello(&probe).await);
    store.apply(Delta::listed([at("alice", 2)])).await.unwrap();
    assert_eq!(probe.last()[0].put.len(), 1, "once");
    store.close().await.unwrap();
    assert_eq!(open(&probe).await.snapshot().get(&team), Some(before));
}

async fn contains_hello(probe: &Probe) -> bool {
    let records = probe.records().await;
    records.iter().any(|(_, bytes)| bytes.windows(5).any(|text| text == b"hello"))
}

/// The record with the checksum that its bytes have.
fn sealed(mut bytes: Vec<u8>) -> Vec<u8> {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&bytes[..14]);
    hasher.update(&bytes[18..]);
    let check = hasher.finalize();
    bytes[14..18].copy_from_slice(&check.to_le_bytes());
    bytes
}

#[tokio::test]
async fn the_state_on_disk_says_nothing_of_completeness() {
    let probe = Probe::new();
    let store = open(&probe).await;
    store.apply(begin(1)).await.unwrap();
    store.apply(finish(1)).await.unwrap();
    assert!(store.snapshot().report().is_sync_completed());
    let records = probe.records().await;
    let (_, bytes) = records.iter().find(|(record, _)| *record == Record::State).unwrap();
    assert_eq!(StateRecord::decode(bytes).unwrap().sync.coverage, Coverage::Empty);
}
