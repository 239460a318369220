//! Opening again: kept data, refused openings, leftovers of a crash.

use std::{
    fs,
    path::{Path, PathBuf},
};

use conv_model::{Checkpoint, Coverage, Cursor, Local, PassId, Phase, SyncScope, SyncStep};
use conv_model::{Delta, PassStatus};
use conv_store::{
    ConversationDatabase, ConversationStore, Durability, SledDatabase, SledStore, StoreError,
};
use tempfile::TempDir;

use crate::sled_support::{account, listed, open, user};

fn begin() -> Delta {
    let begin = SyncStep::Begin { scope: SyncScope::new(500, 1), resume: true };
    Delta::step(PassId::new(1), begin)
}

fn page(users: &[&str], cursor: &str) -> Delta {
    let mut delta = listed(1_700_000_000, users.iter().copied());
    delta.pass = Some(PassId::new(1));
    delta.step = Some(SyncStep::Page {
        status: PassStatus::running(Phase::Listing, 2, None),
        checkpoint: Some(Checkpoint::new(Cursor::new(cursor), 2)),
        skipped: Vec::new(),
        broken: Vec::new(),
    });
    delta
}

async fn fill(store: &dyn ConversationStore) {
    store.apply(begin()).await.unwrap();
    store.apply(page(&["alice", "bob"], "next")).await.unwrap();
    store.put_local(user("alice"), Local::draft("Dear Alice")).await.unwrap();
    store.put_local(user("not listed"), Local::data(*b"bytes")).await.unwrap();
}

fn check(store: &dyn ConversationStore) {
    let snapshot = store.snapshot();
    assert_eq!(snapshot.len(), 2);
    assert_eq!(snapshot.sync().coverage, Coverage::CacheOnly);
    assert_eq!(snapshot.sync().pass, PassId::new(1));
    assert_eq!(snapshot.sync().checkpoint, Some(Checkpoint::new(Cursor::new("next"), 2)));
    assert_eq!(snapshot.get(&user("alice")).unwrap().local, Local::draft("Dear Alice"));
    assert_eq!(snapshot.local(&user("not listed")), Some(Local::data(*b"bytes")));
}

#[tokio::test]
async fn all_is_kept_at_every_level_and_is_a_preview() {
    for durability in [Durability::WriteBehind, Durability::Process, Durability::Disk] {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("deep/er");
        let options = SledDatabase::options().durability(durability);
        let database = options.open(&path).await.unwrap();
        fill(&*database.account(&account("a")).await.unwrap()).await;
        database.close().await.unwrap();
        let database = options.open(&path).await.unwrap();
        check(&*database.account(&account("a")).await.unwrap());
    }
}

#[tokio::test]
async fn one_account_has_a_folder_of_the_same_form() {
    let folder = TempDir::new().unwrap();
    let store = SledStore::open(folder.path(), &account("a")).await.unwrap();
    fill(&store).await;
    store.close().await.unwrap();
    assert!(matches!(store.close().await, Err(StoreError::Closed)));
    let database = open(folder.path()).await;
    check(&*database.account(&account("a")).await.unwrap());
    drop(database);
    let store = SledStore::open(folder.path(), &account("a")).await.unwrap();
    check(&store);
    assert!(store.recovery().is_clean());
}

/// `CONV_REOPENINGS=500` opens so often.
#[tokio::test]
async fn a_lock_is_free_once_it_is_closed_or_dropped() {
    let folder = TempDir::new().unwrap();
    let rounds = std::env::var("CONV_REOPENINGS").map_or(50, |count| count.parse().unwrap());
    for round in 0..rounds {
        let database = open(folder.path()).await;
        let store = database.account(&account("a")).await.unwrap();
        assert_eq!(store.snapshot().len(), round);
        let name = format!("user{round}");
        store.apply(listed(1, [name.as_str()])).await.unwrap();
        if round % 5 < 4 {
            database.close().await.unwrap();
        }
    }
    let database = open(folder.path()).await;
    assert_eq!(database.account(&account("a")).await.unwrap().snapshot().len(), rounds);
    assert!(database.recovery().is_clean());
    database.close().await.unwrap();
    assert_eq!(open_files_of(folder.path()), 0);
}

