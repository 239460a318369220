//! Files that are damaged while they are closed.

use std::path::{Path, PathBuf};

use super::{
    super::{Failure, TestResult, failure::ensure},
    write::{commit, load, local, row, write},
};
use crate::{Engine, Loaded, Record, StoreError};

/// The number of writes of rows.
const WRITES: u64 = 30;

/// Damages the rows of a closed engine. A load afterwards must either return everything that was
/// acknowledged or report a [loss](Loaded::lost), until rows are written again. Without damage it must
/// not report one.
///
/// `open` opens an engine in a folder, `harm` damages its rows there. The last write is a draft, which
/// `harm` must leave alone: its number must not hide that rows are older.
///
/// # Errors
/// The violation that was found.
pub async fn a_loss_is_reported<E, O>(
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
        ensure!(!loaded.lost, "a loss is reported without damage");
    }
    harm(folder.path())?;
    for _ in 0..2 {
        let loaded = reloaded(opened().await?).await?;
        let rows = rows(&loaded);
        let is_whole = loaded.seq == whole.seq && rows == self::rows(&whole);
        ensure!(is_whole || loaded.lost, "{rows} rows are left, and no loss is reported");
    }
    let engine = opened().await?;
    let (seq, _) = load(&engine).await?;
    commit(&engine, &[write(seq, seq + 1, [(row("dora")?, "new")])?]).await?;
    engine.close().await?;
    drop(engine);
    let loaded = reloaded(opened().await?).await?;
    ensure!(!loaded.lost, "a loss is reported after rows were written again");
    Ok(())
}

/// Writes rows, then a draft. Returns what the engine has.
async fn written<E: Engine>(engine: E) -> Result<Loaded, Failure> {
    for number in 0..WRITES {
        let rows = [(row(&format!("user{number}"))?, "a row"), (Record::State, "")];
        commit(&engine, &[write(number, number + 1, rows)?]).await?;
    }
    commit(&engine, &[write(WRITES, WRITES + 1, [(local("alice")?, "draft")])?]).await?;
    reloaded(engine).await
}

/// Loads an engine and closes it.
async fn reloaded<E: Engine>(engine: E) -> Result<Loaded, Failure> {
    let loaded = engine.load().await?;
    engine.close().await?;
    Ok(loaded)
}

fn rows(loaded: &Loaded) -> usize {
    loaded.records.iter().filter(|(record, _)| matches!(record, Record::Row(_))).count()
}
