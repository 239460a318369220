//! Many accounts in one folder.

use std::{path::Path, sync::Arc};

use conv_model::{All, Local};
use conv_store::{ConversationDatabase, ConversationStore, SledDatabase, Snapshot, StoreError};
use tempfile::TempDir;

use crate::sled_support::{account, listed, open, user};

/// Accounts that are prefixes of one another, or look like paths, keys or other accounts.
const ALIKE: [&str; 10] =
    ["a", "a/", "a/b", "ab", "../a", "/etc/passwd", "A", "a\0", "schema", "ａ"];

fn times(snapshot: &Snapshot) -> Vec<u64> {
    let rows = snapshot.list(&All.into());
    rows.iter().map(|row| row.listing.time.unwrap().as_secs()).collect()
}

#[tokio::test]
async fn accounts_with_equal_conversations_never_meet() {
    let folder = TempDir::new().unwrap();
    let database = open(folder.path()).await;
    for (number, text) in (1..).zip(ALIKE) {
        let store = database.account(&account(text)).await.unwrap();
        store.apply(listed(number, ["alice"])).await.unwrap();
        store.put_local(user("alice"), Local::draft(text)).await.unwrap();
    }
    for reopened in [false, true] {
        let database = if reopened {
            database.close().await.unwrap();
            &open(folder.path()).await
        } else {
            &database
        };
        for (number, text) in (1..).zip(ALIKE) {
            let store = database.account(&account(text)).await.unwrap();
            assert_eq!(times(&store.snapshot()), [number], "{text:?}");
            assert_eq!(store.snapshot().local(&user("alice")), Some(Local::draft(text)));
        }
    }
}

#[tokio::test]
async fn an_account_asked_for_twice_is_the_same_store() {
    let folder = TempDir::new().unwrap();
    let database = open(folder.path()).await;
    let (one, two) =
        tokio::join!(async { database.account(&account("a")).await.unwrap() }, async {
            database.account(&account("a")).await.unwrap()
        });
    assert!(Arc::ptr_eq(&one, &two));
    one.apply(listed(1, ["alice"])).await.unwrap();
    assert_eq!(two.snapshot().len(), 1);
}

#[tokio::test]
async fn a_closed_or_dropped_store_is_reopened() {
    let folder = TempDir::new().unwrap();
    let database = open(folder.path()).await;
    let store = database.account(&account("a")).await.unwrap();
    store.apply(listed(1, ["alice"])).await.unwrap();
    store.close().await.unwrap();
    assert!(matches!(store.apply(listed(2, ["bob"])).await, Err(StoreError::Closed)));
    let store = database.account(&account("a")).await.unwrap();
    store.apply(listed(2, ["bob"])).await.unwrap();
    drop(store);
    let store = database.account(&account("a")).await.unwrap();
    store.apply(listed(3, ["carol"])).await.unwrap();
    assert_eq!(times(&store.snapshot()), [3, 2, 1]);
}

#[tokio::test]
async fn a_write_of_a_store_that_was_dropped_is_not_lost() {
    let folder = TempDir::new().unwrap();
    let database = open(folder.path()).await;
    let mut names = Vec::new();
    for number in 0..50 {
        let store = database.account(&account("a")).await.unwrap();
        let name = format!("user{number}");
        let delta = listed(number + 1, [name.as_str()]);
        names.push(name);
        // Hands the change over and goes away before the answer.
        let apply = tokio::spawn(async move { store.apply(delta).await });
        tokio::task::yield_now().await;
        apply.abort();
    }
    let store = database.account(&account("a")).await.unwrap();
    store.apply(listed(99, ["last"])).await.unwrap();
    let before: Vec<_> = store.snapshot().rows().map(|row| row.id.clone()).collect();
    drop(store);
    database.close().await.unwrap();
    let database = open(folder.path()).await;
    let store = database.account(&account("a")).await.unwrap();
    let after: Vec<_> = store.snapshot().rows().map(|row| row.id.clone()).collect();
    assert_eq!(before, after);
    assert!(after.contains(&user("last")));
}

