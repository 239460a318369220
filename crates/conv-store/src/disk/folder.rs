//! The folder of a database, and the claim to it.

use std::{fs::File, io, path::Path, thread, time::Duration};

use fs4::{FileExt, TryLockError};

use crate::{
    StoreError,
    disk::fs::{create_private, private},
};

/// Its lock says that a folder is in use. It stays, and holds nothing.
const LOCK: &str = "lock";
/// How long to wait, all in all about half a second, before a lock counts as somebody else's.
const LOCK_WAITS_MS: [u64; 7] = [1, 5, 10, 25, 50, 100, 300];

/// A lock on a folder, from opening to closing. The engines' own locks are let go of while a file
/// is replaced; this one covers all of the folder all the time.
#[derive(Debug)]
pub(super) struct Claim(#[expect(dead_code, reason = "is held")] File);

impl Claim {
    /// Claims a folder, which is created if it is missing. Blocks.
    pub(super) fn of(folder: &Path) -> Result<Self, StoreError> {
        create_private(folder)?;
        let file = lock_file(&folder.join(LOCK)).map_err(opening)?;
        Self::lock(folder, file, FileExt::try_lock)
    }

    /// Claims a folder for reading, shared with other readers, and changes nothing in it. `None` if
    /// there is no lock file. Blocks.
    pub(super) fn to_read(folder: &Path) -> Result<Option<Self>, StoreError> {
        match File::open(folder.join(LOCK)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            file => Self::lock(folder, file.map_err(opening)?, FileExt::try_lock_shared).map(Some),
        }
    }

    fn lock(
        folder: &Path,
        file: File,
        lock: impl Fn(&File) -> Result<(), TryLockError>,
    ) -> Result<Self, StoreError> {
        let locked = patiently(|| match lock(&file) {
            Ok(()) => Ok(Some(())),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => {
                Err(StoreError::io("locking the database's folder", error))
            }
        })?;
        match locked {
            Some(()) => Ok(Self(file)),
            None => Err(StoreError::Locked { path: folder.to_owned() }),
        }
    }
}

/// Asks more than once: threads of a handle that was dropped let go of its file a moment later.
/// `None` if it is locked all the time.
pub(crate) fn patiently<T>(
    mut ask: impl FnMut() -> Result<Option<T>, StoreError>,
) -> Result<Option<T>, StoreError> {
    for wait in LOCK_WAITS_MS {
        if let Some(got) = ask()? {
            return Ok(Some(got));
        }
        thread::sleep(Duration::from_millis(wait));
    }
    ask()
}

fn opening(error: io::Error) -> StoreError {
    StoreError::io("opening the database's lock", error)
}

fn lock_file(path: &Path) -> io::Result<File> {
    private().create(true).truncate(false).open(path)
}
