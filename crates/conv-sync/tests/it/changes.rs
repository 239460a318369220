//! Passes over a source that keeps the list itself and gives the changes since a position.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use conv_model::{ConversationId, Coverage, Cursor, ListLimit, Rank, SkippedRow, Timestamp};
use conv_sync::{
    Changes, PullOptions, SourceError,
    testing::{MirrorCall, MirrorSource, NOW, row},
};
use proptest::prelude::*;

use crate::support::{Cache, puller};

/// A cache that tells each pass what it holds, as a store does.
#[derive(Default)]
struct Device(Cache);

impl Device {
    async fn pass(&mut self, source: &Arc<MirrorSource>) -> Result<(), SourceError> {
        let rows = self.0.rows.values().map(|row| (row.id.clone(), Rank::of(&row.listing)));
        let known: Vec<_> = rows.collect();
        let mut puller = puller(source, PullOptions::default(), &self.0.state).with_list(known);
        while let Some(delta) = puller.next().await? {
            puller.applied(&self.0.apply(&delta));
        }
        Ok(())
    }

    /// A pass that goes well, and the calls that it took.
    async fn calls(&mut self, source: &Arc<MirrorSource>) -> Vec<MirrorCall> {
        source.take_calls();
        self.pass(source).await.unwrap();
        source.take_calls()
    }

    /// Leaves the state that a restart leaves.
    fn restart(&mut self) {
        let state = std::mem::take(&mut self.0.state);
        self.0.state = state.reopened(!self.0.rows.is_empty());
    }

    fn coverage(&self) -> Coverage {
        self.0.state.coverage
    }

    fn ids(&self) -> BTreeSet<ConversationId> {
        self.0.rows.keys().cloned().collect()
    }
}

async fn synced(rows: u32) -> (Device, Arc<MirrorSource>) {
    let source = Arc::new(MirrorSource::with_rows(rows));
    let mut device = Device::default();
    device.pass(&source).await.unwrap();
    (device, source)
}

fn id(n: u32) -> ConversationId {
    ConversationId::c2c(&format!("user_{n:04}")).unwrap()
}

fn changes(calls: &[MirrorCall]) -> usize {
    calls.iter().filter(|call| matches!(call, MirrorCall::Changes(_))).count()
}

fn pages(calls: &[MirrorCall]) -> usize {
    calls.len() - changes(calls)
}

#[tokio::test(start_paused = true)]
async fn a_refresh_with_nothing_new_is_one_call() {
    let (mut device, source) = synced(250).await;
    assert_eq!(device.coverage(), Coverage::Complete);
    for _ in 0..3 {
        let calls = device.calls(&source).await;
        assert_eq!((changes(&calls), pages(&calls)), (1, 0));
        assert_eq!((device.coverage(), device.ids()), (Coverage::Complete, source.ids()));
        device.restart();
    }
}

#[tokio::test(start_paused = true)]
async fn all_rows_of_the_source_are_read_whatever_the_plan() {
    let (device, source) = synced(750).await;
    assert_eq!(device.ids(), source.ids());
    assert_eq!(device.0.state.report().limit, [ListLimit::Capped(500)]);
    assert_eq!(device.0.state.report().as_of, Some(NOW));
}

#[tokio::test(start_paused = true)]
async fn changed_and_removed_rows_come_with_one_call() {
    let (mut device, source) = synced(120).await;
    let later = Timestamp::from_secs(NOW.as_secs() + 60);
    source.set(id(70), later);
    source.set(id(900), later);
    source.remove(&id(3));
    let calls = device.calls(&source).await;
    assert_eq!((changes(&calls), pages(&calls)), (1, 0));
    assert_eq!(device.ids(), source.ids());
    assert_eq!(device.0.rows[&id(70)].listing.time, Some(later));
    assert_eq!(device.coverage(), Coverage::Complete);
}

