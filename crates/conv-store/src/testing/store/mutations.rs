//! Cases of the user's changes.

use conv_model::{Delta, Mutation, OutboxChange, Progress};

use super::super::{
    TestResult,
    failure::{ensure, ensure_eq},
    fixture::StoreFixture,
    rows::{apply_all, id, listed, soon},
};
use crate::{ConversationStore, StoreError};

fn pin(user: &str) -> Result<Mutation, conv_model::ParseIdError> {
    Ok(Mutation::Pin { id: id(user)?, is_pinned: true })
}

/// Accepted mutations are shown, also after reopening; the cloud's row stays as it is, and the
/// outcome ends the mutation.
pub async fn mutations_are_shown_and_are_there_after_reopening<F: StoreFixture>(
    fixture: &F,
) -> TestResult {
    let store = fixture.open().await?;
    let alice = id("alice")?;
    apply_all(&store, [Delta::listed([listed("alice", 1)?, listed("bob", 2)?])]).await?;
    let base = store.snapshot().get(&alice);
    let commit = soon("a mutation", store.mutate(OutboxChange::enqueue([pin("alice")?]))).await?;
    let number = commit.numbers.first().copied().flatten().unwrap_or_default();
    ensure!(number > 0, "the mutation has no number");
    store.close().await?;
    drop(store);

    let store = fixture.open().await?;
    let snapshot = store.snapshot();
    let first = snapshot.rows().next().map(|row| (row.id.clone(), row.listing.is_pinned));
    ensure_eq!(first, Some((alice.clone(), true)), "the pinned row comes first");
    ensure_eq!(snapshot.base(&alice), base, "the cloud's row");
    ensure!(snapshot.outbox().get(number).is_some(), "the mutation is gone");
    for step in [Progress::Sending, Progress::Acknowledged, Progress::Settled] {
        soon("progress", store.mutate(OutboxChange::progress(number, step))).await?;
    }
    ensure_eq!(store.snapshot().get(&alice), base, "the row after the mutation ended");
    ensure!(store.snapshot().outbox().is_empty(), "the mutation is still there");
    Ok(())
}

/// Of mutations that are accepted together all are, or none.
pub async fn a_mutation_that_is_refused_takes_the_others_along<F: StoreFixture>(
    fixture: &F,
) -> TestResult {
    let store = fixture.open().await?;
    apply_all(&store, [Delta::listed([listed("alice", 1)?])]).await?;
    let before = store.snapshot().seq();
    let both = OutboxChange::enqueue([pin("alice")?, pin("nobody")?]);
    match soon("a mutation", async { Ok(store.mutate(both).await) }).await? {
        Err(StoreError::Refused(_)) => {}
        other => ensure!(false, "a mutation of no row is {other:?}"),
    }
    ensure!(store.snapshot().outbox().is_empty(), "one of two mutations was accepted");
    ensure_eq!(store.snapshot().seq(), before, "the number of the newest commit");
    Ok(())
}
