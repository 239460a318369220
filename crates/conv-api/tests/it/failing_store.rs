//! A store that fails, by mockall: no fake would fail so.

use std::sync::Arc;

use async_trait::async_trait;
use conv_api::{
    All, Conversation, ConversationId, Conversations, Coverage, ErrorClass, MarkType,
    MutationError, PassStatus, Snapshot, StoreError,
    model::{Commit, Delta, Local, OutboxChange, PassId, Superseded, SyncState},
    store::Watcher,
    testing::ScriptedSource,
};
use mockall::mock;

mock! {
    #[derive(Debug)]
    Store {}

    #[async_trait]
    impl conv_api::ConversationStore for Store {
        fn snapshot(&self) -> Snapshot;
        fn watch(&self) -> Watcher;
        async fn apply(&self, delta: Delta) -> Result<Commit, StoreError>;
        async fn mutate(&self, change: OutboxChange) -> Result<Commit, StoreError>;
        async fn put_local(&self, id: ConversationId, local: Local) -> Result<Commit, StoreError>;
        async fn close(&self) -> Result<(), StoreError>;
    }
}

fn complete() -> Snapshot {
    let mut state = SyncState::default();
    state.coverage = Coverage::Complete;
    let row = Conversation::new(ConversationId::c2c("alice").unwrap());
    Snapshot::of([row], state)
}

async fn over(store: MockStore) -> Conversations {
    let source = Arc::new(ScriptedSource::with_rows(3));
    Conversations::builder("user_0001").store(store).source(source).build().await.unwrap()
}

#[tokio::test]
async fn a_store_that_cannot_write_fails_the_pass_and_the_list_is_no_longer_complete() {
    let mut store = MockStore::new();
    store.expect_snapshot().returning(complete);
    let full = || std::io::Error::other("no space left on device");
    store.expect_apply().times(1).returning(move |_| Err(StoreError::io("writing", full())));
    let conversations = over(store).await;
    assert!(conversations.get_conversation_list(All).await.unwrap().is_sync_completed());

    assert_eq!(conversations.sync().await.unwrap_err().class(), ErrorClass::Store);
    let list = conversations.get_conversation_list(All).await.unwrap();
    assert_eq!((list.len(), list.is_sync_completed()), (1, false));
    let report = list.report();
    assert_eq!(report.coverage, Coverage::CacheOnly);
    assert!(matches!(report.pass, PassStatus::Failed(f) if f.class == ErrorClass::Store));
}

#[tokio::test]
async fn a_superseded_pass_learns_it_and_the_list_has_not_failed() {
    let mut store = MockStore::new();
    store.expect_snapshot().returning(complete);
    let newest = PassId::new(9);
    store.expect_apply().times(1).returning(move |_| Err(Superseded { newest }.into()));
    let conversations = over(store).await;
    assert_eq!(conversations.sync().await.unwrap_err().class(), ErrorClass::Cancelled);
    assert!(conversations.get_conversation_list(All).await.unwrap().is_sync_completed());
}

#[tokio::test]
async fn a_list_call_touches_nothing_but_the_snapshot() {
    let mut store = MockStore::new();
    store.expect_snapshot().times(1).returning(complete);
    store.expect_watch().never();
    store.expect_apply().never();
    assert_eq!(over(store).await.get_conversation_list(All).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_change_of_many_is_tried_once_if_the_store_fails_or_the_outbox_is_full() {
    let ids: Vec<_> = (0..8).map(|n| ConversationId::c2c(&format!("user{n}")).unwrap()).collect();
    let full = || StoreError::from(MutationError::OutboxFull { pending: 1000, bytes: 9 });
    let broken = || StoreError::io("writing", std::io::Error::other("no space left on device"));
    for (fails, class) in [
        (&full as &(dyn Fn() -> StoreError + Sync), ErrorClass::RateLimited),
        (&broken, ErrorClass::Store),
    ] {
        let mut store = MockStore::new();
        let rows = ids.clone();
        store.expect_snapshot().returning(move || {
            Snapshot::of(rows.iter().cloned().map(Conversation::new), SyncState::default())
        });
        let error = std::sync::Mutex::new(Some(fails()));
        store
            .expect_mutate()
            .times(1)
            .returning(move |_| Err(error.lock().unwrap().take().unwrap()));
        let list = over(store).await;
        let refused = list.mark_conversation(&ids, MarkType::STAR, true).await.unwrap_err();
        assert_eq!(refused.class(), class);
    }
}
