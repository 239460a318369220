//! Passes of all accounts share a few places: they run in the order of asking, and an account in
//! trouble delays no other.

use std::{future::poll_fn, pin::pin, sync::Arc, task::Poll, time::Duration};

use conv_api::{AccountId, Accounts, Error, ErrorClass, MemoryDatabase, SyncReport};
use tokio::task::JoinHandle;

use super::{Clouds, Trouble, account, shown};

fn named(what: &str, count: usize) -> Vec<AccountId> {
    (0..count).map(|n| account(format!("{what}{n}"))).collect()
}

fn over(clouds: &Arc<Clouds>, passes: usize) -> Accounts {
    let database = Arc::new(MemoryDatabase::new());
    Accounts::builder(database, Arc::clone(clouds)).concurrent_passes(passes).build()
}

fn sync(accounts: &Accounts, name: &AccountId) -> JoinHandle<Result<SyncReport, Error>> {
    let (accounts, name) = (accounts.clone(), name.clone());
    tokio::spawn(async move { accounts.open(&name).await?.sync().await })
}

/// Until so many passes run and so many wait. Opening an account takes a moment of real time.
async fn until(accounts: &Accounts, running: usize, waiting: usize) {
    let counts = |it: conv_api::Stats| (it.passes_running, it.passes_waiting);
    while counts(accounts.stats()) != (running, waiting) {
        tokio::task::yield_now().await;
    }
}

/// Accounts in the order in which their passes began.
fn order(clouds: &Clouds) -> Vec<String> {
    let mut order: Vec<String> = Vec::new();
    for account in clouds.calls() {
        if !order.iter().any(|name| name == account.as_str()) {
            order.push(account.to_string());
        }
    }
    order
}

#[tokio::test(start_paused = true)]
async fn a_user_who_waits_goes_before_a_hundred_refreshes() {
    let (busy, users) = (named("busy", 2), named("user", 2));
    let refreshed = named("background", 100);
    let names = [busy.clone(), users.clone(), refreshed.clone()].concat();
    let clouds = Clouds::new(&names, 5);
    let accounts = over(&clouds, 2);
    busy.iter().for_each(|name| clouds.trouble(name, Trouble::Gated));
    let first: Vec<_> = busy.iter().map(|name| sync(&accounts, name)).collect();
    until(&accounts, 2, 0).await;
    refreshed.iter().for_each(|name| accounts.request_sync(name).unwrap());
    until(&accounts, 2, 100).await;
    let users: Vec<_> = users.iter().map(|name| sync(&accounts, name)).collect();
    until(&accounts, 2, 102).await;
    assert_eq!(accounts.stats().accounts_open, 4, "who is in the background is not loaded yet");
    clouds.gate.add_permits(1_000);
    for task in first.into_iter().chain(users) {
        task.await.unwrap().unwrap();
    }
    let mut first = order(&clouds)[..4].to_vec();
    // Of two at a time either may be the first.
    first.sort();
    assert_eq!(first, ["busy0", "busy1", "user0", "user1"]);
    while accounts.stats().passes_finished < 104 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(order(&clouds).len(), 104);
}

