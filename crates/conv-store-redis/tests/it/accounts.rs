//! Accounts on one server: kept apart, wiped, expired.

use std::{collections::BTreeSet, time::Duration};

use conv_model::{AccountId, Delta, Local};
use conv_store::{ConversationDatabase, ConversationStore, Engine, StoreError};
use conv_store_redis::RedisDatabase;

use crate::support::{
    CLUSTER, On, SINGLE, account, at, begin, by_news, fault, page, records, until, user,
};

#[tokio::test]
async fn no_account_is_readable_through_anothers_handle() {
    let Some(database) = On::Cluster.database(RedisDatabase::options()).await else { return };
    let names =
        ["a", "A", "a ", "{a}", "{", "}", "a}:rows", "{a}:rows", "%7B", "*", "a:local", "ä"];
    let base = account();
    let accounts: Vec<AccountId> =
        names.iter().map(|name| format!("{name}{base}").parse().unwrap()).collect();
    for (at_time, account) in accounts.iter().enumerate() {
        let store = database.account(account).await.unwrap();
        store.apply(Delta::listed([at("alice", at_time as u64)])).await.unwrap();
        store.put_local(user("alice"), Local::draft(account.as_str())).await.unwrap();
    }
    let other = On::Cluster.database(RedisDatabase::options()).await.unwrap();
    for (at_time, account) in accounts.iter().enumerate() {
        let row = other.account(account).await.unwrap().snapshot().get(&user("alice")).unwrap();
        assert_eq!(row.local, Local::draft(account.as_str()));
        assert_eq!(row.listing.time.unwrap().as_secs(), 1_700_000_000 + at_time as u64);
    }
}

#[tokio::test]
async fn keys_that_hold_another_account_are_refused() {
    let Some(database) = On::Single.database(RedisDatabase::options()).await else { return };
    let node = SINGLE.as_ref().unwrap();
    let account: AccountId = "taken".parse().unwrap();
    node.call::<()>(&["HSET", "conv:{taken}:rows", "name", "somebody else", "schema", "1"])
        .unwrap();
    let refused = database.account(&account).await.unwrap_err();
    assert!(matches!(refused, StoreError::Corrupt { .. }), "{refused:?}");
}

#[tokio::test]
async fn a_newer_layout_is_refused_and_left_as_it_is() {
    let Some(database) = On::Single.database(RedisDatabase::options()).await else { return };
    let node = SINGLE.as_ref().unwrap();
    let account: AccountId = "newer".parse().unwrap();
    let hash = "conv:{newer}:rows";
    node.call::<()>(&["HSET", hash, "name", "newer", "schema", "3", "head", "1 x:1"]).unwrap();
    let before: Vec<String> = node.call(&["HGETALL", hash]).unwrap();
    let refused = database.account(&account).await.unwrap_err();
    assert!(matches!(refused, StoreError::NewerSchema { found: 3, known: 2 }), "{refused:?}");
    assert_eq!(node.call::<Vec<String>>(&["HGETALL", hash]).unwrap(), before);
}

#[tokio::test]
async fn the_older_layout_is_read_and_becomes_the_newer_one_with_the_first_write() {
    let Some(database) = On::Single.database(RedisDatabase::options()).await else { return };
    let node = SINGLE.as_ref().unwrap();
    let account: AccountId = "older".parse().unwrap();
    let hash = "conv:{older}:rows";
    let (reader, store) = (database.engine(&account), database.account(&account).await.unwrap());
    store.apply(Delta::listed([at("alice", 1)])).await.unwrap();
    store.close().await.unwrap();
    // As the older version would have written it.
    let older = ["HSET", hash, "schema", "1", "head", "17 a1:4 b2:9"];
    node.call::<()>(&older).unwrap();
    node.call::<()>(&["DEL", "conv:{older}:writers"]).unwrap();
    let loaded = reader.load().await.unwrap();
    assert_eq!((loaded.seq.as_u64(), records(&loaded), loaded.lost), (17, 1, false));
    // It goes on as such until a process writes that knows the newer one.
    node.call::<()>(&["HSET", hash, "head", "18 b2:9 a1:5"]).unwrap();
    assert!(!reader.load().await.unwrap().lost);
    let store = database.account(&account).await.unwrap();
    store.apply(Delta::listed([at("bob", 1)])).await.unwrap();
    assert_eq!(node.call::<String>(&["HGET", hash, "schema"]).unwrap(), "2");
    for _ in 0..2 {
        let loaded = reader.load().await.unwrap();
        assert_eq!((loaded.seq.as_u64(), records(&loaded), loaded.lost), (19, 2, false));
    }
    node.call::<()>(&["HSET", hash, "head", "18 b2:9 a1:5"]).unwrap();
    assert!(reader.load().await.unwrap().lost);
}

