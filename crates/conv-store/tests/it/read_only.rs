//! Databases that are opened for reading alone, on request or because the folder cannot be written.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use conv_model::Local;
use conv_store::{ConversationDatabase, ConversationStore, StoreError};
use tempfile::TempDir;

use crate::{
    mounted::Mounted,
    sled_support::{account, listed, user},
};

const ROWS: usize = 40;

/// All files of a folder, with their bytes.
fn content(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(content(&path));
        } else {
            files.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
    files
}

/// Copies a folder, as it is at this moment.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// Writes rows and a draft.
async fn fill(database: &dyn ConversationDatabase) {
    let store = database.account(&account("a")).await.unwrap();
    for row in 0..ROWS {
        store.apply(listed(7, [format!("user{row}").as_str()])).await.unwrap();
    }
    store.put_local(user("user0"), Local::draft("Dear Alice")).await.unwrap();
}

/// Everything can be read, and every change is refused.
async fn assert_read(database: &dyn ConversationDatabase) {
    let store = database.account(&account("a")).await.unwrap();
    for _ in 0..2 {
        assert_eq!(store.snapshot().len(), ROWS);
        let draft = store.snapshot().local(&user("user0"));
        assert_eq!(draft, Some(Local::draft("Dear Alice")));
        let refused = store.apply(listed(8, ["user1"])).await.unwrap_err();
        assert!(matches!(refused, StoreError::ReadOnly { .. }), "{refused:?}");
        let refused = store.put_local(user("user0"), Local::draft("")).await.unwrap_err();
        assert!(matches!(refused, StoreError::ReadOnly { .. }), "{refused:?}");
    }
    let refused = database.forget(&account("b")).await.unwrap_err();
    assert!(matches!(refused, StoreError::ReadOnly { .. }), "{refused:?}");
}

fn is_locked(error: &StoreError) -> bool {
    matches!(error, StoreError::Locked { .. })
}

macro_rules! of_engine {
    ($engine:ident, $database:ident, $rows:literal) => {
        mod $engine {
            use conv_store::$database;

            use super::*;

            #[tokio::test]
            async fn an_unfinished_database_is_read_without_a_change() {
                let (folder, left) = (TempDir::new().unwrap(), TempDir::new().unwrap());
                let database = $database::open(folder.path()).await.unwrap();
                fill(&database).await;
                // As a kill leaves it: some changes are only in the journal.
                copy(folder.path(), left.path());
                database.close().await.unwrap();
                fs::write(left.path().join("local.log.new"), "unfinished").unwrap();
                let before = content(left.path());
                let reading = $database::options().read_only();
                let [one, other] =
                    [reading.open(left.path()).await, reading.open(left.path()).await];
                for database in [one.unwrap(), other.unwrap()] {
                    assert!(database.is_read_only() && database.recovery().read_only);
                    assert!(database.recovery().is_clean(), "{:?}", database.recovery());
                    assert_read(&database).await;
                    let mut accounts = database.accounts();
                    assert_eq!(accounts.next_page().await.unwrap(), Some(vec![account("a")]));
                    database.close().await.unwrap();
                }
                assert_eq!(content(left.path()), before);
                let database = $database::open(left.path()).await.unwrap();
                assert!(!database.is_read_only() && !database.recovery().read_only);
                let store = database.account(&account("a")).await.unwrap();
                store.apply(listed(9, ["one more"])).await.unwrap();
                assert_eq!(store.snapshot().len(), ROWS + 1);
            }

            #[tokio::test]
            async fn a_writer_and_readers_exclude_each_other() {
                let folder = TempDir::new().unwrap();
                let reading = $database::options().read_only();
                let database = $database::open(folder.path()).await.unwrap();
                fill(&database).await;
                assert!(is_locked(&reading.open(folder.path()).await.unwrap_err()));
                database.close().await.unwrap();
                let database = reading.open(folder.path()).await.unwrap();
                assert!(is_locked(&$database::open(folder.path()).await.unwrap_err()));
                database.close().await.unwrap();
                $database::open(folder.path()).await.unwrap().close().await.unwrap();
            }

            #[tokio::test]
            async fn a_missing_database_is_not_created() {
                let folder = TempDir::new().unwrap();
                for path in [folder.path().join("missing"), folder.path().to_owned()] {
                    let error = $database::options().read_only().open(&path).await.unwrap_err();
                    let is_missing = |source: &io::Error| source.kind() == io::ErrorKind::NotFound;
                    let is_reported = matches!(&error, StoreError::Io { source, .. } if is_missing(source));
                    assert!(is_reported, "{error:?}");
                }
                assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
            }

            #[tokio::test]
            async fn damaged_rows_stay_as_they_are() {
                let folder = TempDir::new().unwrap();
                let database = $database::open(folder.path()).await.unwrap();
                fill(&database).await;
                database.close().await.unwrap();
                let path = folder.path().join($rows);
                let mut bytes = fs::read(&path).unwrap();
                bytes.iter_mut().step_by(97).for_each(|byte| *byte ^= 0x10);
                fs::write(&path, bytes).unwrap();
                let before = content(folder.path());
                match $database::options().read_only().open(folder.path()).await {
                    Err(error) => assert!(!matches!(error, StoreError::Locked { .. }), "{error:?}"),
                    Ok(database) => {
                        let recovery = database.recovery();
                        assert!(recovery.lost_accounts == 1 && !recovery.is_clean());
                    }
                }
                assert_eq!(content(folder.path()), before);
            }

            #[tokio::test]
            async fn a_full_disk_and_a_read_only_mount_are_read() {
                let disk = match Mounted::small(16 << 10) {
                    Ok(disk) => disk,
                    Err(why) => {
                        println!("skipped: no file system of our own: {why}");
                        return;
                    }
                };
                let folder = disk.path().join("cache");
                let database = $database::open(&folder).await.unwrap();
                fill(&database).await;
                database.close().await.unwrap();

                // Full to the last byte.
                let ballast = disk.path().join("ballast");
                let full = fs::write(&ballast, vec![7; 32 << 20]).unwrap_err();
                assert_eq!(full.kind(), io::ErrorKind::StorageFull);
                for _ in 0..2 {
                    let database = $database::open(&folder).await.unwrap();
                    assert!(database.recovery().is_clean(), "{:?}", database.recovery());
                    let store = database.account(&account("a")).await.unwrap();
                    assert_eq!(store.snapshot().len(), ROWS);
                    if database.is_read_only() {
                        assert_read(&database).await;
                    }
                    // Closing may fail: the disk is full.
                    let _ = database.close().await;
                }
                fs::remove_file(ballast).unwrap();

                let before = content(&folder);
                disk.remount("ro");
                let database = $database::open(&folder).await.unwrap();
                assert!(database.is_read_only() && database.recovery().is_clean());
                assert_read(&database).await;
                let store = database.account(&account("a")).await.unwrap();
                let refused = store.apply(listed(8, ["user1"])).await.unwrap_err();
                let why = std::error::Error::source(&refused).unwrap().to_string();
                assert!(why.contains("lock"), "{why}");
                database.close().await.unwrap();
                assert_eq!(content(&folder), before);

                disk.remount("rw");
                let database = $database::open(&folder).await.unwrap();
                assert!(!database.is_read_only());
                let store = database.account(&account("a")).await.unwrap();
                store.apply(listed(8, ["user1"])).await.unwrap();
                database.close().await.unwrap();
            }
        }
    };
}

of_engine!(sled, SledDatabase, "rows/db");
of_engine!(redb, RedbDatabase, "rows.redb");
