//! Many accounts in one process.

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use conv_api::{AccountId, Accounts, ConversationDatabase, Durability, MemoryDatabase, RestSource};
use tempfile::TempDir;
use tokio::{
    runtime::{Builder, Runtime},
    task::JoinSet,
};

use super::Work;
use crate::{
    cloud::Cloud,
    contest::Contest,
    figure::Value,
    hosted::Host,
    ours::{Kind, database},
    peers::{Bare, RawSled},
    settings::Settings,
    watch::Cpu,
};

/// Accounts of a host whose rows are on disk.
const STORED: usize = 200;
/// Accounts that are pulled, and how many at a time.
const PULLED: usize = 100;
const AT_A_TIME: usize = 8;

pub const OPEN: Work = Work {
    name: "host-open",
    title: "an evicted account is opened",
    baseline: "sled, scan + decode",
    sizes: &[100],
    run: open,
};

pub const PULL: Work = Work {
    name: "host-pull",
    title: "a hundred accounts pulled, eight at a time",
    baseline: "the same calls, bare",
    sizes: &[100],
    run: pull,
};

fn open(rows: usize, settings: &Settings) -> Vec<(&'static str, Value)> {
    let host = Host::of(STORED, rows);
    let folder = TempDir::new().unwrap();
    let raw = RawSled::open(folder.path());
    for (number, name) in host.names.iter().enumerate() {
        raw.put_account(number, host.open(name).snapshot().rows());
    }
    Contest::new(Cpu::Process)
        .enter_timed("conv, sled", |watch, round| {
            host.accounts.evict_idle();
            let list = watch.time(|| host.open(&host.names[round % STORED]));
            assert_eq!(list.snapshot().len(), rows);
        })
        .enter_timed("sled, scan + decode", |watch, round| {
            let read = watch.time(|| raw.account(round % STORED));
            assert_eq!(read.len(), rows);
        })
        .run(settings)
}

fn pull(rows: usize, settings: &Settings) -> Vec<(&'static str, Value)> {
    let cloud = Cloud::start_many(rows, PULLED);
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let (bare, source) = (Arc::new(Bare::new(&cloud.access)), Arc::new(cloud.source()));
    Contest::new(Cpu::Process)
        .enter_timed("conv, memory", |watch, _| {
            watch.time(|| pulls(&runtime, &source, Arc::new(MemoryDatabase::new())));
        })
        .enter_timed("conv, sled", |watch, _| {
            let folder = TempDir::new().unwrap();
            let database = database(Kind::Sled, Durability::Process, folder.path());
            let database = runtime.block_on(database);
            watch.time(|| pulls(&runtime, &source, database));
        })
        .enter("the same calls, bare", |_| runtime.block_on(bare_pulls(&bare)))
        .run(settings)
}

fn pulls(runtime: &Runtime, source: &Arc<RestSource>, database: Arc<dyn ConversationDatabase>) {
    let accounts = Accounts::builder(database, Arc::clone(source));
    let accounts = accounts.concurrent_passes(AT_A_TIME).listing_budget(NonZeroU32::MAX).build();
    let names = (1..=PULLED).map(|n| format!("user_{n:04}").parse::<AccountId>().unwrap());
    let refreshed = runtime.block_on(accounts.refresh_all(names, Duration::ZERO)).unwrap();
    assert_eq!(refreshed.finished, PULLED, "{:?}", refreshed.failed);
    runtime.block_on(accounts.close()).unwrap();
}

/// The same calls for one account as often as there are accounts.
async fn bare_pulls(bare: &Arc<Bare>) {
    let mut lines = JoinSet::new();
    for line in 0..AT_A_TIME {
        let bare = Arc::clone(bare);
        lines.spawn(async move {
            for _ in (line..PULLED).step_by(AT_A_TIME) {
                assert!(bare.pull().await > 0);
            }
        });
    }
    while let Some(ended) = lines.join_next().await {
        ended.unwrap();
    }
}
