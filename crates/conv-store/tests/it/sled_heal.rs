//! Openings: damage is recovered from; faults of the environment are errors that touch nothing.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use conv_model::Local;
use conv_store::{ConversationStore, IndexedStore, SledDatabase, SledStore, StoreError};
use tempfile::TempDir;

use crate::sled_support::{account, listed, user};

const USERS: [&str; 3] = ["alice", "bob", "carol"];

/// A closed database with rows and a draft, opened often enough for sled to have a snapshot.
async fn filled() -> TempDir {
    let folder = TempDir::new().unwrap();
    for round in 0..2 {
        let store = open(folder.path()).await;
        store.apply(listed(1_700_000_000 + round, USERS)).await.unwrap();
        store.put_local(user("alice"), Local::draft("Dear Alice")).await.unwrap();
        store.close().await.unwrap();
    }
    folder
}

async fn open(folder: &Path) -> IndexedStore {
    SledStore::open(folder, &account("a")).await.unwrap()
}

/// All rows and the draft.
#[track_caller]
fn assert_whole(store: &IndexedStore) {
    assert_eq!(store.snapshot().len(), USERS.len());
    assert_draft(store);
}

#[track_caller]
fn assert_draft(store: &IndexedStore) {
    assert_eq!(store.snapshot().local(&user("alice")), Some(Local::draft("Dear Alice")));
}

/// All files of a folder with their bytes, but for the lock.
fn content(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(content(&path));
        } else if path.file_name().unwrap() != "lock" {
            files.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
    files
}

fn names(folder: &Path, part: &str) -> Vec<PathBuf> {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    paths.filter(|path| path.file_name().unwrap().to_string_lossy().contains(part)).collect()
}

#[tokio::test]
async fn rows_whose_snapshot_is_damaged_are_all_there() {
    let folder = filled().await;
    let rows = folder.path().join("rows");
    for path in names(&rows, "snap.") {
        fs::write(path, "damaged beyond reading").unwrap();
    }
    let store = open(folder.path()).await;
    assert_whole(&store);
    assert!(store.recovery().repaired);
    assert_eq!(store.recovery().quarantined, None);
    store.close().await.unwrap();
    assert!(names(&rows, "away").is_empty());
    let store = open(folder.path()).await;
    assert!(store.recovery().is_clean());
    assert_whole(&store);
}

/// Copies that are taken while it is open, between two commits, are what a crash would leave.
#[tokio::test]
async fn a_copy_taken_between_commits_has_all_that_was_acknowledged() {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path()).await;
    for round in 0..12 {
        let names: Vec<_> = (0..50).map(|row| format!("{round} {row}")).collect();
        store.apply(listed(1, names.iter().map(String::as_str))).await.unwrap();
        store.put_local(user("alice"), Local::draft(round.to_string())).await.unwrap();
        let copied = TempDir::new().unwrap();
        copy_all(folder.path(), copied.path());
        let store = open(copied.path()).await;
        assert!(store.recovery().is_clean(), "{:?}", store.recovery());
        assert_eq!(store.snapshot().len(), 50 * (round + 1));
        assert_eq!(store.snapshot().local(&user("alice")), Some(Local::draft(round.to_string())));
    }
}

#[tokio::test]
async fn a_file_where_a_folder_should_be_is_an_error() {
    for (place, is_file) in [("", true), ("rows", true), ("rows/db", false), ("local.log", false)] {
        let folder = TempDir::new().unwrap();
        let database = folder.path().join("cache");
        let path = if place.is_empty() { database.clone() } else { database.join(place) };
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        if is_file {
            fs::write(&path, "a user's own").unwrap();
        } else {
            fs::create_dir(&path).unwrap();
            fs::write(path.join("note"), "a user's own").unwrap();
        }
        for _ in 0..2 {
            let error = SledDatabase::open(&database).await.unwrap_err();
            assert!(matches!(error, StoreError::Io { .. }), "{place}: {error:?}");
        }
        let kept = if is_file { path } else { path.join("note") };
        assert_eq!(fs::read_to_string(kept).unwrap(), "a user's own", "{place}");
    }
}

