//! A source's promises save calls, and are checked.

use std::sync::Arc;

use conv_model::{ConversationId, Coverage, Cursor, Timestamp};
use conv_sync::{
    Capabilities, CursorPromise, ListingOrder, Page, SourceRow,
    testing::{Call, NOW, ScriptedSource, row},
};

use crate::support::{Cache, plan};

fn exact() -> Capabilities {
    let mut capabilities = Capabilities::default();
    capabilities.order = ListingOrder::NewestFirst;
    capabilities.cursors = CursorPromise::Exact;
    capabilities
}

fn at(name: &str, age: u64) -> SourceRow {
    let time = Timestamp::from_secs(NOW.as_secs() - age);
    row(ConversationId::c2c(name).unwrap(), time)
}

fn page(rows: &[(&str, u64)], next: Option<&str>) -> Page {
    let rows = rows.iter().map(|(name, age)| at(name, *age));
    Page::new(rows.collect(), next.map(Cursor::new), Some(NOW))
}

fn heads(source: &ScriptedSource) -> usize {
    source.calls().iter().filter(|call| **call == Call::Pull(None)).count()
}

#[tokio::test]
async fn exact_cursors_let_a_pass_read_only_the_head_again() {
    let source = ScriptedSource::with_rows(250).page_size(50).with_capabilities(exact());
    let source = Arc::new(source);
    let mut cache = Cache::default();
    cache.pass(&source, plan(500)).await.unwrap();
    assert_eq!((source.pulls(), heads(&source)), (6, 2));
    assert_eq!(cache.rows.len(), 250);
    assert_eq!(cache.state.coverage, Coverage::Complete);
}

#[tokio::test]
async fn a_list_at_its_limit_is_read_whole_again() {
    let source = ScriptedSource::with_rows(250).page_size(50).with_capabilities(exact());
    let source = Arc::new(source);
    Cache::default().pass(&source, plan(100)).await.unwrap();
    assert_eq!((source.pulls(), heads(&source)), (4, 2));
}

#[tokio::test]
async fn a_row_that_came_while_pages_were_read_is_found_at_the_head_and_looked_for_once_more() {
    let source = Arc::new(ScriptedSource::with_rows(0).with_capabilities(exact()));
    let old = [("a", 5), ("b", 6)];
    source.answer(Ok(page(&old, Some("1"))));
    source.answer(Ok(page(&[("c", 7), ("d", 8)], None)));
    source.answer(Ok(page(&[("new", 1), ("a", 5)], Some("2"))));
    source.answer(Ok(page(&[("b", 6), ("c", 7)], Some("3"))));
    source.answer(Ok(page(&[("new", 1), ("a", 5)], Some("2"))));
    let mut cache = Cache::default();
    cache.pass(&source, plan(500)).await.unwrap();
    assert_eq!(source.pulls(), 5);
    assert_eq!(cache.rows.len(), 5, "what the first listing showed below the head is kept");
}

#[tokio::test]
async fn a_row_that_stood_still_and_comes_twice_breaks_the_promise() {
    let source = Arc::new(ScriptedSource::with_rows(0).with_capabilities(exact()));
    for _ in 0..2 {
        source.answer(Ok(page(&[("a", 5), ("b", 6)], Some("1"))));
        source.answer(Ok(page(&[("b", 6), ("c", 7)], None)));
    }
    let mut cache = Cache::default();
    cache.pass(&source, plan(500)).await.unwrap();
    assert_eq!(source.pulls(), 4, "the whole list is read again");
    assert_eq!(cache.state.skipped, []);
    let broken = &cache.state.broken_promises;
    assert!(broken[0].contains("exact cursors"), "{broken:?}");
    assert_eq!(cache.rows.len(), 3);
}
