//! Cases of snapshots and watchers.

use std::sync::Arc;

use conv_model::{
    Conversation, ConversationFilter, ConversationId, ConversationPatch, ConversationQuery,
    ConversationType, Delta, GroupAtInfo, GroupFilter, Listing, ListingPatch, MarkFilter, MarkType,
    Seq, list_order, merge,
};

use super::super::{
    Failure, TestResult,
    failure::{ensure, ensure_eq},
    fixture::StoreFixture,
    rows::{apply_all, full, id, listed, secs, soon, time_of, users},
};
use crate::ConversationStore;

/// Pinned first, then later times, rows without a time last, ties by ID.
pub async fn lists_come_in_list_order<F: StoreFixture>(fixture: &F) -> TestResult {
    let store = fixture.open().await?;
    let at = |user: &str, time: Option<u64>, is_pinned: bool| -> Result<_, Failure> {
        let mut patch = ConversationPatch::new(id(user)?);
        let mut listing = ListingPatch::default();
        listing.time = time.map(secs);
        listing.is_pinned = Some(is_pinned);
        patch.listing = Some(listing);
        Ok(patch)
    };
    let rows = [
        at("d", Some(5), false)?,
        at("b", Some(7), false)?,
        at("g", None, false)?,
        at("a", Some(1), true)?,
        at("f", None, true)?,
        at("c", Some(5), false)?,
        at("e", Some(9), false)?,
    ];
    apply_all(&store, [Delta::listed(rows)]).await?;
    ensure_eq!(users(&store.snapshot()), ["a", "f", "e", "b", "c", "d", "g"], "the order");
    apply_all(&store, [Delta::listed([at("a", Some(6), false)?, listed("g", 10)?])]).await?;
    ensure_eq!(users(&store.snapshot()), ["f", "g", "e", "b", "a", "c", "d"], "the order then");
    Ok(())
}

/// A query's answer is every row that it matches, in list order.
pub async fn queries_answer_as_matches_says<F: StoreFixture>(fixture: &F) -> TestResult {
    let store = fixture.open().await?;
    let patches = various()?;
    apply_all(&store, [Delta::listed(patches.clone())]).await?;
    let mut rows: Vec<Conversation> = patches.iter().map(|patch| merge(None, patch)).collect();
    rows.sort_by(list_order);
    let snapshot = store.snapshot();
    for query in queries()? {
        let expected: Vec<&Conversation> = rows.iter().filter(|row| query.matches(row)).collect();
        let answer = snapshot.list(&query);
        ensure!(
            answer.iter().map(AsRef::as_ref).eq(expected.iter().copied()),
            "{query:?} gives {answer:?}, not {expected:?}"
        );
    }
    Ok(())
}

fn various() -> Result<Vec<ConversationPatch>, Failure> {
    let mut plain = listed("plain", 4)?;
    plain.unread.count = Some(0);
    let mut group = full("x", 6)?;
    group.id = ConversationId::group("g1")?;
    let mention = GroupAtInfo::new("alice", "g1", 7, conv_model::AtType::Me);
    group.unread.group_at_info = Some(Arc::from([mention]));
    let mut quiet = full("y", 7)?;
    quiet.id = ConversationId::group("g2")?;
    quiet.unread.group_at_info = Some(Arc::from([]));
    quiet.listing = Some(ListingPatch::from(Listing::default()));
    let mut system = listed("z", 8)?;
    system.id = ConversationId::system();
    Ok(vec![full("full", 5)?, plain, listed("unknown", 3)?, group, quiet, system])
}

fn queries() -> Result<Vec<ConversationQuery>, Failure> {
    let nothing = ConversationFilter::default();
    let filters = [
        nothing.clone(),
        nothing.clone().and_type(ConversationType::Group),
        nothing.clone().and_type(ConversationType::System),
        nothing.clone().and_mark(MarkType::STAR),
        nothing.clone().and_mark(MarkFilter::Unmarked),
        nothing.clone().and_group("Suppliers"),
        nothing.clone().and_group(""),
        nothing.clone().and_unread(true),
        nothing.clone().and_unread(false),
        nothing.clone().and_at_info(true),
        nothing.clone().and_at_info(false),
        nothing.clone().and_mark(MarkType::STAR).and_type(ConversationType::C2c).and_unread(true),
    ];
    let ids = [id("plain")?, id("nobody")?, id("full")?, id("plain")?];
    let mut queries: Vec<ConversationQuery> = filters.into_iter().map(Into::into).collect();
    queries.extend([ConversationQuery::All, ids.into()]);
    // Names that differ in case are different.
    debug_assert_ne!(GroupFilter::from("Suppliers"), GroupFilter::from("suppliers"));
    queries.push(ConversationFilter::group_name("suppliers").into());
    Ok(queries)
}

