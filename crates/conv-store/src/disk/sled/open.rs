//! Opening sled's folder, step by step.
//!
//! First, what a crash left unfinished is removed. Then the folder is opened, and recovered if that
//! is needed. Last, a folder that has grown far beyond its live rows is rewritten.

mod read;
mod rebuild;
mod snapshots;

use std::{
    io,
    path::{Path, PathBuf},
};

use ::sled::{Config, Db};

use super::{
    error::{failed, is_lock},
    rows::SledRows,
};
use crate::{
    StoreError,
    disk::{
        check_schema,
        fs::{create_private, sync_folder},
        patiently,
        recover::{self, Opening},
    },
};

pub(super) use self::read::read;

/// sled's folder in a database's.
const ROWS: &str = "rows";
/// sled's file in its folder.
const DATA: &str = "db";
/// Rows are read once; a larger cache would only hold them twice.
const CACHE_BYTES: u64 = 8 << 20;
/// sled's default, pinned: a database cannot be opened with another.
const SEGMENT_BYTES: usize = 512 << 10;

/// Opens the rows of a folder that is claimed. Blocks.
pub(super) fn open(folder: &Path, opening: &Opening) -> Result<SledRows, StoreError> {
    let rows = SledFolder(folder.join(ROWS));
    opening.change(|recovery| {
        rebuild::finish(&rows.0).map_err(|error| StoreError::io("finishing a rebuild", error))?;
        create_private(&rows.0)?;
        let removed = snapshots::remove_unfinished(&rows.0)
            .map_err(|error| StoreError::io("removing an unfinished snapshot", error))?;
        recovery.removed_unfinished = removed;
        Ok(())
    })?;
    let open = recover::open(&rows, opening).inspect_err(|_| {
        // Half a snapshot would take the room that a draft needs. If that fails, the next opening
        // removes it.
        let _ = opening.change(|_| Ok(snapshots::remove_unfinished(&rows.0)));
    })?;
    let open = rebuild::if_overgrown(&rows, open, opening)?;
    snapshots::remove_hidden(&rows.0);
    sync_folder(&rows.0).map_err(opening_rows)?;
    Ok(open.rows)
}

/// The folder of rows.
struct SledFolder(PathBuf);

/// An open one, all of which could be read.
struct Read {
    rows: SledRows,
    /// The bytes of its keys and values.
    live: u64,
}

impl recover::Rows for SledFolder {
    type Open = Read;

    fn path(&self) -> &Path {
        &self.0
    }

    fn open(&self) -> Result<Read, StoreError> {
        let db = sled(&self.0)?;
        let rows = SledRows::new(db, &self.0.join(DATA))?;
        let live = rows.read_all()?;
        check_schema(&rows)?;
        Ok(Read { rows, live })
    }

    fn repair(&self) -> io::Result<bool> {
        snapshots::hide(&self.0)
    }
}

/// Opens sled.
fn sled(path: &Path) -> Result<Db, StoreError> {
    let config = Config::new().path(path).cache_capacity(CACHE_BYTES).segment_size(SEGMENT_BYTES);
    let opened = patiently(|| match config.open() {
        Ok(db) => Ok(Some(db)),
        Err(error) if is_lock(&error) => Ok(None),
        Err(error) => Err(failed("opening rows", error)),
    })?;
    opened.ok_or_else(|| StoreError::Locked { path: path.to_owned() })
}

fn opening_rows(error: io::Error) -> StoreError {
    StoreError::io("opening rows", error)
}

#[cfg(test)]
mod tests;
