//! A database of many accounts, and the process's own figures.

use std::{fs, sync::Arc};

use conv_api::{
    AccountId, Accounts, ConversationDatabase, ConversationPatch, SledDatabase,
    model::{Delta, ListingPatch, Timestamp},
    testing::ScriptedSource,
};
use tempfile::TempDir;

pub const ROWS: usize = 100;

pub struct Host {
    pub names: Vec<AccountId>,
    folder: TempDir,
}

impl Host {
    /// So many accounts with their rows, all on disk.
    pub async fn new(count: usize) -> Self {
        let names = (0..count).map(|n| format!("user_{n:06}").parse().unwrap()).collect();
        let host = Self { names, folder: TempDir::new().unwrap() };
        let database = host.database().await;
        for name in &host.names {
            let store = database.account(name).await.unwrap();
            store.apply(Delta::listed((0..ROWS).map(row))).await.unwrap();
        }
        database.close().await.unwrap();
        host
    }

    /// With room for some tens of them.
    pub async fn open(&self) -> Accounts {
        let database = Arc::new(self.database().await);
        let source = ScriptedSource::with_rows(0);
        Accounts::builder(database, source).memory_budget(4_000_000).build()
    }

    async fn database(&self) -> SledDatabase {
        SledDatabase::open(self.folder.path().join("cache")).await.unwrap()
    }
}

fn row(number: usize) -> ConversationPatch {
    let id = format!("C2Ccustomer_{number:08}").parse().unwrap();
    let mut patch = ConversationPatch::new(id);
    let time = Timestamp::from_secs(1_775_000_000 - 60 * number as u64);
    patch.listing = Some(ListingPatch::at(time));
    patch.profile.name = Some(format!("Customer number {number}").into());
    let avatar = format!("https://avatars.example.com/{number:08}/large.png");
    patch.profile.avatar = Some(avatar.into());
    patch.profile.read_at = Some(time);
    patch
}

/// The bytes that are allocated now.
pub fn live() -> usize {
    let stats = crate::ALLOCATOR.stats();
    stats.bytes_allocated.saturating_sub(stats.bytes_deallocated)
}

/// The bytes that the system says this process has in memory.
pub fn resident() -> usize {
    let pages = fs::read_to_string("/proc/self/statm").unwrap_or_default();
    pages.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).unwrap_or_default() * 4096
}

/// The files that this process has open.
pub fn descriptors() -> usize {
    fs::read_dir("/proc/self/fd").map_or(0, Iterator::count)
}
