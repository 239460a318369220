//! Two databases on one cluster, as two processes.

use std::sync::Arc;

use conv_model::{AccountId, All, Delta, Local};
use conv_store::{ConversationDatabase, ConversationStore, StoreError};

use crate::support::{On, account, at, begin, by_news, finish, page, until, user};

type Store = Arc<dyn ConversationStore>;

/// Two stores of an account; `None` without servers.
async fn two(on: On) -> Option<(Store, Store)> {
    let account = account();
    Some((one(on, &account).await?, one(on, &account).await?))
}

async fn one(on: On, account: &AccountId) -> Option<Store> {
    let database = on.database(by_news()).await?;
    Some(database.account(account).await.unwrap())
}

#[tokio::test]
async fn a_change_of_one_process_shows_in_the_other() {
    for on in [On::Single, On::Cluster] {
        let Some((a, b)) = two(on).await else { return };
        for round in 0..20 {
            let (writer, reader) = if round % 2 == 0 { (&a, &b) } else { (&b, &a) };
            let name = format!("u{round}");
            writer.apply(Delta::listed([at(&name, round)])).await.unwrap();
            until(&**reader, |snapshot| snapshot.get(&user(&name)).is_some()).await;
        }
        a.put_local(user("u1"), Local::draft("hello")).await.unwrap();
        let there = until(&*b, |snapshot| snapshot.local(&user("u1")).is_some()).await;
        assert_eq!(there.get(&user("u1")).unwrap().local, Local::draft("hello"));
        b.apply(Delta::removed([user("u1")])).await.unwrap();
        until(&*a, |snapshot| snapshot.get(&user("u1")).is_none()).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn contended_changes_are_all_there() {
    let Some((a, b)) = two(On::Cluster).await else { return };
    let writer = |store: Store, name: &'static str| {
        tokio::spawn(async move {
            for round in 0..100 {
                let rows = [at(&format!("{name}{round}"), round), at("both", round)];
                while let Err(error) = store.apply(Delta::listed(rows.clone())).await {
                    assert!(matches!(error, StoreError::Conflict), "{error:?}");
                }
            }
        })
    };
    let (first, second) = tokio::join!(writer(a.clone(), "a"), writer(b.clone(), "b"));
    first.unwrap();
    second.unwrap();
    for store in [&a, &b] {
        until(&**store, |snapshot| snapshot.len() == 201).await;
    }
    assert!(a.snapshot().list(&All.into()) == b.snapshot().list(&All.into()));
}

#[tokio::test]
async fn a_pass_of_one_process_is_superseded_by_that_of_another() {
    let Some((a, b)) = two(On::Cluster).await else { return };
    a.apply(begin(1)).await.unwrap();
    b.apply(begin(2)).await.unwrap();
    let late = a.apply(page(1, [at("alice", 1)])).await;
    assert!(matches!(late, Err(StoreError::Superseded(_))), "{late:?}");
    assert!(matches!(a.apply(begin(2)).await, Err(StoreError::Superseded(_))));
    b.apply(page(2, [at("bob", 1)])).await.unwrap();
    b.apply(finish(2)).await.unwrap();
    let there = until(&*a, |snapshot| snapshot.report().is_sync_completed()).await;
    assert!(there.get(&user("alice")).is_none() && there.get(&user("bob")).is_some());
}

#[tokio::test]
async fn of_two_processes_that_begin_at_once_one_is_superseded() {
    let Some((a, b)) = two(On::Cluster).await else { return };
    for pass in 1..30 {
        let (first, second) = tokio::join!(a.apply(begin(pass)), b.apply(begin(pass)));
        assert!(first.is_ok() != second.is_ok(), "{first:?} {second:?}");
    }
}
