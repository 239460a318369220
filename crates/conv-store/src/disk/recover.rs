//! Opening a file of rows that may be damaged: as it is, else repaired, else quarantined.
//!
//! Rows are a cache, so an empty file replaces damaged ones. Rows that are intact must never be
//! replaced: a full disk, a missing permission or a file in use is an error, and everything stays as
//! it was.

mod opening;
mod quarantine;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

pub(crate) use self::opening::Opening;
use crate::{StoreError, disk::fs::caught};

/// The space that opening a file of rows may need. If that much cannot be written, the disk is at
/// fault.
const PROBE_BYTES: usize = 1 << 20;
const PROBE: &str = "probe";

/// A file, or a folder, of rows that an engine opens.
pub(crate) trait Rows {
    /// The open file.
    type Open;

    /// Returns its path.
    fn path(&self) -> &Path;

    /// Opens it, creating it if it is missing, and reads all of it. May panic.
    fn open(&self) -> Result<Self::Open, StoreError>;

    /// Removes the parts that the engine rebuilds by itself. Returns true if there were any.
    fn repair(&self) -> io::Result<bool>;
}

/// Opens rows: repairs or quarantines damaged ones. Blocks. The caller has claimed the folder.
pub(crate) fn open<R: Rows>(rows: &R, opening: &Opening) -> Result<R::Open, StoreError> {
    let damage = match caught(|| rows.open()) {
        Err(error) if is_damage(&error) => error,
        result => return result,
    };
    tracing::warn!(error = %damage, "the rows do not open");
    let repaired = opening.change(|_| {
        probe(rows.path()).map_err(|error| StoreError::io("trying the disk", error))?;
        rows.repair().map_err(|error| StoreError::io("repairing rows", error))
    })?;
    if repaired {
        match caught(|| rows.open()) {
            Ok(open) => {
                opening.change(|recovery| {
                    recovery.repaired = true;
                    Ok(())
                })?;
                return Ok(open);
            }
            // An opening that panicked may have left its lock behind. It is not another process's:
            // the folder is claimed.
            Err(error) if is_damage(&error) || matches!(error, StoreError::Locked { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    opening.change(|recovery| {
        let path = quarantine(rows.path())?;
        tracing::warn!(path = %path.display(), "quarantined rows that do not open");
        recovery.quarantined = Some(path);
        Ok(())
    })?;
    caught(|| rows.open())
}

/// Returns true if the bytes are damaged, rather than the disk or the system at fault.
pub(crate) fn is_damage(error: &StoreError) -> bool {
    match error {
        StoreError::Corrupt { .. } | StoreError::Engine(_) => true,
        StoreError::Io { source, .. } => matches!(
            source.kind(),
            io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput
        ),
        _ => false,
    }
}

/// Writes a file to find out if the disk is at fault: the errors of an engine on a full disk vary.
pub(crate) fn probe(rows: &Path) -> io::Result<()> {
    let path = rows.with_file_name(PROBE);
    let written = fs::File::create(&path).and_then(|mut file| {
        io::Write::write_all(&mut file, &vec![0x5A; PROBE_BYTES])?;
        file.sync_all()
    });
    let removed = fs::remove_file(&path);
    written.and(removed)
}

fn quarantine(rows: &Path) -> Result<PathBuf, StoreError> {
    quarantine::quarantine(rows).map_err(|error| StoreError::io("quarantining rows", error))
}

#[cfg(test)]
mod tests;
