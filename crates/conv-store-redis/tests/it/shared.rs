//! Two databases on one cluster, as two processes.

use std::sync::Arc;

use conv_model::{AccountId, All, Delta, Local, Mutation, OutboxChange, Progress};
use conv_store::{ConversationDatabase, ConversationStore, Engine, Record, StoreError, Write};

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

#[tokio::test]
async fn a_process_behind_by_writes_that_cancel_out_writes_and_nothing_is_lost() {
    for on in [On::Single, On::Cluster] {
        let account = account();
        let databases = [on.database(by_news()).await, on.database(by_news()).await];
        let [Some(here), Some(there)] = databases else { return };
        let a = here.account(&account).await.unwrap();
        let b = there.account(&account).await.unwrap();
        a.apply(Delta::listed([at("alice", 1)])).await.unwrap();
        until(&*b, |snapshot| snapshot.len() == 1).await;
        for round in 0..4 {
            // There and back again in one go, so that others see neither.
            let engine = there.engine(&account);
            let loaded = engine.load().await.unwrap();
            let (before, between) = (loaded.seq, loaded.seq.next());
            let mut writes = [Write::new(before, between), Write::new(between, between.next())];
            let mut other = loaded.records.clone();
            for (record, bytes) in &mut other {
                if let Record::Row(_) = record {
                    *bytes = Arc::clone(&loaded.records[0].1);
                }
            }
            (writes[0].put, writes[1].put) = (other, loaded.records);
            engine.commit(&writes).await.unwrap();
            let name = format!("u{round}");
            a.apply(Delta::listed([at(&name, round)])).await.unwrap();
            until(&*b, |snapshot| snapshot.get(&user(&name)).is_some()).await;
            b.apply(Delta::listed([at("alice", round + 2)])).await.unwrap();
            until(&*a, |snapshot| {
                let row = snapshot.get(&user("alice")).unwrap();
                row.listing.time.unwrap().as_secs() == 1_700_000_000 + round + 2
            })
            .await;
            assert_eq!([a.snapshot().len(), b.snapshot().len()], [2 + round as usize; 2]);
        }
        assert_eq!([here.stats().lost, there.stats().lost], [0, 0]);
    }
}

#[tokio::test]
async fn a_mutation_of_one_process_shows_in_the_other_and_ends_by_its_number() {
    for on in [On::Single, On::Cluster] {
        let Some((a, b)) = two(on).await else { return };
        a.apply(Delta::listed([at("alice", 1)])).await.unwrap();
        let custom = |text: &str| {
            let custom_data = text.into();
            OutboxChange::enqueue([Mutation::CustomData { id: user("alice"), custom_data }])
        };
        let first = a.mutate(custom("one")).await.unwrap().numbers[0].unwrap();
        a.mutate(OutboxChange::progress(first, Progress::Sending)).await.unwrap();
        until(&*b, |snapshot| snapshot.outbox().get(first).is_some()).await;
        let second = b.mutate(custom("two")).await.unwrap().numbers[0].unwrap();
        assert!(second > first);
        for step in [Progress::Acknowledged, Progress::SettledUnseen] {
            a.mutate(OutboxChange::progress(first, step)).await.unwrap();
        }
        let is_ended = |snapshot: &conv_store::Snapshot| {
            snapshot.outbox().get(first).is_none() && snapshot.outbox().get(second).is_some()
        };
        let there = until(&*b, is_ended).await;
        assert_eq!(&*there.get(&user("alice")).unwrap().listing.custom_data, "two");
        assert_eq!(&*there.base(&user("alice")).unwrap().listing.custom_data, "one");
    }
}
