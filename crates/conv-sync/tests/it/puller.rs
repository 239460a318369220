//! The result of a pass when nothing goes wrong.

use std::{collections::BTreeSet, sync::Arc};

use conv_model::{
    ConversationId, Coverage, Cursor, Facet, ListLimit, PassStatus, Phase, SyncStep, Timestamp,
};
use conv_sync::{
    Capabilities, ListingOrder, SourceRow,
    testing::{Call, NOW, ScriptedSource, row},
};
use proptest::prelude::*;

use crate::support::{Cache, plan, puller};

#[tokio::test]
async fn a_list_of_one_reply_takes_one_call() {
    let source = Arc::new(ScriptedSource::with_rows(100));
    let mut cache = Cache::default();
    cache.pass(&source, plan(500)).await.unwrap();
    assert_eq!(source.pulls(), 1);
    assert_eq!(cache.rows.len(), 100);
    assert_eq!(cache.state.coverage, Coverage::Complete);
    assert_eq!(cache.state.finished.unwrap().limit, []);
}

#[tokio::test]
async fn a_longer_list_is_read_until_two_listings_agree() {
    let source = Arc::new(ScriptedSource::with_rows(250).page_size(100));
    let mut cache = Cache::default();
    cache.pass(&source, plan(500)).await.unwrap();
    assert_eq!(source.pulls(), 6);
    assert_eq!(cache.state.coverage, Coverage::Complete);
}

#[tokio::test]
async fn a_second_pass_makes_the_listing_calls_alone() {
    let source = Arc::new(ScriptedSource::with_rows(250).page_size(100));
    let mut cache = Cache::default();
    cache.pass(&source, plan(500)).await.unwrap();
    let first = source.calls().len();
    cache.pass(&source, plan(500)).await.unwrap();
    let second = source.calls().split_off(first);
    assert_eq!(second.len(), 6);
    assert!(second.iter().all(|call| matches!(call, Call::Pull(_))), "{second:?}");
}

#[tokio::test]
async fn names_are_read_in_batches_of_100_users_and_50_groups() {
    let groups = (0..120).map(|n| ConversationId::group(&format!("g{n:03}")).unwrap());
    let users = (0..130).map(|n| ConversationId::c2c(&format!("u{n:03}")).unwrap());
    let source = Arc::new(ScriptedSource::new(users.chain(groups).map(|id| row(id, NOW))));
    let mut cache = Cache::default();
    cache.pass(&source, plan(500)).await.unwrap();

    let mut batches = Vec::new();
    for call in source.calls() {
        let Call::Hydrate(Facet::Profile, ids) = call else {
            continue;
        };
        let kinds: BTreeSet<_> = ids.iter().map(ConversationId::conversation_type).collect();
        assert_eq!(kinds.len(), 1, "one kind a call");
        batches.push(ids.len());
    }
    batches.sort_unstable();
    assert_eq!(batches, [20, 30, 50, 50, 100]);
    assert!(cache.rows.values().all(|row| row.profile.is_known()));
}

#[tokio::test]
async fn a_list_at_the_plan_limit_says_capped() {
    let source = Arc::new(ScriptedSource::with_rows(100));
    let mut cache = Cache::default();
    cache.pass(&source, plan(100)).await.unwrap();
    assert_eq!(cache.state.finished.unwrap().limit, [ListLimit::Capped(100)]);
}

#[tokio::test]
async fn more_rows_than_the_limit_leave_the_newest() {
    let source = Arc::new(ScriptedSource::with_rows(250).page_size(30));
    let mut cache = Cache::default();
    cache.pass(&source, plan(100)).await.unwrap();
    assert_eq!(cache.rows.len(), 100);
    let oldest = cache.rows.values().filter_map(|row| row.listing.time).min().unwrap();
    assert_eq!(oldest, Timestamp::from_secs(NOW.as_secs() - 99));
}