/// Totals follow the rows; muted conversations and what was never fetched count nothing.
pub async fn totals_leave_out_what_is_muted_or_unknown<F: StoreFixture>(fixture: &F) -> TestResult {
    let store = fixture.open().await?;
    let mut muted = full("muted", 1)?;
    muted.unread.remind_type = Some("AcceptNotNotify".into());
    let rows = [full("alice", 2)?, full("bob", 3)?, muted, listed("unknown", 4)?];
    apply_all(&store, [Delta::listed(rows)]).await?;
    let totals = store.snapshot().totals();
    let sums = (totals.conversations, totals.unread, totals.unread_conversations);
    ensure_eq!(sums, (4, 6, 2), "totals");

    let mut read = ConversationPatch::new(id("alice")?);
    read.unread.count = Some(0);
    apply_all(&store, [Delta::updates([read]), Delta::removed([id("bob")?])]).await?;
    let totals = store.snapshot().totals();
    let sums = (totals.conversations, totals.unread, totals.unread_conversations);
    ensure_eq!(sums, (3, 0, 0), "totals then");
    Ok(())
}

/// A watcher gets the first snapshot that has the change it waited for.
pub async fn a_reader_wakes_when_something_changed<F: StoreFixture>(fixture: &F) -> TestResult {
    let store = fixture.open().await?;
    let mut watcher = store.watch();
    let delta = Delta::listed([listed("alice", 1)?]);
    let (changed, commit) =
        tokio::join!(soon("a wake", watcher.next()), soon("a change", store.apply(delta)));
    let (changed, commit) = (changed?, commit?);
    ensure_eq!(changed.seq(), commit.seq, "the number of the snapshot");
    ensure_eq!(users(&changed), ["alice"], "its rows");
    let waiting = watcher.next();
    let early = tokio::time::timeout(std::time::Duration::from_millis(30), waiting).await;
    ensure!(early.is_err(), "a reader wakes though nothing changed: {early:?}");
    Ok(())
}

/// A watcher that has missed a change gets the newest snapshot at once.
pub async fn a_reader_who_is_behind_need_not_wait<F: StoreFixture>(fixture: &F) -> TestResult {
    let store = fixture.open().await?;
    let since = store.snapshot().seq();
    apply_all(&store, [Delta::listed([listed("alice", 1)?]), Delta::listed([listed("bob", 2)?])])
        .await?;
    let mut watcher = store.watch();
    let newest = soon("a wake", watcher.newer_than(since)).await?;
    ensure_eq!(users(&newest), ["bob", "alice"], "rows");
    ensure!(newest.seq() > Seq::ZERO, "a change has a number");
    Ok(())
}

/// Rows that always change together are never seen apart.
pub async fn a_snapshot_is_of_one_instant<F: StoreFixture>(fixture: &F) -> TestResult {
    let store = fixture.open().await?;
    let writing = async {
        for round in 1..40 {
            apply_all(&store, [Delta::listed([listed("a", round)?, listed("z", round)?])]).await?;
        }
        Ok::<(), Failure>(())
    };
    let reading = async {
        let (mut seen, mut watcher) = (Seq::ZERO, store.watch());
        while time_of(&store.snapshot(), "z")? < Some(39) {
            let snapshot = soon("a wake", watcher.newer_than(seen)).await?;
            ensure!(snapshot.seq() > seen, "an old snapshot: {snapshot:?} after {seen:?}");
            seen = snapshot.seq();
            ensure_eq!(time_of(&snapshot, "a")?, time_of(&snapshot, "z")?, "times");
        }
        Ok(())
    };
    let (wrote, read) = tokio::join!(writing, reading);
    wrote.and(read)
}
