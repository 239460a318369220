//! A file that ends in the middle of a write.

use std::{fs, path::Path, path::PathBuf};

use super::{
    super::{
        Failure, TestResult,
        failure::{ensure, ensure_eq},
    },
    write::{Records, commit, load, local, row, write},
};
use crate::{Engine, Record, StoreError, Write};

/// The writes that a file is cut in.
const WRITES: u64 = 5;

/// Cuts a file that an engine appends to, at every length, as a crash may leave it. The file must
/// then hold all whole writes before the cut and nothing of the one after it, and take more writes.
///
/// `open` opens an engine in a folder; `file` is its file there.
///
/// # Errors
/// If the engine fails a check.
pub async fn a_torn_tail_is_cut_off<E, O>(open: impl Fn(PathBuf) -> O, file: &str) -> TestResult
where
    E: Engine,
    O: Future<Output = Result<E, StoreError>>,
{
    let folder = tempfile::tempdir()?;
    let (states, ends) = written(&open, folder.path(), file).await?;
    let whole = fs::read(folder.path().join(file))?;
    let first = ends.first().copied().unwrap_or_default();
    for length in first..=whole.len() {
        let cut = tempfile::tempdir()?;
        fs::write(cut.path().join(file), whole.get(..length).unwrap_or_default())?;
        let kept = ends.iter().filter(|end| **end <= length).count();
        let expected = kept.checked_sub(1).and_then(|last| states.get(last));
        let engine = open(cut.path().to_owned()).await?;
        let found = load(&engine).await?;
        let is_prefix = expected.is_some_and(|state| *state == found);
        ensure!(is_prefix, "cut to {length} of {ends:?} bytes it holds {found:?}");
        goes_on(&open, engine, cut.path(), found.0).await?;
    }
    Ok(())
}

/// Writes, one after another: what is there after each, and where the file ends.
async fn written<E: Engine, O: Future<Output = Result<E, StoreError>>>(
    open: &impl Fn(PathBuf) -> O,
    folder: &Path,
    file: &str,
) -> Result<(Vec<(u64, Records)>, Vec<usize>), Failure> {
    let engine = open(folder.to_owned()).await?;
    let (mut states, mut ends) = (Vec::new(), Vec::new());
    for number in 0..WRITES {
        commit(&engine, &[some(number)?]).await?;
        states.push(load(&engine).await?);
        ends.push(fs::read(folder.join(file))?.len());
    }
    engine.close().await?;
    let grows = ends.windows(2).all(|two| two.first() < two.last());
    ensure!(grows, "{file} does not grow with each write: {ends:?}");
    Ok((states, ends))
}

/// A write of several records, one of which goes, or one of local state.
fn some(number: u64) -> Result<Write, Failure> {
    if number % 2 == 1 {
        return Ok(write(number, number + 1, [(local("alice")?, "draft")])?);
    }
    let rows = [(row("alice")?, "a"), (row("bob")?, "b"), (Record::State, "")];
    let mut write = write(number, number + 1, rows)?;
    write.put.push((row(&format!("n{number}"))?, [7; 9].as_slice().into()));
    write.delete.push(row(&format!("n{}", number.saturating_sub(2)))?);
    write.delete.retain(|record| number > 0 || !matches!(record, Record::Row(_)));
    Ok(write)
}

/// The file takes a write after the cut, which is there when it is opened again.
async fn goes_on<E: Engine, O: Future<Output = Result<E, StoreError>>>(
    open: &impl Fn(PathBuf) -> O,
    engine: E,
    folder: &Path,
    seq: u64,
) -> TestResult {
    commit(&engine, &[write(seq, seq + 1, [(row("carol")?, "c")])?]).await?;
    let before = load(&engine).await?;
    engine.close().await?;
    drop(engine);
    let engine = open(folder.to_owned()).await?;
    ensure_eq!(load(&engine).await?, before, "what was written after the cut");
    Ok(engine.close().await?)
}
