//! Many accounts over one database and one source.

mod clouds;
mod forgetting;
mod hostile;
mod killed;
mod marks;
mod memory;
mod refreshing;
mod simulation;
mod turns;
mod watching;

use std::sync::Arc;

use conv_api::{
    AccountId, Accounts, ConversationDatabase, Conversations, MemoryDatabase, SledDatabase,
};
use tempfile::TempDir;

pub use self::clouds::{Clouds, Trouble};

pub fn account(name: impl AsRef<str>) -> AccountId {
    name.as_ref().parse().unwrap()
}

pub fn in_memory(clouds: &Arc<Clouds>) -> Accounts {
    Accounts::builder(Arc::new(MemoryDatabase::new()), Arc::clone(clouds)).build()
}

pub async fn on_disk() -> (TempDir, Arc<dyn ConversationDatabase>) {
    let folder = TempDir::new().unwrap();
    let database = SledDatabase::open(folder.path().join("cache")).await.unwrap();
    (folder, Arc::new(database))
}

/// Returns what a list shows: ID, time, name.
pub fn shown(list: &Conversations) -> Vec<(String, u64, String)> {
    let snapshot = list.snapshot();
    let rows = snapshot.rows().map(|row| {
        let time = row.listing.time.map_or(0, |time| time.as_secs());
        (row.id.to_string(), time, row.profile.name.as_deref().unwrap_or_default().to_owned())
    });
    rows.collect()
}
