//! The identity of a list, as an engine keeps it.

use conv_model::{Delta, Local, Seq};

use super::{
    super::{
        TestResult,
        failure::{ensure, ensure_eq},
        fixture::EngineFixture,
        rows::{apply_all, id, listed, soon},
    },
    write::{commit, load},
};
use crate::{ConversationStore, Engine, IndexedStore, Record, Write, record::LocalRecord};

/// The first write of rows makes an epoch, and it stays: over reopenings and other writes. Local state
/// alone makes none.
pub async fn a_list_keeps_its_epoch<F: EngineFixture>(fixture: &F) -> TestResult {
    let store = IndexedStore::open(fixture.open().await?).await?;
    soon("local state", store.put_local(id("alice")?, Local::draft("Dear Alice"))).await?;
    ensure_eq!(store.snapshot().position(), None, "the position before any row");
    apply_all(&store, [Delta::listed([listed("alice", 1)?])]).await?;
    let first = store.snapshot().position();
    ensure!(first.is_some(), "a list with a row has no position");
    store.close().await?;
    drop(store);

    let store = IndexedStore::open(fixture.open().await?).await?;
    ensure_eq!(store.snapshot().position(), first, "the position after reopening");
    soon("local state", store.put_local(id("alice")?, Local::draft("Dear Bob"))).await?;
    apply_all(&store, [Delta::removed([id("alice")?])]).await?;
    let last = store.snapshot().position();
    let epochs = [first, last].map(|position| position.map(|position| position.epoch));
    ensure_eq!(epochs[0], epochs[1], "the epoch after other writes");
    ensure!(last.map(|it| it.write) > first.map(|it| it.write), "no write moves the position");
    store.close().await?;
    Ok(())
}

/// A record says for a while that local state was cleared: readers learn of it after a reopening.
pub async fn what_was_cleared_is_kept_for_a_while<F: EngineFixture>(fixture: &F) -> TestResult {
    let engine = fixture.open().await?;
    let record = Record::Local(id("alice")?);
    for (number, text) in [(0_u64, "Dear Alice"), (1, "")] {
        let mut write = Write::new(Seq::new(number), Seq::new(number + 1));
        let bytes = LocalRecord::new(Local::draft(text)).encode(write.seq)?;
        write.put.push((record.clone(), bytes));
        commit(&engine, &[write]).await?;
    }
    engine.close().await?;
    drop(engine);
    let (_, records) = load(&fixture.open().await?).await?;
    ensure!(records.contains_key(&record), "the record of what was cleared is gone");
    Ok(())
}
