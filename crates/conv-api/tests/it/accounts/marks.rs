//! Marks of accounts that cannot be pulled now, or cannot be loaded.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use conv_api::{
    AccountId, Accounts, ConversationDatabase, ConversationStore, ErrorClass, MemoryDatabase,
    StoreError,
};

use super::{Clouds, Trouble, account, in_memory, shown};
use crate::support::{Mood, Moody};

const MINUTE: Duration = Duration::from_secs(60);

fn some(count: usize) -> Vec<AccountId> {
    (0..count).map(|n| account(format!("user_{n}"))).collect()
}

async fn until_finished(accounts: &Accounts, passes: u64) {
    for _ in 0..100_000 {
        if accounts.stats().passes_finished >= passes {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{:?}", accounts.stats());
}

/// A database that refuses to load accounts for as long as the test wants.
#[derive(Debug)]
struct Refusing {
    database: MemoryDatabase,
    refusal: Mutex<Option<StoreError>>,
    asked: AtomicUsize,
}

impl Refusing {
    fn new(refusal: StoreError) -> Arc<Self> {
        let database = MemoryDatabase::new();
        Arc::new(Self { database, refusal: Mutex::new(Some(refusal)), asked: AtomicUsize::new(0) })
    }

    fn relent(&self) {
        *self.refusal.lock().unwrap() = None;
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl ConversationDatabase for Refusing {
    async fn account(&self, account: &AccountId) -> Result<Arc<dyn ConversationStore>, StoreError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let refusal = self.refusal.lock().unwrap().clone();
        match refusal {
            Some(refusal) => Err(refusal),
            None => self.database.account(account).await,
        }
    }

    async fn forget(&self, account: &AccountId) -> Result<(), StoreError> {
        self.database.forget(account).await
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.database.close().await
    }
}

#[tokio::test(start_paused = true)]
async fn a_mark_of_an_account_that_cannot_be_loaded_is_served_once_it_can() {
    let names = some(1);
    let clouds = Clouds::new(&names, 5);
    let full = std::io::Error::other("no space left on device");
    let database = Refusing::new(StoreError::io("reading", full));
    let accounts = Accounts::builder(Arc::clone(&database) as _, Arc::clone(&clouds)).build();
    accounts.request_sync(&names[0]).unwrap();
    tokio::time::sleep(60 * MINUTE).await;
    assert!((10..40).contains(&database.asked()), "{} in an hour", database.asked());
    database.relent();
    until_finished(&accounts, 1).await;
    assert_eq!(shown(&accounts.open(&names[0]).await.unwrap()), clouds.truth(&names[0]));
}

#[tokio::test(start_paused = true)]
async fn a_mark_that_waiting_does_not_help_is_served_by_the_next_opening() {
    let names = some(1);
    let clouds = Clouds::new(&names, 5);
    let database = Refusing::new(StoreError::NewerSchema { found: 9, known: 1 });
    let accounts = Accounts::builder(Arc::clone(&database) as _, Arc::clone(&clouds)).build();
    accounts.request_sync(&names[0]).unwrap();
    tokio::time::sleep(600 * MINUTE).await;
    assert_eq!(database.asked(), 1);
    assert_eq!(accounts.open(&names[0]).await.unwrap_err().class(), ErrorClass::Unsupported);
    database.relent();
    let list = accounts.open(&names[0]).await.unwrap();
    until_finished(&accounts, 1).await;
    assert_eq!(shown(&list), clouds.truth(&names[0]));
}

#[tokio::test(start_paused = true)]
async fn a_mark_outlives_its_list_in_memory() {
    let names = some(20);
    let clouds = Clouds::new(&names, 5);
    let builder = Accounts::builder(Arc::new(MemoryDatabase::new()), Arc::clone(&clouds));
    let accounts = builder.memory_budget(0).build();
    for name in &names {
        clouds.trouble(name, Trouble::Lost);
        accounts.request_sync(name).unwrap();
    }
    while accounts.stats().passes_failed < 40 {
        tokio::time::sleep(MINUTE).await;
    }
    while accounts.stats().accounts_open > 0 {
        accounts.evict_idle();
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    names.iter().for_each(|name| clouds.trouble(name, Trouble::None));
    until_finished(&accounts, 20).await;
    for name in &names {
        assert_eq!(shown(&accounts.open(name).await.unwrap()), clouds.truth(name));
    }
    tokio::time::sleep(60 * MINUTE).await;
    assert_eq!(accounts.stats().passes_finished, 20, "and no pass more");
}

#[tokio::test(start_paused = true)]
async fn a_forgotten_account_has_no_mark_any_more() {
    let names = some(1);
    let clouds = Clouds::new(&names, 5);
    let accounts = in_memory(&clouds);
    clouds.trouble(&names[0], Trouble::Lost);
    accounts.request_sync(&names[0]).unwrap();
    while accounts.stats().passes_failed < 1 {
        tokio::time::sleep(MINUTE).await;
    }
    accounts.forget(&names[0]).await.unwrap();
    let calls = clouds.calls().len();
    clouds.trouble(&names[0], Trouble::None);
    tokio::time::sleep(600 * MINUTE).await;
    assert_eq!(clouds.calls().len(), calls);
    assert!(accounts.open(&names[0]).await.unwrap().snapshot().is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_outage_of_thousands_of_marked_accounts_is_no_storm_and_all_are_pulled_afterwards() {
    let names = some(3_000);
    let clouds = Clouds::new(&names, 3);
    let builder = Accounts::builder(Arc::new(MemoryDatabase::new()), Arc::clone(&clouds));
    let accounts = builder.memory_budget(1_000_000).concurrent_passes(8).build();
    names.iter().for_each(|name| clouds.trouble(name, Trouble::Lost));
    for name in &names {
        accounts.request_sync(name).unwrap();
    }
    for hour in 1..=3 {
        let before = clouds.calls().len();
        tokio::time::sleep(60 * MINUTE).await;
        let calls = clouds.calls().len() - before;
        // A probe each half a minute at the most often once the pauses have grown, each a pass of
        // five tries; and the first eight.
        assert!((100..=5 * (3_600 / 15 + 20)).contains(&calls), "{calls} calls in hour {hour}");
        let stats = accounts.stats();
        // Most marks wait outside of any list.
        assert!(stats.accounts_due > 2_500, "{stats:?}");
        assert!(stats.loaded_bytes < 1_200_000, "{stats:?}");
    }
    names.iter().for_each(|name| clouds.trouble(name, Trouble::None));
    let recovered = tokio::time::Instant::now();
    until_finished(&accounts, 3_000).await;
    assert!(recovered.elapsed() < 10 * MINUTE, "{:?}", recovered.elapsed());
    let stats = accounts.stats();
    assert!(stats.passes_finished < 3_100 && stats.accounts_due == 0, "{stats:?}");
}

#[tokio::test(start_paused = true)]
async fn somebody_who_waits_is_not_held_back_by_an_outage() {
    let names = some(30);
    let clouds = Clouds::new(&names, 3);
    let accounts = in_memory(&clouds);
    names[1..].iter().for_each(|name| clouds.trouble(name, Trouble::Lost));
    for name in &names[1..] {
        accounts.request_sync(name).unwrap();
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let list = accounts.open(&names[0]).await.unwrap();
    list.request_sync().unwrap();
    let begin = tokio::time::Instant::now();
    list.sync().await.unwrap();
    assert!(begin.elapsed() < Duration::from_secs(1), "{:?}", begin.elapsed());
}

#[test]
fn a_mark_from_a_runtime_that_ends_is_served() {
    let mut home = tokio::runtime::Builder::new_multi_thread();
    let home = home.worker_threads(1).enable_all().build().unwrap();
    let source = Moody::new(10);
    let name = account("user_0001");
    let accounts = {
        let _entered = home.enter();
        Accounts::builder(Arc::new(MemoryDatabase::new()), source).build()
    };
    let guest = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    guest.block_on(async { accounts.request_sync(&name) }).unwrap();
    drop(guest);
    home.block_on(until_finished(&accounts, 1));
}

#[test]
fn a_mark_that_its_runtime_took_along_is_served_by_the_next_one() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (first, second) = (runtime(), runtime());
    let source = Moody::new(10);
    let name = account("user_0001");
    let accounts = {
        let _entered = first.enter();
        Accounts::builder(Arc::new(MemoryDatabase::new()), source).build()
    };
    first.block_on(async { accounts.request_sync(&name) }).unwrap();
    // Its task has not run even once.
    drop(first);
    second.block_on(async {
        accounts.request_sync(&name).unwrap();
        until_finished(&accounts, 1).await;
    });
}

#[tokio::test(start_paused = true)]
async fn a_dropped_refresh_takes_no_mark_along() {
    let names = some(2);
    let clouds = Clouds::new(&names, 5);
    let builder = Accounts::builder(Arc::new(MemoryDatabase::new()), Arc::clone(&clouds));
    let accounts = builder.concurrent_passes(1).build();
    clouds.trouble(&names[0], Trouble::Gated);
    accounts.request_sync(&names[0]).unwrap();
    while clouds.calls().is_empty() {
        tokio::task::yield_now().await;
    }
    // It waits for its turn, and then it is marked.
    {
        let refresh = accounts.refresh_all([names[1].clone()], Duration::ZERO);
        assert!(tokio::time::timeout(MINUTE, refresh).await.is_err());
    }
    while accounts.stats().passes_waiting > 0 {
        tokio::task::yield_now().await;
    }
    {
        let refresh = accounts.refresh_all([names[1].clone()], Duration::ZERO);
        let marked = async {
            while accounts.stats().passes_waiting == 0 {
                tokio::task::yield_now().await;
            }
            accounts.request_sync(&names[1]).unwrap();
        };
        tokio::select! {
            biased;
            _ = refresh => panic!("there is no room"),
            () = marked => {}
        }
    }
    clouds.gate.add_permits(100);
    until_finished(&accounts, 2).await;
    assert_eq!(shown(&accounts.open(&names[1]).await.unwrap()), clouds.truth(&names[1]));
    // Nor is the account left out for ever.
    let refreshed = accounts.refresh_all(names, Duration::ZERO).await.unwrap();
    assert_eq!((refreshed.finished, refreshed.left_out), (2, 0));
}

#[test]
fn an_account_whose_store_ended_with_its_runtime_is_opened_again() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (first, second) = (runtime(), runtime());
    let source = Moody::new(10);
    let name = account("user_0001");
    let accounts = Accounts::builder(Arc::new(MemoryDatabase::new()), source.clone()).build();
    let old = first.block_on(async {
        let list = accounts.open(&name).await.unwrap();
        list.sync().await.unwrap();
        list
    });
    Moody::set(&source.pulls, Mood::Fails(conv_api::SourceError::TimedOut));
    first.block_on(async { old.request_sync() }).unwrap();
    drop(first);
    Moody::set(&source.pulls, Mood::Well);
    second.block_on(async {
        let list = accounts.open(&name).await.unwrap();
        assert!(!list.is_same(&old));
        // The mark that the old one could not serve, and a pass that is asked for.
        until_finished(&accounts, 2).await;
        list.sync().await.unwrap();
        assert_eq!((list.snapshot().len(), old.snapshot().len()), (10, 10));
    });
}
