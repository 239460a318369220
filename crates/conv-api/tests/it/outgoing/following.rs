//! Following changes: cancelling, outcomes, the end of the list.

use std::time::Duration;

use conv_api::{Error, ErrorClass, MarkType, OutcomeKind, PendingState, StoreError};
use tokio::time::sleep;

use super::cloud::{Cloud, id};

#[tokio::test(start_paused = true)]
async fn cancelled_is_never_sent_and_sent_is_never_cancelled() {
    // From cancelling at once to cancelling long after: the race has no gap.
    for yields in 0..40 {
        let cloud = Cloud::new(1);
        let list = cloud.list().await;
        let change = list.pin_conversation(&id(0), true).await.unwrap();
        for _ in 0..yields {
            tokio::task::yield_now().await;
        }
        let cancelled = change.cancel().await;
        sleep(Duration::from_secs(120)).await;
        match cancelled {
            Ok(()) => {
                assert!(!cloud.is_pinned(0), "cancelled after {yields}, and sent");
                assert!(cloud.writer.calls().is_empty());
                assert_eq!(change.outcome().await.unwrap(), OutcomeKind::Cancelled);
            }
            Err(Error::TooLate) => {
                assert!(cloud.is_pinned(0), "too late after {yields}, and not sent");
                assert_eq!(change.outcome().await.unwrap(), OutcomeKind::Done);
            }
            Err(error) => panic!("{error}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_change_whose_answer_was_lost_cannot_be_cancelled() {
    let cloud = Cloud::new(1);
    let list = cloud.list().await;
    cloud.set_offline(true);
    let change = list.pin_conversation(&id(0), true).await.unwrap();
    sleep(Duration::from_secs(1)).await;
    assert!(change.pending().unwrap().is_uncertain);
    assert_eq!(change.cancel().await.unwrap_err().class(), ErrorClass::Cancelled);
    assert_eq!(change.pending().unwrap().state, PendingState::Queued);
}

#[tokio::test]
async fn a_later_change_takes_the_place_of_one_that_waits() {
    let cloud = Cloud::new(1);
    let list = conv_api::Conversations::builder("user_0001").source(cloud).build().await.unwrap();
    list.sync().await.unwrap();
    let first = list.set_conversation_custom_data(&[id(0)], "one").await.unwrap();
    let second = list.set_conversation_custom_data(&[id(0)], "two").await.unwrap();
    assert_eq!(first.changes[0].outcome().await.unwrap(), OutcomeKind::Replaced);
    assert_eq!(list.pending().len(), 1);
    assert_eq!(&*list.snapshot().get(&id(0)).unwrap().listing.custom_data, "two");

    // A value that the cloud has already needs no change.
    let third = list.set_conversation_custom_data(&[id(0)], "").await.unwrap();
    assert_eq!(third.changes[0].number(), None);
    assert_eq!(third.changes[0].outcome().await.unwrap(), OutcomeKind::Unchanged);
    assert!(list.pending().is_empty());
    assert_ne!(second.changes[0].outcome().await.unwrap(), OutcomeKind::Done);
}

#[tokio::test(start_paused = true)]
async fn outcomes_and_changes_end_with_the_list() {
    let cloud = Cloud::new(1);
    let list = cloud.list().await;
    cloud.set_offline(true);
    let change = list.pin_conversation(&id(0), true).await.unwrap();
    let mut outcomes = list.outcomes();
    let next = tokio::spawn(async move { outcomes.next().await });
    let waits = tokio::spawn({
        let change = change.clone();
        async move { change.outcome().await }
    });
    sleep(Duration::from_secs(5)).await;
    list.close().await.unwrap();
    assert_eq!(next.await.unwrap(), None);
    assert!(matches!(waits.await.unwrap(), Err(Error::Store(StoreError::Closed))));
    let closed = list.mark_conversation(&[id(0)], MarkType::STAR, true).await;
    assert!(matches!(closed, Err(Error::Store(StoreError::Closed))));
    assert!(matches!(change.cancel().await, Err(Error::Store(StoreError::Closed))));
    // It shows the same as before.
    assert_eq!(list.pending().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_list_sends_no_more() {
    let cloud = Cloud::new(1);
    let list = cloud.list().await;
    cloud.set_offline(true);
    list.pin_conversation(&id(0), true).await.unwrap();
    let mut outcomes = list.outcomes();
    drop(list);
    assert_eq!(outcomes.next().await, None);
    cloud.set_offline(false);
    sleep(Duration::from_secs(3_600)).await;
    assert!(!cloud.is_pinned(0));
}
