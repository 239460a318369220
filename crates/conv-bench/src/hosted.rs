//! Many accounts in one process, on one database.

use std::{sync::Arc, time::Duration};

use conv_api::{
    AccountId, Accounts, ConversationDatabase, Conversations, SledDatabase, model::Delta,
    testing::ScriptedSource,
};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

use crate::{
    data::{self, patch},
    machine,
};

/// So many more that what sled's cache happens to hold counts little in what each takes.
const FEW: usize = 1_000;
const MANY: usize = 10_000;
/// Room for some tens of accounts.
const BUDGET: usize = 4_000_000;

pub struct Host {
    pub names: Vec<AccountId>,
    pub accounts: Accounts,
    pub runtime: Runtime,
    _folder: TempDir,
}

impl Host {
    /// So many accounts with their rows, all on disk and none in memory.
    pub fn of(count: usize, rows: usize) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let folder = TempDir::new().unwrap();
        let names: Vec<AccountId> =
            (0..count).map(|n| format!("user_{n:06}").parse().unwrap()).collect();
        let accounts = runtime.block_on(async {
            let database = SledDatabase::open(folder.path()).await.unwrap();
            let rows = data::rows(rows);
            for name in &names {
                let store = database.account(name).await.unwrap();
                let delta = Delta::listed(rows.iter().map(|row| patch(row)));
                store.apply(delta).await.unwrap();
            }
            database.close().await.unwrap();
            let database = Arc::new(SledDatabase::open(folder.path()).await.unwrap());
            Accounts::builder(database, ScriptedSource::with_rows(0)).memory_budget(BUDGET).build()
        });
        Self { names, accounts, runtime, _folder: folder }
    }

    pub fn open(&self, name: &AccountId) -> Conversations {
        self.runtime.block_on(self.accounts.open(name)).unwrap()
    }

    /// Opens each; those not kept are evicted.
    fn visit(&self, keep: bool) -> Vec<Conversations> {
        let mut kept = Vec::new();
        for name in &self.names {
            let list = self.open(name);
            if keep {
                kept.push(list);
            }
        }
        self.accounts.evict_idle();
        // The task of a store that was dropped ends a moment later.
        self.runtime.block_on(async { tokio::time::sleep(Duration::from_millis(300)).await });
        kept
    }
}

/// Bytes of heap an account, in use or evicted, each visited once: what a database of many takes
/// more than one of few, with all that sled keeps of them.
pub fn heap(in_use: bool, rows: usize, live: &dyn Fn() -> usize) -> f64 {
    let taken = |count| {
        let host = Host::of(count, rows);
        let kept = host.visit(in_use);
        let taken = live();
        drop(kept);
        taken
    };
    let (few, many) = (taken(FEW), taken(MANY));
    (many as f64 - few as f64) / (MANY - FEW) as f64
}

/// Memory over very many visits of accounts, with room for few of them.
pub fn visits(visits: usize, rows: usize, live: &dyn Fn() -> usize) {
    let host = Host::of(2_000, rows);
    let mut rng = fastrand::Rng::with_seed(7);
    println!("| visits | evicted accounts | heap | resident | files open |");
    println!("| ---: | ---: | ---: | ---: | ---: |");
    for tenth in 1..=10 {
        for _ in 0..visits / 10 {
            let list = host.open(rng.choice(&host.names).unwrap());
            assert_eq!(list.snapshot().len(), rows);
        }
        let evicted = host.accounts.stats().evicted;
        let (visits, heap) = (visits / 10 * tenth, live() / 1_000);
        let resident = machine::resident_memory().unwrap_or(0) / 1_000;
        let files = std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count);
        println!("| {visits} | {evicted} | {heap} KB | {resident} KB | {files} |");
    }
}