#[tokio::test]
async fn asking_twice_gives_the_same_store_and_after_closing_another() {
    let Some(database) = On::Single.database(RedisDatabase::options()).await else { return };
    let account = account();
    let (a, b) =
        (database.account(&account).await.unwrap(), database.account(&account).await.unwrap());
    assert!(std::sync::Arc::ptr_eq(&a, &b));
    a.apply(Delta::listed([at("alice", 1)])).await.unwrap();
    a.close().await.unwrap();
    assert_eq!(database.account(&account).await.unwrap().snapshot().len(), 1);
    database.close().await.unwrap();
    assert!(matches!(database.account(&account).await, Err(StoreError::Closed)));
}

#[tokio::test]
async fn an_account_that_is_forgotten_is_gone_for_all() {
    let Some(here) = On::Cluster.database(RedisDatabase::options()).await else { return };
    let options = RedisDatabase::options().check_every(Duration::from_millis(50));
    let there = On::Cluster.database(options).await.unwrap();
    let account = account();
    let store = here.account(&account).await.unwrap();
    store.apply(Delta::listed([at("alice", 1)])).await.unwrap();
    store.put_local(user("alice"), Local::draft("hello")).await.unwrap();
    let other = there.account(&account).await.unwrap();
    assert_eq!(other.snapshot().len(), 1);
    here.forget(&account).await.unwrap();
    assert!(matches!(store.apply(Delta::listed([at("bob", 1)])).await, Err(StoreError::Closed)));
    let after = until(&*other, conv_store::Snapshot::is_empty).await;
    assert_eq!(after.local(&user("alice")), None);
    let keys: u64 = {
        let tag = "conv:{user%20%7B";
        let nodes = CLUSTER.as_ref().unwrap();
        let name = format!(
            "{tag}{}%7D}}:rows",
            account.as_str().trim_matches(|c: char| !c.is_ascii_digit())
        );
        nodes.nodes[nodes.master_of(&name).unwrap()].call(&["EXISTS", &name]).unwrap()
    };
    assert_eq!(keys, 0);
}

#[tokio::test]
async fn a_process_that_is_still_writing_learns_at_once_that_an_account_was_forgotten() {
    for on in [On::Single, On::Cluster] {
        let Some(here) = on.database(by_news()).await else { return };
        let there = on.database(by_news()).await.unwrap();
        let (busy, idle) = (there.clone(), on.database(by_news()).await.unwrap());
        let account = account();
        let busy = busy.account(&account).await.unwrap();
        let idle = idle.account(&account).await.unwrap();
        busy.apply(begin(1)).await.unwrap();
        busy.apply(page(1, [at("alice", 1)])).await.unwrap();
        busy.put_local(user("alice"), Local::draft("hello")).await.unwrap();
        // Once it hears, and not because it only began to.
        for round in 0..5 {
            busy.apply(page(1, [at(&format!("u{round}"), 1)])).await.unwrap();
            until(&*idle, |snapshot| snapshot.len() == 2 + round).await;
        }
        here.forget(&account).await.unwrap();
        let late = busy.apply(page(1, [at("bob", 1)])).await;
        assert!(matches!(late, Err(StoreError::Superseded(_))), "{late:?}");
        // Nothing is looked at but what news say.
        for store in [&busy, &idle] {
            let after = until(&**store, conv_store::Snapshot::is_empty).await;
            assert_eq!(after.local(&user("alice")), None);
            assert!(!after.report().is_sync_completed());
        }
        assert_eq!(here.engine(&account).load().await.unwrap().records, []);
        // Only writes from here on remain.
        busy.apply(Delta::listed([at("carol", 1)])).await.unwrap();
        let after = until(&*idle, |snapshot| snapshot.get(&user("carol")).is_some()).await;
        assert_eq!(after.len(), 1);
    }
}