#[tokio::test]
async fn a_missing_parent_is_created() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("a/b/c");
    open(&path).await.close().await.unwrap();
    assert!(path.join("rows").is_dir());
}

#[cfg(unix)]
#[tokio::test]
async fn odd_paths_open_or_are_errors() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt};
    let folder = TempDir::new().unwrap();
    let odd = [
        OsStr::new("with spaces and 'quotes\""),
        OsStr::new("new\nline"),
        OsStr::new("名前"),
        OsStr::new(" "),
        OsStr::from_bytes(b"not \xFF UTF-8"),
        OsStr::new("rows"),
    ];
    for name in odd {
        let path = folder.path().join(name);
        for _ in 0..2 {
            let store = open(&path).await;
            store.apply(listed(1, USERS)).await.unwrap();
            store.close().await.unwrap();
        }
        let store = open(&path).await;
        assert_eq!(store.snapshot().len(), USERS.len(), "{name:?}");
        assert!(store.recovery().is_clean(), "{name:?}");
    }
    let too_long = folder.path().join("x".repeat(300));
    let error = SledDatabase::open(&too_long).await.unwrap_err();
    assert!(matches!(error, StoreError::Io { .. }), "{error:?}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_link_to_a_folder_is_that_folder() {
    let folder = filled().await;
    let elsewhere = TempDir::new().unwrap();
    let link = elsewhere.path().join("link");
    std::os::unix::fs::symlink(folder.path(), &link).unwrap();
    let store = open(&link).await;
    assert_whole(&store);
    let error = SledDatabase::open(folder.path()).await.unwrap_err();
    assert!(matches!(error, StoreError::Locked { .. }), "{error:?}");
    let dangling = elsewhere.path().join("dangling");
    std::os::unix::fs::symlink(elsewhere.path().join("nothing"), &dangling).unwrap();
    let error = SledDatabase::open(&dangling).await.unwrap_err();
    assert!(matches!(error, StoreError::Io { .. }), "{error:?}");
}

#[tokio::test]
async fn half_made_folders_open() {
    type Make = fn(&Path);
    let makes: [(&str, Make); 7] = [
        ("nothing", |_| {}),
        ("empty rows", |folder| fs::create_dir(folder.join("rows")).unwrap()),
        ("a lock alone", |folder| fs::write(folder.join("lock"), "").unwrap()),
        ("an empty data file", |folder| {
            fs::create_dir(folder.join("rows")).unwrap();
            fs::write(folder.join("rows/db"), "").unwrap();
        }),
        ("settings that end early", |folder| {
            fs::create_dir(folder.join("rows")).unwrap();
            fs::write(folder.join("rows/conf"), "segm").unwrap();
        }),
        ("an unfinished log", |folder| fs::write(folder.join("local.log.new"), "clo").unwrap()),
        ("leftovers", |folder| {
            fs::create_dir(folder.join("quarantine-1700000000")).unwrap();
            fs::create_dir(folder.join("rows.damaged-20200101T000000Z")).unwrap();
            fs::create_dir(folder.join("rows.new")).unwrap();
            fs::write(folder.join("probe"), "").unwrap();
        }),
    ];
    for (what, make) in makes {
        let folder = TempDir::new().unwrap();
        make(folder.path());
        let store = open(folder.path()).await;
        store.apply(listed(1, USERS)).await.unwrap();
        store.put_local(user("alice"), Local::draft("Dear Alice")).await.unwrap();
        store.close().await.unwrap();
        assert_whole(&open(folder.path()).await);
        assert!(!folder.path().join("rows.new").exists(), "{what}");
    }
}

#[tokio::test]
async fn a_part_of_a_folder_opens_with_what_it_has() {
    for (gone, has_rows, has_draft) in [
        ("rows", false, true),
        ("rows/conf", true, true),
        ("lock", true, true),
        ("local.log", true, false),
    ] {
        let folder = filled().await;
        let path = folder.path().join(gone);
        if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) }.unwrap();
        let store = open(folder.path()).await;
        assert_eq!(store.snapshot().len(), if has_rows { USERS.len() } else { 0 }, "{gone}");
        assert_eq!(store.snapshot().local(&user("alice")).is_some(), has_draft, "{gone}");
    }
}

