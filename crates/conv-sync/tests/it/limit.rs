//! Rows below the plan's limit are neither shown nor named, to be removed again.

use std::{collections::BTreeSet, sync::Arc};

use conv_model::{ConversationId, Coverage, ListLimit, Rank, Timestamp};
use conv_sync::{
    Capabilities, ListingOrder, PullOptions, SourceRow,
    testing::{Call, NOW, ScriptedSource, row},
};

use crate::support::{Cache, plan, puller};

/// Rows with these ages in seconds.
fn rows(ages: impl IntoIterator<Item = u64>) -> Vec<SourceRow> {
    let row = |age: u64| {
        let id = ConversationId::c2c(&format!("user_{age:04}")).unwrap();
        row(id, Timestamp::from_secs(NOW.as_secs() - age))
    };
    ages.into_iter().map(row).collect()
}

/// Runs one pass that knows what the cache holds. Returns every row that was ever shown.
async fn pass(
    cache: &mut Cache,
    source: &Arc<ScriptedSource>,
    options: PullOptions,
) -> BTreeSet<ConversationId> {
    let held: Vec<_> =
        cache.rows.values().map(|row| (row.id.clone(), Rank::of(&row.listing))).collect();
    let mut puller = puller(source, options, &cache.state).with_list(held);
    let mut shown = BTreeSet::new();
    while let Some(delta) = puller.next().await.unwrap() {
        puller.applied(&cache.apply(&delta));
        shown.extend(cache.rows.keys().cloned());
    }
    shown
}

fn named(source: &ScriptedSource) -> BTreeSet<ConversationId> {
    let mut named = BTreeSet::new();
    for call in source.calls() {
        if let Call::Hydrate(_, ids) = call {
            named.extend(ids);
        }
    }
    named
}

#[tokio::test]
async fn a_limit_told_too_low_shows_and_names_the_newest_rows_alone() {
    for order in [ListingOrder::Unordered, ListingOrder::NewestFirst] {
        let mut capabilities = Capabilities::default();
        capabilities.order = order;
        let source = ScriptedSource::with_rows(300).page_size(130).with_capabilities(capabilities);
        let source = Arc::new(source);
        let mut cache = Cache::default();
        for _ in 0..2 {
            let shown = pass(&mut cache, &source, plan(100)).await;
            assert_eq!(shown.len(), 100, "{order:?}");
            assert_eq!(named(&source).len(), 100, "{order:?}");
            assert_eq!(cache.state.coverage, Coverage::Complete);
            let limit = cache.state.report().limit;
            assert_eq!(limit, [ListLimit::Capped(100)], "the cloud has more");
        }
    }
}

#[tokio::test]
async fn a_complete_list_does_not_flicker_when_the_cloud_gives_old_rows_first() {
    let source = Arc::new(ScriptedSource::new(rows((0..300).rev())).page_size(50));
    let mut cache = Cache::default();
    pass(&mut cache, &source, plan(100)).await;
    assert_eq!(cache.rows.len(), 100);
    let shown = pass(&mut cache, &source, plan(100)).await;
    assert_eq!(shown.len(), 100);
}

#[tokio::test]
async fn a_row_that_moves_up_into_the_limit_is_shown_at_the_end_of_its_listing() {
    let source = Arc::new(ScriptedSource::new(rows((0..30).rev())).page_size(5));
    let mut cache = Cache::default();
    pass(&mut cache, &source, plan(10)).await;
    // A row of the ten is gone: the eleventh takes its place.
    source.set_rows(rows((0..30).rev().filter(|age| *age != 3)));
    pass(&mut cache, &source, plan(10)).await;
    assert!(cache.rows.contains_key("C2Cuser_0010"));
    assert!(!cache.rows.contains_key("C2Cuser_0003"));
    assert_eq!(cache.rows.len(), 10);
}

#[tokio::test]
async fn a_held_back_row_has_its_groups_named() {
    let grouped = rows((0..30).rev()).into_iter().map(|mut row| {
        row.group_ids = Some(vec![1]);
        row
    });
    let grouped: Vec<_> = grouped.collect();
    let source = ScriptedSource::new(grouped.clone()).page_size(5);
    source.set_groups(&[(1, "Friends")]);
    let source = Arc::new(source);
    let mut cache = Cache::default();
    pass(&mut cache, &source, plan(10)).await;
    source.set_rows(grouped.into_iter().filter(|row| row.patch.id.as_str() != "C2Cuser_0003"));
    pass(&mut cache, &source, plan(10)).await;
    assert_eq!(cache.rows["C2Cuser_0010"].listing.groups, ["Friends".into()]);
}
