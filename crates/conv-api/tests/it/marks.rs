//! A mark stays until a pass that began after it has succeeded.

use std::{sync::Arc, time::Duration};

use conv_api::{Conversations, ErrorClass, PassStatus, SourceError, sync::Retry};

use crate::support::{Gated, Mood, Moody, over};

const MINUTE: Duration = Duration::from_secs(60);

fn refused() -> SourceError {
    let message = "UserSig does not verify".to_owned();
    let (class, retry) = (ErrorClass::Auth, Retry::Never);
    SourceError::Cloud { code: 70003, class, retry, message, retry_after: None }
}

/// Until the list is complete, but no longer than a day.
async fn until_complete(conversations: &Conversations) {
    let mut events = conversations.events();
    let complete = async {
        while !conversations.sync_report().is_sync_completed() {
            events.next().await.unwrap();
        }
    };
    tokio::time::timeout(24 * 60 * MINUTE, complete).await.unwrap();
}

async fn until_failed(conversations: &Conversations) {
    let mut events = conversations.events();
    while !matches!(conversations.sync_report().pass, PassStatus::Failed(_)) {
        events.next().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_mark_during_an_outage_is_served_by_itself_afterwards() {
    let source = Moody::new(10);
    let conversations = over(source.clone()).await;
    Moody::set(&source.pulls, Mood::Fails(SourceError::TimedOut));
    conversations.request_sync().unwrap();
    tokio::time::sleep(30 * MINUTE).await;
    assert!(!conversations.sync_report().is_sync_completed());
    Moody::set(&source.pulls, Mood::Well);
    until_complete(&conversations).await;
    let calls = source.calls();
    tokio::time::sleep(60 * MINUTE).await;
    assert_eq!(source.calls(), calls, "and then there is nothing more to do");
}

#[tokio::test(start_paused = true)]
async fn a_mark_during_a_pass_that_then_fails_is_kept() {
    let source = Gated::new(conv_api::testing::ScriptedSource::with_rows(10));
    let conversations = over(source.clone()).await;
    let mut events = conversations.events();
    let caller = {
        let conversations = conversations.clone();
        tokio::spawn(async move { conversations.sync().await })
    };
    events.next().await.unwrap();
    conversations.request_sync().unwrap();
    source.source.answer(Err(refused()));
    source.gate.add_permits(100);
    assert_eq!(caller.await.unwrap().unwrap_err().class(), ErrorClass::Auth);
    let pulls = source.source.pulls();
    // A failure that waiting does not mend needs an operator, and the report says so.
    tokio::time::sleep(600 * MINUTE).await;
    assert_eq!(source.source.pulls(), pulls);
    assert!(matches!(conversations.sync_report().pass, PassStatus::Failed(failure)
        if failure.class == ErrorClass::Auth && failure.code == 70003));
    conversations.retry_now().unwrap();
    until_complete(&conversations).await;
}

#[tokio::test(start_paused = true)]
async fn a_list_whose_pass_failed_is_pulled_again_while_somebody_holds_it() {
    let source = Moody::new(10);
    let conversations = over(source.clone()).await;
    Moody::set(&source.pulls, Mood::Fails(SourceError::TimedOut));
    conversations.sync().await.unwrap_err();
    Moody::set(&source.pulls, Mood::Well);
    until_complete(&conversations).await;
}

#[tokio::test(start_paused = true)]
async fn pauses_between_failed_passes_grow_to_minutes() {
    let source = Moody::new(10);
    let conversations = over(source.clone()).await;
    Moody::set(&source.pulls, Mood::Fails(SourceError::TimedOut));
    conversations.request_sync().unwrap();
    tokio::time::sleep(60 * MINUTE).await;
    let first = source.calls();
    tokio::time::sleep(600 * MINUTE).await;
    let later = source.calls() - first;
    // Each pass makes five tries, and follows the one before after 150 to 300 seconds.
    assert!((600 / 6 * 5..=600 * 60 / 150 * 5).contains(&later), "{later} calls in ten hours");
}

#[tokio::test(start_paused = true)]
async fn marks_that_keep_coming_in_an_outage_make_no_more_passes() {
    let source = Moody::new(10);
    let conversations = over(source.clone()).await;
    Moody::set(&source.pulls, Mood::Fails(SourceError::TimedOut));
    for _ in 0..60 * 60 {
        conversations.request_sync().unwrap();
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    assert!(source.calls() < 200, "{} calls in an hour", source.calls());
}

#[tokio::test(start_paused = true)]
async fn a_pause_between_passes_ends_when_somebody_asks_or_the_network_is_back() {
    let source = Moody::new(10);
    let conversations = over(source.clone()).await;
    let start = tokio::time::Instant::now();
    for ask in [true, false] {
        Moody::set(&source.pulls, Mood::Fails(refused_for_now()));
        conversations.sync().await.unwrap_err();
        Moody::set(&source.pulls, Mood::Well);
        if ask {
            conversations.sync().await.unwrap();
        } else {
            conversations.retry_now().unwrap();
            until_complete(&conversations).await;
        }
    }
    assert_eq!(start.elapsed(), Duration::ZERO, "no pause was waited for");
}

/// Fails a pass at once, and may be over the next moment.
fn refused_for_now() -> SourceError {
    let message = "internal".to_owned();
    let (class, retry) = (ErrorClass::Transient, Retry::Never);
    SourceError::Cloud { code: 50004, class, retry, message, retry_after: None }
}

#[tokio::test(start_paused = true)]
async fn closing_ends_a_pause_between_passes() {
    let source = Moody::new(10);
    let conversations = over(source.clone()).await;
    Moody::set(&source.pulls, Mood::Fails(refused_for_now()));
    conversations.request_sync().unwrap();
    until_failed(&conversations).await;
    let start = tokio::time::Instant::now();
    conversations.close().await.unwrap();
    assert_eq!(start.elapsed(), Duration::ZERO);
    assert_eq!(conversations.request_sync().unwrap_err().class(), ErrorClass::Cancelled);
}

#[tokio::test(start_paused = true)]
async fn dropping_the_last_handle_ends_a_pause_between_passes() {
    let source = Moody::new(10);
    let conversations = over(source.clone()).await;
    Moody::set(&source.pulls, Mood::Fails(refused_for_now()));
    conversations.request_sync().unwrap();
    until_failed(&conversations).await;
    drop(conversations);
    while Arc::strong_count(&source) > 1 {
        tokio::task::yield_now().await;
    }
}

#[test]
fn a_mark_from_a_runtime_that_ends_is_served() {
    let mut home = tokio::runtime::Builder::new_multi_thread();
    let home = home.worker_threads(1).enable_all().build().unwrap();
    let source = Moody::new(10);
    let conversations = home.block_on(over(source));
    let guest = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    guest.block_on(async { conversations.request_sync() }).unwrap();
    drop(guest);
    home.block_on(until_complete(&conversations));
}