#[tokio::test(start_paused = true)]
async fn a_position_that_is_too_old_or_foreign_or_no_longer_served_leads_to_a_whole_listing() {
    for spoil in [MirrorSource::forget, MirrorSource::renew, MirrorSource::withdraw] {
        let (mut device, source) = synced(120).await;
        source.remove(&id(3));
        source.set(id(900), NOW);
        spoil(&source);
        source.set(id(901), NOW);
        source.forget();
        let calls = device.calls(&source).await;
        assert!(pages(&calls) >= 2, "{calls:?}");
        assert_eq!((device.ids(), device.coverage()), (source.ids(), Coverage::Complete));
    }
}

#[tokio::test(start_paused = true)]
async fn a_source_that_offers_no_changes_any_more_is_listed_each_time() {
    let (mut device, source) = synced(120).await;
    source.withdraw();
    for _ in 0..2 {
        source.remove(&source.ids().into_iter().next().unwrap());
        let calls = device.calls(&source).await;
        // The list, and once more, as changes cannot close it.
        assert!(pages(&calls) >= 3 && changes(&calls) <= 2, "{calls:?}");
        assert_eq!((device.ids(), device.coverage()), (source.ids(), Coverage::Complete));
    }
}

#[tokio::test(start_paused = true)]
async fn an_incomplete_source_makes_no_complete_list_and_removes_no_row() {
    for coverage in [Coverage::Partial, Coverage::CacheOnly, Coverage::Empty] {
        let (mut device, source) = synced(50).await;
        source.renew();
        source.remove(&id(3));
        source.set_coverage(coverage);
        device.pass(&source).await.unwrap();
        assert_ne!(device.coverage(), Coverage::Complete);
        assert!(device.ids().contains(&id(3)), "a listing of a part removed a row");
        assert_eq!(device.0.state.unconfirmed, [id(3)]);
        // It is listed again until it is complete.
        assert_eq!(pages(&device.calls(&source).await), 1);
        source.set_coverage(Coverage::Complete);
        device.pass(&source).await.unwrap();
        assert_eq!((device.ids(), device.coverage()), (source.ids(), Coverage::Complete));
    }
}

#[tokio::test(start_paused = true)]
async fn changes_of_a_source_that_is_incomplete_now_leave_the_list_incomplete() {
    let (mut device, source) = synced(50).await;
    source.set_coverage(Coverage::CacheOnly);
    source.set(id(900), NOW);
    source.remove(&id(3));
    let calls = device.calls(&source).await;
    assert_eq!((changes(&calls), pages(&calls)), (1, 0));
    assert_eq!((device.ids(), device.coverage()), (source.ids(), Coverage::CacheOnly));
    source.set_coverage(Coverage::Complete);
    assert_eq!(device.calls(&source).await.len(), 1);
    assert_eq!(device.coverage(), Coverage::Complete);
}

