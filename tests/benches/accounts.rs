//! Many accounts in one process: what one takes in memory, how fast it comes back, how many are
//! pulled, and whether memory stays flat.
//!
//! `cargo bench -p conv-tests --bench accounts`; behind `--` some of `memory`, `open`, `pull`,
//! `visits`, and the number of visits, 100000 by default.

#![allow(missing_docs, unreachable_pub, clippy::indexing_slicing, clippy::unwrap_used)]

#[path = "pull/bare.rs"]
mod bare;
#[path = "accounts/host.rs"]
mod host;
#[path = "accounts/pull.rs"]
mod pull;
#[path = "accounts/scan.rs"]
mod scan;

use std::alloc::System;

use conv_api::{Accounts, Conversations, Snapshot, model::SyncState};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

use self::host::{Host, descriptors, live, resident};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let visits = words.iter().find_map(|word| word.parse().ok()).unwrap_or(100_000);
    let is_asked = |name: &str| {
        words.iter().all(|word| word.parse::<usize>().is_ok()) || words.iter().any(|it| it == name)
    };
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(2).enable_all().build().unwrap();
    if is_asked("memory") {
        runtime.block_on(memory());
    }
    if is_asked("open") {
        runtime.block_on(scan::compare());
    }
    if is_asked("pull") {
        runtime.block_on(pull::compare());
    }
    if is_asked("visits") {
        runtime.block_on(flat(visits));
    }
}

/// What an account costs that is put away, and one that is loaded.
async fn memory() {
    const FEW: usize = 1_000;
    const MANY: usize = 3_000;
    let host = Host::new(MANY).await;
    let files = descriptors();
    let accounts = host.open().await;
    let mut costs = Vec::new();
    for count in [FEW, MANY] {
        for name in &host.names[..count] {
            accounts.open(name).await.unwrap();
        }
        accounts.put_away_idle();
        settle().await;
        costs.push((live(), descriptors() - files));
    }
    println!(
        "put away: {} bytes an account with all that the database keeps of it (goal 4096); {} and {} \
         descriptors for {FEW} and {MANY} accounts",
        costs[1].0.saturating_sub(costs[0].0) / (MANY - FEW),
        costs[0].1,
        costs[1].1,
    );
    loaded(&host, &accounts).await;
    accounts.close().await.unwrap();
}

/// The task of a store that was dropped ends a moment later.
async fn settle() {
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
}

/// Of what is loaded: all of it, its rows with their indexes, and its rows alone.
async fn loaded(host: &Host, accounts: &Accounts) {
    const COUNT: usize = 500;
    let mut lists = Vec::new();
    for name in &host.names[..COUNT] {
        lists.push(accounts.open(name).await.unwrap());
    }
    let estimate = accounts.stats().loaded_bytes;
    let decoded = |list: &Conversations| list.snapshot().rows().map(scan::decoded).collect();
    let before = live();
    let rows: Vec<Vec<_>> = lists.iter().map(decoded).collect();
    let bare = live() - before;
    let empty = || Snapshot::of([], SyncState::default());
    let indexed: Vec<_> = rows
        .into_iter()
        .map(|rows| empty().with_rows(rows.into_iter().map(|record| record.row)))
        .collect();
    let indexed = (live() - before, indexed).0;
    // What is freed with them; loading them also moves what the database caches.
    let before = live();
    drop(lists);
    accounts.put_away_idle();
    settle().await;
    let whole = before - live();
    let ratio = |of: usize| whole as f64 / of as f64;
    println!(
        "loaded: {} bytes an account; its {} rows with indexes {} bytes: {:.2} (goal 1.2); its rows \
         alone {}: {:.2}; estimated {:.2}",
        whole / COUNT,
        host::ROWS,
        indexed / COUNT,
        ratio(indexed),
        bare / COUNT,
        ratio(bare),
        estimate as f64 / whole as f64,
    );
}

/// Memory over very many visits, with room for few accounts.
async fn flat(visits: usize) {
    let host = Host::new(2_000).await;
    let accounts = host.open().await;
    let mut rng = fastrand::Rng::with_seed(7);
    println!("| visits | put away | loaded | heap | resident |\n| --- | --- | --- | --- | --- |");
    for tenth in 1..=10 {
        for _ in 0..visits / 10 {
            let name = &host.names[rng.usize(..host.names.len())];
            assert_eq!(accounts.open(name).await.unwrap().snapshot().len(), host::ROWS);
        }
        let stats = accounts.stats();
        println!(
            "| {} | {} | {} KB | {} KB | {} KB |",
            visits / 10 * tenth,
            stats.put_away,
            stats.loaded_bytes / 1_000,
            live() / 1_000,
            resident() / 1_000,
        );
    }
    accounts.close().await.unwrap();
}
