//! Changes of many accounts.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use async_trait::async_trait;
use conv_api::{
    AccountId, Accounts, AccountsBuilder, ConversationSource, ConversationWriter, Error,
    ErrorClass, MarkType, MemoryDatabase, OutcomeKind, PendingState, SourceError, Unsent,
    sync::{
        Capabilities, FullProfile, Groups, HydrateRequest, Hydrated, Page, ProfileRequest,
        PullRequest, Retry, WriteCapabilities, WriteKind, WriteRequest, Written,
    },
    testing::sync::Script,
};
use tokio::time::sleep;

use super::cloud::{Cloud, id};
use crate::accounts::{account, on_disk};

const LONG: Duration = Duration::from_secs(3_600);

/// A cloud of many accounts, each with a list of its own.
#[derive(Debug)]
struct Clouds {
    clouds: HashMap<AccountId, Arc<Cloud>>,
    writing: AtomicUsize,
    most: AtomicUsize,
}

impl Clouds {
    fn new(count: usize) -> (Vec<AccountId>, Arc<Self>) {
        let names: Vec<_> = (0..count).map(|number| account(format!("user_{number:05}"))).collect();
        let clouds = names.iter().map(|name| (name.clone(), Cloud::new(2))).collect();
        let (writing, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        (names, Arc::new(Self { clouds, writing, most }))
    }

    fn of(&self, account: &AccountId) -> &Arc<Cloud> {
        &self.clouds[account]
    }

    fn set_offline(&self, is_offline: bool) {
        self.clouds.values().for_each(|cloud| cloud.set_offline(is_offline));
    }

    fn pinned(&self) -> usize {
        self.clouds.values().filter(|cloud| cloud.is_pinned(0)).count()
    }

    fn builder(self: &Arc<Self>) -> AccountsBuilder {
        let database = Arc::new(MemoryDatabase::new());
        Accounts::builder(database, Arc::clone(self)).writer(Arc::clone(self))
    }
}

#[async_trait]
impl ConversationSource for Clouds {
    fn capabilities(&self) -> Capabilities {
        Capabilities::default()
    }

    async fn pull(&self, request: &PullRequest) -> Result<Page, SourceError> {
        self.of(&request.account).pull(request).await
    }

    async fn hydrate(&self, request: &HydrateRequest) -> Result<Hydrated, SourceError> {
        self.of(&request.account).hydrate(request).await
    }

    async fn profile(&self, request: &ProfileRequest) -> Result<FullProfile, SourceError> {
        self.of(&request.account).profile(request).await
    }

    async fn groups(&self, account: &AccountId) -> Result<Groups, SourceError> {
        self.of(account).groups(account).await
    }
}

#[async_trait]
impl ConversationWriter for Clouds {
    fn write_capabilities(&self) -> WriteCapabilities {
        WriteCapabilities::default()
    }

    async fn write(&self, request: &WriteRequest) -> Result<Written, SourceError> {
        let now = self.writing.fetch_add(1, Relaxed) + 1;
        self.most.fetch_max(now, Relaxed);
        sleep(Duration::from_millis(10)).await;
        self.writing.fetch_sub(1, Relaxed);
        self.of(&request.account).write(request).await
    }

