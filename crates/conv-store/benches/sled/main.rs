//! What the store adds to bare sled: a page, an update, ten updates at once, an opening.
//!
//! `cargo bench -p conv-store --bench sled`. Both sides write the same records and make them as
//! durable, in turn; each figure is the tenth percentile on the wall of its side.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::unwrap_used, missing_docs)]

#[expect(dead_code, reason = "the other benchmark takes whole lists")]
#[path = "../list/workload.rs"]
mod workload;

mod raw;

use std::{future::Future, path::Path, time::Instant};

use conv_model::{
    ConversationPatch, Delta, ListingPatch, PassId, PassStatus, Phase, SyncScope, SyncStep,
    Timestamp,
};
use conv_store::{ConversationStore, SledStore};
use tempfile::TempDir;

use self::raw::Raw;

const ROWS: usize = 10_000;
const PAGE: usize = 100;
const ROUNDS: usize = 100;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let (ours, theirs) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let store = open(ours.path()).await;
    let raw = Raw::open(theirs.path());
    store.apply(Delta::step(pass(), begin())).await.unwrap();
    for first in (0..ROWS).step_by(PAGE) {
        store.apply(page(first, 0)).await.unwrap();
        raw.page(first, 0);
    }

    let mut times = Times::default();
    for round in 1..=ROUNDS {
        let first = round * PAGE % ROWS;
        times.ours(store.apply(page(first, round))).await.unwrap();
        times.theirs(|| raw.page(first, round));
    }
    times.say("page of 100 / apply_batch + flush", 1.3);
    let pages = times.tenth_of_ours();

    let mut times = Times::default();
    (0..ROUNDS).for_each(|round| times.theirs(|| raw.four_trees(round * PAGE % ROWS, round)));
    times.ours.push(pages);
    times.say("page of 100 / transaction over four trees", 0.5);

    let mut times = Times::default();
    for round in 0..ROUNDS {
        let number = round * 37 % ROWS;
        times.ours(store.apply(Delta::listed([patch(number, ROUNDS + 1 + round)]))).await.unwrap();
        times.theirs(|| raw.one(number, ROUNDS + 1 + round));
    }
    times.say("update / insert + flush", 1.2);
    let one = times.tenth_of_ours();

    let mut times = Times::default();
    for round in 0..ROUNDS {
        let at_once = async {
            let ten = (0..10).map(|n| {
                let patch = patch((round * 10 + n) * 41 % ROWS, 3 * ROUNDS + round);
                let store = store.clone();
                tokio::spawn(async move { store.apply(Delta::listed([patch])).await })
            });
            for task in ten.collect::<Vec<_>>() {
                task.await.unwrap().unwrap();
            }
        };
        times.ours(at_once).await;
    }
    times.theirs.push(one);
    times.say("ten updates at once / one", 2.0);

    store.close().await.unwrap();
    drop((store, raw));
    let mut times = Times::default();
    for _ in 0..20 {
        let store = times.ours(open(ours.path())).await;
        assert_eq!(store.snapshot().len(), ROWS);
        store.close().await.unwrap();
        drop(store);
        let (raw, rows) = times.theirs(|| Raw::open_and_decode(theirs.path()));
        assert_eq!(rows, ROWS);
        drop(raw);
    }
    times.say("open + load of 10,000 / open + scan + decode", 1.25);
}

async fn open(folder: &Path) -> SledStore {
    SledStore::open(folder, &"user_0001".parse().unwrap()).await.unwrap()
}

fn pass() -> PassId {
    PassId::new(1)
}

fn begin() -> SyncStep {
    SyncStep::Begin { scope: SyncScope::new(500, 1), resume: false }
}

/// A page as a pass hands it over.
fn page(first: usize, round: usize) -> Delta {
    let mut page = Delta::listed((first..first + PAGE).map(|number| patch(number, round)));
    page.pass = Some(pass());
    page.step = Some(SyncStep::Page {
        status: PassStatus::running(Phase::Listing, round as u32, None),
        checkpoint: None,
        skipped: Vec::new(),
    });
    page
}

/// A row whose last message is another in each round.
fn patch(number: usize, round: usize) -> ConversationPatch {
    let row = workload::row(number);
    let mut patch = ConversationPatch::new(row.id);
    let mut listing = ListingPatch::from(row.listing);
    listing.time = Some(Timestamp::from_secs(1_710_000_000 + (round * ROWS + number) as u64));
    patch.listing = Some(listing);
    patch.profile = row.profile;
    patch.unread = row.unread;
    patch.last_message = row.last_message;
    patch
}

#[derive(Default)]
struct Times {
    ours: Vec<f64>,
    theirs: Vec<f64>,
}

impl Times {
    async fn ours<T>(&mut self, work: impl Future<Output = T>) -> T {
        let start = Instant::now();
        let result = work.await;
        self.ours.push(start.elapsed().as_secs_f64() * 1e6);
        result
    }

    fn theirs<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let result = work();
        self.theirs.push(start.elapsed().as_secs_f64() * 1e6);
        result
    }

    fn tenth_of_ours(&self) -> f64 {
        tenth(&self.ours)
    }

    fn say(&self, what: &str, goal: f64) {
        let (a, b) = (tenth(&self.ours), tenth(&self.theirs));
        println!("{what:<46} {a:>9.0} µs {b:>9.0} µs {:>6.2}  (goal {goal})", a / b);
    }
}

fn tenth(times: &[f64]) -> f64 {
    let mut times = times.to_vec();
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 10).copied().unwrap_or_default()
}