#[tokio::test(start_paused = true)]
async fn the_background_gets_every_fourth_turn_while_users_keep_coming() {
    let names = [named("busy", 1), named("user", 40), named("background", 10)].concat();
    let clouds = Clouds::new(&names, 5);
    let accounts = over(&clouds, 1);
    clouds.trouble(&names[0], Trouble::Gated);
    let mut tasks = vec![sync(&accounts, &names[0])];
    until(&accounts, 1, 0).await;
    names[41..].iter().for_each(|name| accounts.request_sync(name).unwrap());
    until(&accounts, 1, 10).await;
    tasks.extend(names[1..41].iter().map(|name| sync(&accounts, name)));
    until(&accounts, 1, 50).await;
    clouds.gate.add_permits(10);
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    let order = order(&clouds);
    for (number, name) in named("background", 10).iter().enumerate() {
        let place = order.iter().position(|went| went == name.as_str()).unwrap();
        assert_eq!(place, 4 * (number + 1), "{order:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_pass_in_the_background_that_gets_a_waiter_changes_the_line() {
    let names = [named("busy", 1), named("background", 20)].concat();
    let clouds = Clouds::new(&names, 5);
    let accounts = over(&clouds, 1);
    clouds.trouble(&names[0], Trouble::Gated);
    let first = sync(&accounts, &names[0]);
    until(&accounts, 1, 0).await;
    for name in &names[1..] {
        let list = accounts.open(name).await.unwrap();
        (0..3).for_each(|_| list.request_sync().unwrap());
    }
    until(&accounts, 1, 20).await;
    let list = accounts.open(&names[15]).await.unwrap();
    let mut waiting = pin!(list.sync());
    assert!(poll_fn(|cx| Poll::Ready(waiting.as_mut().poll(cx))).await.is_pending());
    clouds.gate.add_permits(10);
    first.await.unwrap().unwrap();
    waiting.await.unwrap();
    assert_eq!(order(&clouds)[..2], ["busy0", "background14"]);
    let one_pass = clouds.calls().iter().filter(|name| **name == names[15]).count();
    assert_eq!(one_pass, 1, "it joined the pass that was waiting, which saw all marks");
}

#[tokio::test(start_paused = true)]
async fn an_account_in_trouble_takes_no_place_while_it_pauses() {
    let (ill, well) = (named("ill", 30), named("well", 30));
    let clouds = Clouds::new(&[ill.clone(), well.clone()].concat(), 25);
    let accounts = over(&clouds, 2);
    let troubles = [Trouble::Refused, Trouble::RateLimited, Trouble::Lost];
    for (name, trouble) in ill.iter().zip(troubles.into_iter().cycle()) {
        clouds.trouble(name, trouble);
    }
    let ill: Vec<_> = ill.iter().map(|name| sync(&accounts, name)).collect();
    until(&accounts, 2, 28).await;
    let begin = tokio::time::Instant::now();
    let healthy: Vec<_> = well.iter().map(|name| sync(&accounts, name)).collect();
    for (task, name) in healthy.into_iter().zip(&well) {
        task.await.unwrap().unwrap();
        let list = accounts.open(name).await.unwrap();
        assert_eq!(shown(&list), clouds.truth(name));
    }
    // Of paused time, which passes only where somebody sleeps: 60 seconds are one pause of one
    // account that was asked to wait.
    assert!(begin.elapsed() < Duration::from_secs(60), "{:?}", begin.elapsed());
    let mut classes = Vec::new();
    for task in ill {
        classes.push(task.await.unwrap().unwrap_err().class());
    }
    let expected = [ErrorClass::Auth, ErrorClass::RateLimited, ErrorClass::Transient];
    assert_eq!(classes, expected.into_iter().cycle().take(30).collect::<Vec<_>>());
    let stats = accounts.stats();
    assert_eq!((stats.passes_running, stats.passes_waiting), (0, 0));
    assert_eq!((stats.passes_finished, stats.passes_failed), (30, 30));
}

#[tokio::test(start_paused = true)]
async fn a_list_whose_pass_is_queued_can_be_closed() {
    let names = named("user", 2);
    let clouds = Clouds::new(&names, 5);
    let accounts = over(&clouds, 1);
    clouds.trouble(&names[0], Trouble::Gated);
    let _busy = sync(&accounts, &names[0]);
    until(&accounts, 1, 0).await;
    let waiting = sync(&accounts, &names[1]);
    until(&accounts, 1, 1).await;
    accounts.open(&names[1]).await.unwrap().close().await.unwrap();
    assert_eq!(waiting.await.unwrap().unwrap_err().class(), ErrorClass::Cancelled);
    assert_eq!(accounts.stats().passes_waiting, 0);
    assert_eq!(order(&clouds), ["user0"]);
}
