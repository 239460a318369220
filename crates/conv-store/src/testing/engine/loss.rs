//! Files that are harmed while nobody has them open.

use std::path::{Path, PathBuf};

use super::{
    super::{Failure, TestResult, failure::ensure},
    write::{commit, load, local, row, write},
};
use crate::{Engine, Loaded, Record, StoreError};

/// The writes of rows that are harmed.
const WRITES: u64 = 30;

/// Harms what an engine keeps rows in, after it was closed. An opening afterwards either has all
/// that was acknowledged, or says that something is [lost](Loaded::lost), until rows are written
/// again; and it says nothing of the kind where nothing was harmed.
///
/// `open` opens an engine in a folder, `harm` harms its rows there. A draft that was written last is
/// not among them: its number must not hide that rows are older.
///
/// # Errors
/// What is amiss.
pub async fn a_loss_is_told<E, O>(
    open: impl Fn(PathBuf) -> O,
    harm: impl Fn(&Path) -> std::io::Result<()>,
) -> TestResult
where
    E: Engine,
    O: Future<Output = Result<E, StoreError>>,
{
    let folder = tempfile::tempdir()?;
    let opened = || open(folder.path().to_owned());
    let whole = written(opened().await?).await?;
    for _ in 0..2 {
        let loaded = reloaded(opened().await?).await?;
        ensure!(!loaded.lost, "a loss is told of what nobody harmed");
    }
    harm(folder.path())?;
    for _ in 0..2 {
        let loaded = reloaded(opened().await?).await?;
        let rows = rows(&loaded);
        let is_whole = loaded.seq == whole.seq && rows == self::rows(&whole);
        ensure!(is_whole || loaded.lost, "{rows} rows are left, and no loss is told");
    }
    let engine = opened().await?;
    let (seq, _) = load(&engine).await?;
    commit(&engine, &[write(seq, seq + 1, [(row("dora")?, "new")])?]).await?;
    engine.close().await?;
    drop(engine);
    let loaded = reloaded(opened().await?).await?;
    ensure!(!loaded.lost, "a loss is told of what was written after it");
    Ok(())
}

/// What an engine has after it wrote rows, and a draft last.
async fn written<E: Engine>(engine: E) -> Result<Loaded, Failure> {
    for number in 0..WRITES {
        let rows = [(row(&format!("user{number}"))?, "a row"), (Record::State, "")];
        commit(&engine, &[write(number, number + 1, rows)?]).await?;
    }
    commit(&engine, &[write(WRITES, WRITES + 1, [(local("alice")?, "draft")])?]).await?;
    reloaded(engine).await
}

/// What an engine has, once it is closed.
async fn reloaded<E: Engine>(engine: E) -> Result<Loaded, Failure> {
    let loaded = engine.load().await?;
    engine.close().await?;
    Ok(loaded)
}

fn rows(loaded: &Loaded) -> usize {
    loaded.records.iter().filter(|(record, _)| matches!(record, Record::Row(_))).count()
}