/// The files of a folder that this process holds, where the system says so.
fn open_files_of(folder: &Path) -> usize {
    let Ok(all) = fs::read_dir("/proc/self/fd") else { return 0 };
    let targets = all.filter_map(|entry| fs::read_link(entry.ok()?.path()).ok());
    targets.filter(|target| target.starts_with(folder)).count()
}

#[tokio::test]
async fn a_second_handle_is_refused() {
    let folder = TempDir::new().unwrap();
    let database = open(folder.path()).await;
    let store = database.account(&account("a")).await.unwrap();
    store.apply(listed(1, ["alice"])).await.unwrap();
    let error = SledDatabase::open(folder.path()).await.unwrap_err();
    assert!(matches!(&error, StoreError::Locked { path } if path == folder.path()), "{error:?}");
    store.apply(listed(1, ["bob"])).await.unwrap();
    database.close().await.unwrap();
    let store = SledStore::open(folder.path(), &account("a")).await.unwrap();
    assert_eq!(store.snapshot().len(), 2);
}

/// A closed database with the rows of `fill`, and the bytes of its newest snapshot.
async fn closed_database() -> (TempDir, PathBuf, Vec<u8>) {
    let folder = TempDir::new().unwrap();
    for _ in 0..2 {
        let store = SledStore::open(folder.path(), &account("a")).await.unwrap();
        if store.snapshot().is_empty() {
            fill(&store).await;
        }
        store.close().await.unwrap();
    }
    let rows = folder.path().join("rows");
    let snapshot = snapshots(&rows).pop().expect("sled writes a snapshot when it opens");
    let bytes = fs::read(&snapshot).unwrap();
    (folder, snapshot, bytes)
}

fn snapshots(rows: &Path) -> Vec<PathBuf> {
    let paths = fs::read_dir(rows).unwrap().map(|entry| entry.unwrap().path());
    paths.filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("snap.")).collect()
}

#[tokio::test]
async fn a_snapshot_that_a_crash_left_partial_is_no_hindrance() {
    let (folder, snapshot, bytes) = closed_database().await;
    let newer = folder.path().join("rows/snap.FFFFFFFFFFFFFFF0.generating");
    let mut same = snapshot.into_os_string();
    same.push(".generating");
    // Every length with `CONV_EVERY_LENGTH=1`.
    let step = if std::env::var_os("CONV_EVERY_LENGTH").is_some() { 1 } else { 61 };
    let lengths = (0..bytes.len()).step_by(step).chain([1, 11, 12, 13, bytes.len() - 1]);
    for length in lengths {
        for partial in [Path::new(&same), &newer] {
            fs::write(partial, &bytes[..length]).unwrap();
            let store = SledStore::open(folder.path(), &account("a")).await.unwrap();
            check(&store);
            assert_eq!(store.recovery().removed_unfinished, 1, "{length} bytes");
            assert!(store.recovery().is_clean(), "{length} bytes");
            store.close().await.unwrap();
            assert!(!partial.exists(), "{length} bytes");
        }
    }
}

#[tokio::test]
async fn partial_files_of_a_folder_in_use_are_left_alone() {
    let folder = TempDir::new().unwrap();
    let database = open(folder.path()).await;
    let partial = folder.path().join("rows/snap.FFFFFFFFFFFFFFF0.generating");
    fs::write(&partial, b"partial").unwrap();
    assert!(matches!(SledDatabase::open(folder.path()).await, Err(StoreError::Locked { .. })));
    assert!(partial.exists());
    drop(database);
}

#[test]
fn without_a_runtime_there_is_an_error() {
    let folder = TempDir::new().unwrap();
    let mut open = Box::pin(SledDatabase::open(folder.path()));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let std::task::Poll::Ready(result) = open.as_mut().poll(&mut context) else {
        panic!("there is nothing to wait for")
    };
    assert!(matches!(result, Err(StoreError::NoRuntime)));
}

#[cfg(unix)]
#[tokio::test]
async fn new_files_are_for_the_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("cache");
    let _database = open(&path).await;
    let mode = |name: &str| fs::metadata(path.join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!([mode(""), mode("rows"), mode("local.log")], [0o700, 0o700, 0o600]);
}
