//! Cases of passes that may write, and of those that may not.

use conv_model::{
    Coverage, Delta, ErrorClass, Local, PassFailure, PassId, PassStatus, SyncStep, Timestamp,
};

use super::super::{
    Failure, TestResult,
    failure::{ensure, ensure_eq},
    fixture::StoreFixture,
    rows::{
        apply_all, begin, checkpointed, finish, id, listed, named, page, secs, soon, time_of, users,
    },
};
use crate::{ConversationStore, StoreError};

/// A change of a superseded pass is refused as a whole.
pub async fn a_pass_that_was_superseded_changes_nothing<F: StoreFixture>(
    fixture: &F,
) -> TestResult {
    let store = fixture.open().await?;
    apply_all(&store, [begin(1), page(1, vec![listed("alice", 1)?]), begin(2)]).await?;
    let late = [
        page(1, vec![listed("alice", 5)?, listed("bob", 5)?]),
        checkpointed(1, "late"),
        finish(1, secs(9), []),
        page(3, vec![listed("bob", 5)?]),
    ];
    for delta in late {
        let result = soon("a change", async { Ok(store.apply(delta).await) }).await?;
        let is_refused =
            matches!(&result, Err(StoreError::Superseded(s)) if s.newest.as_u64() == 2);
        ensure!(is_refused, "a late change gives {result:?}");
    }
    ensure_eq!(users(&store.snapshot()), ["alice"], "rows");
    ensure_eq!(time_of(&store.snapshot(), "alice")?, Some(1), "the time");
    Ok(())
}

/// The number of a pass is its fence: a beginning with a number that is taken is refused.
pub async fn two_passes_cannot_begin_with_one_number<F: StoreFixture>(fixture: &F) -> TestResult {
    let store = fixture.open().await?;
    apply_all(&store, [begin(4)]).await?;
    for pass in [4, 3] {
        let result = soon("a change", async { Ok(store.apply(begin(pass)).await) }).await?;
        let is_refused = matches!(result, Err(StoreError::Superseded(_)));
        ensure!(is_refused, "pass {pass} begins after pass 4: {result:?}");
    }
    apply_all(&store, [begin(5)]).await?;
    ensure_eq!(store.snapshot().sync().pass, PassId::new(5), "the newest pass");
    Ok(())
}

/// Beginning, pages, failing and finishing show in the snapshot's state and in the commit's.
pub async fn the_state_follows_the_pass<F: StoreFixture>(fixture: &F) -> TestResult {
    let store = fixture.open().await?;
    ensure_eq!(store.snapshot().report().coverage, Coverage::Empty, "coverage at first");
    let begun = apply_all(&store, [begin(1)]).await?;
    ensure_eq!(store.snapshot().sync().begun, store.snapshot().seq(), "when it began");
    ensure!(begun.iter().all(|c| *c.sync == *store.snapshot().sync()), "the commit's state");
    ensure_eq!(store.snapshot().report().coverage, Coverage::Partial, "coverage while it runs");

    let mut first = checkpointed(1, "after alice");
    first.listed = vec![listed("alice", 1)?];
    apply_all(&store, [first]).await?;
    let snapshot = store.snapshot();
    let cursor = snapshot.sync().checkpoint.as_ref().map(|place| place.cursor.as_str().to_owned());
    ensure_eq!(cursor.as_deref(), Some("after alice"), "the cursor");

    let failure = PassFailure::new(ErrorClass::Transient, "no network");
    let failed = SyncStep::Fail { failure: failure.clone(), forget: false };
    apply_all(&store, [Delta::step(PassId::new(1), failed)]).await?;
    let report = store.snapshot().report();
    ensure_eq!(report.coverage, Coverage::CacheOnly, "coverage after a failure");
    ensure_eq!(report.pass, PassStatus::Failed(failure), "the pass that failed");

    apply_all(&store, [begin(2), finish(2, secs(9), [id("alice")?])]).await?;
    let report = store.snapshot().report();
    ensure!(report.is_sync_completed(), "coverage at the end: {report:?}");
    ensure_eq!(report.as_of, Some(secs(9)), "as of when");
    Ok(())
}

