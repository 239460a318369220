//! The epoch of lists on disk: what keeps it, and what makes another one.

use std::{fs, path::Path};

use conv_model::{Delta, Position};
use conv_store::{
    ConversationDatabase, ConversationStore, Durability, IndexedStore, SledDatabase, StoreError,
};
use tempfile::TempDir;

use crate::support::at;

const LEVELS: [Durability; 3] = [Durability::WriteBehind, Durability::Process, Durability::Disk];

async fn open(folder: &Path, durability: Durability) -> IndexedStore {
    let account = "a".parse().unwrap();
    let options = SledDatabase::options().durability(durability);
    options.open_store(folder, &account).await.unwrap()
}

/// A folder with a row, and the position there; the store is closed.
async fn filled(durability: Durability) -> (TempDir, Position) {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path(), durability).await;
    store.apply(Delta::listed([at("alice", 1)])).await.unwrap();
    let position = store.snapshot().position().unwrap();
    store.close().await.unwrap();
    (folder, position)
}

/// The epoch that the next opening shows, with that of the write after it.
async fn epochs(folder: &Path, durability: Durability) -> [Option<u64>; 2] {
    let store = open(folder, durability).await;
    let opened = store.snapshot().position().map(|position| position.epoch);
    store.apply(Delta::listed([at("bob", 2)])).await.unwrap();
    let written = store.snapshot().position().map(|position| position.epoch);
    store.close().await.unwrap();
    [opened, written]
}

/// A copy of an open folder: what a kill leaves.
fn killed(folder: &Path) -> TempDir {
    fn copy(from: &Path, to: &Path) {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let (path, to) = {
                let entry = entry.unwrap();
                (entry.path(), to.join(entry.file_name()))
            };
            match path.is_dir() {
                true => copy(&path, &to),
                false => assert!(fs::copy(&path, &to).is_ok()),
            }
        }
    }
    let copied = TempDir::new().unwrap();
    copy(folder, copied.path());
    copied
}

#[tokio::test]
async fn a_closed_database_keeps_it_at_every_level() {
    for level in LEVELS {
        let (folder, position) = filled(level).await;
        for next in LEVELS {
            assert_eq!(epochs(folder.path(), next).await, [Some(position.epoch); 2]);
        }
    }
}

#[tokio::test]
async fn after_a_kill_it_stays_unless_writes_are_behind() {
    for (level, is_kept) in LEVELS.into_iter().zip([false, cfg!(target_os = "linux"), true]) {
        let (folder, position) = filled(level).await;
        let store = open(folder.path(), level).await;
        store.apply(Delta::listed([at("carol", 3)])).await.unwrap();
        assert_eq!(store.snapshot().position().unwrap().epoch, position.epoch);
        let copied = killed(folder.path());
        store.close().await.unwrap();
        let [opened, written] = epochs(copied.path(), level).await;
        assert_eq!(opened == Some(position.epoch), is_kept, "{level:?}");
        assert_eq!(written, opened, "the new one stays");
    }
}

#[tokio::test]
async fn a_quarantine_and_older_rows_make_another_one() {
    let (folder, position) = filled(Durability::Disk).await;
    let older = killed(folder.path());
    let [kept, _] = epochs(folder.path(), Durability::Disk).await;
    assert_eq!(kept, Some(position.epoch));
    // The rows of before, which the tally knows to be older.
    fs::remove_dir_all(folder.path().join("rows")).unwrap();
    fs::rename(older.path().join("rows"), folder.path().join("rows")).unwrap();
    let [opened, written] = epochs(folder.path(), Durability::Disk).await;
    assert_eq!(opened, None, "no position until the next write");
    assert!(written.is_some() && written != Some(position.epoch));

    for entry in fs::read_dir(folder.path().join("rows")).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            fs::write(path, [0xAA; 4096]).unwrap();
        }
    }
    let [opened, last] = epochs(folder.path(), Durability::Disk).await;
    assert_eq!(opened, None);
    assert!(last.is_some() && last != written);
}

#[tokio::test]
async fn a_forgotten_account_gets_another_one() -> Result<(), StoreError> {
    let folder = TempDir::new().unwrap();
    let database = SledDatabase::open(folder.path()).await?;
    let mut epochs = Vec::new();
    for _ in 0..2 {
        let account = "a".parse().unwrap();
        let store = database.account(&account).await?;
        assert_eq!(store.snapshot().position(), None);
        store.apply(Delta::listed([at("alice", 1)])).await?;
        epochs.push(store.snapshot().position().map(|position| position.epoch));
        database.forget(&account).await?;
    }
    assert_ne!(epochs[0], epochs[1]);
    database.close().await
}
