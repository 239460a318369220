//! Accounts are loaded when they are asked for, and evicted when they are idle.

use std::{sync::Arc, time::Duration};

use conv_api::{
    AccountId, Accounts, Conversations, Coverage, ErrorClass, MemoryDatabase,
    testing::ScriptedSource,
};

use super::{Clouds, Trouble, account, in_memory, on_disk, shown};
use crate::support::id;

fn some(count: usize) -> Vec<AccountId> {
    (0..count).map(|n| account(format!("user_{n}"))).collect()
}

/// Opens accounts with no memory for idle lists.
async fn without_memory(clouds: &Arc<Clouds>) -> (tempfile::TempDir, Accounts) {
    let (folder, database) = on_disk().await;
    (folder, Accounts::builder(database, Arc::clone(clouds)).memory_budget(0).build())
}

#[tokio::test]
async fn opening_twice_gives_the_same_list_also_at_the_same_time() {
    let names = some(2);
    let accounts = in_memory(&Clouds::new(&names, 3));
    let tasks: Vec<_> = (0..20)
        .map(|_| {
            let (accounts, name) = (accounts.clone(), names[0].clone());
            tokio::spawn(async move { accounts.open(&name).await.unwrap() })
        })
        .collect();
    let first = accounts.open(&names[0]).await.unwrap();
    for task in tasks {
        assert!(task.await.unwrap().is_same(&first));
    }
    assert!(!accounts.open(&names[1]).await.unwrap().is_same(&first));
}

#[tokio::test(start_paused = true)]
async fn an_idle_account_is_evicted_and_comes_back_as_a_preview() {
    let names = some(3);
    let clouds = Clouds::new(&names, 25);
    let (_folder, accounts) = without_memory(&clouds).await;
    for name in &names {
        accounts.open(name).await.unwrap().sync().await.unwrap();
    }
    assert_eq!(accounts.evict_idle(), 1, "the others went before");
    assert_eq!((accounts.stats().accounts_open, accounts.stats().loaded_bytes), (0, 0));
    let list = accounts.open(&names[0]).await.unwrap();
    assert_eq!(shown(&list), clouds.truth(&names[0]));
    assert_eq!(list.sync_report().coverage, Coverage::CacheOnly);
}

#[tokio::test(start_paused = true)]
async fn the_least_recently_used_goes_first_until_the_rest_is_within_the_budget() {
    let names = some(5);
    let clouds = Clouds::new(&names, 20);
    let (_folder, database) = on_disk().await;
    let loose = Accounts::builder(Arc::clone(&database), Arc::clone(&clouds)).build();
    for name in &names {
        loose.open(name).await.unwrap().sync().await.unwrap();
    }
    loose.evict_idle();
    let one = loose.open(&names[0]).await.unwrap();
    let budget = loose.stats().loaded_bytes * 7 / 2;
    drop((one, loose));

    let accounts = Accounts::builder(database, clouds).memory_budget(budget).build();
    for name in [0, 1, 2, 0, 3] {
        accounts.open(&names[name]).await.unwrap();
    }
    assert_eq!(accounts.stats().accounts_open, 3, "{:?}", accounts.stats());
    assert!(accounts.stats().loaded_bytes <= budget);
    assert_eq!(accounts.stats().evicted, 1);
    // The second is the one that went: loading it lets another go, loading the others does not.
    for name in [2, 0, 3] {
        accounts.open(&names[name]).await.unwrap();
        assert_eq!(accounts.stats().evicted, 1, "account {name} was there");
    }
    accounts.open(&names[1]).await.unwrap();
    assert_eq!(accounts.stats().evicted, 2);
}

#[tokio::test(start_paused = true)]
async fn an_account_with_a_handle_a_stream_or_a_pass_stays_loaded() {
    let names = some(2);
    let clouds = Clouds::new(&names, 5);
    let (_folder, accounts) = without_memory(&clouds).await;
    let open = |accounts: &Accounts| accounts.stats().accounts_open;

    let handle = accounts.open(&names[0]).await.unwrap();
    assert_eq!((accounts.evict_idle(), open(&accounts)), (0, 1), "a handle");
    let live = handle.subscribe(conv_api::All);
    let (events, another) = (handle.events(), handle.events());
    drop(handle);
    assert_eq!((accounts.evict_idle(), open(&accounts)), (0, 1), "streams");
    drop((live, events));
    assert_eq!((accounts.evict_idle(), open(&accounts)), (0, 1), "one stream");
    drop(another);
    assert_eq!((accounts.evict_idle(), open(&accounts)), (1, 0));

    clouds.trouble(&names[1], Trouble::Gated);
    accounts.open(&names[1]).await.unwrap().request_sync().unwrap();
    assert_eq!((accounts.evict_idle(), open(&accounts)), (0, 1), "a pass");
    clouds.gate.add_permits(100);
    accounts.open(&names[1]).await.unwrap().sync().await.unwrap();
    assert_eq!((accounts.evict_idle(), open(&accounts)), (1, 0));
}