#[tokio::test]
async fn a_promise_of_newest_first_saves_the_rest_of_the_pages() {
    let mut capabilities = Capabilities::default();
    capabilities.order = ListingOrder::NewestFirst;
    let source =
        Arc::new(ScriptedSource::with_rows(1000).page_size(50).with_capabilities(capabilities));
    let mut cache = Cache::default();
    cache.pass(&source, plan(100)).await.unwrap();
    assert_eq!(source.pulls(), 4);
    assert_eq!(cache.rows.len(), 100);
}

#[tokio::test]
async fn a_broken_promise_is_reported_and_the_pass_reads_on() {
    let mut capabilities = Capabilities::default();
    capabilities.order = ListingOrder::NewestFirst;
    let source = ScriptedSource::with_rows(0).page_size(2).with_capabilities(capabilities);
    let at = |name: &str, age: u64| {
        let time = Timestamp::from_secs(NOW.as_secs() - age);
        row(ConversationId::c2c(name).unwrap(), time)
    };
    source.set_rows([at("a", 9), at("b", 8), at("c", 1), at("d", 2), at("e", 0), at("f", 3)]);
    let source = Arc::new(source);
    let mut cache = Cache::default();
    cache.pass(&source, plan(3)).await.unwrap();
    let names: Vec<_> = cache.rows.keys().map(|id| id.as_str()).collect();
    assert_eq!(names, ["C2Cc", "C2Cd", "C2Ce"]);
    assert_eq!(cache.state.skipped, []);
    let broken = &cache.state.broken_promises;
    assert!(broken[0].contains("newest rows first"), "{broken:?}");
}

#[tokio::test]
async fn rows_that_are_gone_leave_with_the_change_that_says_complete() {
    let source = Arc::new(ScriptedSource::with_rows(250).page_size(100));
    let mut cache = Cache::default();
    cache.pass(&source, plan(500)).await.unwrap();
    source.set_rows(rows(3..250));

    let mut puller = puller(&source, plan(500), &cache.state);
    while let Some(delta) = puller.next().await.unwrap() {
        let is_last = matches!(delta.step, Some(SyncStep::Finish { .. }));
        puller.applied(&cache.apply(&delta));
        assert_eq!(cache.rows.len(), if is_last { 247 } else { 250 });
        if is_last {
            break;
        }
    }
    assert_eq!(cache.state.coverage, Coverage::Complete);
}

#[tokio::test]
async fn a_row_that_moves_between_pages_is_found_by_listing_again() {
    let source = Arc::new(ScriptedSource::with_rows(10).page_size(5));
    let mut cache = Cache::default();
    let mut puller = puller(&source, plan(500), &cache.state);
    // After page one a read row is deleted: row 5 slides onto the page that was read.
    for turn in 0.. {
        let Some(delta) = puller.next().await.unwrap() else {
            break;
        };
        puller.applied(&cache.apply(&delta));
        if turn == 1 {
            source.set_rows(rows(1..10));
        }
    }
    assert!(cache.rows.contains_key("C2Cuser_0005"));
    assert_eq!(cache.state.coverage, Coverage::Complete);

    // The deleted row was in the cloud at some moment of the pass; the next one removes it.
    assert_eq!(cache.rows.len(), 10);
    cache.pass(&source, plan(500)).await.unwrap();
    assert_eq!(cache.rows.len(), 9);
}

#[tokio::test]
async fn numbers_of_groups_are_named_with_one_call_and_one_for_a_later_number() {
    let grouped = |n: u32, ids: &[u64]| {
        let mut row = row(ConversationId::c2c(&format!("u{n}")).unwrap(), NOW);
        row.group_ids = Some(ids.to_vec());
        row
    };
    let source = ScriptedSource::new([grouped(1, &[7]), grouped(2, &[]), grouped(3, &[7, 8, 9])]);
    source.set_groups(&[(7, "Suppliers"), (8, "家人")]);
    let source = Arc::new(source.page_size(1));
    let mut cache = Cache::default();
    cache.pass(&source, plan(500)).await.unwrap();

    let groups = |name: &str| cache.rows[name].listing.groups.clone();
    assert_eq!(groups("C2Cu1"), ["Suppliers".into()]);
    assert!(groups("C2Cu2").is_empty());
    assert!(groups("C2Cu3").is_empty(), "a row with an unnamed group keeps what it had");
    assert_eq!(cache.state.skipped[0].id.as_ref().unwrap().as_str(), "C2Cu3");
    let readings = source.calls().into_iter().filter(|call| *call == Call::Groups).count();
    assert_eq!(readings, 2, "the third group may have been created after the first call");
}

