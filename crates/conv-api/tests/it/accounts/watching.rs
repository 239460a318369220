//! Watched accounts are kept fresh, and no other account is pulled.

mod cloud;
mod marks;
mod processes;
mod rows;
mod suggestions;

use std::{sync::Arc, time::Duration};

use conv_api::{AccountId, Accounts, AccountsBuilder, MemoryDatabase, Watch, WatchLevel, Work};

use super::{Clouds, Trouble, account, shown};

fn names(count: usize) -> Vec<AccountId> {
    (0..count).map(|n| account(format!("user_{n:05}"))).collect()
}

fn builder(clouds: &Arc<Clouds>) -> AccountsBuilder {
    Accounts::builder(Arc::new(MemoryDatabase::new()), Arc::clone(clouds))
}

async fn watch_all(accounts: &Accounts, names: &[AccountId], level: WatchLevel) -> Vec<Watch> {
    let mut watches = Vec::new();
    for name in names {
        watches.push(accounts.watch(name, level).await.unwrap());
    }
    watches
}

/// Waits until each list has seen a pass that begins from now on.
async fn fresh(watches: &[Watch]) {
    let marks: Vec<_> = watches.iter().map(|watch| watch.refresh().unwrap()).collect();
    for (watch, mark) in watches.iter().zip(marks) {
        watch.reached(mark).await.unwrap();
    }
}

async fn pass_time(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}

#[tokio::test(start_paused = true)]
async fn of_ten_thousand_accounts_only_those_watched_are_pulled() {
    let names = names(10_000);
    let clouds = Clouds::new(&names, 3);
    let accounts = builder(&clouds).build();
    let watched = &names[..100];
    let watches = watch_all(&accounts, watched, WatchLevel::Visible).await;
    fresh(&watches).await;
    for round in 0..5 {
        for (n, name) in names.iter().enumerate() {
            clouds.touch(name, 0, 100 * (round + 1) + n as u64 % 7);
            assert_eq!(accounts.mark(name, Work::Listing), n < 100);
        }
        pass_time(10).await;
        assert!(watches.iter().all(|it| shown(it.list()) == clouds.truth(it.list().account())));
    }
    let calls = clouds.calls();
    assert!(calls.iter().all(|name| watched.contains(name)));
    // The first look, and the five rounds.
    assert!(calls.len() <= 100 * 2 * 2 * 6, "{}", calls.len());
    let stats = accounts.stats();
    assert_eq!((stats.watch.watched, stats.watch.visible, stats.accounts_open), (100, 100, 100));
    assert_eq!(stats.watch.marks_ignored, 5 * 9_900);
    assert_eq!(stats.watch.indexed_rows, 300);
    assert!(stats.quota_wait.count >= 500);

    drop(watches);
    let before = clouds.calls().len();
    assert!(names.iter().all(|name| !accounts.mark(name, Work::Listing)));
    pass_time(3_600).await;
    assert_eq!(clouds.calls().len(), before);
    assert_eq!(accounts.stats().watch.watched, 0);
    assert_eq!(accounts.stats().watch.indexed_rows, 0);
}

