//! Cases of writing and loading.

use std::sync::Arc;

use conv_model::{Local, Seq};

use super::{
    super::{
        TestResult,
        failure::{ensure, ensure_eq},
        fixture::EngineFixture,
    },
    write::{Records, bytes, commit, deletion, load, local, row, write},
};
use crate::{Engine, Record, Write, record::LocalRecord, record::MAX_BODY};

/// Nothing was written yet.
pub async fn a_new_engine_is_empty<F: EngineFixture>(fixture: &F) -> TestResult {
    let engine = fixture.open().await?;
    ensure_eq!(load(&engine).await?, (0, Records::new()), "what a new engine holds");
    Ok(())
}

/// Every record comes back byte for byte, with the number of the last write.
pub async fn what_was_committed_is_loaded<F: EngineFixture>(fixture: &F) -> TestResult {
    let engine = fixture.open().await?;
    let cloud = write(0, 1, [(row("alice")?, "a"), (row("bob")?, "b"), (Record::State, "")])?;
    let draft = write(1, 2, [(local("alice")?, "draft")])?;
    let single = write(2, 3, [(row("bob")?, "B")])?;
    for write in [&cloud, &draft, &single] {
        commit(&engine, std::slice::from_ref(write)).await?;
    }
    let records: Records = [cloud, draft, single].into_iter().flat_map(|write| write.put).collect();
    ensure_eq!(load(&engine).await?, (3, records), "what was committed");
    Ok(())
}

/// Of the writes of one call the later one has the last word.
pub async fn writes_are_applied_in_order<F: EngineFixture>(fixture: &F) -> TestResult {
    let engine = fixture.open().await?;
    let (alice, bob) = (row("alice")?, row("bob")?);
    let writes = [
        write(0, 1, [(alice.clone(), "1"), (bob.clone(), "1")])?,
        deletion(1, 2, [alice.clone(), bob.clone()])?,
        write(2, 3, [(alice.clone(), "3")])?,
        write(3, 4, [(local("alice")?, "4")])?,
        write(4, 5, [(alice.clone(), "5")])?,
    ];
    commit(&engine, &writes).await?;
    let (seq, records) = load(&engine).await?;
    ensure_eq!(seq, 5, "the number");
    ensure_eq!(records.get(&alice), Some(&bytes(&alice, 5, "5")?), "the last word");
    ensure!(!records.contains_key(&bob), "what was deleted is back");
    Ok(())
}

/// A record that was deleted is not loaded; deleting a missing one succeeds.
pub async fn deleted_records_are_gone<F: EngineFixture>(fixture: &F) -> TestResult {
    let engine = fixture.open().await?;
    commit(&engine, &[write(0, 1, [(row("alice")?, "a"), (row("bob")?, "b")])?]).await?;
    commit(&engine, &[deletion(1, 2, [row("alice")?, row("nobody")?])?]).await?;
    let (seq, records) = load(&engine).await?;
    ensure_eq!(seq, 2, "the number");
    let keys: Vec<&Record> = records.keys().collect();
    ensure_eq!(keys, [&Record::State, &row("bob")?], "records");
    Ok(())
}

/// A store counts changes that need no write, so numbers are not without gaps.
pub async fn a_number_may_leave_others_out<F: EngineFixture>(fixture: &F) -> TestResult {
    let engine = fixture.open().await?;
    commit(&engine, &[write(0, 5, [(row("a")?, "")])?, write(5, 9, [(row("b")?, "")])?]).await?;
    commit(&engine, &[write(9, 1 << 40, [(row("c")?, "")])?]).await?;
    let (seq, records) = load(&engine).await?;
    ensure_eq!((seq, records.len()), (1 << 40, 3), "the number and how many records");
    Ok(())
}

/// The largest record that there is comes back byte for byte.
pub async fn large_records_come_back_whole<F: EngineFixture>(fixture: &F) -> TestResult {
    let engine = fixture.open().await?;
    let data: Vec<u8> = (0..MAX_BODY - 8).map(|at| (at % 251) as u8).collect();
    let record = LocalRecord::new(Local::data(data)).encode(Seq::new(1))?;
    for (seq, key) in [(1, row("alice")?), (2, local("alice")?)] {
        let mut write = Write::new(Seq::new(seq - 1), Seq::new(seq));
        write.put.push((key, record.clone()));
        commit(&engine, &[write]).await?;
    }
    let (_, records) = load(&engine).await?;
    ensure!(records.values().all(|bytes| *bytes == record), "a large record changed");
    ensure_eq!(records.len(), 2, "how many records there are");
    Ok(())
}

/// Closing loses nothing, and the numbers go on.
pub async fn what_was_committed_is_there_after_reopening<F: EngineFixture>(
    fixture: &F,
) -> TestResult {
    let engine = fixture.open().await?;
    let first = [
        write(0, 1, [(row("alice")?, "a"), (row("bob")?, "b")])?,
        write(1, 2, [(local("carol")?, "c")])?,
        deletion(2, 3, [row("bob")?])?,
    ];
    commit(&engine, &first).await?;
    let before = load(&engine).await?;
    engine.close().await?;
    drop(engine);
    let engine = fixture.open().await?;
    ensure_eq!(load(&engine).await?, before, "what was committed");
    commit(&engine, &[write(3, 4, [(row("bob")?, "B")])?]).await?;
    ensure_eq!(load(&engine).await?.0, 4, "the number");
    Ok(())
}

/// Many records are held as few are, and come back.
pub async fn a_hundred_thousand_rows_come_back<F: EngineFixture>(fixture: &F) -> TestResult {
    const ROWS: u64 = 100_000;
    const IN_A_WRITE: u64 = 1000;
    let engine = fixture.open().await?;
    let bytes = bytes(&Record::State, 1, "")?;
    for number in 0..ROWS / IN_A_WRITE {
        let mut write = Write::new(Seq::new(number), Seq::new(number + 1));
        let first = number * IN_A_WRITE;
        for at in first..first + IN_A_WRITE {
            write.put.push((row(&format!("user{at}"))?, Arc::clone(&bytes)));
        }
        commit(&engine, &[write]).await?;
    }
    engine.close().await?;
    drop(engine);
    let engine = fixture.open().await?;
    let (seq, records) = load(&engine).await?;
    ensure_eq!((seq, records.len() as u64), (ROWS / IN_A_WRITE, ROWS), "number and rows");
    ensure!(records.values().all(|found| *found == bytes), "a row changed");
    Ok(())
}