#[tokio::test]
async fn a_new_process_goes_on_from_the_last_applied_page_and_lists_anew() {
    let source = Arc::new(ScriptedSource::with_rows(500).page_size(100));
    let mut cache = Cache::default();
    let mut first = puller(&source, plan(500), &cache.state);
    // The opening, and three pages; then the process is gone.
    while cache.state.checkpoint.as_ref().is_none_or(|place| place.listed < 300) {
        let delta = first.next().await.unwrap().unwrap();
        first.applied(&cache.apply(&delta));
    }
    drop(first);
    let before = source.pulls();
    cache.state = cache.state.clone().reopened(true);
    assert_eq!(cache.state.coverage, Coverage::CacheOnly);

    let mut second = puller(&source, plan(500), &cache.state);
    let mut phases = Vec::new();
    while let Some(delta) = second.next().await.unwrap() {
        second.applied(&cache.apply(&delta));
        if let PassStatus::Running { phase, .. } = cache.state.status {
            phases.push(phase);
            assert_eq!(cache.state.coverage, Coverage::Partial);
        }
    }
    phases.dedup();
    assert_eq!(phases, [Phase::Resuming, Phase::Listing, Phase::Relisting]);
    let resumed: Vec<_> = source.calls()[before..].iter().take(2).cloned().collect();
    assert!(resumed.contains(&Call::Pull(Some(Cursor::new("300")))), "{resumed:?}");
    assert_eq!(cache.rows.len(), 500);
    assert_eq!(cache.state.coverage, Coverage::Complete);
}

#[tokio::test]
async fn another_plan_limit_forgets_the_checkpoint() {
    let source = Arc::new(ScriptedSource::with_rows(300).page_size(100));
    let mut cache = Cache::default();
    let mut first = puller(&source, plan(500), &cache.state);
    for _ in 0..2 {
        let delta = first.next().await.unwrap().unwrap();
        first.applied(&cache.apply(&delta));
    }
    drop(first);
    cache.pass(&source, plan(400)).await.unwrap();
    let pulls: Vec<_> = source.calls().into_iter().filter(|c| matches!(c, Call::Pull(_))).collect();
    assert_eq!(pulls[1], Call::Pull(None));
}

#[tokio::test]
async fn as_of_is_not_later_than_the_moment_the_head_was_asked_for() {
    let source = Arc::new(ScriptedSource::with_rows(10));
    let mut cache = Cache::default();
    cache.pass(&source, plan(500)).await.unwrap();
    let as_of = cache.state.finished.unwrap().as_of.unwrap();
    assert!(as_of <= NOW && as_of.as_secs() >= NOW.as_secs() - 5, "{as_of:?}");
}

fn rows(range: std::ops::Range<u64>) -> Vec<SourceRow> {
    let id = |n| ConversationId::c2c(&format!("user_{n:04}")).unwrap();
    range.map(|n| row(id(n), Timestamp::from_secs(NOW.as_secs() - n))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_page_size_gives_the_same_list(rows in 0u32..160, size in 1usize..60, limit in 1u32..200) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let lists = [size, 1000].map(|size| runtime.block_on(async {
            let source = Arc::new(ScriptedSource::with_rows(rows).page_size(size));
            let mut cache = Cache::default();
            cache.pass(&source, plan(limit)).await.unwrap();
            prop_assert_eq!(cache.state.coverage, Coverage::Complete);
            Ok(cache.rows)
        }));
        let [small, whole] = lists;
        prop_assert_eq!(small?, whole?);
    }
}
