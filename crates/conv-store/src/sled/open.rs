//! Opening a database, step by step.
//!
//! Nothing that is met is removed but what sled itself left unfinished; a database that does not
//! open is an error, with its files as they were.

use std::{
    fs::{self, DirBuilder, File},
    io,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use ::sled::{Config, Db};

use super::{
    error::{failed, is_lock},
    files::Files,
    key,
    rows::Rows,
};
use crate::{
    StoreError,
    local_log::{LocalLog, sync_folder},
    writer::caught,
};

/// sled's folder in a database's.
const ROWS: &str = "rows";
/// sled's file in its folder.
const DATA: &str = "db";
/// The newest layout of keys that this code reads.
const SCHEMA: u8 = 1;
/// Rows are read once; a larger cache would only hold them twice.
const CACHE_BYTES: u64 = 8 << 20;
/// sled's default, pinned: a database cannot be opened with another.
const SEGMENT_BYTES: usize = 512 << 10;
/// How long to wait, all in all about half a second, before a lock counts as somebody else's.
const LOCK_WAITS_MS: [u64; 7] = [1, 5, 10, 25, 50, 100, 300];

/// Opens both files of a database. Blocks.
pub(super) fn open(folder: &Path) -> Result<Files, StoreError> {
    let rows_folder = folder.join(ROWS);
    create_folders(folder, &rows_folder)?;
    let db = open_rows(folder, &rows_folder)?;
    caught(|| check_schema(&db))?;
    // sled's lock is held from here on, and covers the log too.
    let local = LocalLog::open(folder)?;
    let data = File::options().write(true).open(rows_folder.join(DATA));
    let data = data.map_err(|error| StoreError::io("opening rows", error))?;
    sync_folder(&rows_folder).map_err(|error| StoreError::io("opening rows", error))?;
    Ok(Files::new(Rows::new(db, data), local))
}

/// Creates what is missing, for the owner alone, so that it survives a power cut.
fn create_folders(folder: &Path, rows: &Path) -> Result<(), StoreError> {
    let create = || {
        if rows.is_dir() {
            return Ok(());
        }
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(rows)?;
        sync_folder(folder)?;
        // The name of the folder itself; a parent that may not be read is not ours to make durable.
        let _ = folder.canonicalize()?.parent().map(sync_folder);
        Ok(())
    };
    create().map_err(|error: io::Error| StoreError::io("creating the database's folder", error))
}

/// Opens sled, and once more without its unfinished snapshots if that is why it does not open.
///
/// sled reads a partial `snap.*.generating`, left by a crash, as its newest snapshot and refuses
/// to open for ever. Only a failed opening tells that these files are nobody's: it held the lock,
/// while before it another process might just be writing them.
fn open_rows(folder: &Path, rows: &Path) -> Result<Db, StoreError> {
    match open_sled(folder, rows) {
        Err(StoreError::Locked { path }) => Err(StoreError::Locked { path }),
        Err(error) => {
            let removed = remove_unfinished_snapshots(rows)
                .map_err(|error| StoreError::io("removing an unfinished snapshot", error))?;
            if removed > 0 { open_sled(folder, rows) } else { Err(error) }
        }
        opened => opened,
    }
}

/// Opens sled. Its threads let go of the file a moment after its last handle, so a lock is asked
/// for more than once.
fn open_sled(folder: &Path, rows: &Path) -> Result<Db, StoreError> {
    for wait in LOCK_WAITS_MS {
        match try_sled(rows)? {
            Some(db) => return Ok(db),
            None => thread::sleep(Duration::from_millis(wait)),
        }
    }
    try_sled(rows)?.ok_or_else(|| StoreError::Locked { path: folder.to_owned() })
}

/// `None` if the file is locked.
fn try_sled(rows: &Path) -> Result<Option<Db>, StoreError> {
    caught(|| {
        let config =
            Config::new().path(rows).cache_capacity(CACHE_BYTES).segment_size(SEGMENT_BYTES);
        match config.open() {
            Ok(db) => Ok(Some(db)),
            Err(error) if is_lock(&error) => Ok(None),
            Err(error) => Err(failed("opening rows", error)),
        }
    })
}

fn remove_unfinished_snapshots(rows: &Path) -> io::Result<usize> {
    let mut removed = 0_usize;
    for path in unfinished_snapshots(rows)? {
        tracing::warn!("removing a snapshot of sled's that a crash left unfinished");
        fs::remove_file(path)?;
        removed = removed.saturating_add(1);
    }
    Ok(removed)
}

fn unfinished_snapshots(rows: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(rows)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with("snap.") && name.ends_with(".generating") {
            found.push(entry.path());
        }
    }
    Ok(found)
}

/// Refuses a newer layout; stamps a new database.
fn check_schema(db: &Db) -> Result<(), StoreError> {
    let read = db.get(key::SCHEMA).map_err(|error| failed("reading the schema version", error))?;
    match read.as_deref() {
        Some(&[found]) if found <= SCHEMA => Ok(()),
        Some(&[found, ..]) => Err(StoreError::NewerSchema { found, known: SCHEMA }),
        Some([]) => Err(StoreError::Corrupt { what: "schema version".to_owned() }),
        None => db
            .insert(key::SCHEMA, &[SCHEMA])
            .and_then(|_| db.flush())
            .map(drop)
            .map_err(|error| failed("writing the schema version", error)),
    }
}
