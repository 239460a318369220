//! Opening a folder for reading alone: nothing in it is changed, whatever state it is in.

use std::{io, path::Path};

use super::{folder::Claim, journal, opened::RowCopy, row_file::Each, schema};
use crate::{
    Recovery, StoreError,
    local_log::{self, Kept},
    writer::caught,
};

/// Hands over all rows of a folder, without a change to it; tells whether there is a file of them.
pub(crate) type Reader = fn(&Path, Each<'_>, &mut Recovery) -> Result<bool, StoreError>;

/// What a folder holds.
pub(super) struct Read {
    pub(super) rows: RowCopy,
    pub(super) local: Kept,
    /// What was met on the way.
    pub(super) recovery: Recovery,
    /// None where nobody ever locked the folder.
    pub(super) claim: Option<Claim>,
}

/// Reads a folder that no process writes to. Blocks.
///
/// # Errors
/// [`StoreError::Locked`]; [`StoreError::NewerSchema`]; or it could not be read, as where there is
/// no database.
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
    // Damaged entries stay where they are.
    recovery.dropped_locals = local.damaged;
    schema::check(&rows)?;
    journal::read(folder, &rows)?.note(&mut recovery);
    Ok(Read { rows, local, recovery, claim })
}

/// Whether a folder may be read where it could not be written.
pub(super) fn is_unwritable(error: &StoreError) -> bool {
    use io::ErrorKind as Kind;
    let kinds =
        [Kind::ReadOnlyFilesystem, Kind::StorageFull, Kind::QuotaExceeded, Kind::PermissionDenied];
    matches!(error, StoreError::Io { source, .. } if kinds.contains(&source.kind()))
}