/// The end of a pass removes what it did not list; local state does not keep a row.
pub async fn what_no_listing_confirmed_goes<F: StoreFixture>(fixture: &F) -> TestResult {
    let store = fixture.open().await?;
    let old = [listed("stays", 1)?, listed("goes", 2)?, listed("drafted", 3)?];
    apply_all(&store, [Delta::listed(old), begin(1)]).await?;
    soon("local state", store.put_local(id("drafted")?, Local::draft("hello"))).await?;
    apply_all(&store, [page(1, vec![listed("stays", 1)?, listed("new", 5)?])]).await?;
    apply_all(&store, [finish(1, secs(9), [id("stays")?, id("new")?])]).await?;
    ensure_eq!(users(&store.snapshot()), ["new", "stays"], "rows");
    Ok(())
}

/// Others changed a listing after the pass began: the pass's older reading does not undo that. The
/// next pass may.
pub async fn a_pass_overwrites_no_listing_that_others_changed<F: StoreFixture>(
    fixture: &F,
) -> TestResult {
    let store = fixture.open().await?;
    let others = || Ok::<_, Failure>(Delta::listed([listed("alice", 8)?]));
    apply_all(&store, [Delta::listed([listed("alice", 1)?, listed("bob", 1)?])]).await?;
    apply_all(&store, [begin(1), others()?]).await?;
    let mut alice = listed("alice", 2)?;
    alice.profile.name = Some("Alice".into());
    apply_all(&store, [page(1, vec![alice, listed("bob", 2)?])]).await?;
    let snapshot = store.snapshot();
    ensure_eq!(time_of(&snapshot, "alice")?, Some(8), "the time that others set");
    ensure_eq!(time_of(&snapshot, "bob")?, Some(2), "the time of another row");
    let name = snapshot.get(&id("alice")?).and_then(|row| row.profile.name.clone());
    ensure_eq!(name.as_deref(), Some("Alice"), "the name that the pass read");

    apply_all(&store, [begin(2), page(2, vec![listed("alice", 3)?])]).await?;
    ensure_eq!(time_of(&store.snapshot(), "alice")?, Some(3), "the time that the next pass read");
    apply_all(&store, [page(2, vec![listed("alice", 4)?])]).await?;
    ensure_eq!(time_of(&store.snapshot(), "alice")?, Some(4), "what it read itself before");
    Ok(())
}

/// Others made or changed a row after the pass began: it stays, though the pass did not list it. A
/// patch that contains only known values does not count as a change.
pub async fn a_pass_removes_no_row_that_others_changed<F: StoreFixture>(fixture: &F) -> TestResult {
    let store = fixture.open().await?;
    let old = [listed("changed", 1)?, listed("repeated", 1)?];
    apply_all(&store, [Delta::listed(old), begin(1)]).await?;
    let others = [listed("changed", 2)?, listed("made", 3)?, listed("repeated", 1)?];
    apply_all(&store, [Delta::listed(others), finish(1, secs(9), [])]).await?;
    ensure_eq!(users(&store.snapshot()), ["made", "changed"], "rows");
    apply_all(&store, [begin(2), finish(2, secs(10), [])]).await?;
    ensure!(store.snapshot().is_empty(), "the next pass removes them");
    Ok(())
}

/// A name or a draft that others brought after the pass began does not change the listing.
pub async fn a_late_name_saves_no_ghost<F: StoreFixture>(fixture: &F) -> TestResult {
    let store = fixture.open().await?;
    apply_all(&store, [Delta::listed([listed("ghost", 1)?, listed("alice", 2)?]), begin(1)])
        .await?;
    apply_all(&store, [Delta::updates([named("ghost", "Ghost")?])]).await?;
    soon("local state", store.put_local(id("ghost")?, Local::draft("boo"))).await?;
    apply_all(&store, [finish(1, Timestamp::ZERO, [id("alice")?])]).await?;
    ensure_eq!(users(&store.snapshot()), ["alice"], "rows");
    Ok(())
}