#[tokio::test]
async fn the_keys_of_an_account_expire_together_after_its_last_write() {
    let options = RedisDatabase::options().expire_after(Duration::from_secs(100));
    let Some(database) = On::Single.database(options).await else { return };
    let node = SINGLE.as_ref().unwrap();
    let account: AccountId = "expiring".parse().unwrap();
    let store = database.account(&account).await.unwrap();
    store.put_local(user("alice"), Local::draft("hello")).await.unwrap();
    node.call::<()>(&["PEXPIRE", "conv:{expiring}:local", "1000"]).unwrap();
    store.apply(Delta::listed([at("alice", 1)])).await.unwrap();
    let times = ["rows", "local", "writers"].map(|name| {
        node.call::<u64>(&["PEXPIRETIME", &format!("conv:{{expiring}}:{name}")]).unwrap()
    });
    let left: u64 = node.call(&["PTTL", "conv:{expiring}:rows"]).unwrap();
    assert!(
        times.iter().all(|time| *time == times[0]) && left > 50_000 && left <= 100_000,
        "{times:?} {left}"
    );
}

#[tokio::test]
async fn an_account_that_is_kept_for_longer_than_a_server_can_count_is_kept() {
    for days in [365 * 400, u64::MAX / (24 * 3600)] {
        let options = RedisDatabase::options().expire_after(Duration::from_secs(days * 24 * 3600));
        let Some(database) = On::Single.database(options).await else { return };
        let store = database.account(&account()).await.unwrap();
        store.apply(Delta::listed([at("alice", 1)])).await.unwrap();
    }
}

#[tokio::test]
async fn an_engine_of_ones_own_shares_the_account() {
    let Some(database) = On::Single.database(RedisDatabase::options()).await else { return };
    let account = account();
    let store = database.account(&account).await.unwrap();
    store.apply(Delta::listed([at("alice", 1)])).await.unwrap();
    assert_eq!(records(&database.engine(&account).load().await.unwrap()), 1);
}

#[tokio::test]
async fn a_prefix_keeps_apps_apart() {
    let (one, two) =
        (RedisDatabase::options().prefix("one"), RedisDatabase::options().prefix("two"));
    let (Some(one), Some(two)) = (On::Single.database(one).await, On::Single.database(two).await)
    else {
        return;
    };
    let account = account();
    one.account(&account).await.unwrap().apply(Delta::listed([at("alice", 1)])).await.unwrap();
    assert!(two.account(&account).await.unwrap().snapshot().is_empty());
    let urls = On::Single.urls();
    let refused = RedisDatabase::options().prefix("a{b}").open(&urls).await.unwrap_err();
    assert!(fault(&refused).to_string().contains("braces"));
}

#[tokio::test]
async fn all_accounts_that_are_stored_are_listed_and_no_others() {
    for on in [On::Single, On::Cluster] {
        // As a pattern it would match the other one.
        let (mine, other) = (
            RedisDatabase::options().prefix("list*[a]"),
            RedisDatabase::options().prefix("list one a"),
        );
        let (Some(mine), Some(other)) = (on.database(mine).await, on.database(other).await) else {
            return;
        };
        let accounts: BTreeSet<AccountId> =
            (0..40).map(|number| format!("{{ä {number}}}").parse().unwrap()).collect();
        for account in &accounts {
            let store = mine.account(account).await.unwrap();
            store.put_local(user("alice"), Local::draft("hello")).await.unwrap();
        }
        let store = other.account(&account()).await.unwrap();
        store.apply(Delta::listed([at("alice", 1)])).await.unwrap();
        let (mut listed, mut pages) = (BTreeSet::new(), mine.accounts());
        while let Some(page) = pages.next_page().await.unwrap() {
            listed.extend(page);
        }
        assert_eq!(listed, accounts);
        assert!(pages.next_page().await.unwrap().is_none());
    }
}