#[tokio::test]
async fn a_draft_whose_writer_went_away_is_whole_or_absent() {
    let names = some(1);
    let (_folder, accounts) = without_memory(&Clouds::new(&names, 1)).await;
    let alice = id("C2Calice");
    for round in 0..50 {
        let list = accounts.open(&names[0]).await.unwrap();
        let draft = format!("draft {round}");
        list.set_draft(&alice, &format!("acknowledged {round}")).await.unwrap();
        {
            // Polled once, so that it is on its way, then dropped.
            let mut writing = std::pin::pin!(list.set_draft(&alice, &draft));
            let _ =
                std::future::poll_fn(|cx| std::task::Poll::Ready(writing.as_mut().poll(cx))).await;
        }
        drop(list);
        assert_eq!(accounts.evict_idle(), 1);
        let list = accounts.open(&names[0]).await.unwrap();
        list.set_data(&alice, &[1]).await.unwrap();
        let held = list.snapshot().local(&alice).unwrap().draft_text().cloned().unwrap();
        assert!([draft, format!("acknowledged {round}")].contains(&held.to_string()), "{held}");
    }
}

#[tokio::test]
async fn a_handle_that_was_closed_makes_room_for_a_new_one() {
    let names = some(1);
    let clouds = Clouds::new(&names, 5);
    let accounts = in_memory(&clouds);
    let closed = accounts.open(&names[0]).await.unwrap();
    closed.set_draft(&id("C2Calice"), "Dear Alice").await.unwrap();
    closed.close().await.unwrap();
    assert_eq!(closed.sync().await.unwrap_err().class(), ErrorClass::Cancelled);
    let list = accounts.open(&names[0]).await.unwrap();
    assert!(!list.is_same(&closed));
    list.sync().await.unwrap();
    assert_eq!(
        list.snapshot().local(&id("C2Calice")).unwrap().draft_text().map(AsRef::as_ref),
        Some("Dear Alice")
    );
    // The old one has nothing to close any more, least of all the new one.
    assert!(closed.close().await.is_err());
    list.sync().await.unwrap();
}

#[tokio::test]
async fn closing_stops_all_and_lets_nothing_in() {
    let names = some(3);
    let clouds = Clouds::new(&names, 5);
    let accounts = in_memory(&clouds);
    clouds.trouble(&names[0], Trouble::Gated);
    let waiting = accounts.open(&names[0]).await.unwrap();
    let caller = tokio::spawn(async move { waiting.sync().await });
    let held = accounts.open(&names[1]).await.unwrap();
    while clouds.calls().is_empty() {
        tokio::task::yield_now().await;
    }
    accounts.close().await.unwrap();
    assert_eq!(caller.await.unwrap().unwrap_err().class(), ErrorClass::Cancelled);
    assert!(held.sync().await.is_err() && accounts.open(&names[2]).await.is_err());
    assert!(accounts.request_sync(&names[2]).is_err() && accounts.close().await.is_err());
}

#[tokio::test]
async fn an_account_that_cannot_be_read_fails_alone() {
    // A closed database plays one that cannot be read.
    let database = Arc::new(MemoryDatabase::new());
    let source = Arc::new(ScriptedSource::with_rows(3));
    let accounts = Accounts::builder(Arc::clone(&database) as _, source).build();
    let list: Conversations = accounts.open(&account("a")).await.unwrap();
    list.wait_until_complete(Duration::from_secs(60)).await.unwrap();
    conv_api::ConversationDatabase::close(&*database).await.unwrap();
    assert_eq!(accounts.open(&account("b")).await.unwrap_err().class(), ErrorClass::Cancelled);
    assert_eq!(accounts.stats().accounts_open, 1);
}
