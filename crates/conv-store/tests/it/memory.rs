//! Stores in memory for many accounts.

use std::sync::Arc;

use conv_model::{AccountId, Delta, Local};
use conv_store::{
    ConversationDatabase, ConversationStore, IndexedStore, MemoryDatabase, MemoryEngine,
    MemoryStore, StoreError,
};

use crate::support::{at, user};

fn account(text: &str) -> AccountId {
    text.parse().unwrap()
}

#[tokio::test]
async fn an_account_that_is_opened_twice_is_the_same_store() {
    let database = MemoryDatabase::new();
    let id = account("a");
    let (first, second) = tokio::join!(database.account(&id), database.account(&id));
    let (first, second) = (first.unwrap(), second.unwrap());
    assert!(Arc::ptr_eq(&first, &second));
    first.apply(Delta::listed([at("alice", 1)])).await.unwrap();
    assert_eq!(second.snapshot().len(), 1);
}

#[tokio::test]
async fn accounts_never_meet() {
    let database = MemoryDatabase::new();
    let accounts = ["a", "A", "a ", "a/b", "a\0"];
    for (round, name) in accounts.into_iter().enumerate() {
        let store = database.account(&account(name)).await.unwrap();
        assert!(store.snapshot().is_empty(), "{name:?}");
        store.apply(Delta::listed([at(&format!("u{round}"), 1)])).await.unwrap();
        store.put_local(user("alice"), Local::draft(name)).await.unwrap();
    }
    for name in accounts {
        let store = database.account(&account(name)).await.unwrap();
        assert_eq!(store.snapshot().len(), 1);
        assert_eq!(store.snapshot().local(&user("alice")), Some(Local::draft(name)));
    }
}

#[tokio::test]
async fn an_account_that_was_closed_opens_again_with_what_it_held() {
    let database = MemoryDatabase::new();
    let store = database.account(&account("a")).await.unwrap();
    store.apply(Delta::listed([at("alice", 1)])).await.unwrap();
    store.close().await.unwrap();
    let store = database.account(&account("a")).await.unwrap();
    store.apply(Delta::listed([at("bob", 1)])).await.unwrap();
    assert_eq!(store.snapshot().len(), 2);
}

#[tokio::test]
async fn an_account_that_is_forgotten_is_closed_and_begins_anew() {
    let database = MemoryDatabase::new();
    let store = database.account(&account("a")).await.unwrap();
    store.apply(Delta::listed([at("alice", 1)])).await.unwrap();
    store.put_local(user("alice"), Local::draft("hello")).await.unwrap();
    database.forget(&account("a")).await.unwrap();
    database.forget(&account("never seen")).await.unwrap();
    let late = store.apply(Delta::listed([at("bob", 1)])).await;
    assert!(matches!(late, Err(StoreError::Closed)));
    let fresh = database.account(&account("a")).await.unwrap().snapshot();
    assert!(fresh.is_empty() && fresh.local(&user("alice")).is_none());
}

#[tokio::test]
async fn closing_closes_every_store_also_beside_one_that_is_closed_already() {
    let database = MemoryDatabase::new();
    let a = database.account(&account("a")).await.unwrap();
    let b = database.account(&account("b")).await.unwrap();
    a.close().await.unwrap();
    database.close().await.unwrap();
    assert!(matches!(b.apply(Delta::default()).await, Err(StoreError::Closed)));
    assert!(matches!(database.account(&account("b")).await, Err(StoreError::Closed)));
    assert!(matches!(database.close().await, Err(StoreError::Closed)));
}

#[tokio::test]
async fn a_row_that_no_record_could_hold_is_refused_also_where_none_is_made() {
    let mut row = at("alice", 1);
    let text = "x".repeat(conv_store::record::MAX_BODY);
    row.listing.as_mut().unwrap().custom_data = Some(text.into());
    let kept = IndexedStore::open(MemoryEngine::new()).await.unwrap();
    let stored = kept.apply(Delta::listed([row.clone()])).await.unwrap_err();
    let store = MemoryStore::open().await.unwrap();
    let shown = store.apply(Delta::listed([row])).await.unwrap_err();
    assert!(matches!(shown, StoreError::TooLarge { .. }), "{shown:?}");
    assert_eq!(shown.to_string(), stored.to_string());
    assert!(store.snapshot().is_empty());
}
