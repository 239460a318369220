//! Passes in the background, spread over a time.

use std::{sync::Arc, time::Duration};

use conv_api::{AccountId, Accounts, ErrorClass};

use super::{Clouds, Trouble, account, in_memory, on_disk, shown};

fn some(count: usize) -> Vec<AccountId> {
    (0..count).map(|n| account(format!("user_{n}"))).collect()
}

#[tokio::test(start_paused = true)]
async fn a_refresh_is_spread_over_its_time_and_tells_what_became_of_each() {
    let names = some(60);
    let clouds = Clouds::new(&names, 5);
    clouds.trouble(&names[7], Trouble::Refused);
    let accounts = in_memory(&clouds);
    let hour = Duration::from_secs(3600);
    let refresh = tokio::spawn({
        let (accounts, names) = (accounts.clone(), names.clone());
        async move { accounts.refresh_all(names, hour).await }
    });
    for minute in 1..=60_u32 {
        tokio::time::sleep(Duration::from_secs(60)).await;
        let begun = clouds.calls().len();
        let minute = usize::try_from(minute).unwrap();
        assert!((minute - 1..=minute + 1).contains(&begun), "{begun} after {minute} minutes");
    }
    let refreshed = refresh.await.unwrap().unwrap();
    assert_eq!((refreshed.finished, refreshed.left_out), (59, 0));
    let failed: Vec<_> = refreshed.failed.iter().map(|(name, e)| (name, e.class())).collect();
    assert_eq!(failed, [(&names[7], ErrorClass::Auth)]);
}

#[tokio::test(start_paused = true)]
async fn a_refresh_of_many_keeps_few_of_them_loaded() {
    let names = some(200);
    let clouds = Clouds::new(&names, 15);
    let (_folder, database) = on_disk().await;
    let builder = Accounts::builder(database, Arc::clone(&clouds));
    let accounts = builder.concurrent_passes(4).memory_budget(0).build();
    let refresh = tokio::spawn({
        let (accounts, names) = (accounts.clone(), names.clone());
        async move { accounts.refresh_all(names, Duration::ZERO).await }
    });
    let mut most = 0;
    while !refresh.is_finished() {
        most = most.max(accounts.stats().accounts_open);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(refresh.await.unwrap().unwrap().finished, 200);
    assert!((1..=4 + 8).contains(&most), "{most} were loaded");
    accounts.evict_idle();
    for name in &names {
        assert_eq!(shown(&accounts.open(name).await.unwrap()), clouds.truth(name));
    }
}

#[tokio::test(start_paused = true)]
async fn marks_of_an_account_that_waits_are_one() {
    let names = some(2);
    let clouds = Clouds::new(&names, 5);
    let (_folder, database) = on_disk().await;
    let builder = Accounts::builder(database, Arc::clone(&clouds)).concurrent_passes(1);
    let accounts = builder.build();
    clouds.trouble(&names[0], Trouble::Gated);
    accounts.request_sync(&names[0]).unwrap();
    while clouds.calls().is_empty() {
        tokio::task::yield_now().await;
    }
    (0..10).for_each(|_| accounts.request_sync(&names[1]).unwrap());
    clouds.gate.add_permits(100);
    while accounts.stats().passes_finished < 2 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(clouds.calls().iter().filter(|name| **name == names[1]).count(), 1);
    // And one more mark is one more pass.
    accounts.request_sync(&names[1]).unwrap();
    while accounts.stats().passes_finished < 3 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(clouds.calls().iter().filter(|name| **name == names[1]).count(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_refresh_leaves_out_those_whose_turn_has_not_come() {
    let names = some(10);
    let clouds = Clouds::new(&names, 5);
    let accounts = in_memory(&clouds);
    let minute = Duration::from_secs(60);
    let refresh = accounts.refresh_all(names.clone(), 10 * minute);
    assert!(tokio::time::timeout(5 * minute, refresh).await.is_err());
    let begun = clouds.calls().len();
    assert!((4..=6).contains(&begun), "{begun}");
    tokio::time::sleep(10 * minute).await;
    assert_eq!(clouds.calls().len(), begun);
    let refreshed = accounts.refresh_all(names, Duration::ZERO).await.unwrap();
    assert_eq!((refreshed.finished, refreshed.left_out), (10, 0));
}