#[tokio::test]
async fn damaged_local_state_says_where_it_went() {
    let folder = filled().await;
    let path = folder.path().join("local.log");
    let mut bytes = fs::read(&path).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(&path, bytes).unwrap();
    let store = open(folder.path()).await;
    let aside = folder.path().join("local.log.damaged-1");
    assert_eq!(store.recovery().quarantined_local, Some(aside.clone()));
    assert!(aside.exists());
    store.close().await.unwrap();
    let database = SledDatabase::open(folder.path()).await.unwrap();
    assert_eq!(database.recovery().quarantined_local, None);
}

/// Copies of a folder with another name for its rows, as a crash in a rebuild leaves it.
#[tokio::test]
async fn an_interrupted_rebuild_is_finished_or_undone() {
    type Arrange = fn(&Path);
    let arranges: [(&str, Arrange); 5] = [
        ("the new rows are partial", |folder| {
            fs::create_dir(folder.join("rows.new")).unwrap();
            fs::write(folder.join("rows.new/db"), "partial").unwrap();
        }),
        ("the old ones are out of the way", |folder| {
            copy(&folder.join("rows"), &folder.join("rows.new"));
            fs::rename(folder.join("rows"), folder.join("rows.old")).unwrap();
            fs::write(folder.join("rows.old/db"), "superseded").unwrap();
        }),
        ("the new ones are there", |folder| {
            copy(&folder.join("rows"), &folder.join("rows.old"));
            fs::write(folder.join("rows.old/db"), "superseded").unwrap();
        }),
        ("the old ones are partly removed", |folder| {
            fs::create_dir(folder.join("rows.old")).unwrap();
        }),
        ("only the old ones are left", |folder| {
            fs::rename(folder.join("rows"), folder.join("rows.old")).unwrap();
        }),
    ];
    for (what, arrange) in arranges {
        let folder = filled().await;
        arrange(folder.path());
        let store = open(folder.path()).await;
        assert_eq!(store.snapshot().len(), USERS.len(), "{what}");
        assert!(store.recovery().is_clean(), "{what}");
        assert!(!folder.path().join("rows.new").exists(), "{what}");
        assert!(!folder.path().join("rows.old").exists(), "{what}");
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    copy_all(from, to);
}

fn copy_all(from: &Path, to: &Path) {
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

/// Users of a folder that they may not write to; root may always, and becomes another user.
#[cfg(unix)]
mod rights {
    use std::{
        env,
        os::unix::{fs::PermissionsExt, process::CommandExt},
        process::Command,
    };

    use super::*;

    const FOLDER: &str = "CONV_STORE_RIGHTS_FOLDER";
    const NOBODY: u32 = 65534;

    #[tokio::test]
    async fn a_folder_that_may_not_be_written_is_an_error() {
        let parent = TempDir::new().unwrap();
        let folder = parent.path().join("cache");
        fs::rename(filled().await.keep(), &folder).unwrap();
        let before = content(&folder);
        for path in [parent.path(), &folder, &folder.join("rows")] {
            fs::set_permissions(path, fs::Permissions::from_mode(0o555)).unwrap();
        }
        let mut child = Command::new(env::current_exe().unwrap());
        child.args(["--exact", "sled_heal::rights::child", "--ignored"]).env(FOLDER, &folder);
        if fs::metadata("/proc/self")
            .is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0)
        {
            child.uid(NOBODY);
        }
        let output = child.output().unwrap();
        for path in [parent.path(), &folder, &folder.join("rows")] {
            fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        assert_eq!(content(&folder), before);
        assert_whole(&open(&folder).await);
    }

    #[tokio::test]
    #[ignore = "a child process: run as another user by the test above"]
    async fn child() {
        let Ok(folder) = env::var(FOLDER) else { return };
        for _ in 0..2 {
            let error = SledDatabase::open(&folder).await.unwrap_err();
            assert!(matches!(error, StoreError::Io { .. }), "{error:?}");
        }
    }
}
