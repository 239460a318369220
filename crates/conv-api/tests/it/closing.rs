//! After `close` the list is read from memory, and nothing else goes on.

use std::{num::NonZeroUsize, sync::Arc, time::Duration};

use conv_api::{
    Accounts, All, ConversationPatch, ConversationStore, Conversations, Error, Event,
    MemoryDatabase, MemoryStore, StoreError,
};

use crate::support::{Moody, id, over};

#[track_caller]
fn is_closed<T: std::fmt::Debug>(result: Result<T, Error>) {
    assert!(matches!(result, Err(Error::Store(StoreError::Closed))), "{result:?}");
}

async fn is_closed_and_still_read(conversations: &Conversations, source: &Moody) {
    let calls = source.calls();
    let alice = id("C2Cuser_0001");
    let list = conversations.get_conversation_list(All).await.unwrap();
    assert_eq!((list.len(), list.is_sync_completed()), (10, true));
    assert_eq!(conversations.page(All, NonZeroUsize::MIN, None).rows.len(), 1);
    assert_eq!(conversations.totals(All).conversations, 10);
    assert_eq!(conversations.snapshot().len(), 10);

    let mut live = conversations.subscribe(All);
    assert_eq!(live.next().await.unwrap().totals.conversations, 10);
    assert!(live.next().await.is_none());
    assert!(conversations.events().next().await.is_none());

    is_closed(conversations.get_conversation_profile(&alice).await);
    is_closed(conversations.get_conversation_profile(&id("@TIM#SYSTEM")).await);
    is_closed(conversations.sync().await);
    is_closed(conversations.wait_until_complete(Duration::from_secs(1)).await);
    is_closed(conversations.request_sync());
    is_closed(conversations.retry_now());
    is_closed(conversations.merge(ConversationPatch::new(alice.clone())).await);
    is_closed(conversations.set_draft(&alice, "Dear Alice").await);
    is_closed(conversations.set_data(&alice, &[1]).await);
    is_closed(conversations.close().await);
    assert_eq!(source.calls(), calls, "the cloud is left alone");
}

#[tokio::test]
async fn a_closed_list_is_read_and_nothing_else() {
    let source = Moody::new(10);
    let conversations = over(source.clone()).await;
    conversations.sync().await.unwrap();
    let clone = conversations.clone();
    conversations.close().await.unwrap();
    is_closed_and_still_read(&clone, &source).await;
}

#[tokio::test]
async fn a_handle_that_outlived_its_accounts_closes_its_list() {
    let source = Moody::new(10);
    let database = Arc::new(MemoryDatabase::new());
    let accounts = Accounts::builder(Arc::clone(&database) as _, source.clone()).build();
    let name = "user_0001".parse().unwrap();
    let list = accounts.open(&name).await.unwrap();
    list.sync().await.unwrap();
    drop(accounts);
    let store = conv_api::ConversationDatabase::account(&*database, &name).await.unwrap();
    list.close().await.unwrap();
    assert!(matches!(store.close().await, Err(StoreError::Closed)));
    is_closed_and_still_read(&list, &source).await;
}

#[tokio::test]
async fn a_handle_of_accounts_that_were_closed_is_closed() {
    let source = Moody::new(10);
    let accounts = Accounts::builder(Arc::new(MemoryDatabase::new()), source.clone()).build();
    let list = accounts.open(&"user_0001".parse().unwrap()).await.unwrap();
    list.sync().await.unwrap();
    accounts.close().await.unwrap();
    is_closed_and_still_read(&list, &source).await;
    drop(accounts);
    is_closed_and_still_read(&list, &source).await;
}

#[tokio::test]
async fn accounts_that_were_closed_refuse_every_call() {
    let source = Moody::new(10);
    let accounts = Accounts::builder(Arc::new(MemoryDatabase::new()), source.clone()).build();
    let [loaded, other] = ["user_0001", "user_0002"].map(|name| name.parse().unwrap());
    accounts.open(&loaded).await.unwrap();
    accounts.close().await.unwrap();
    for account in [&loaded, &other] {
        is_closed(accounts.open(account).await);
        is_closed(accounts.request_sync(account));
        is_closed(accounts.forget(account).await);
    }
    is_closed(accounts.refresh_all([loaded, other], Duration::ZERO).await);
    is_closed(accounts.close().await);
    assert_eq!((accounts.evict_idle(), accounts.stats().accounts_open), (0, 0));
    assert_eq!(source.calls(), 0);
}

#[tokio::test]
async fn a_stream_from_before_gives_the_last_list_and_ends() {
    let conversations = over(Moody::new(10)).await;
    let (mut live, mut events) = (conversations.subscribe(All), conversations.events());
    conversations.sync().await.unwrap();
    conversations.close().await.unwrap();
    assert_eq!(live.next().await.unwrap().totals.conversations, 10);
    assert!(live.next().await.is_none());
    assert_eq!(events.next().await, Some(Event::ConversationListUpdated));
    while let Some(event) = events.next().await {
        assert_ne!(event, Event::ConversationListUpdated, "it was given already");
    }
}

#[tokio::test]
async fn a_store_that_was_lent_is_closed_with_the_list() {
    let store = Arc::new(MemoryStore::open().await.unwrap());
    let building = Conversations::builder("user_0001").store(Arc::clone(&store));
    building.build().await.unwrap().close().await.unwrap();
    assert!(matches!(store.close().await, Err(StoreError::Closed)));
}
