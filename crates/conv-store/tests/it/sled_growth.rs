//! Rows that are overwritten over and over do not fill the disk.
//!
//! `CONV_OVERWRITES=1000000` overwrites so many.

use std::{env, fs, path::Path};

use conv_store::{ConversationStore, Durability, SledDatabase};
use tempfile::TempDir;

use crate::sled_support::{account, listed};

const ROWS: usize = 500;
const PAGE: usize = 100;
/// The most that a database of so few rows may take once it was reopened.
const MOST: u64 = 32 << 20;

#[tokio::test]
async fn overwritten_rows_do_not_fill_the_disk() {
    let many: usize = env::var("CONV_OVERWRITES").map_or(20_000, |count| count.parse().unwrap());
    let folder = TempDir::new().unwrap();
    let path = folder.path();
    let options = SledDatabase::options().durability(Durability::WriteBehind);
    let store = options.open_store(path, &account("a")).await.unwrap();
    let names: Vec<_> = (0..ROWS).map(|row| format!("row{row}")).collect();
    let mut written = 0;
    for (time, page) in (1..).zip(names.chunks(PAGE).cycle()) {
        let mut delta = listed(time, page.iter().map(String::as_str));
        for patch in &mut delta.listed {
            patch.listing.as_mut().unwrap().custom_data = Some("x".repeat(200).into());
        }
        store.apply(delta).await.unwrap();
        written += page.len();
        if written >= many.max(ROWS) {
            break;
        }
    }
    store.close().await.unwrap();
    let before = size(path);
    let store = options.open_store(path, &account("a")).await.unwrap();
    let rebuilt = store.recovery().rebuilt;
    assert_eq!(store.snapshot().len(), ROWS);
    store.close().await.unwrap();
    let after = size(path);
    println!("{written} rows written: {before} bytes, {after} after reopening, rebuilt: {rebuilt}");
    assert!(after <= MOST, "{after} bytes");
}

fn size(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let bytes = |path: &Path| fs::metadata(path).map_or(0, |metadata| metadata.len());
    entries.map(|path| if path.is_dir() { size(&path) } else { bytes(&path) }).sum()
}
