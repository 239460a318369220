//! An account has one pass at a time, however many callers ask.

use std::{sync::Arc, time::Duration};

use conv_api::{
    ConversationId, Conversations, Coverage, Error, ErrorClass, PassStatus, SourceError, Timestamp,
    testing::ScriptedSource,
};

use crate::support::{Gated, next_report, over};

fn spawn_sync(
    conversations: &Conversations,
) -> tokio::task::JoinHandle<Result<conv_api::SyncReport, Error>> {
    let conversations = conversations.clone();
    tokio::spawn(async move { conversations.sync().await })
}

#[tokio::test]
async fn ten_callers_share_one_pass() {
    let source = Gated::new(ScriptedSource::with_rows(10));
    let conversations = over(source.clone()).await;
    let mut events = conversations.events();
    let callers: Vec<_> = (0..10).map(|_| spawn_sync(&conversations)).collect();
    events.next().await.unwrap();
    source.gate.add_permits(100);
    for caller in callers {
        assert!(caller.await.unwrap().unwrap().is_sync_completed());
    }
    assert_eq!(source.source.pulls(), 1);
}

#[tokio::test]
async fn dropping_a_caller_leaves_the_pass_under_way() {
    let source = Gated::new(ScriptedSource::with_rows(10));
    let conversations = over(source.clone()).await;
    let mut events = conversations.events();
    let caller = spawn_sync(&conversations);
    events.next().await.unwrap();
    caller.abort();
    source.gate.add_permits(100);
    let report = conversations.wait_until_complete(Duration::from_secs(60)).await.unwrap();
    assert_eq!(report.coverage, Coverage::Complete);
    assert_eq!(source.source.pulls(), 1);
}

#[tokio::test(start_paused = true)]
async fn waiting_ends_in_time_while_the_pass_goes_on() {
    let source = Gated::new(ScriptedSource::with_rows(10));
    let conversations = over(source.clone()).await;
    let error = conversations.wait_until_complete(Duration::from_secs(1)).await.unwrap_err();
    assert!(matches!(error, Error::TimedOut));
    assert!(matches!(conversations.sync_report().pass, PassStatus::Running { .. }));
    source.gate.add_permits(100);
    conversations.wait_until_complete(Duration::from_secs(1)).await.unwrap();
}

#[tokio::test]
async fn waiting_for_a_complete_list_asks_for_nothing() {
    let source = Arc::new(ScriptedSource::with_rows(10));
    let conversations = over(source.clone()).await;
    conversations.wait_until_complete(Duration::from_secs(60)).await.unwrap();
    conversations.wait_until_complete(Duration::from_secs(60)).await.unwrap();
    assert_eq!(source.pulls(), 1);
}

#[tokio::test]
async fn dropping_the_last_handle_stops_the_pass_and_says_so_in_the_store() {
    let source = Gated::new(ScriptedSource::with_rows(300));
    let store = Arc::new(conv_api::MemoryStore::open().await.unwrap());
    let conversations = Conversations::builder("user_0001")
        .store(Arc::clone(&store))
        .source(source.clone())
        .plan_limit(500)
        .build()
        .await
        .unwrap();
    let mut seen = conversations.snapshot().seq();
    let caller = spawn_sync(&conversations);
    // The pass begins, and its first page comes.
    source.gate.add_permits(1);
    while conversations.snapshot().is_empty() {
        use conv_api::ConversationStore;
        seen = store.watch().newer_than(seen).await.unwrap().seq();
    }
    caller.abort();
    let _ = caller.await;
    drop(conversations);
    loop {
        use conv_api::ConversationStore;
        let snapshot = store.watch().newer_than(seen).await.unwrap();
        seen = snapshot.seq();
        if let PassStatus::Failed(failure) = &snapshot.sync().status {
            assert_eq!(failure.class, ErrorClass::Cancelled);
            assert_eq!(snapshot.len(), 100, "whole pages only");
            assert!(snapshot.sync().checkpoint.is_some());
            break;
        }
    }
}

#[tokio::test]
async fn closing_stops_the_pass_and_the_list_still_answers() {
    let source = Gated::new(ScriptedSource::with_rows(300));
    let conversations = over(source.clone()).await;
    let mut events = conversations.events();
    let caller = spawn_sync(&conversations);
    events.next().await.unwrap();
    conversations.close().await.unwrap();
    assert_eq!(caller.await.unwrap().unwrap_err().class(), ErrorClass::Cancelled);
    assert_eq!(conversations.sync().await.unwrap_err().class(), ErrorClass::Cancelled);
    assert!(conversations.get_conversation_list(conv_api::All).await.unwrap().is_empty());
    while events.next().await.is_some() {}
}