    async fn look(&self, account: &AccountId) -> Result<Groups, SourceError> {
        self.of(account).look(account).await
    }
}

/// Pulls every account, then pins a row of each offline.
async fn pin_offline(accounts: &Accounts, names: &[AccountId], clouds: &Clouds) {
    for name in names {
        accounts.open(name).await.unwrap().sync().await.unwrap();
    }
    clouds.set_offline(true);
    for name in names {
        accounts.open(name).await.unwrap().pin_conversation(&id(0), true).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn many_accounts_send_a_bounded_number_of_calls_at_a_time() {
    let (names, clouds) = Clouds::new(300);
    let accounts = clouds.builder().concurrent_sends(4).build();
    for name in &names {
        let list = accounts.open(name).await.unwrap();
        list.sync().await.unwrap();
        list.pin_conversation(&id(0), true).await.unwrap();
    }
    sleep(LONG).await;
    assert_eq!((clouds.pinned(), clouds.most.load(Relaxed)), (300, 4));
    let stats = accounts.stats();
    assert_eq!((stats.changes_done, stats.write_calls, stats.changes_failed), (300, 300, 0));
}

#[tokio::test(start_paused = true)]
async fn evicted_accounts_come_back_to_send() {
    let (names, clouds) = Clouds::new(20);
    let accounts = clouds.builder().memory_budget(0).build();
    pin_offline(&accounts, &names, &clouds).await;
    for _ in 0..5 {
        sleep(Duration::from_secs(1)).await;
        accounts.evict_idle();
    }
    let stats = accounts.stats();
    assert!(stats.evicted > 20 && stats.accounts_due > 0, "{stats:?}");
    clouds.set_offline(false);
    for _ in 0..60 {
        sleep(Duration::from_secs(60)).await;
    }
    assert_eq!(clouds.pinned(), 20);
    for name in &names {
        let list = accounts.open(name).await.unwrap();
        assert!(list.pending().is_empty(), "{:?}", list.pending());
    }
}

#[tokio::test(start_paused = true)]
async fn one_accounts_trouble_is_no_other_ones() {
    let (names, clouds) = Clouds::new(10);
    let accounts = clouds.builder().concurrent_sends(1).build();
    let held = SourceError::Cloud {
        code: 50_004,
        class: ErrorClass::Transient,
        retry: Retry::BackOff,
        message: "internal".into(),
        retry_after: None,
    };
    for _ in 0..200 {
        clouds.of(&names[0]).writer.script(Script::Refuse(held.clone()));
    }
    for name in &names {
        let list = accounts.open(name).await.unwrap();
        list.sync().await.unwrap();
        list.pin_conversation(&id(0), true).await.unwrap();
    }
    sleep(Duration::from_secs(60)).await;
    assert_eq!(clouds.pinned(), 9);
}

#[tokio::test]
async fn a_closed_account_keeps_its_changes() {
    let (names, clouds) = Clouds::new(1);
    let (_folder, database) = on_disk().await;
    let accounts = Accounts::builder(database, Arc::clone(&clouds)).writer(Arc::clone(&clouds));
    let accounts = accounts.build();
    pin_offline(&accounts, &names, &clouds).await;
    accounts.open(&names[0]).await.unwrap().close().await.unwrap();
    clouds.set_offline(false);
    assert_eq!(clouds.pinned(), 0);

    let list = accounts.open(&names[0]).await.unwrap();
    assert!(list.flush(LONG).await.unwrap().is_empty());
    assert_eq!(clouds.pinned(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_account_with_unsent_changes_is_not_forgotten() {
    let (names, clouds) = Clouds::new(1);
    let accounts = clouds.builder().build();
    pin_offline(&accounts, &names, &clouds).await;
    let name = &names[0];
    let error = accounts.forget(name).await.unwrap_err();
    assert!(matches!(error, Error::Unsent(1)) && error.may_succeed_later(), "{error}");
    // Neither is one that is not loaded.
    accounts.evict_idle();
    assert!(matches!(accounts.forget(name).await, Err(Error::Unsent(1))));
    let first = Unsent::SendFirst(Duration::from_secs(10));
    assert!(matches!(accounts.forget_with(name, first).await, Err(Error::Unsent(1))));
    assert_eq!(accounts.open(name).await.unwrap().pending().len(), 1);

    clouds.set_offline(false);
    accounts.forget_with(name, Unsent::SendFirst(LONG)).await.unwrap();
    assert_eq!(clouds.pinned(), 1);
    let list = accounts.open(name).await.unwrap();
    assert!(list.pending().is_empty() && list.snapshot().is_empty());
}

#[tokio::test(start_paused = true)]
async fn dropped_changes_never_arrive_and_are_not_the_next_ones() {
    let (names, clouds) = Clouds::new(1);
    let accounts = clouds.builder().build();
    pin_offline(&accounts, &names, &clouds).await;
    accounts.forget_with(&names[0], Unsent::Drop).await.unwrap();
    clouds.set_offline(false);
    let list = accounts.open(&names[0]).await.unwrap();
    list.sync().await.unwrap();
    sleep(LONG).await;
    assert!(list.pending().is_empty());
    assert_eq!(clouds.pinned(), 0);
}

#[tokio::test(start_paused = true)]
async fn an_account_that_is_forgotten_amid_a_call_is_reopened_without_it() {
    let (names, clouds) = Clouds::new(2);
    let accounts = clouds.builder().build();
    let (name, cloud) = (&names[0], clouds.of(&names[0]));
    let list = accounts.open(name).await.unwrap();
    list.sync().await.unwrap();
    let pin = list.pin_conversation(&id(0), true).await.unwrap();
    while clouds.writing.load(Relaxed) == 0 {
        sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(pin.pending().unwrap().state, PendingState::Sending);
    assert!(matches!(accounts.forget(name).await, Err(Error::Unsent(1))));
    assert_eq!(cloud.writer.calls(), [], "the call is still under way");

    let forgetting = accounts.forget_with(name, Unsent::Drop);
    let (forgotten, reopened) = tokio::join!(forgetting, accounts.open(name));
    forgotten.unwrap();
    let reopened = reopened.unwrap();
    assert!(reopened.pending().is_empty() && reopened.snapshot().is_empty());
    // The earlier handle can neither queue nor send.
    assert!(list.pin_conversation(&id(1), true).await.is_err());
    reopened.sync().await.unwrap();
    let other = reopened.mark_conversation(&[id(1)], MarkType::STAR, true).await.unwrap();
    assert_eq!(other.changes[0].outcome().await.unwrap(), OutcomeKind::Done);
    sleep(LONG).await;
    let pins = cloud.writer.calls().into_iter().filter(|call| call.kind() == WriteKind::Pin);
    assert!(pins.count() <= 1, "the call that was under way, if it arrived at all");
    assert!(reopened.pending().is_empty());
    assert_eq!(clouds.of(&names[1]).writer.calls(), []);
}
