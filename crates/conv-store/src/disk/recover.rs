//! Opening a file of rows that may be damaged: as it is, else repaired, else set aside.
//!
//! Rows are a cache, so the way out of every damage is to begin anew. That must not be done to rows
//! that are well: a full disk, a missing right, a file that is in use are errors, with everything
//! left as it was.

mod opening;
mod quarantine;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

pub(crate) use self::opening::Opening;
use crate::{StoreError, disk::fs::caught};

/// What a file of rows may need of the disk while it is opened. Where that much cannot be written,
/// the disk is at fault.
const PROBE_BYTES: usize = 1 << 20;
const PROBE: &str = "probe";

/// A file, or a folder, of rows that an engine opens.
pub(crate) trait Rows {
    /// What it is when it is open.
    type Open;

    /// Where it is.
    fn path(&self) -> &Path;

    /// Opens it, creating it if it is missing, and reads all of it. May panic.
    fn open(&self) -> Result<Self::Open, StoreError>;

    /// Puts away what the engine makes anew by itself; tells whether there was anything.
    fn repair(&self) -> io::Result<bool>;
}

/// Opens rows, and does for them what helps. Blocks. The folder is claimed.
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
            // What panicked may have left its lock behind. That says nothing of others: the folder
            // is claimed.
            Err(error) if is_damage(&error) || matches!(error, StoreError::Locked { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    opening.change(|recovery| {
        let path = quarantine(rows.path())?;
        tracing::warn!(path = %path.display(), "set aside rows that do not open");
        recovery.set_aside = Some(path);
        Ok(())
    })?;
    caught(|| rows.open())
}

/// Whether it is the bytes that are wrong, and not the world around them.
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

/// An engine on a full disk says many things. Whether the disk takes a file tells more.
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
    quarantine::quarantine(rows).map_err(|error| StoreError::io("setting aside rows", error))
}

#[cfg(test)]
mod tests;
