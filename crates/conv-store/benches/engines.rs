//! sled beside redb: what one write, a page, an opening cost, and the room on disk.
//!
//! `cargo bench -p conv-store --bench engines`. Times are the tenth percentile on the wall, since
//! most of them is waiting for the disk; compare them within one run only.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::unwrap_used, missing_docs)]

use std::{fs, path::Path, sync::Arc, time::Instant};

use conv_model::{ConversationId, ConversationPatch, Delta, ListingPatch, Timestamp};
use conv_store::{ConversationDatabase, ConversationStore, Durability, RedbDatabase, SledDatabase};

const ROWS: u64 = 10_000;
const PAGE: u64 = 100;
const UPDATES: u64 = 200;

fn patch(number: u64, time: u64) -> ConversationPatch {
    let id = ConversationId::c2c(&format!("user{number:06}")).unwrap();
    let mut patch = ConversationPatch::new(id);
    let mut listing = ListingPatch::at(Timestamp::from_secs(1_700_000_000 + time));
    listing.custom_data = Some("x".repeat(100).into());
    patch.listing = Some(listing);
    patch.profile.name = Some(format!("User {number}").into());
    patch.profile.avatar = Some(format!("https://example.com/{number}.png").into());
    patch
}

/// The tenth percentile of microseconds.
fn tenth(mut times: Vec<u128>) -> u128 {
    times.sort_unstable();
    times[times.len() / 10]
}

async fn timed(times: &mut Vec<u128>, store: &Arc<dyn ConversationStore>, delta: Delta) {
    let start = Instant::now();
    store.apply(delta).await.unwrap();
    times.push(start.elapsed().as_micros());
}

fn size(path: &Path) -> u64 {
    let entries = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path());
    entries
        .map(|path| if path.is_dir() { size(&path) } else { path.metadata().unwrap().len() })
        .sum()
}

async fn open(
    engine: &str,
    durability: Durability,
    folder: &Path,
) -> Box<dyn ConversationDatabase> {
    match engine {
        "sled" => {
            let options = SledDatabase::options().durability(durability);
            Box::new(options.open(folder).await.unwrap())
        }
        _ => {
            let options = RedbDatabase::options().durability(durability);
            Box::new(options.open(folder).await.unwrap())
        }
    }
}

async fn measure(engine: &str, durability: Durability) {
    let folder = tempfile::tempdir().unwrap();
    let account = "a".parse().unwrap();
    let database = open(engine, durability, folder.path()).await;
    let store = database.account(&account).await.unwrap();
    let (mut pages, mut singles, mut opens) = (Vec::new(), Vec::new(), Vec::new());
    for first in (0..ROWS).step_by(PAGE as usize) {
        let page = (first..first + PAGE).map(|number| patch(number, number));
        timed(&mut pages, &store, Delta::listed(page)).await;
    }
    for number in 0..UPDATES {
        let one = patch(number * 37 % ROWS, ROWS + number);
        timed(&mut singles, &store, Delta::listed([one])).await;
    }
    drop(store);
    database.close().await.unwrap();
    for _ in 0..10 {
        let start = Instant::now();
        let database = open(engine, durability, folder.path()).await;
        let store = database.account(&account).await.unwrap();
        opens.push(start.elapsed().as_micros());
        assert_eq!(store.snapshot().len(), ROWS as usize);
        drop(store);
        database.close().await.unwrap();
    }
    println!(
        "{engine:5} {durability:12?} page {:6} us, update {:5} us, open and load {:6} us, {:5} KiB",
        tenth(pages),
        tenth(singles),
        tenth(opens),
        size(folder.path()) >> 10,
    );
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    for durability in [Durability::WriteBehind, Durability::Process, Durability::Disk] {
        for engine in ["sled", "redb"] {
            measure(engine, durability).await;
        }
    }
}
