//! Rewrites rows that take far more of the disk than their live part.
//!
//! sled does not give back what it no longer uses. So everything is copied into `rows.new`, which
//! then takes the place of `rows` by way of `rows.old`. A crash in between leaves one of the two
//! whole, and the next opening finds out which.

use std::{
    fs, io, mem,
    path::{Path, PathBuf},
};

use super::{DATA, Read, SledFolder, SledRows, opening_rows, sled};
use crate::{
    Durability, Recovery, StoreError,
    disk::{
        Changes, RowFile,
        fs::{caught, create_private, sync_folder},
        recover::{self, Opening, Rows as _},
    },
};

/// Rows below this are not worth it.
const FLOOR_BYTES: u64 = 32 << 20;
/// sled keeps about ten times of what lives in it without anything being wrong.
const FACTOR: u64 = 64;
/// The keys that are copied at once.
const BATCH: usize = 256;

/// Rewrites the rows if they take too much.
pub(super) fn if_overgrown(
    folder: &SledFolder,
    open: Read,
    opening: &Opening,
) -> Result<Read, StoreError> {
    let bytes = size(folder.path()).map_err(opening_rows)?;
    if !is_overgrown(bytes, open.live) {
        return Ok(open);
    }
    tracing::info!(bytes, live = open.live, "rewriting the rows, they have grown too large");
    opening.change(|recovery| rebuild(folder, open, recovery))?;
    recover::open(folder, opening)
}

/// Finishes or undoes what a crash interrupted. `rows.old` is there only once `rows.new` is whole.
pub(super) fn finish(rows: &Path) -> io::Result<()> {
    let (new, old) = (beside(rows, "new"), beside(rows, "old"));
    if !rows.exists() && old.exists() {
        fs::rename(if new.exists() { &new } else { &old }, rows)?;
        sync_folder(rows.parent().unwrap_or(rows))?;
    }
    for leftover in [new, old] {
        if leftover.exists() {
            fs::remove_dir_all(leftover)?;
        }
    }
    Ok(())
}

/// Returns the folder that has the rows, without finishing what a crash interrupted.
pub(super) fn newest(rows: &Path) -> Option<PathBuf> {
    let (new, old) = (beside(rows, "new"), beside(rows, "old"));
    if rows.exists() || !old.exists() {
        return rows.exists().then(|| rows.to_owned());
    }
    Some(if new.exists() { new } else { old })
}

fn is_overgrown(bytes: u64, live: u64) -> bool {
    bytes > FLOOR_BYTES.max(live.saturating_mul(FACTOR))
}

/// Rewrites the rows. If that fails, for instance on a full disk, they stay as they are.
fn rebuild(folder: &SledFolder, open: Read, recovery: &mut Recovery) -> Result<(), StoreError> {
    let rows = folder.path();
    let copied = caught(|| {
        let copied = copy(&open.rows, &beside(rows, "new"));
        drop(open);
        copied
    });
    let replaced = copied.and_then(|()| replace(rows).map_err(opening_rows));
    match replaced {
        Ok(()) => recovery.rebuilt = true,
        Err(error) => tracing::warn!(error = %error, "could not rewrite the rows"),
    }
    finish(rows).map_err(opening_rows)
}

fn copy(from: &SledRows, to: &Path) -> Result<(), StoreError> {
    create_private(to)?;
    let db = sled(to)?;
    let copy = SledRows::new(db, &to.join(DATA))?;
    copy_all(from, &copy)?;
    copy.flush(Durability::Disk)?;
    drop(copy);
    sync_folder(to).map_err(opening_rows)
}

fn copy_all(from: &SledRows, to: &SledRows) -> Result<(), StoreError> {
    let mut batch = Changes::default();
    let mut written = Ok(());
    from.scan(&[], &mut |key, value| {
        batch.put.push((key.to_vec(), value.into()));
        if batch.put.len() >= BATCH && written.is_ok() {
            written = to.write(&mem::take(&mut batch));
        }
    })?;
    written?;
    to.write(&batch)
}

fn replace(rows: &Path) -> io::Result<()> {
    let folder = rows.parent().unwrap_or(rows);
    sync_folder(folder)?;
    fs::rename(rows, beside(rows, "old"))?;
    sync_folder(folder)?;
    fs::rename(beside(rows, "new"), rows)?;
    sync_folder(folder)
}

fn beside(rows: &Path, what: &str) -> PathBuf {
    rows.with_extension(what)
}

/// The bytes of all files of a folder.
fn size(folder: &Path) -> io::Result<u64> {
    let mut bytes = 0_u64;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        let of_entry = if metadata.is_dir() { size(&entry.path())? } else { metadata.len() };
        bytes = bytes.saturating_add(of_entry);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_rows_may_take_much_and_large_ones_in_proportion() {
        assert!(!is_overgrown(FLOOR_BYTES, 0));
        assert!(is_overgrown(FLOOR_BYTES + 1, 0));
        assert!(!is_overgrown(FACTOR << 20, 1 << 20));
        assert!(is_overgrown((FACTOR << 20) + 1, 1 << 20));
        assert!(!is_overgrown(u64::MAX, u64::MAX));
    }
}
