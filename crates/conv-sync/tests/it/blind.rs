//! A row that cannot be identified takes the right to remove from the pass, nothing else.

use std::sync::Arc;

use conv_model::{ConversationId, Coverage, Cursor, SkippedRow};
use conv_sync::{
    Page, SourceRow,
    testing::{NOW, ScriptedSource, row},
};

use crate::support::{Cache, plan};

fn rows(names: &[&str]) -> Vec<SourceRow> {
    names.iter().map(|name| row(ConversationId::c2c(name).unwrap(), NOW)).collect()
}

fn page(names: &[&str], next: Option<&str>, skipped: &[Option<&str>]) -> Page {
    let mut page = Page::new(rows(names), next.map(Cursor::new), Some(NOW));
    page.skipped = skipped
        .iter()
        .map(|name| {
            let id = name.map(|name| ConversationId::c2c(name).unwrap());
            SkippedRow::new(id, "ID is a number")
        })
        .collect();
    page
}

/// A cache with five rows of a finished pass.
async fn filled(source: &Arc<ScriptedSource>) -> Cache {
    source.set_rows(rows(&["a", "b", "c", "d", "e"]));
    let mut cache = Cache::default();
    cache.pass(source, plan(500)).await.unwrap();
    assert_eq!(cache.rows.len(), 5);
    cache
}

fn ids(names: &[&str]) -> Vec<ConversationId> {
    names.iter().map(|name| ConversationId::c2c(name).unwrap()).collect()
}

#[tokio::test]
async fn a_bad_row_without_an_id_removes_nothing_and_the_pass_finishes() {
    let source = Arc::new(ScriptedSource::with_rows(0));
    let mut cache = filled(&source).await;
    source.answer(Ok(page(&["a", "b"], None, &[None])));
    cache.pass(&source, plan(500)).await.unwrap();
    assert_eq!(cache.rows.len(), 5);
    assert_eq!(cache.state.coverage, Coverage::Complete);
    assert_eq!(cache.state.skipped.len(), 1);
    assert_eq!(cache.state.unconfirmed, ids(&["c", "d", "e"]));
}

#[tokio::test]
async fn a_bad_row_whose_id_reads_is_confirmed_by_it() {
    let source = Arc::new(ScriptedSource::with_rows(0));
    let mut cache = filled(&source).await;
    source.answer(Ok(page(&["a", "b"], None, &[Some("c")])));
    cache.pass(&source, plan(500)).await.unwrap();
    assert_eq!(cache.rows.keys().cloned().collect::<Vec<_>>(), ids(&["a", "b", "c"]));
    assert!(cache.state.unconfirmed.is_empty());
}

#[tokio::test]
async fn one_listing_of_the_pass_is_enough_to_remove_nothing() {
    let source = Arc::new(ScriptedSource::with_rows(0));
    let mut cache = filled(&source).await;
    source.answer(Ok(page(&["a"], Some("1"), &[None])));
    source.answer(Ok(page(&["b"], None, &[])));
    source.answer(Ok(page(&["a"], Some("1"), &[])));
    source.answer(Ok(page(&["b"], None, &[])));
    cache.pass(&source, plan(500)).await.unwrap();
    assert_eq!(cache.state.unconfirmed, ids(&["c", "d", "e"]));

    // The next pass reads all rows, and removes the missing ones.
    source.set_rows(rows(&["a", "b"]));
    cache.pass(&source, plan(500)).await.unwrap();
    assert_eq!(cache.rows.len(), 2);
    assert!(cache.state.unconfirmed.is_empty());
}

#[tokio::test]
async fn every_bad_row_counts_once_however_often_it_is_listed() {
    let source = Arc::new(ScriptedSource::with_rows(0));
    for _ in 0..2 {
        source.answer(Ok(page(&["a"], Some("1"), &[None, None, Some("c")])));
        source.answer(Ok(page(&["b"], None, &[None, None])));
    }
    let mut cache = Cache::default();
    cache.pass(&source, plan(500)).await.unwrap();
    assert_eq!(cache.state.skipped.len(), 5, "{:?}", cache.state.skipped);
}

#[tokio::test]
async fn names_of_unconfirmed_rows_are_read_all_the_same() {
    let source = Arc::new(ScriptedSource::with_rows(0));
    let mut cache = Cache::default();
    source.answer(Ok(page(&["a"], Some("1"), &[None])));
    source.answer(Ok(page(&["b"], None, &[])));
    source.answer(Ok(page(&["a"], Some("1"), &[])));
    source.answer(Ok(page(&["b"], None, &[])));
    cache.pass(&source, plan(500)).await.unwrap();
    assert!(cache.rows.values().all(|row| row.profile.is_known()));
}
