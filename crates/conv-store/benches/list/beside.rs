//! Reads beside a writer at full speed, and the same alone.

use std::{
    hint::black_box,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Instant,
};

use conv_model::{Conversation, ConversationPatch, Delta, ListingPatch};
use conv_store::{ConversationStore, MemoryStore};
use tokio::runtime::Runtime;

const READS: usize = 50_000;

/// Prints p10 and p99 of reading the first rows of a store that is written, to those of one that
/// is not.
pub(crate) fn compare(rows: &[Arc<Conversation>]) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let store = runtime.block_on(store_of(rows));
    let alone = times(&store);
    let stop = Arc::new(AtomicBool::new(false));
    let writer = write(runtime, store.clone(), rows, Arc::clone(&stop));
    let beside = times(&store);
    stop.store(true, Ordering::Relaxed);
    let written = writer.join().unwrap();
    for (name, place) in [("p10", READS / 10), ("p99", READS / 100 * 99)] {
        let (a, b) = (beside[place], alone[place]);
        let what = format!("top 50 beside a writer / alone, {name}");
        println!("{what:<44} {a:>9.3} µs {b:>9.3} µs {:>6.2}  (goal 3)", a / b);
    }
    println!("{written} updates meanwhile");
}

async fn store_of(rows: &[Arc<Conversation>]) -> MemoryStore {
    let store = MemoryStore::open().await.unwrap();
    let listed = rows.iter().map(|row| {
        let mut patch = ConversationPatch::new(row.id.clone());
        patch.listing = Some(ListingPatch::from(row.listing.clone()));
        patch
    });
    store.apply(Delta::listed(listed)).await.unwrap();
    store
}

fn write(
    runtime: Runtime,
    store: MemoryStore,
    rows: &[Arc<Conversation>],
    stop: Arc<AtomicBool>,
) -> thread::JoinHandle<usize> {
    let ids: Vec<_> = rows.iter().map(|row| row.id.clone()).collect();
    thread::spawn(move || {
        runtime.block_on(async {
            let mut written = 0;
            while !stop.load(Ordering::Relaxed) {
                let mut patch = ConversationPatch::new(ids[written * 7919 % ids.len()].clone());
                patch.unread.count = Some(written as u32);
                store.apply(Delta::amended([patch])).await.unwrap();
                written += 1;
            }
            written
        })
    })
}

/// Of each read, ascending.
fn times(store: &MemoryStore) -> Vec<f64> {
    let read = |_| {
        let start = Instant::now();
        let rows: Vec<_> = store.snapshot().rows().take(50).cloned().collect();
        black_box(rows);
        start.elapsed().as_secs_f64() * 1e6
    };
    let mut times: Vec<f64> = (0..READS).map(read).collect();
    times.sort_by(f64::total_cmp);
    times
}
