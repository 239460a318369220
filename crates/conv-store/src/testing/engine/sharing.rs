//! More than one writer, and writers that go away.

use std::time::Duration;

use conv_model::Seq;
use tokio::time::timeout;

use super::{
    super::{
        TestResult,
        failure::{ensure, ensure_eq},
        fixture::EngineFixture,
        rows::give_up_after,
    },
    write::{commit, load, row, write},
};
use crate::{Engine, StoreError};

/// A writer that does not know the last write is refused, with all that the call holds.
pub async fn a_conflict_refuses_the_whole_call<F: EngineFixture>(fixture: &F) -> TestResult {
    let engine = fixture.open().await?;
    commit(&engine, &[write(0, 1, [(row("alice")?, "a")])?]).await?;
    let before = load(&engine).await?;
    for expected in [0, 2, 7] {
        let late =
            [write(expected, 8, [(row("alice")?, "late")])?, write(8, 9, [(row("bob")?, "late")])?];
        let result = engine.commit(&late).await;
        let is_refused = matches!(result, Err(StoreError::Conflict));
        ensure!(is_refused, "a write after {expected} gives {result:?}");
        ensure_eq!(load(&engine).await?, before, "what was there");
    }
    commit(&engine, &[write(1, 2, [(row("bob")?, "b")])?]).await?;
    Ok(())
}

/// Two writers know the same last write: one of them gets a conflict.
pub async fn of_two_writers_one_is_refused<F: EngineFixture>(fixture: &F) -> TestResult {
    let engine = fixture.open().await?;
    for round in 0..20_u64 {
        let writes = [
            [write(round, round + 1, [(row("alice")?, "a")])?],
            [write(round, round + 1, [(row("alice")?, "b")])?],
        ];
        let [a, b] = &writes;
        let (a, b) = tokio::join!(engine.commit(a), engine.commit(b));
        let is_refused = matches!(
            (&a, &b),
            (Ok(()), Err(StoreError::Conflict)) | (Err(StoreError::Conflict), Ok(()))
        );
        ensure!(is_refused, "two writers get {a:?} and {b:?}");
        let (_, records) = load(&engine).await?;
        let [first, second] = &writes;
        let winner = if a.is_ok() { first } else { second };
        let put = winner.iter().flat_map(|write| write.put.clone()).collect();
        ensure_eq!(records, put, "the winner's record");
    }
    Ok(())
}

/// A follower is not woken by a write that it knows already.
pub async fn a_follower_wakes_only_after_another_writer_wrote<F: EngineFixture>(
    fixture: &F,
) -> TestResult {
    let engine = fixture.open().await?;
    commit(&engine, &[write(0, 1, [(row("alice")?, "a")])?]).await?;
    let early = timeout(Duration::from_millis(30), engine.follow(Seq::new(1))).await;
    ensure!(early.is_err(), "who follows is woken: {early:?}");
    Ok(())
}

/// However far a commit has come when it is dropped, each write is whole or absent, and so are all
/// before it.
pub async fn a_commit_that_is_dropped_is_whole_or_absent<F: EngineFixture>(
    fixture: &F,
) -> TestResult {
    for polls in 1..6_u64 {
        let engine = fixture.open().await?;
        let (last, _) = load(&engine).await?;
        let writes = [
            write(last, last + 1, [(row("a")?, "new"), (row("b")?, "new")])?,
            write(last + 1, last + 2, [(row("c")?, "new"), (row("d")?, "new")])?,
        ];
        give_up_after(polls, engine.commit(&writes)).await;
        engine.close().await?;
        drop(engine);
        let engine = fixture.open().await?;
        let (seq, records) = load(&engine).await?;
        for write in &writes {
            for (record, bytes) in &write.put {
                let is_there = records.get(record) == Some(bytes);
                ensure_eq!(is_there, seq >= write.seq.as_u64(), "whether a record is there");
            }
        }
        engine.close().await?;
    }
    Ok(())
}
