//! Opening a folder for reading alone, without a change to any file.

use std::{io, path::Path};

use super::{folder::Claim, journal, opened::RowCopy, row_file::Each, schema};
use crate::{
    Recovery, StoreError,
    disk::{
        fs::caught,
        local_log::{self, Kept},
    },
};

/// Passes all rows of a folder to a function and changes nothing there. Returns true if there is a
/// file of rows.
pub(crate) type Reader = fn(&Path, Each<'_>, &mut Recovery) -> Result<bool, StoreError>;

/// The content of a folder.
pub(super) struct Read {
    pub(super) rows: RowCopy,
    pub(super) local: Kept,
    /// The findings while reading.
    pub(super) recovery: Recovery,
    /// `None` if the folder has no lock file.
    pub(super) claim: Option<Claim>,
}

/// Reads a folder, and keeps writers out of it. Blocks.
///
/// # Errors
/// [`StoreError::Locked`]; [`StoreError::NewerSchema`]; or an error of reading it, such as a missing
/// database.
pub(super) fn read(folder: &Path, reader: Reader) -> Result<Read, StoreError> {
    let claim = Claim::to_read(folder)?;
    let mut recovery = Recovery { read_only: true, ..Recovery::default() };
    let rows = RowCopy::default();
    let has_rows =
        caught(|| reader(folder, &mut |key, value| rows.insert(key, value), &mut recovery))?;
    let local = local_log::read(folder)?;
    if !has_rows && !local.is_there {
        return Err(StoreError::io("reading a database", io::ErrorKind::NotFound.into()));
    }
    // Damaged entries stay in the log.
    recovery.dropped_locals = local.damaged;
    schema::check(&rows)?;
    journal::read(folder, &rows)?.note(&mut recovery);
    Ok(Read { rows, local, recovery, claim })
}

/// Returns true for errors of writing that reading may not meet.
pub(super) fn is_unwritable(error: &StoreError) -> bool {
    use io::ErrorKind as Kind;
    let kinds =
        [Kind::ReadOnlyFilesystem, Kind::StorageFull, Kind::QuotaExceeded, Kind::PermissionDenied];
    matches!(error, StoreError::Io { source, .. } if kinds.contains(&source.kind()))
}