#[tokio::test(start_paused = true)]
async fn rows_that_the_source_skipped_are_reported() {
    let (mut device, source) = synced(50).await;
    let skipped = vec![SkippedRow::new(None, "odd")];
    source.set_skipped(skipped.clone());
    device.pass(&source).await.unwrap();
    assert_eq!(device.0.state.report().skipped, skipped);
    assert_eq!(device.coverage(), Coverage::Complete);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_comes_again_changes_nothing() {
    let (mut device, source) = synced(50).await;
    source.set(id(900), NOW);
    source.remove(&id(3));
    let mut upstream = source.upstream();
    let first = Changes::new(vec![row(id(900), NOW)], vec![id(3)], upstream.clone());
    source.answer(Ok(first.clone()));
    device.pass(&source).await.unwrap();
    source.answer(Ok(first));
    let calls = device.calls(&source).await;
    assert_eq!((calls.len(), device.ids()), (1, source.ids()));
    // A row that both changed and left is there.
    source.set(id(3), NOW);
    upstream = source.upstream();
    source.answer(Ok(Changes::new(vec![row(id(3), NOW)], vec![id(3)], upstream)));
    device.pass(&source).await.unwrap();
    assert_eq!(device.ids(), source.ids());
}

#[tokio::test(start_paused = true)]
async fn counts_that_disagree_lead_to_one_whole_listing() {
    let (mut device, source) = synced(50).await;
    device.0.rows.remove(&id(7));
    source.set(id(900), NOW);
    let calls = device.calls(&source).await;
    assert_eq!((changes(&calls), pages(&calls)), (1, 1));
    assert_eq!((device.ids(), device.coverage()), (source.ids(), Coverage::Complete));
    assert_eq!(device.0.state.broken_promises.len(), 1);
    // Mended: no more listings, and no more reports.
    source.set(id(901), NOW);
    assert_eq!(device.calls(&source).await.len(), 1);
    assert!(device.0.state.broken_promises.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_count_that_a_listing_does_not_mend_is_listed_for_once() {
    let (mut device, source) = synced(50).await;
    source.count_more(2);
    source.set(id(800), NOW);
    assert_eq!(pages(&device.calls(&source).await), 1);
    for n in 0..3 {
        source.set(id(900 + n), NOW);
        device.restart();
        assert_eq!(device.calls(&source).await.len(), 1, "listed again and again");
    }
    source.count_more(5);
    source.set(id(801), NOW);
    assert_eq!(pages(&device.calls(&source).await), 1);
}

#[tokio::test(start_paused = true)]
async fn a_listing_of_several_pages_ends_with_the_changes_since_its_first() {
    let source = Arc::new(MirrorSource::with_rows(60).page_size(20));
    // It leaves the second page for the first, which was read before.
    source.change_after_a_page(id(25), Some(Timestamp::from_secs(NOW.as_secs() + 9)));
    source.change_after_a_page(id(5), None);
    let mut device = Device::default();
    let calls = device.calls(&source).await;
    assert_eq!((changes(&calls), pages(&calls)), (1, 3));
    assert_eq!((device.ids(), device.coverage()), (source.ids(), Coverage::Complete));
    assert_eq!(device.calls(&source).await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_listing_whose_first_position_is_too_old_by_then_is_made_again_and_closed() {
    let source = Arc::new(MirrorSource::with_rows(60).page_size(20));
    source.change_after_a_page(id(5), None);
    source.answer(Err(SourceError::CursorExpired));
    let mut device = Device::default();
    let calls = device.calls(&source).await;
    assert_eq!((changes(&calls), pages(&calls)), (2, 6));
    assert_eq!((device.ids(), device.coverage()), (source.ids(), Coverage::Complete));
    assert_eq!(device.calls(&source).await.len(), 1);
}

/// Changes cannot close the first listing, and the second one is a single reply with a position.
#[tokio::test(start_paused = true)]
async fn rows_that_left_before_a_listing_of_one_reply_do_not_stay() {
    let source = Arc::new(MirrorSource::with_rows(25).page_size(20));
    for n in 0..6 {
        source.change_after_a_page(id(n), None);
    }
    source.answer(Err(SourceError::Unsupported { what: "changes".into() }));
    let mut device = Device::default();
    let calls = device.calls(&source).await;
    assert_eq!((changes(&calls), pages(&calls)), (1, 3));
    assert_eq!((device.ids(), device.coverage()), (source.ids(), Coverage::Complete));
    assert_eq!(device.calls(&source).await.len(), 1);
    assert_eq!(device.ids(), source.ids());
}

#[tokio::test(start_paused = true)]
async fn a_failed_call_for_changes_fails_the_pass_and_keeps_the_position() {
    let (mut device, source) = synced(50).await;
    for _ in 0..9 {
        source.answer(Err(SourceError::TimedOut));
    }
    device.pass(&source).await.unwrap_err();
    assert_eq!(device.coverage(), Coverage::CacheOnly);
    while source.take_calls().len() < 4 {
        device.pass(&source).await.ok();
    }
    device.pass(&source).await.unwrap();
    assert_eq!(device.calls(&source).await.len(), 1);
    assert_eq!(device.coverage(), Coverage::Complete);
}

#[tokio::test(start_paused = true)]
async fn a_pass_that_lists_has_no_position_until_it_ends() {
    let (mut device, source) = synced(60).await;
    source.forget();
    source.set(id(900), NOW);
    source.forget();
    let rows = device.0.rows.values().map(|row| (row.id.clone(), Rank::of(&row.listing)));
    let known: Vec<_> = rows.collect();
    let small = Arc::new(MirrorSource::with_rows(60).page_size(20));
    small.renew();
    let mut puller = puller(&small, PullOptions::default(), &device.0.state).with_list(known);
    for _ in 0..2 {
        let delta = puller.next().await.unwrap().unwrap();
        puller.applied(&device.0.apply(&delta));
    }
    assert_eq!(device.0.state.upstream, None);
    assert!(device.0.state.checkpoint.is_some());
}

#[derive(Clone, Debug)]
enum Event {
    Set(u32, u64),
    Remove(u32),
    Between(u32, Option<u64>),
    Forget,
    Renew,
    Cover(bool),
    Restart,
    Lose(u32),
    Cut(usize),
    Pass,
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        6 => (0..40_u32, 0..90_u64).prop_map(|(id, time)| Event::Set(id, time)),
        4 => (0..40_u32).prop_map(Event::Remove),
        3 => (0..40_u32, proptest::option::of(0..90_u64)).prop_map(|(id, time)| Event::Between(id, time)),
        1 => Just(Event::Forget),
        1 => Just(Event::Renew),
        1 => any::<bool>().prop_map(Event::Cover),
        2 => Just(Event::Restart),
        1 => (0..40_u32).prop_map(Event::Lose),
        2 => (1..6_usize).prop_map(Event::Cut),
        6 => Just(Event::Pass),
    ];
    proptest::collection::vec(event, 1..60)
}

async fn cut(device: &mut Device, source: &Arc<MirrorSource>, deltas: usize) {
    let rows = device.0.rows.values().map(|row| (row.id.clone(), Rank::of(&row.listing)));
    let known: Vec<_> = rows.collect();
    let mut puller = puller(source, PullOptions::default(), &device.0.state).with_list(known);
    for _ in 0..deltas {
        let Ok(Some(delta)) = puller.next().await else { return };
        puller.applied(&device.0.apply(&delta));
    }
}

async fn history(page: usize, events: Vec<Event>) {
    let source = Arc::new(MirrorSource::with_rows(25).page_size(page));
    let at = |time: u64| Timestamp::from_secs(NOW.as_secs() + time);
    let mut device = Device::default();
    let mut is_complete = true;
    for event in events {
        match event {
            Event::Set(n, time) => source.set(id(n), at(time)),
            Event::Remove(n) => source.remove(&id(n)),
            Event::Between(n, time) => source.change_after_a_page(id(n), time.map(at)),
            Event::Forget => source.forget(),
            Event::Renew => source.renew(),
            Event::Cover(complete) => {
                is_complete = complete;
                let coverage = if complete { Coverage::Complete } else { Coverage::CacheOnly };
                source.set_coverage(coverage);
            }
            Event::Restart => device.restart(),
            Event::Lose(n) => drop(device.0.rows.remove(&id(n))),
            Event::Cut(deltas) => cut(&mut device, &source, deltas).await,
            Event::Pass => {
                device.pass(&source).await.unwrap();
                let coverage = device.coverage();
                assert_eq!(coverage == Coverage::Complete, is_complete, "{coverage:?}");
            }
        }
    }
    // Whatever came before, quiet passes over a complete source end with its list.
    source.set_coverage(Coverage::Complete);
    for _ in 0..3 {
        device.pass(&source).await.unwrap();
    }
    assert_eq!((device.ids(), device.coverage()), (source.ids(), Coverage::Complete));
    let held = device.0.rows.values().map(|row| (row.id.clone(), row.listing.time.unwrap()));
    assert_eq!(held.collect::<BTreeMap<_, _>>(), source.times());
    assert_eq!(device.calls(&source).await.len(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn any_history_ends_with_the_list_of_the_source(page in 3..12_usize, events in events()) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(history(page, events));
    }
}

#[test]
fn cursors_of_the_scripts_are_positions() {
    assert_eq!(MirrorSource::with_rows(3).upstream().position, Some(Cursor::new("1.3")));
}
