//! Names from a cloud that gives no time.

use std::{sync::Arc, time::Duration};

use conv_api::{
    Accounts, Conversations, MemoryDatabase, SledDatabase, sync::testing::Call,
    testing::ScriptedSource,
};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn timeless() -> Arc<ScriptedSource> {
    let source = ScriptedSource::with_rows(10);
    source.give_no_time();
    Arc::new(source)
}

fn readings(source: &ScriptedSource) -> usize {
    source.calls().iter().filter(|call| matches!(call, Call::Hydrate(..))).count()
}

#[tokio::test(start_paused = true)]
async fn names_are_read_again_once_a_day_and_not_in_each_pass() {
    let source = timeless();
    let conversations =
        Conversations::builder("user_0001").source(Arc::clone(&source)).build().await.unwrap();
    for day in 1..=3 {
        for _ in 0..3 {
            conversations.sync().await.unwrap();
            assert_eq!(readings(&source), day);
        }
        tokio::time::advance(DAY).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_pass_that_failed_does_not_count_as_a_reading_of_all_names() {
    let source = timeless();
    let conversations =
        Conversations::builder("user_0001").source(Arc::clone(&source)).build().await.unwrap();
    conversations.sync().await.unwrap();
    tokio::time::advance(DAY).await;
    source.answer(Err(conv_api::SourceError::NotFound));
    conversations.sync().await.unwrap_err();
    assert_eq!(readings(&source), 1);
    conversations.sync().await.unwrap();
    assert_eq!(readings(&source), 2);
}

/// The pass is complete without the names, and they are as old as before.
#[tokio::test(start_paused = true)]
async fn names_that_could_not_be_read_are_read_by_the_next_pass() {
    let source = timeless();
    let conversations =
        Conversations::builder("user_0001").source(Arc::clone(&source)).build().await.unwrap();
    conversations.sync().await.unwrap();
    tokio::time::advance(DAY).await;
    for _ in 0..10 {
        source.fail_hydration(conv_api::SourceError::TimedOut);
    }
    conversations.sync().await.unwrap();
    let failed = readings(&source);
    while !conversations.sync_report().failed.is_empty() {
        conversations.sync().await.unwrap();
    }
    assert!(readings(&source) > failed, "the names are a day old");
    let read = readings(&source);
    conversations.sync().await.unwrap();
    assert_eq!(readings(&source), read);
}

/// Else a user who is gone would have all names read in each pass.
#[tokio::test(start_paused = true)]
async fn names_that_are_nowhere_to_be_found_count_as_read() {
    let source = timeless();
    let conversations =
        Conversations::builder("user_0001").source(Arc::clone(&source)).build().await.unwrap();
    conversations.sync().await.unwrap();
    tokio::time::advance(DAY).await;
    source.fail_hydration(conv_api::SourceError::NotFound);
    conversations.sync().await.unwrap();
    let read = readings(&source);
    conversations.sync().await.unwrap();
    assert_eq!(readings(&source), read);
}

#[tokio::test(start_paused = true)]
async fn an_account_that_leaves_memory_between_passes_keeps_the_age_of_its_names() {
    let source = timeless();
    let folder = tempfile::tempdir().unwrap();
    let database = Arc::new(SledDatabase::open(folder.path()).await.unwrap());
    let accounts = Accounts::builder(database, Arc::clone(&source)).build();
    let account = "user_0001".parse().unwrap();
    for readings_so_far in [1, 1, 2, 2] {
        accounts.open(&account).await.unwrap().sync().await.unwrap();
        assert_eq!(readings(&source), readings_so_far);
        assert_eq!(accounts.evict_idle(), 1);
        tokio::time::advance(DAY / 2).await;
    }
}

#[tokio::test(start_paused = true)]
async fn each_account_has_its_own_age_of_names() {
    let source = timeless();
    let accounts = Accounts::builder(Arc::new(MemoryDatabase::new()), Arc::clone(&source)).build();
    for (n, name) in ["a", "b"].into_iter().enumerate() {
        let list = accounts.open(&name.parse().unwrap()).await.unwrap();
        list.sync().await.unwrap();
        assert_eq!(readings(&source), n + 1);
        tokio::time::advance(DAY / 2).await;
    }
    let b = accounts.open(&"b".parse().unwrap()).await.unwrap();
    b.sync().await.unwrap();
    assert_eq!(readings(&source), 2, "only the names of the other one are a day old");
}
