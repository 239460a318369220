//! Listings of the accounts that a database holds.

use std::collections::BTreeSet;

use conv_model::{AccountId, Local};
use conv_store::{
    ConversationDatabase, Durability, MemoryDatabase, RedbDatabase, SledDatabase, StoreError,
    StoredAccounts,
};
use tempfile::TempDir;

use crate::sled_support::{account, listed, user};

/// Reads a listing to its end.
async fn all(mut accounts: StoredAccounts) -> BTreeSet<AccountId> {
    let mut all = BTreeSet::new();
    while let Some(page) = accounts.next_page().await.unwrap() {
        assert!(page.len() <= 1000);
        for account in page {
            assert!(all.insert(account.clone()), "{account} is listed twice");
        }
    }
    assert_eq!(accounts.next_page().await.unwrap(), None);
    all
}

fn named(names: impl IntoIterator<Item = &'static str>) -> BTreeSet<AccountId> {
    names.into_iter().map(account).collect()
}

/// Writes accounts with rows, with a draft, with both, and opens one without a write.
async fn fill(database: &dyn ConversationDatabase) {
    for name in ["rows", "rows/too", "both"] {
        let store = database.account(&account(name)).await.unwrap();
        store.apply(listed(1, ["alice"])).await.unwrap();
    }
    for name in ["both", "draft"] {
        let store = database.account(&account(name)).await.unwrap();
        store.put_local(user("alice"), Local::draft("Dear Alice")).await.unwrap();
    }
    database.account(&account("nothing")).await.unwrap();
}

#[tokio::test]
async fn written_accounts_are_listed_until_they_are_forgotten() {
    let (sled, redb) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    for round in 0..2 {
        let sled = SledDatabase::open(sled.path()).await.unwrap();
        let redb = RedbDatabase::open(redb.path()).await.unwrap();
        let memory = MemoryDatabase::new();
        let databases: [(&dyn ConversationDatabase, &dyn Fn() -> StoredAccounts); 3] = [
            (&sled, &|| sled.accounts()),
            (&redb, &|| redb.accounts()),
            (&memory, &|| memory.accounts()),
        ];
        for (database, accounts) in databases {
            fill(database).await;
            assert_eq!(all(accounts()).await, named(["rows", "rows/too", "both", "draft"]));
            database.forget(&account("rows")).await.unwrap();
            assert_eq!(all(accounts()).await, named(["rows/too", "both", "draft"]), "{round}");
            let mut late = accounts();
            database.close().await.unwrap();
            assert!(matches!(late.next_page().await, Err(StoreError::Closed)));
        }
    }
}

#[tokio::test]
async fn many_accounts_come_in_pages() {
    let folder = TempDir::new().unwrap();
    let options = SledDatabase::options().durability(Durability::WriteBehind);
    let database = options.open(folder.path()).await.unwrap();
    let mut expected = BTreeSet::new();
    for number in 0..1100 {
        let account = account(&format!("user_{number}"));
        let store = database.account(&account).await.unwrap();
        store.apply(listed(1, ["alice"])).await.unwrap();
        expected.insert(account);
    }
    assert_eq!(all(database.accounts()).await, expected);
    database.close().await.unwrap();
}
