//! Closing, and opening again.

use conv_model::{Coverage, Delta, Local, PassStatus, Seq};

use super::super::{
    TestResult,
    failure::{ensure, ensure_eq},
    fixture::StoreFixture,
    rows::{
        all, apply_all, begin, checkpointed, finish, full, id, listed, page, secs, soon, users,
    },
};
use crate::{ConversationStore, StoreError};

async fn reopened<F: StoreFixture>(fixture: &F, store: F::Store) -> Result<F::Store, StoreError> {
    store.close().await?;
    drop(store);
    fixture.open().await
}

/// Rows come back as they were, and what was removed does not.
pub async fn rows_are_there_after_reopening<F: StoreFixture>(fixture: &F) -> TestResult {
    let store = fixture.open().await?;
    let rows = [full("alice", 1)?, full("bob", 2)?, listed("carol", 3)?];
    apply_all(&store, [Delta::listed(rows), Delta::removed([id("bob")?])]).await?;
    let before = store.snapshot();
    let store = reopened(fixture, store).await?;
    ensure_eq!(all(&store.snapshot()), all(&before), "the list");
    ensure_eq!(store.snapshot().totals(), before.totals(), "totals");
    let commits = apply_all(&store, [Delta::listed([listed("dave", 9)?])]).await?;
    let is_later = commits.iter().all(|commit| commit.seq > store.snapshot().sync().begun);
    ensure!(is_later, "numbers go back");
    ensure_eq!(users(&store.snapshot()), ["alice", "dave", "carol"], "rows then");
    Ok(())
}

/// Local state comes back, with a row and without.
pub async fn local_state_is_there_after_reopening<F: StoreFixture>(fixture: &F) -> TestResult {
    let store = fixture.open().await?;
    let (draft, data) = (Local::draft("Dear Alice"), Local::data(vec![1, 2, 3]));
    apply_all(&store, [Delta::listed([listed("alice", 1)?])]).await?;
    soon("local state", store.put_local(id("alice")?, draft.clone())).await?;
    soon("local state", store.put_local(id("bob")?, data.clone())).await?;
    let store = reopened(fixture, store).await?;
    let shown = store.snapshot().get(&id("alice")?).map(|row| row.local.clone());
    ensure_eq!(shown, Some(draft), "the row's local state");
    ensure_eq!(store.snapshot().local(&id("bob")?), Some(data), "local state alone");
    Ok(())
}

/// A listing that was broken off can go on where it was.
pub async fn a_checkpoint_is_there_after_reopening<F: StoreFixture>(fixture: &F) -> TestResult {
    let store = fixture.open().await?;
    let mut first = checkpointed(3, "after alice");
    first.listed = vec![listed("alice", 1)?];
    apply_all(&store, [begin(3), first]).await?;
    let before = store.snapshot();
    let store = reopened(fixture, store).await?;
    let snapshot = store.snapshot();
    let (old, new) = (before.sync(), snapshot.sync());
    ensure_eq!(new.checkpoint, old.checkpoint, "the checkpoint");
    ensure_eq!((new.pass, new.scope), (old.pass, old.scope), "the pass and its scope");
    Ok(())
}

/// A reopened list is a preview, even if it was complete or had failed; the findings of the last
/// pass are still known.
pub async fn a_list_that_is_reopened_is_a_preview<F: StoreFixture>(fixture: &F) -> TestResult {
    let store = fixture.open().await?;
    let rows = vec![listed("alice", 1)?];
    apply_all(&store, [begin(1), page(1, rows), finish(1, secs(9), [id("alice")?])]).await?;
    ensure!(store.snapshot().report().is_sync_completed(), "it was never complete");
    let store = reopened(fixture, store).await?;
    let report = store.snapshot().report();
    ensure_eq!(report.coverage, Coverage::CacheOnly, "coverage");
    ensure_eq!(report.pass, PassStatus::Idle, "the pass");
    ensure_eq!(report.as_of, Some(secs(9)), "as of when");
    Ok(())
}

/// Stamps outlive the store: a pass that goes on is still kept off what others changed.
pub async fn a_pass_goes_on_after_reopening<F: StoreFixture>(fixture: &F) -> TestResult {
    let store = fixture.open().await?;
    apply_all(&store, [Delta::listed([listed("old", 1)?]), begin(1)]).await?;
    apply_all(&store, [Delta::listed([listed("made", 3)?])]).await?;
    apply_all(&store, [page(1, vec![listed("own", 2)?])]).await?;
    let store = reopened(fixture, store).await?;
    apply_all(&store, [finish(1, secs(9), [])]).await?;
    ensure_eq!(users(&store.snapshot()), ["made"], "rows");
    Ok(())
}

/// Closing ends everything except reading the last snapshot.
pub async fn a_closed_store_refuses_changes_and_still_answers<F: StoreFixture>(
    fixture: &F,
) -> TestResult {
    let store = fixture.open().await?;
    apply_all(&store, [Delta::listed([listed("alice", 1)?])]).await?;
    let mut watcher = store.watch();
    let closing = async {
        tokio::task::yield_now().await;
        store.close().await
    };
    let (waited, closed) =
        tokio::join!(soon("a wake", async { Ok(watcher.next().await) }), soon("closing", closing));
    closed?;
    let waited = waited?.map(|_| ());
    ensure!(matches!(waited, Err(StoreError::Closed)), "who waited gets {waited:?}");
    let delta = Delta::listed([listed("bob", 2)?]);
    let results = [
        store.apply(delta).await.map(|_| ()),
        store.put_local(id("alice")?, Local::draft("hello")).await.map(|_| ()),
        watcher.next().await.map(|_| ()),
        store.watch().next().await.map(|_| ()),
        store.close().await,
    ];
    for result in results {
        ensure!(matches!(result, Err(StoreError::Closed)), "a closed store gives {result:?}");
    }
    ensure_eq!(users(&store.snapshot()), ["alice"], "rows");
    let last = soon("the last list", store.watch().newer_than(Seq::ZERO)).await?;
    ensure_eq!(users(&last), ["alice"], "rows for a reader who is behind");
    Ok(())
}
