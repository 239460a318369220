//! Files, folders and foreign code, the same way everywhere on disk.

use std::{
    any::Any,
    fs::{self, DirBuilder, File, OpenOptions},
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

use thiserror::Error;

use crate::StoreError;

/// Returns options that open a file for reading and writing. A file that they create is for the
/// owner alone.
pub(super) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Returns a builder of folders for the owner alone.
pub(super) fn private_folder() -> DirBuilder {
    #[allow(unused_mut, reason = "is changed on Unix")]
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}

/// Creates a folder that is missing, for the owner alone, so that it survives a power cut.
pub(super) fn create_private(folder: &Path) -> Result<(), StoreError> {
    let create = || {
        if folder.is_dir() {
            return Ok(());
        }
        private_folder().recursive(true).create(folder)?;
        // A parent that may not be read is not ours to sync.
        let _ = fs::canonicalize(folder)?.parent().map(sync_folder);
        Ok(())
    };
    create().map_err(|error: io::Error| StoreError::io("creating the database's folder", error))
}

/// Makes the names in a folder durable. Systems other than Unix do that with the file, and cannot
/// open a folder.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

/// Runs foreign code. A panic in it becomes [`StoreError::Engine`]; the caller drops or poisons what
/// the code was working on.
pub(super) fn caught<T>(work: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|payload| Err(StoreError::engine(Panicked(message(&*payload)))))
}

/// The storage engine's code panicked.
#[derive(Debug, Error)]
#[error("storage engine panicked: {0}")]
struct Panicked(String);

fn message(payload: &(dyn Any + Send)) -> String {
    payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_owned())
}

/// Returns true if an error is a panic that was caught.
#[cfg(test)]
pub(super) fn is_panic(error: &StoreError) -> bool {
    matches!(error, StoreError::Engine(source) if source.is::<Panicked>())
}
