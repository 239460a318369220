//! Changes outlive their process.

use std::{sync::Arc, time::Duration};

use conv_api::{
    Conversations, ErrorClass, Outcome, OutcomeKind, PendingState, SendOptions, SledDatabase,
    SourceError, sync::WriteCall, testing::sync::Script,
};

use super::cloud::{Cloud, id};

const LONG: Duration = Duration::from_secs(3_600);

async fn open(cloud: &Arc<Cloud>, folder: &std::path::Path) -> Conversations {
    let database = SledDatabase::open(folder).await.unwrap();
    cloud.builder().database(database).build().await.unwrap()
}

#[tokio::test]
async fn a_change_of_a_process_without_a_writer_is_sent_by_a_later_one() {
    let (cloud, folder) = (Cloud::new(2), tempfile::tempdir().unwrap());
    let database = SledDatabase::open(folder.path()).await.unwrap();
    let list = Conversations::builder("user_0001").source(cloud.clone()).database(database);
    let list = list.build().await.unwrap();
    list.sync().await.unwrap();
    let number = list.pin_conversation(&id(1), true).await.unwrap().number().unwrap();
    list.close().await.unwrap();
    assert!(!cloud.is_pinned(1));

    let list = open(&cloud, folder.path()).await;
    assert!(list.snapshot().get(&id(1)).unwrap().listing.is_pinned);
    let change = list.change(number).unwrap();
    change.sent().await.unwrap();
    assert!(cloud.is_pinned(1));
    list.sync().await.unwrap();
    assert_eq!(change.outcome().await.unwrap(), OutcomeKind::Done);
    assert_eq!(list.change(number).map(|change| change.number()), None);
}

#[tokio::test]
async fn a_failure_is_reported_after_a_restart_until_it_is_dropped() {
    let (cloud, folder) = (Cloud::new(1), tempfile::tempdir().unwrap());
    let list = open(&cloud, folder.path()).await;
    list.sync().await.unwrap();
    let error = SourceError::Cloud {
        code: 50_002,
        class: ErrorClass::InvalidArgument,
        retry: conv_api::sync::Retry::Never,
        message: "no".into(),
        retry_after: None,
    };
    cloud.writer.script(Script::Refuse(error));
    let change = list.pin_conversation(&id(0), true).await.unwrap();
    change.outcome().await.unwrap();
    drop(change);
    list.close().await.unwrap();

    let list = open(&cloud, folder.path()).await;
    let outcome = list.outcomes().next().await.unwrap();
    assert!(matches!(&outcome.kind, OutcomeKind::Failed(f) if f.code == Some(50_002)));
    let change = list.change(outcome.number).unwrap();
    assert_eq!(change.outcome().await.unwrap(), outcome.kind);
    change.drop().await.unwrap();
    assert!(list.pending().is_empty());
    list.close().await.unwrap();

    let list = open(&cloud, folder.path()).await;
    assert!(list.pending().is_empty());
}

#[tokio::test]
async fn a_process_that_ends_in_the_middle_of_a_call_sends_again() {
    let (cloud, folder) = (Cloud::new(1), tempfile::tempdir().unwrap());
    let list = open(&cloud, folder.path()).await;
    list.sync().await.unwrap();
    cloud.writer.script(Script::LoseAnswer);
    list.pin_conversation(&id(0), true).await.unwrap();
    while cloud.writer.calls().is_empty() {
        tokio::task::yield_now().await;
    }
    list.close().await.unwrap();

    let list = open(&cloud, folder.path()).await;
    let pending = list.pending();
    assert_eq!(pending.len(), 1);
    assert!(pending[0].is_uncertain);
    assert!(list.flush(LONG).await.unwrap().is_empty());
    assert_eq!(list.pending()[0].state, PendingState::Settling);
    list.sync().await.unwrap();
    while !list.pending().is_empty() {
        tokio::task::yield_now().await;
    }
    assert!(cloud.is_pinned(0));
}

/// One process of many: pulls the list, and ends.
async fn look_again(cloud: &Arc<Cloud>, folder: &std::path::Path) -> Vec<Outcome> {
    let database = SledDatabase::open(folder).await.unwrap();
    let options = SendOptions::default().with_settle_after(Duration::ZERO);
    let list = cloud.builder().database(database).send_options(options).build().await.unwrap();
    let mut outcomes = list.outcomes();
    list.sync().await.unwrap();
    assert!(list.flush(LONG).await.unwrap().is_empty());
    list.close().await.unwrap();
    let mut ended = Vec::new();
    while let Some(outcome) = outcomes.next().await {
        ended.push(outcome);
    }
    ended
}

#[tokio::test]
async fn processes_that_pull_once_and_end_see_that_another_device_changed_it() {
    let (cloud, folder) = (Cloud::new(1), tempfile::tempdir().unwrap());
    let list = open(&cloud, folder.path()).await;
    list.sync().await.unwrap();
    let change = list.pin_conversation(&id(0), true).await.unwrap();
    change.sent().await.unwrap();
    drop(change);
    list.close().await.unwrap();
    let unpin = WriteCall::Pin { ids: vec![id(0)], is_pinned: false };
    cloud.writer.change(&unpin).unwrap();

    // The first may already make the second pass, which it asks for by itself.
    let mut outcomes = look_again(&cloud, folder.path()).await;
    outcomes.extend(look_again(&cloud, folder.path()).await);
    assert_eq!(outcomes.len(), 1);
    assert_eq!(outcomes[0].kind, OutcomeKind::Overridden);
}

#[tokio::test]
async fn a_change_that_the_cloud_acknowledged_can_be_dropped_and_not_cancelled() {
    let (cloud, folder) = (Cloud::new(1), tempfile::tempdir().unwrap());
    let list = open(&cloud, folder.path()).await;
    list.sync().await.unwrap();
    let change = list.pin_conversation(&id(0), true).await.unwrap();
    change.sent().await.unwrap();
    assert!(list.snapshot().get(&id(0)).unwrap().listing.is_pinned);
    assert_eq!(change.cancel().await.unwrap_err().code(), 990_012);
    change.drop().await.unwrap();
    assert_eq!(change.outcome().await.unwrap(), OutcomeKind::Dismissed);
    assert!(list.pending().is_empty());
    assert!(!list.snapshot().get(&id(0)).unwrap().listing.is_pinned, "what the cloud said last");
    assert!(cloud.is_pinned(0));
}
