//! Passes over a cloud that fails. Time is paused: no test waits.

use std::{sync::Arc, time::Duration};

use conv_model::{Coverage, Cursor, ErrorClass, PassStatus, SkippedRow};
use conv_sync::{
    Page, Retry, SourceError,
    testing::{Call, NOW, ScriptedSource, row},
};

use crate::support::{Cache, plan, puller};

fn refused(code: i32, class: ErrorClass, retry: Retry) -> SourceError {
    SourceError::Cloud { code, class, retry, message: "refused".into(), retry_after: None }
}

async fn failing_pass(
    cache: &mut Cache,
    source: &Arc<ScriptedSource>,
    error: &SourceError,
) -> SourceError {
    for _ in 0..10 {
        source.answer(Err(error.clone()));
    }
    cache.pass(source, plan(500)).await.unwrap_err()
}

#[tokio::test(start_paused = true)]
async fn a_lost_page_is_asked_for_again_at_the_same_cursor() {
    let source = Arc::new(ScriptedSource::with_rows(200).page_size(100));
    source.answer_from_list();
    source.answer(Err(SourceError::TimedOut));
    source.answer(Err(SourceError::TimedOut));
    let mut cache = Cache::default();
    cache.pass(&source, plan(500)).await.unwrap();
    let second = Call::Pull(Some(Cursor::new("100")));
    assert_eq!(source.calls().iter().filter(|call| **call == second).count(), 4);
    assert_eq!(cache.rows.len(), 200);
}

#[tokio::test(start_paused = true)]
async fn the_same_failure_five_times_ends_the_pass_and_keeps_the_rows() {
    let source = Arc::new(ScriptedSource::with_rows(10));
    let mut cache = Cache::default();
    cache.pass(&source, plan(500)).await.unwrap();
    let before = source.pulls();

    let error = failing_pass(&mut cache, &source, &SourceError::TimedOut).await;
    assert_eq!(error.class(), ErrorClass::Transient);
    assert_eq!(source.pulls() - before, 5);
    assert_eq!(cache.rows.len(), 10);
    assert_eq!(cache.state.coverage, Coverage::CacheOnly);
    assert!(
        matches!(&cache.state.status, PassStatus::Failed(f) if f.class == ErrorClass::Transient)
    );
}

#[tokio::test(start_paused = true)]
async fn hopeless_requests_are_made_once() {
    let cases = [
        (refused(60010, ErrorClass::Auth, Retry::Never), 1),
        (refused(12345, ErrorClass::Cloud, Retry::Once), 2),
        (refused(70001, ErrorClass::Auth, Retry::Reauthenticate), 2),
        (refused(60007, ErrorClass::RateLimited, Retry::BackOff), 5),
    ];
    for (error, tries) in cases {
        let source = Arc::new(ScriptedSource::with_rows(10));
        let mut cache = Cache::default();
        let ended = failing_pass(&mut cache, &source, &error).await;
        assert_eq!(ended.code(), error.code());
        assert_eq!(source.pulls(), tries, "{error}");
        assert_eq!(cache.state.coverage, Coverage::Empty);
    }
}

#[tokio::test(start_paused = true)]
async fn the_pause_the_cloud_asks_for_is_kept() {
    let source = Arc::new(ScriptedSource::with_rows(10));
    source.answer(Err(SourceError::Cloud {
        code: 60007,
        class: ErrorClass::RateLimited,
        retry: Retry::BackOff,
        message: "slow down".into(),
        retry_after: Some(Duration::from_secs(40)),
    }));
    let start = tokio::time::Instant::now();
    Cache::default().pass(&source, plan(500)).await.unwrap();
    assert!(start.elapsed() >= Duration::from_secs(40));
}

#[tokio::test(start_paused = true)]
async fn a_standing_cursor_ends_the_pass_at_its_first_repeat() {
    let source = Arc::new(ScriptedSource::with_rows(0));
    for n in 0..9 {
        let id = conv_model::ConversationId::c2c(&format!("u{n}")).unwrap();
        source.answer(Ok(Page::new(vec![row(id, NOW)], Some(Cursor::new("same")), Some(NOW))));
    }
    let mut cache = Cache::default();
    let error = cache.pass(&source, plan(500)).await.unwrap_err();
    assert!(matches!(error, SourceError::Protocol { .. }), "{error}");
    assert_eq!(source.pulls(), 2);
    assert_eq!(cache.rows.len(), 1, "the rows that came are kept");
}

#[tokio::test(start_paused = true)]
async fn empty_pages_without_an_end_end_the_pass() {
    let source = Arc::new(ScriptedSource::with_rows(0));
    for n in 0..9 {
        source.answer(Ok(Page::new(Vec::new(), Some(Cursor::new(n.to_string())), Some(NOW))));
    }
    let error = Cache::default().pass(&source, plan(500)).await.unwrap_err();
    assert!(matches!(error, SourceError::Protocol { .. }), "{error}");
    assert_eq!(source.pulls(), 3);
}