#[tokio::test]
async fn a_forgotten_account_is_gone_and_its_neighbours_stay() {
    let folder = TempDir::new().unwrap();
    let database = open(folder.path()).await;
    for text in ["a", "a/b"] {
        let store = database.account(&account(text)).await.unwrap();
        let names: Vec<_> = (0..600).map(|number| format!("user{number}")).collect();
        store.apply(listed(7, names.iter().map(String::as_str))).await.unwrap();
        store.put_local(user("alice"), Local::draft("a secret")).await.unwrap();
    }
    let held = database.account(&account("a")).await.unwrap();
    database.forget(&account("a")).await.unwrap();
    assert!(matches!(held.apply(listed(8, ["alice"])).await, Err(StoreError::Closed)));
    check_forgotten(&database).await;
    database.close().await.unwrap();
    check_forgotten(&open(folder.path()).await).await;
}

async fn check_forgotten(database: &SledDatabase) {
    let gone = database.account(&account("a")).await.unwrap();
    assert!(gone.snapshot().is_empty());
    assert_eq!(gone.snapshot().local(&user("alice")), None);
    let stays = database.account(&account("a/b")).await.unwrap();
    assert_eq!(stays.snapshot().len(), 600);
    assert_eq!(stays.snapshot().local(&user("alice")), Some(Local::draft("a secret")));
}

#[tokio::test]
async fn a_forgotten_account_begins_anew() {
    let folder = TempDir::new().unwrap();
    let database = open(folder.path()).await;
    for time in 1..4 {
        let store = database.account(&account("a")).await.unwrap();
        store.apply(listed(time, ["alice"])).await.unwrap();
        assert_eq!(times(&store.snapshot()), [time]);
        database.forget(&account("a")).await.unwrap();
    }
    database.forget(&account("never seen")).await.unwrap();
}

#[tokio::test]
async fn a_closed_database_closes_its_stores() {
    let folder = TempDir::new().unwrap();
    let database = open(folder.path()).await;
    let store = database.account(&account("a")).await.unwrap();
    let waits = tokio::spawn({
        let mut watcher = store.watch();
        async move { watcher.next().await }
    });
    database.close().await.unwrap();
    assert!(matches!(store.apply(listed(1, ["alice"])).await, Err(StoreError::Closed)));
    assert!(matches!(waits.await.unwrap(), Err(StoreError::Closed)));
    assert!(matches!(database.account(&account("a")).await, Err(StoreError::Closed)));
    assert!(matches!(database.forget(&account("a")).await, Err(StoreError::Closed)));
    let _ = open(folder.path()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_accounts_write_at_once() {
    let folder = TempDir::new().unwrap();
    let database = Arc::new(open(folder.path()).await);
    let writers: Vec<_> = (0..40_u64)
        .map(|number| {
            let database = Arc::clone(&database);
            tokio::spawn(async move {
                let store = database.account(&account(&format!("a{}", number % 20))).await.unwrap();
                for round in 0..10 {
                    let name = format!("user{number}of{round}");
                    store.apply(listed(1, [name.as_str()])).await.unwrap();
                    store.put_local(user(&name), Local::draft(name.as_str())).await.unwrap();
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    database.close().await.unwrap();
    let database = open(folder.path()).await;
    for number in 0..20 {
        let store = database.account(&account(&format!("a{number}"))).await.unwrap();
        let snapshot = store.snapshot();
        assert_eq!(snapshot.len(), 20);
        for row in snapshot.rows() {
            let name = row.id.user_id().unwrap().as_str();
            assert_eq!(snapshot.local(&row.id), Some(Local::draft(name)));
        }
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn an_open_account_costs_no_file() {
    fn files(folder: &Path) -> usize {
        let links = std::fs::read_dir("/proc/self/fd").unwrap().map(|entry| entry.unwrap().path());
        links.filter(|link| std::fs::read_link(link).is_ok_and(|to| to.starts_with(folder))).count()
    }
    let folder = TempDir::new().unwrap();
    let path = folder.path().canonicalize().unwrap();
    let database = open(&path).await;
    let before = files(&path);
    let mut stores = Vec::new();
    for number in 0..200 {
        let store = database.account(&account(&format!("a{number}"))).await.unwrap();
        store.put_local(user("alice"), Local::draft("Dear Alice")).await.unwrap();
        stores.push(store);
    }
    assert_eq!(files(&path), before);
    database.close().await.unwrap();
    assert_eq!(files(&path), 0);
}
