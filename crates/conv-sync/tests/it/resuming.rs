//! To go on from a stored place is a courtesy: nothing that it meets fails the pass.

use std::sync::Arc;

use conv_model::{Checkpoint, ConversationId, Coverage, Cursor, ErrorClass};
use conv_sync::{
    Page, Retry, SourceError,
    testing::{Call, NOW, ScriptedSource, row},
};

use crate::support::{Cache, plan, puller};

fn refused(code: i32, retry: Retry) -> SourceError {
    let message = String::from("refused");
    SourceError::Cloud { code, class: ErrorClass::Cloud, retry, message, retry_after: None }
}

/// A cache whose last pass died after its first page of two.
async fn interrupted(source: &Arc<ScriptedSource>) -> Cache {
    let mut cache = Cache::default();
    let mut doomed = puller(source, plan(500), &cache.state);
    while cache.state.checkpoint.is_none() {
        let delta = doomed.next().await.unwrap().unwrap();
        doomed.applied(&cache.apply(&delta));
    }
    cache
}

#[tokio::test(start_paused = true)]
async fn a_place_that_the_cloud_refuses_in_any_words_is_forgotten() {
    let refusals = [
        (refused(50002, Retry::Never), 1),
        (refused(12345, Retry::Once), 2),
        (refused(50004, Retry::BackOff), 5),
        (refused(70001, Retry::Reauthenticate), 2),
        (SourceError::TimedOut, 5),
        (SourceError::CursorExpired, 1),
        (SourceError::InvalidArgument { what: "cursor".into() }, 1),
    ];
    for (error, tries) in refusals {
        let source = Arc::new(ScriptedSource::with_rows(200).page_size(100));
        let mut cache = interrupted(&source).await;
        for _ in 0..tries {
            source.answer(Err(error.clone()));
        }
        let before = source.pulls();
        cache.pass(&source, plan(500)).await.unwrap();
        assert_eq!(source.pulls() - before, tries + 4, "{error}");
        assert_eq!(cache.state.coverage, Coverage::Complete, "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_place_is_forgotten_even_if_the_head_fails_as_well() {
    let source = Arc::new(ScriptedSource::with_rows(200).page_size(100));
    let mut cache = interrupted(&source).await;
    source.answer(Err(refused(50002, Retry::Never)));
    source.answer(Err(refused(60010, Retry::Never)));
    let error = cache.pass(&source, plan(500)).await.unwrap_err();
    assert_eq!(error.code(), Some(60010));
    assert_eq!(cache.state.checkpoint, None);

    cache.pass(&source, plan(500)).await.unwrap();
    assert_eq!(cache.state.coverage, Coverage::Complete);
}

#[tokio::test(start_paused = true)]
async fn a_page_of_a_fresh_listing_keeps_the_place_that_the_store_has() {
    let source = Arc::new(ScriptedSource::with_rows(300).page_size(100));
    let mut cache = interrupted(&source).await;
    source.answer(Err(refused(50002, Retry::Never)));
    source.answer_from_list();
    source.answer(Err(refused(60010, Retry::Never)));
    cache.pass(&source, plan(500)).await.unwrap_err();
    assert_eq!(cache.state.checkpoint, Some(Checkpoint::new(Cursor::new("100"), 100)));
}

#[tokio::test(start_paused = true)]
async fn a_resumed_listing_that_makes_no_sense_is_followed_by_a_fresh_one() {
    let source = Arc::new(ScriptedSource::with_rows(200).page_size(100));
    let mut cache = interrupted(&source).await;
    let id = ConversationId::c2c("user_0150").unwrap();
    let next = Some(Cursor::new("100"));
    source.answer(Ok(Page::new(vec![row(id, NOW)], next, Some(NOW))));
    let before = source.calls().len();
    cache.pass(&source, plan(500)).await.unwrap();
    assert!(source.calls()[before..].contains(&Call::Pull(None)));
    assert_eq!(cache.state.coverage, Coverage::Complete);
}