#[tokio::test(start_paused = true)]
async fn pages_that_repeat_their_rows_for_ever_end_the_pass() {
    let source = Arc::new(ScriptedSource::with_rows(0));
    let id = conv_model::ConversationId::c2c("alice").unwrap();
    for n in 0..99 {
        let rows = vec![row(id.clone(), NOW)];
        source.answer(Ok(Page::new(rows, Some(Cursor::new(n.to_string())), Some(NOW))));
    }
    let error = Cache::default().pass(&source, plan(500)).await.unwrap_err();
    assert!(matches!(error, SourceError::Protocol { .. }), "{error}");
    assert_eq!(source.pulls(), 17);
}

#[tokio::test(start_paused = true)]
async fn an_expired_cursor_begins_the_listing_anew_once() {
    let source = Arc::new(ScriptedSource::with_rows(200).page_size(100));
    source.answer_from_list();
    source.answer(Err(SourceError::CursorExpired));
    let mut cache = Cache::default();
    cache.pass(&source, plan(500)).await.unwrap();
    assert_eq!(cache.rows.len(), 200);

    let source = Arc::new(ScriptedSource::with_rows(200).page_size(100));
    for _ in 0..2 {
        source.answer_from_list();
        source.answer(Err(SourceError::CursorExpired));
    }
    let mut cache = Cache::default();
    let error = cache.pass(&source, plan(500)).await.unwrap_err();
    assert!(matches!(error, SourceError::CursorExpired), "{error}");
    assert_eq!(cache.state.checkpoint, None);
}

#[tokio::test(start_paused = true)]
async fn names_that_cannot_be_read_do_not_hold_the_list_back() {
    let source = Arc::new(ScriptedSource::with_rows(10));
    source.fail_hydration(refused(40003, ErrorClass::NotFound, Retry::Never));
    let mut cache = Cache::default();
    cache.pass(&source, plan(500)).await.unwrap();
    assert_eq!(cache.state.coverage, Coverage::Complete);
    assert!(cache.rows.values().all(|row| !row.profile.is_known()));

    // They are wanted again next time.
    cache.pass(&source, plan(500)).await.unwrap();
    assert!(cache.rows.values().all(|row| row.profile.is_known()));
}

#[tokio::test(start_paused = true)]
async fn a_row_that_cannot_be_read_is_reported_and_not_removed() {
    let source = Arc::new(ScriptedSource::with_rows(2));
    let mut cache = Cache::default();
    cache.pass(&source, plan(500)).await.unwrap();

    let id: conv_model::ConversationId = "C2Cuser_0001".parse().unwrap();
    let first = cache.rows.keys().next().unwrap().clone();
    let mut page = Page::new(vec![row(first, NOW)], None, Some(NOW));
    page.skipped = vec![SkippedRow::new(Some(id.clone()), "time is no number")];
    source.answer(Ok(page));
    cache.pass(&source, plan(500)).await.unwrap();
    assert!(cache.rows.contains_key(&id));
    assert_eq!(cache.state.skipped.len(), 1);
    assert_eq!(cache.state.coverage, Coverage::Complete);
}

#[tokio::test(start_paused = true)]
async fn cancelling_ends_the_pass_with_whole_pages_only() {
    let source = Arc::new(ScriptedSource::with_rows(300).page_size(100));
    let mut cache = Cache::default();
    let mut puller = puller(&source, plan(500), &cache.state);
    for _ in 0..2 {
        let delta = puller.next().await.unwrap().unwrap();
        puller.applied(&cache.apply(&delta));
    }
    puller.cancel();
    let last = puller.next().await.unwrap().unwrap();
    puller.applied(&cache.apply(&last));
    assert!(matches!(puller.next().await, Err(SourceError::Cancelled)));
    assert_eq!(cache.rows.len(), 100);
    assert!(cache.state.checkpoint.is_some());
    assert!(
        matches!(&cache.state.status, PassStatus::Failed(f) if f.class == ErrorClass::Cancelled)
    );
}

#[tokio::test(start_paused = true)]
async fn a_list_that_became_complete_stays_so_when_its_pass_is_cancelled_in_that_moment() {
    let source = Arc::new(ScriptedSource::with_rows(10));
    let mut cache = Cache::default();
    let mut puller = puller(&source, plan(500), &cache.state);
    let begin = puller.next().await.unwrap().unwrap();
    puller.applied(&cache.apply(&begin));
    let finish = puller.next().await.unwrap().unwrap();
    puller.cancel();
    puller.applied(&cache.apply(&finish));
    assert!(matches!(puller.next().await, Err(SourceError::Cancelled)));
    assert_eq!(cache.state.coverage, Coverage::Complete);
}

#[tokio::test(start_paused = true)]
async fn a_change_that_was_not_reported_as_applied_is_an_error_and_no_hang() {
    let source = Arc::new(ScriptedSource::with_rows(1));
    let mut puller = puller(&source, plan(500), &Cache::default().state);
    assert!(puller.next().await.unwrap().is_some());
    assert!(matches!(puller.next().await, Err(SourceError::InvalidArgument { .. })));
}

#[tokio::test(start_paused = true)]
async fn a_cloud_without_a_clock_gives_no_as_of() {
    let source = Arc::new(ScriptedSource::with_rows(0));
    source.answer(Ok(Page::new(Vec::new(), None, None)));
    let mut cache = Cache::default();
    cache.pass(&source, plan(500)).await.unwrap();
    assert_eq!(cache.state.finished.unwrap().as_of, None);
    assert_eq!(cache.state.coverage, Coverage::Complete, "an account without conversations");
}