#[tokio::test]
async fn a_mark_without_a_pass_starts_one() {
    let source = Arc::new(ScriptedSource::with_rows(3));
    let conversations = over(source.clone()).await;
    conversations.request_sync().unwrap();
    conversations.sync().await.unwrap();
    assert_eq!((source.pulls(), conversations.snapshot().len()), (1, 3));
}

/// The cloud is out of reach from the first pass on.
#[tokio::test(start_paused = true)]
async fn rows_expire_by_the_time_of_the_last_reply_and_only_since_the_last_pass() {
    use conv_api::{
        model::Timestamp,
        sync::{
            Capabilities,
            testing::{NOW, row},
        },
    };

    let week = 7 * 24 * 60 * 60;
    let mut capabilities = Capabilities::default();
    capabilities.retention = Some(week);
    let at = |name: &str, age: u64| {
        let id = conv_api::ConversationId::c2c(name).unwrap();
        row(id, Timestamp::from_secs(NOW.as_secs() - age))
    };
    let rows = [at("old_but_listed", week + 500), at("ends_soon", week - 100), at("new", 5)];
    let source = Arc::new(ScriptedSource::new(rows).with_capabilities(capabilities));
    let conversations = over(source.clone()).await;
    conversations.sync().await.unwrap();
    let shown = || conversations.snapshot().len();
    for (wait, left) in [(50, 3), (900, 2)] {
        tokio::time::advance(Duration::from_secs(wait)).await;
        source.answer(Err(SourceError::NotFound));
        conversations.sync().await.unwrap_err();
        assert_eq!(shown(), left, "after {wait} seconds more");
    }
    let list = conversations.get_conversation_list(conv_api::All).await.unwrap();
    let ids: Vec<_> = list.iter().map(|row| row.id.as_str()).collect();
    assert_eq!(ids, ["C2Cnew", "C2Cold_but_listed"]);
    assert_eq!(list.report().limit, [conv_api::ListLimit::Retention(week)]);
}

#[tokio::test(start_paused = true)]
async fn a_pass_that_pauses_tries_again_when_the_network_is_back() {
    let source = Arc::new(ScriptedSource::with_rows(10));
    source.answer(Err(SourceError::TimedOut));
    let conversations = over(source.clone()).await;
    let start = tokio::time::Instant::now();
    let caller = spawn_sync(&conversations);
    while source.pulls() < 1 {
        tokio::task::yield_now().await;
    }
    while !caller.is_finished() {
        conversations.retry_now().unwrap();
        tokio::task::yield_now().await;
    }
    assert!(caller.await.unwrap().unwrap().is_sync_completed());
    assert_eq!(start.elapsed(), Duration::ZERO, "no pause was waited for");
}

#[tokio::test(start_paused = true)]
async fn a_list_whose_pass_failed_is_pulled_when_the_network_is_back() {
    let source = Arc::new(ScriptedSource::with_rows(10));
    let conversations = over(source.clone()).await;
    conversations.retry_now().unwrap();
    assert_eq!(source.pulls(), 0, "nothing failed yet");
    for _ in 0..5 {
        source.answer(Err(SourceError::TimedOut));
    }
    conversations.sync().await.unwrap_err();
    let mut events = conversations.events();
    conversations.retry_now().unwrap();
    while !next_report(&mut events).await.unwrap().is_sync_completed() {}
    assert_eq!(source.pulls(), 6);
}

/// The cloud has more than the limit and gives its oldest rows first: of those the list holds none,
/// and shows none on the way.
#[tokio::test(start_paused = true)]
async fn a_pass_that_finds_nothing_new_shows_no_row_below_the_limit() {
    let now = conv_sync::testing::NOW.as_secs();
    let rows = (0..300).rev().map(|age| {
        let id = ConversationId::c2c(&format!("user_{age:04}")).unwrap();
        conv_sync::testing::row(id, Timestamp::from_secs(now - age))
    });
    let source = ScriptedSource::new(rows.collect::<Vec<_>>()).page_size(50);
    let list = Conversations::builder("me").source(source).plan_limit(100).build().await.unwrap();
    list.sync().await.unwrap();
    let before = list.snapshot().seq();
    list.sync().await.unwrap();
    let commits = list.snapshot().changes_since(before).unwrap();
    let changed: usize = commits.iter().map(|commit| commit.changes.len()).sum();
    assert_eq!((changed, list.snapshot().len()), (0, 100));
}
