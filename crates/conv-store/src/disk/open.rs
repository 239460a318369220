//! Opening a database: to be written, or for reading alone.

use std::{path::Path, sync::Arc, time::Duration};

use tokio::runtime::Handle;

use super::{
    Durability,
    database::DiskEngines,
    files::Files,
    journal,
    reading::{Reader, is_unwritable},
    row_file::RowFile,
};
use crate::{
    StoreError,
    disk::{
        fs::caught,
        recover::{Opening, is_damage, probe},
    },
};

/// Opens the rows of a folder that is claimed. Blocks.
pub(crate) type Open<R> = fn(&Path, &Opening) -> Result<R, StoreError>;

/// Options of an opening, and the engine's functions for it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct How<R> {
    pub(crate) durability: Durability,
    /// The maximum time of the opening.
    pub(crate) open_within: Duration,
    /// Opens for reading alone.
    pub(crate) read_only: bool,
    /// Opens the engine's rows, initially and after they failed.
    pub(crate) open: Open<R>,
    /// Reads the rows without changing them.
    pub(crate) read: Reader,
}

/// Opens a database; for reading alone if requested, or if its folder cannot be written.
///
/// # Panics
/// In a Tokio runtime whose time is not enabled.
pub(crate) async fn open<R: RowFile>(
    folder: &Path,
    how: How<R>,
) -> Result<DiskEngines<R>, StoreError> {
    Handle::try_current().map_err(|_| StoreError::NoRuntime)?;
    let (opening, durability) = (Arc::new(Opening::new(how.open_within)), how.durability);
    let files = {
        let (folder, opening) = (folder.to_owned(), Arc::clone(&opening));
        move || open_files(&folder, opening, how)
    };
    let engines = DiskEngines::over(folder.to_owned(), durability, Arc::clone(&opening), files);
    opening.within(engines).await
}

fn open_files<R: RowFile>(
    folder: &Path,
    opening: Arc<Opening>,
    how: How<R>,
) -> Result<Files<R>, StoreError> {
    if how.read_only {
        return Files::read_only(folder, how.read, None);
    }
    let to_open = folder.to_owned();
    let opener = Box::new(move || open_rows(&to_open, &opening, how.open));
    let error = match caught(|| Files::open(folder, opener)) {
        Err(error) if is_unwritable(&error) => error,
        files => return files,
    };
    tracing::warn!(error = %error, "the database cannot be written, trying to read it");
    let read = Files::read_only(folder, how.read, Some(error.clone()));
    read.map_err(|why| {
        tracing::warn!(error = %why, "the database cannot be read, either");
        error
    })
}

/// Opens rows and applies the journal to them.
pub(super) fn open_rows<R: RowFile>(
    folder: &Path,
    opening: &Opening,
    rows: impl Fn(&Path, &Opening) -> Result<R, StoreError>,
) -> Result<R, StoreError> {
    let file = rows(folder, opening)?;
    let replayed = opening.change(|met| {
        journal::replay(folder, &file)?.note(met);
        Ok(())
    });
    match replayed {
        Err(error) if is_damage(&error) => {
            drop(file);
            opening.change(|met| {
                probe(&folder.join("rows"))
                    .map_err(|error| StoreError::io("trying the disk", error))?;
                tracing::warn!(error = %error, "the journal could not be applied to the rows, going on without it");
                journal::discard(folder)?;
                met.journal_damaged = true;
                Ok(())
            })?;
            rows(folder, opening)
        }
        replayed => replayed.map(|()| file),
    }
}
