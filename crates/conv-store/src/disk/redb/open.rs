//! Opening redb's file.
//!
//! It is made under another name, and opened with all its checksums read; a damaged file is
//! quarantined.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use ::redb::{Builder, Database, StorageBackend, backends::InMemoryBackend};

use super::{
    error::{failed, is_lock},
    rows::RedbRows,
};
use crate::{
    Recovery, StoreError,
    disk::{
        Each, RowFile, check_schema,
        fs::{private, sync_folder},
        patiently,
        recover::{self, Opening},
    },
};

/// redb's file in a database's folder.
const ROWS: &str = "rows.redb";
/// The file while it is made.
const FRESH: &str = "rows.redb.new";
/// Rows are read once; a larger cache would only hold them twice.
const CACHE_BYTES: usize = 8 << 20;

const OPENING: &str = "opening rows";
const CREATING: &str = "creating rows";

/// Opens the rows of a folder that is claimed. Blocks.
pub(super) fn open(folder: &Path, opening: &Opening) -> Result<RedbRows, StoreError> {
    recover::open(&RedbFile(folder.join(ROWS)), opening)
}

/// Reads the rows of a folder without changing it: redb recovers from a crash in a copy in memory.
/// Blocks.
pub(super) fn read(folder: &Path, each: Each<'_>, _: &mut Recovery) -> Result<bool, StoreError> {
    let bytes = match fs::read(folder.join(ROWS)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        bytes => bytes.map_err(|error| StoreError::io(OPENING, error))?,
    };
    let copy = InMemoryBackend::new();
    let copied = copy.set_len(bytes.len() as u64).and_then(|()| copy.write(0, &bytes));
    copied.map_err(|error| failed(OPENING, ::redb::StorageError::from(error)))?;
    drop(bytes);
    let db = builder().create_with_backend(copy).map_err(|error| failed(OPENING, error))?;
    RedbRows::new(db).scan(&[], each)?;
    Ok(true)
}

/// The file of rows.
struct RedbFile(PathBuf);

impl recover::Rows for RedbFile {
    type Open = RedbRows;

    fn path(&self) -> &Path {
        &self.0
    }

    fn open(&self) -> Result<RedbRows, StoreError> {
        if !self.0.try_exists().map_err(|error| StoreError::io(OPENING, error))? {
            create(&self.0)?;
        }
        let rows = RedbRows::new(redb(&self.0)?);
        check_schema(&rows)?;
        Ok(rows)
    }

    /// Does nothing: redb has no files that it could rebuild.
    fn repair(&self) -> io::Result<bool> {
        Ok(false)
    }
}

/// Makes an empty file under another name: a crash in the middle leaves what never opens. After an
/// error no half file stays.
fn create(path: &Path) -> Result<(), StoreError> {
    let fresh = path.with_file_name(FRESH);
    create_as(&fresh, path).inspect_err(|_| {
        // If that fails, the next opening empties it.
        let _ = fs::remove_file(&fresh);
    })
}

fn create_as(fresh: &Path, path: &Path) -> Result<(), StoreError> {
    // Empty, for the owner alone.
    let made = private().create(true).truncate(true).open(fresh);
    made.map_err(|error| StoreError::io(CREATING, error))?;
    let db = builder().create(fresh).map_err(|error| failed(CREATING, error))?;
    let rows = RedbRows::new(db);
    check_schema(&rows)?;
    drop(rows);
    let renamed = fs::rename(fresh, path);
    let durable = renamed.and_then(|()| path.parent().map_or(Ok(()), sync_folder));
    durable.map_err(|error| StoreError::io(CREATING, error))
}

fn redb(path: &Path) -> Result<Database, StoreError> {
    let opened = patiently(|| match builder().open(path) {
        Ok(db) => Ok(Some(db)),
        Err(error) if is_lock(&error) => Ok(None),
        Err(error) => Err(failed(OPENING, error)),
    })?;
    opened.ok_or_else(|| StoreError::Locked { path: path.to_owned() })
}

fn builder() -> Builder {
    let mut builder = Database::builder();
    // Else reading a file that was damaged while it was closed may panic one day.
    builder.set_cache_size(CACHE_BYTES).set_check_integrity_on_open(true);
    builder
}
