//! A source that panics, and a task that is gone.

use std::time::Duration;

use conv_api::{Accounts, All, Coverage, Error, ErrorClass, Event, MemoryDatabase, PassStatus};

use crate::support::{Gated, Mood, Moody, id, over};

#[tokio::test]
async fn a_source_that_panics_fails_the_pass_and_the_next_one_runs() {
    for names in [false, true] {
        let source = Moody::new(10);
        let conversations = over(source.clone()).await;
        let mood = if names { &source.names } else { &source.pulls };
        Moody::set(mood, Mood::Panics);
        let error = conversations.sync().await.unwrap_err();
        assert!(matches!(error, Error::Panicked), "{error}");
        let report = conversations.sync_report();
        assert!(matches!(report.pass, PassStatus::Failed(failure)
            if failure.class == error.class() && failure.code == error.code()));
        assert_ne!(report.coverage, Coverage::Complete);
        Moody::set(mood, Mood::Well);
        assert!(conversations.sync().await.unwrap().is_sync_completed());
    }
}

#[tokio::test]
async fn a_pass_that_panicked_is_counted() {
    let source = Moody::new(10);
    let accounts =
        Accounts::builder(std::sync::Arc::new(MemoryDatabase::new()), source.clone()).build();
    let list = accounts.open(&"user_0001".parse().unwrap()).await.unwrap();
    Moody::set(&source.pulls, Mood::Panics);
    list.sync().await.unwrap_err();
    let stats = accounts.stats();
    assert_eq!((stats.passes_failed, stats.passes_running, stats.passes_waiting), (1, 0, 0));
    Moody::set(&source.pulls, Mood::Well);
    list.sync().await.unwrap();
    assert_eq!(accounts.stats().passes_finished, 1);
}

#[tokio::test]
async fn a_profile_that_panics_fails_its_callers_alone() {
    let source = Moody::new(10);
    let conversations = over(source.clone()).await;
    Moody::set(&source.profiles, Mood::Panics);
    let alice = id("C2Cuser_0001");
    let error = conversations.get_conversation_profile(&alice).await.unwrap_err();
    assert!(matches!(error, Error::Panicked));
    conversations.sync().await.unwrap();
    let cached = conversations.get_conversation_profile(&alice).await.unwrap();
    assert_eq!(cached.show_name(), "Name of C2Cuser_0001");
    Moody::set(&source.profiles, Mood::Well);
    conversations.get_conversation_profile(&alice).await.unwrap();
}

/// A list that was opened in a runtime that ended in the middle of a pass.
#[test]
fn a_pass_that_died_with_its_runtime_is_reported_and_streams_are_told() {
    let mut keeper = tokio::runtime::Builder::new_multi_thread();
    let keeper = keeper.worker_threads(1).enable_all().build().unwrap();
    let home = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let source = Gated::new(conv_api::testing::ScriptedSource::with_rows(10));
    // The store outlives the passes.
    let store = keeper.block_on(conv_api::MemoryStore::open()).unwrap();
    let building = conv_api::Conversations::builder("user_0001").store(store);
    let conversations = home.block_on(building.source(source.clone()).build()).unwrap();
    let mut events = conversations.events();
    home.block_on(async {
        let caller = {
            let conversations = conversations.clone();
            tokio::spawn(async move { conversations.sync().await })
        };
        // The store's task runs in the other runtime.
        while !matches!(conversations.sync_report().pass, PassStatus::Running { .. }) {
            tokio::task::yield_now().await;
        }
        drop(caller);
    });
    keeper.block_on(async {
        while let Some(event) = events.next().await {
            let Event::SyncReportUpdated(report) = event else { continue };
            assert!(matches!(report.pass, PassStatus::Running { .. }));
            break;
        }
    });
    drop(home);
    keeper.block_on(async {
        let report = conversations.sync_report();
        assert!(matches!(&report.pass, PassStatus::Failed(failure)
            if failure.class == ErrorClass::Cancelled));
        let list = conversations.get_conversation_list(All).await.unwrap();
        assert!(!list.is_sync_completed());
        // No commit reports it, and the streams do.
        assert_eq!(events.next().await, Some(Event::SyncReportUpdated(report)));
        source.gate.add_permits(100);
        conversations.wait_until_complete(Duration::from_secs(60)).await.unwrap();
    });
}
