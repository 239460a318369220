//! The number of round trips until a reader sees each value: every call takes one, and time is paused.

use std::{sync::Arc, time::Duration};

use conv_model::{ConversationId, Coverage, Facet, Timestamp};
use conv_sync::{
    Capabilities, PullOptions, SourceError, SourceRow,
    testing::{Call, NOW, ScriptedSource, row},
};
use tokio::time::Instant;

use crate::support::{Cache, Delayed, plan, puller};

const TRIP: Duration = Duration::from_millis(100);

/// 500 rows, newest first, three of four one to one; every row is in a conversation group.
fn rows() -> Vec<SourceRow> {
    let row = |n: u64| {
        let id = match n % 4 {
            0 => ConversationId::group(&format!("g{n:03}")),
            _ => ConversationId::c2c(&format!("u{n:03}")),
        };
        let mut row = row(id.unwrap(), Timestamp::from_secs(NOW.as_secs() - n));
        row.group_ids = Some(vec![1]);
        row
    };
    (0..500).map(row).collect()
}

fn source() -> ScriptedSource {
    let mut capabilities = Capabilities::default();
    capabilities.facets = vec![Facet::Profile, Facet::Unread];
    let source = ScriptedSource::new(rows()).with_capabilities(capabilities);
    source.set_groups(&[(1, "Friends")]);
    source
}

/// The round trips after which something was first so.
#[derive(Debug, Default, PartialEq, Eq)]
struct Seen {
    rows: Option<u32>,
    head_named: Option<u32>,
    head_grouped: Option<u32>,
    all_named: Option<u32>,
    complete: Option<u32>,
}

async fn see(source: ScriptedSource, options: PullOptions) -> (Seen, Vec<Call>) {
    let source = Arc::new(Delayed { source, trip: TRIP });
    let mut cache = Cache::default();
    let mut puller = puller(&source, options, &cache.state);
    let (start, mut seen) = (Instant::now(), Seen::default());
    while let Some(delta) = puller.next().await.unwrap() {
        puller.applied(&cache.apply(&delta));
        let trips = start.elapsed().as_millis().div_ceil(TRIP.as_millis());
        let note = |first: &mut Option<u32>, is_so: bool| {
            if is_so {
                first.get_or_insert(trips.try_into().unwrap());
            }
        };
        let is_head = |n: u64| cache.rows.values().filter(move |row| is_younger(row, n));
        let named = |n| is_head(n).filter(|row| row.profile.is_known()).count() as u64;
        let grouped = is_head(50).filter(|row| !row.listing.groups.is_empty()).count();
        note(&mut seen.rows, !cache.rows.is_empty());
        note(&mut seen.head_named, named(50) == 50);
        note(&mut seen.head_grouped, grouped == 50);
        note(&mut seen.all_named, named(500) == 500);
        note(&mut seen.complete, cache.state.coverage == Coverage::Complete);
    }
    (seen, source.source.calls())
}

fn is_younger(row: &conv_model::Conversation, secs: u64) -> bool {
    row.listing.time.is_some_and(|time| time.as_secs() > NOW.as_secs() - secs)
}

#[tokio::test(start_paused = true)]
async fn rows_come_first_then_the_head_then_the_rest() {
    let (seen, calls) = see(source(), plan(500)).await;
    let listing = calls.iter().filter(|call| matches!(call, Call::Pull(_))).count() as u32;
    assert_eq!(listing, 10);
    assert_eq!(seen.rows, Some(1));
    assert_eq!(seen.head_grouped, Some(2));
    assert_eq!(seen.head_named, Some(2));
    assert_eq!(seen.all_named, Some(6));
    assert_eq!(seen.complete, Some(listing));
}

#[tokio::test(start_paused = true)]
async fn a_list_of_one_reply_is_complete_when_its_groups_are_named() {
    let source = source().page_size(500);
    let (seen, _) = see(source, plan(500)).await;
    assert_eq!((seen.rows, seen.complete), (Some(1), Some(2)));
}

#[tokio::test(start_paused = true)]
async fn group_names_that_come_late_hold_no_row_back() {
    let source = source();
    for _ in 0..5 {
        source.fail_groups(SourceError::TimedOut);
    }
    let (seen, _) = see(source, plan(500)).await;
    assert_eq!((seen.rows, seen.head_named), (Some(1), Some(2)));
    assert!(seen.complete.is_some());
}

#[tokio::test(start_paused = true)]
async fn every_name_is_asked_for_before_any_unread_count() {
    let (_, calls) = see(source(), plan(500).with_facet(Facet::Unread)).await;
    let facets = calls.iter().filter_map(|call| match call {
        Call::Hydrate(facet, _) => Some(*facet),
        _ => None,
    });
    let facets: Vec<_> = facets.collect();
    assert!(facets.is_sorted(), "{facets:?}");
    assert!(facets.contains(&Facet::Unread));
}

#[tokio::test(start_paused = true)]
async fn names_of_the_head_cost_one_more_batch_of_a_kind_at_most() {
    for page in [20, 100] {
        let (seen, calls) = see(source().page_size(page), plan(500)).await;
        let batches = calls.iter().filter(|call| matches!(call, Call::Hydrate(..))).count();
        // 375 users in batches of 100, 125 groups in batches of 50.
        assert!(batches <= 4 + 3 + 2, "{batches} in pages of {page}");
        let pages = 50_u32.div_ceil(u32::try_from(page).unwrap());
        assert_eq!(seen.head_named, Some(pages + 1));
    }
}
