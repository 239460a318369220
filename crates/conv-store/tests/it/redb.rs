//! redb: kept data, refused openings, damage.

use std::{
    env, fs,
    path::Path,
    process::{Command, Stdio},
};

use conv_model::{All, Local};
use conv_store::{
    ConversationDatabase, ConversationStore, Durability, RedbDatabase, RedbStore, StoreError,
};
use tempfile::TempDir;

use crate::sled_support::{account, listed, user};

const ROWS: &str = "rows.redb";
const USERS: usize = 300;

/// A closed database with many rows of one time, and a draft.
async fn filled() -> TempDir {
    let folder = TempDir::new().unwrap();
    let store = RedbStore::open(folder.path(), &account("a")).await.unwrap();
    let names: Vec<_> = (0..USERS).map(|number| format!("user{number}")).collect();
    for time in [5, 7] {
        store.apply(listed(time, names.iter().map(String::as_str))).await.unwrap();
    }
    store.put_local(user("user0"), Local::draft("Dear Alice")).await.unwrap();
    store.close().await.unwrap();
    folder
}

#[tokio::test]
async fn all_is_kept_at_every_level() {
    for durability in [Durability::WriteBehind, Durability::Process, Durability::Disk] {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("deep/er");
        let options = RedbDatabase::options().durability(durability);
        for round in 0..3 {
            let database = options.open(&path).await.unwrap();
            for name in ["a", "b"] {
                let store = database.account(&account(name)).await.unwrap();
                assert_eq!(store.snapshot().len(), round);
                store.apply(listed(1, [format!("user{round}").as_str()])).await.unwrap();
            }
            // Closing is one way to end; dropping is the other.
            if round % 2 == 0 {
                database.close().await.unwrap();
            }
        }
    }
}

#[tokio::test]
async fn a_forgotten_account_is_gone_and_its_neighbour_stays() {
    let folder = TempDir::new().unwrap();
    let database = RedbDatabase::open(folder.path()).await.unwrap();
    let names: Vec<_> = (0..600).map(|number| format!("user{number}")).collect();
    for name in ["a", "a/b"] {
        let store = database.account(&account(name)).await.unwrap();
        store.apply(listed(7, names.iter().map(String::as_str))).await.unwrap();
    }
    database.forget(&account("a")).await.unwrap();
    database.close().await.unwrap();
    let database = RedbDatabase::open(folder.path()).await.unwrap();
    for (name, rows) in [("a", 0), ("a/b", 600)] {
        let store = database.account(&account(name)).await.unwrap();
        assert_eq!(store.snapshot().len(), rows, "{name}");
    }
}

#[tokio::test]
async fn a_second_handle_is_refused_here_and_in_another_process() {
    let folder = TempDir::new().unwrap();
    let database = RedbDatabase::open(folder.path()).await.unwrap();
    let error = RedbDatabase::open(folder.path()).await.unwrap_err();
    assert!(matches!(&error, StoreError::Locked { path } if path == folder.path()), "{error:?}");
    assert!(opens_elsewhere(folder.path()).contains("Locked"));
    database.close().await.unwrap();
    assert!(opens_elsewhere(folder.path()).contains("Ok"));
}

/// Returns what another process reports when it opens a folder.
fn opens_elsewhere(folder: &Path) -> String {
    let output = Command::new(env::current_exe().unwrap())
        .args(["--exact", "redb::child", "--include-ignored", "--nocapture"])
        .env("CONV_REDB_FOLDER", folder)
        .stderr(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    said.lines().find_map(|line| line.strip_prefix("opened: ")).unwrap().to_owned()
}

#[tokio::test]
#[ignore = "a child process: run by opens_elsewhere"]
async fn child() {
    let Ok(folder) = env::var("CONV_REDB_FOLDER") else { return };
    println!("\nopened: {:?}", RedbDatabase::open(folder).await.map(drop));
}

#[tokio::test]
async fn an_unfinished_new_file_does_not_hinder_the_opening() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("rows.redb.new"), [7; 5000]).unwrap();
    let database = RedbDatabase::open(folder.path()).await.unwrap();
    assert!(database.recovery().is_clean());
    assert!(!folder.path().join("rows.redb.new").exists());
}

#[tokio::test]
async fn an_opening_reports_the_number_of_lost_rows() {
    let folder = filled().await;
    fs::remove_file(folder.path().join(ROWS)).unwrap();
    for _ in 0..2 {
        let database = RedbDatabase::open(folder.path()).await.unwrap();
        let account = database.account(&account("a")).await.unwrap();
        assert!(account.snapshot().is_empty());
        let recovery = database.recovery();
        assert_eq!((recovery.lost_accounts, recovery.lost_rows), (1, USERS as u64));
        assert!(!recovery.is_clean());
        database.close().await.unwrap();
    }
    let store = RedbStore::open(folder.path(), &account("a")).await.unwrap();
    assert_eq!((store.recovery().lost_accounts, store.recovery().lost_rows), (1, USERS as u64));
    store.apply(listed(8, ["user0"])).await.unwrap();
    store.close().await.unwrap();
    let store = RedbStore::open(folder.path(), &account("a")).await.unwrap();
    assert!(store.recovery().is_clean(), "{:?}", store.recovery());
}

/// Flips a bit, zeroes a block, or cuts the end off.
fn damage(bytes: &mut Vec<u8>, seed: usize) {
    // Steps that meet every part of the file, and no pattern of its pages.
    let at = seed.wrapping_mul(7919 * 613) % bytes.len();
    match seed % 3 {
        0 => bytes[at] ^= 1 << (seed % 8),
        1 => {
            let end = bytes.len().min(at + 512);
            bytes[at..end].fill(0);
        }
        _ => bytes.truncate(at),
    }
}

#[tokio::test]
async fn damage_shows_no_wrong_row_and_takes_no_draft() {
    let folder = filled().await;
    let whole = fs::read(folder.path().join(ROWS)).unwrap();
    let log = fs::read(folder.path().join("local.log")).unwrap();
    let (mut quarantined, mut unharmed) = (0, 0);
    for seed in 0..30 {
        let folder = TempDir::new().unwrap();
        let mut bytes = whole.clone();
        damage(&mut bytes, seed);
        fs::write(folder.path().join(ROWS), bytes).unwrap();
        fs::write(folder.path().join("local.log"), &log).unwrap();
        let store = RedbStore::open(folder.path(), &account("a")).await.unwrap();
        let rows = store.snapshot().list(&All.into());
        let is_reported = store.recovery().lost_accounts == 1;
        assert!(is_reported || rows.iter().all(|row| row.listing.time.unwrap().as_secs() == 7));
        let is_old = rows.len() == USERS
            && rows.iter().all(|row| {
                let time = row.listing.time.unwrap().as_secs();
                time == 5 || time == 7
            });
        let is_aside = store.recovery().quarantined.is_some();
        assert!(is_old || (is_aside && rows.is_empty()), "seed {seed}: {} rows", rows.len());
        let draft = store.snapshot().local(&user("user0"));
        assert_eq!(draft, Some(Local::draft("Dear Alice")), "seed {seed}");
        quarantined += usize::from(is_aside);
        unharmed += usize::from(!is_aside);
    }
    println!("{quarantined} quarantined, {unharmed} unharmed");
    assert!(quarantined > 0);
}
