//! Positions, and the changes since one.

use conv_model::{All, ConversationId, Delta, Local, Mutation, OutboxChange, Position, Progress};

use super::super::{
    Failure, TestResult,
    failure::{ensure, ensure_eq},
    fixture::StoreFixture,
    rows::{apply_all, begin, checkpointed, id, listed, named, soon},
};
use crate::{ConversationStore, ResetReason, ResumeFrom, Since, Snapshot};

/// The first rows that a reader asks for.
const WINDOW: usize = 3;

/// A reader who knows how many rows there were.
fn reader(snapshot: &Snapshot) -> Result<ResumeFrom, Failure> {
    let position = snapshot.position().ok_or_else(|| Failure::new("there is no position"))?;
    Ok(ResumeFrom::from(position).with_conversations(snapshot.totals().conversations))
}

/// The rows that a reader lacks, by their IDs, once the log is gone.
fn sent(snapshot: &Snapshot, from: ResumeFrom) -> Result<Vec<ConversationId>, Failure> {
    match snapshot.since(&All.into(), Some(WINDOW), from) {
        Since::Sync { order, rows } => {
            let shown = snapshot.rows().take(WINDOW).map(|row| row.id.clone());
            ensure!(shown.eq(order), "the order is not that of the list");
            Ok(rows.iter().map(|row| row.id.clone()).collect())
        }
        other => Err(Failure::new(format!("expected a difference of the window, not {other:?}"))),
    }
}

async fn reopened<F: StoreFixture>(fixture: &F, store: F::Store) -> Result<F::Store, Failure> {
    store.close().await?;
    drop(store);
    Ok(fixture.open().await?)
}

/// A position names a stored write: it is the same after reopening, and what is not stored does not
/// move it.
pub async fn a_position_is_that_of_the_last_stored_write<F: StoreFixture>(
    fixture: &F,
) -> TestResult {
    let store = fixture.open().await?;
    apply_all(&store, [Delta::listed([listed("alice", 1)?]), begin(1)]).await?;
    let before = store.snapshot();
    apply_all(&store, [checkpointed(1, "v1:1"), checkpointed(1, "v1:1")]).await?;
    let after = store.snapshot();
    let written = after.position().map(|position| position.write);
    ensure_eq!(written, Some(after.written()), "the write of the position");
    let is_further = before.position().map(|position| position.write) < written;
    ensure_eq!(is_further, before.written() < after.written(), "whether a position moved");
    ensure!(
        matches!(after.since(&All.into(), None, reader(&after)?), Since::Same),
        "something changed since now"
    );
    let store = reopened(fixture, store).await?;
    ensure_eq!(store.snapshot().position(), after.position(), "the position after reopening");
    Ok(())
}

/// While the commits are known they are given; after reopening the rows that changed, in whatever way,
/// and those that came into the window.
pub async fn a_reader_comes_back_for_what_changed<F: StoreFixture>(fixture: &F) -> TestResult {
    let store = fixture.open().await?;
    let rows = [("a", 1), ("b", 2), ("c", 3), ("d", 4), ("e", 5)];
    let rows: Result<Vec<_>, _> = rows.into_iter().map(|(user, at)| listed(user, at)).collect();
    apply_all(&store, [Delta::listed(rows?)]).await?;
    soon("local state", store.put_local(id("e")?, Local::draft("Dear E"))).await?;
    let mut store = reopened(fixture, store).await?;

    let first = reader(&store.snapshot())?;
    soon("local state", store.put_local(id("e")?, Local::draft(""))).await?;
    let Since::Changes(commits) = store.snapshot().since(&All.into(), Some(WINDOW), first) else {
        return Err(Failure::new("the commits are not given"));
    };
    let changed = commits.iter().flat_map(|commit| &commit.changes).filter_map(|it| it.id());
    ensure!(changed.eq([&id("e")?]), "the commits are not those since");
    store = reopened(fixture, store).await?;
    ensure_eq!(sent(&store.snapshot(), first)?, [id("e")?], "what a cleared draft changed");

    let second = reader(&store.snapshot())?;
    apply_all(&store, [Delta::updates([named("d", "Dora")?])]).await?;
    store = reopened(fixture, store).await?;
    ensure_eq!(sent(&store.snapshot(), second)?, [id("d")?], "what an answer changed");

    let third = reader(&store.snapshot())?;
    apply_all(&store, [Delta::removed([id("d")?])]).await?;
    store = reopened(fixture, store).await?;
    ensure_eq!(sent(&store.snapshot(), third)?, [id("b")?], "what a removal brings into a window");
    let whole = store.snapshot().since(&All.into(), None, third);
    ensure!(
        matches!(whole, Since::Reset(ResetReason::TooOld)),
        "a whole list without a log gives {whole:?}"
    );
    Ok(())
}

/// Mutations come and go without a change of the row's record.
pub async fn a_reader_comes_back_for_mutations_that_ended<F: StoreFixture>(
    fixture: &F,
) -> TestResult {
    let store = fixture.open().await?;
    apply_all(&store, [Delta::listed([listed("a", 1)?, listed("b", 2)?])]).await?;
    let before = reader(&store.snapshot())?;
    let pin = Mutation::Pin { id: id("a")?, is_pinned: true };
    let commit = soon("a mutation", store.mutate(OutboxChange::enqueue([pin]))).await?;
    let number = commit.numbers.first().copied().flatten().unwrap_or_default();
    let store = reopened(fixture, store).await?;
    ensure!(sent(&store.snapshot(), before)?.contains(&id("a")?), "a pending pin is not sent");
    let pinned = reader(&store.snapshot())?;
    soon("progress", store.mutate(OutboxChange::progress(number, Progress::Drop))).await?;
    let store = reopened(fixture, store).await?;
    ensure!(sent(&store.snapshot(), pinned)?.contains(&id("a")?), "a dropped pin is not sent");
    Ok(())
}

/// Positions of the future and of other lists are answered with a reset, never with rows.
pub async fn a_foreign_position_is_answered_with_a_reset<F: StoreFixture>(
    fixture: &F,
) -> TestResult {
    let store = fixture.open().await?;
    let none = store.snapshot().since(&All.into(), None, Position::new(7, conv_model::Seq::ZERO));
    ensure!(matches!(none, Since::Reset(ResetReason::NoPosition)), "an empty list gives {none:?}");
    apply_all(&store, [Delta::listed([listed("alice", 1)?])]).await?;
    let position = reader(&store.snapshot())?.position;
    let foreign = Position::new(position.epoch ^ 1, position.write);
    let ahead = Position::new(position.epoch, position.write.next());
    for (position, reason) in [(foreign, ResetReason::OtherEpoch), (ahead, ResetReason::Ahead)] {
        let since = store.snapshot().since(&All.into(), Some(WINDOW), position);
        let is_reset = matches!(&since, Since::Reset(why) if *why == reason);
        ensure!(is_reset, "{position} gives {since:?}");
    }
    Ok(())
}
