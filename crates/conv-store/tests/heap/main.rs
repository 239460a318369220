//! Measures rows, their indexes and a snapshot on the heap. A binary of its own, whose one test
//! counts all that is allocated.
//!
//! `cargo test -p conv-store --test heap -- --nocapture` prints the figures.

// Clippy knows the bodies of tests, but not their helpers.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

mod workload;

use std::{alloc::System, sync::Arc};

use conv_model::{All, ConversationPatch, Delta, ListingPatch, SyncState};
use conv_store::{ConversationStore, MemoryStore, Snapshot};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static HEAP: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const ROWS: usize = 10_000;

/// Bytes a row that something holds.
fn held<T>(make: impl FnOnce() -> T) -> (T, usize) {
    let region = Region::new(HEAP);
    let value = make();
    let change = region.change();
    (value, (change.bytes_allocated - change.bytes_deallocated) / ROWS)
}

#[test]
fn indexes_cost_little_beside_the_rows_and_a_snapshot_nothing() {
    let (rows, bare) = held(|| workload::rows(ROWS));
    let (list, indexes) = held(|| {
        let rows = rows.iter().map(Arc::clone);
        Snapshot::of([], SyncState::default()).with_rows(rows)
    });
    println!("a conversation: {bare} bytes, its places in all indexes: {indexes}");
    assert!(indexes <= 90, "{indexes} bytes a row");

    let region = Region::new(HEAP);
    let copies = [list.clone(), list.clone()];
    assert_eq!(region.change().allocations, 0, "a copy is a pointer");
    drop(copies);

    // The next list shares all but the paths to one row.
    let moved = workload::row(ROWS / 2);
    let region = Region::new(HEAP);
    let next = list.with_rows([Arc::new(moved)]);
    let new = region.change().bytes_allocated;
    assert!(new < 40_000, "{new} bytes for one row of {}", next.len());

    // A list without copies is changed in place.
    let mut alone = next;
    alone.set_rows([Arc::new(workload::row(7))]);
    drop(list);
    let row = Arc::new(workload::row(8));
    let region = Region::new(HEAP);
    alone.set_rows([row]);
    let new = region.change().bytes_allocated;
    assert!(new < 2_000, "{new} bytes for one row of an unshared list");

    let list = alone;
    let region = Region::new(HEAP);
    let first = list.rows().take(50).count();
    assert!(first == 50 && region.change().bytes_allocated < 1000);
    assert_eq!(list.list(&All.into()).len(), ROWS);

    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(a_store_copies_only_the_paths_to_a_row());
}

async fn a_store_copies_only_the_paths_to_a_row() {
    let store = MemoryStore::open().await.unwrap();
    let listed = workload::rows(ROWS).into_iter().map(|row| {
        let mut patch = ConversationPatch::new(row.id.clone());
        patch.listing = Some(ListingPatch::from(row.listing.clone()));
        patch
    });
    store.apply(Delta::listed(listed)).await.unwrap();
    let unread = async |number| {
        let mut patch = ConversationPatch::new(workload::row(number).id);
        patch.unread.count = Some(1);
        let region = Region::new(HEAP);
        store.apply(Delta::updates([patch])).await.unwrap();
        region.change().bytes_allocated
    };
    // The first one makes the set of unread rows.
    unread(0).await;
    let alone = unread(ROWS / 2).await;
    let held = store.snapshot();
    let beside = unread(ROWS / 3).await;
    println!("an update in memory: {alone} bytes, beside a reader: {beside}");
    assert!(alone.max(beside) < 12_000, "{alone} bytes for an update, {beside} beside a reader");
    assert_eq!((held.totals().unread, store.snapshot().totals().unread), (2, 3));
}