#[tokio::test(start_paused = true)]
async fn a_storm_stays_within_the_budget_and_all_lists_come_through() {
    let names = names(300);
    let clouds = Clouds::new(&names, 2);
    let rate = std::num::NonZeroU32::new(40).unwrap();
    let accounts = builder(&clouds).listing_budget(rate).build();
    let watches = watch_all(&accounts, &names[..200], WatchLevel::Background).await;
    fresh(&watches).await;
    let (begun, before) = (tokio::time::Instant::now(), clouds.calls().len());
    for _ in 0..100 {
        for name in &names {
            accounts.mark(name, Work::Listing);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        let (time, calls) = (begun.elapsed().as_secs_f64(), clouds.calls().len() - before);
        assert!(calls as f64 <= time * 40.0 + 3.0, "{calls} in {time}");
    }
    let calls = clouds.calls().len() - before;
    assert!(calls >= 300, "the budget is used: {calls}");
    for name in &names[..200] {
        clouds.touch(name, 1, 500);
        accounts.mark(name, Work::Listing);
    }
    pass_time(30).await;
    assert!(watches.iter().all(|it| shown(it.list()) == clouds.truth(it.list().account())));
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_waits_is_not_bound_by_the_budget() {
    let names = names(50);
    let clouds = Clouds::new(&names, 2);
    let accounts = builder(&clouds).listing_budget(std::num::NonZeroU32::MIN).build();
    let _watches = watch_all(&accounts, &names[..49], WatchLevel::Visible).await;
    pass_time(5).await;
    let list = accounts.open(&names[49]).await.unwrap();
    let begun = tokio::time::Instant::now();
    list.sync().await.unwrap();
    // It waits for the end of a pass in its way, which takes a few calls.
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_visible_account_goes_before_those_in_the_background() {
    let names = names(101);
    let clouds = Clouds::new(&names, 2);
    let accounts = builder(&clouds).concurrent_passes(1).build();
    let background = watch_all(&accounts, &names[..100], WatchLevel::Background).await;
    tokio::task::yield_now().await;
    let visible = accounts.watch(&names[100], WatchLevel::Visible).await.unwrap();
    // One that comes into view leaves its line.
    background[99].set_level(WatchLevel::Visible);
    visible.reached(visible.refresh().unwrap()).await.unwrap();
    let calls = clouds.calls();
    let at = |name: &AccountId| calls.iter().position(|call| call == name);
    assert!(at(&names[100]).is_some_and(|at| at < 20), "{:?}", at(&names[100]));
    pass_time(1).await;
    let at = clouds.calls().iter().position(|call| *call == names[99]);
    assert!(at.is_some_and(|at| at < 30), "{at:?}");
    assert_eq!(accounts.stats().watch.visible, 2);
}

#[tokio::test(start_paused = true)]
async fn a_watched_account_stays_loaded() {
    let names = names(3);
    let clouds = Clouds::new(&names, 2);
    let accounts = builder(&clouds).memory_budget(0).build();
    let first = accounts.watch(&names[0], WatchLevel::Background).await.unwrap();
    let second = accounts.watch(&names[0], WatchLevel::Background).await.unwrap();
    accounts.watch(&names[1], WatchLevel::Background).await.map(drop).unwrap();
    fresh(&[second]).await;
    pass_time(60).await;
    accounts.evict_idle();
    assert_eq!((accounts.stats().accounts_open, accounts.stats().watch.watched), (1, 1));
    drop(first);
    pass_time(60).await;
    accounts.evict_idle();
    assert_eq!((accounts.stats().accounts_open, accounts.stats().watch.watched), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_lost_hint_costs_time_alone() {
    let names = names(1);
    let clouds = Clouds::new(&names, 2);
    let accounts = builder(&clouds).build();
    let watch = accounts.watch(&names[0], WatchLevel::Background).await.unwrap();
    fresh(std::slice::from_ref(&watch)).await;
    clouds.touch(&names[0], 1, 500);
    pass_time(61).await;
    assert_eq!(shown(watch.list()), clouds.truth(&names[0]));
    assert!(accounts.stats().watch.passes_for_safety > 0);
}

#[tokio::test(start_paused = true)]
async fn a_closed_account_is_watched_again_by_the_next_call() {
    let names = names(1);
    let clouds = Clouds::new(&names, 2);
    let accounts = builder(&clouds).build();
    let old = accounts.watch(&names[0], WatchLevel::Visible).await.unwrap();
    fresh(std::slice::from_ref(&old)).await;
    let mark = old.refresh().unwrap();
    old.list().close().await.unwrap();
    assert!(old.reached(mark).await.is_err());
    let before = clouds.calls().len();
    accounts.mark(&names[0], Work::Listing);
    pass_time(600).await;
    assert_eq!(clouds.calls().len(), before);
    let new = accounts.watch(&names[0], WatchLevel::Visible).await.unwrap();
    fresh(std::slice::from_ref(&new)).await;
    drop(old);
    clouds.touch(&names[0], 1, 500);
    assert!(accounts.mark(&names[0], Work::Listing));
    pass_time(5).await;
    assert_eq!(shown(new.list()), clouds.truth(&names[0]));
    accounts.forget(&names[0]).await.unwrap();
    assert!(new.refresh().is_err() || new.reached(new.refresh().unwrap()).await.is_err());
    accounts.close().await.unwrap();
    assert!(!accounts.mark(&names[0], Work::Listing));
}

#[tokio::test(start_paused = true)]
async fn in_an_outage_marks_do_not_end_the_pauses() {
    let names = names(1);
    let clouds = Clouds::new(&names, 2);
    let accounts = builder(&clouds).build();
    let watch = accounts.watch(&names[0], WatchLevel::Visible).await.unwrap();
    fresh(std::slice::from_ref(&watch)).await;
    clouds.trouble(&names[0], Trouble::Lost);
    assert!(watch.reached(watch.refresh().unwrap()).await.is_err());
    let before = clouds.calls().len();
    for _ in 0..600 {
        accounts.mark(&names[0], Work::Listing);
        pass_time(1).await;
    }
    let calls = clouds.calls().len() - before;
    assert!(calls < 60, "{calls}");
    clouds.trouble(&names[0], Trouble::None);
    clouds.touch(&names[0], 1, 500);
    watch.reached(watch.refresh().unwrap()).await.ok();
    pass_time(600).await;
    assert_eq!(shown(watch.list()), clouds.truth(&names[0]));
}
