//! The folder of a database, and the claim to it.

use std::{fs::File, io, path::Path, thread, time::Duration};

use fs4::{FileExt, TryLockError};

use crate::{
    StoreError,
    disk::fs::{create_private, private},
};

/// The file whose lock marks a folder as in use. It stays and is empty.
const LOCK: &str = "lock";
/// The waits between attempts, about half a second in total, before a lock counts as held elsewhere.
const LOCK_WAITS_MS: [u64; 7] = [1, 5, 10, 25, 50, 100, 300];

/// A lock on a folder, from opening to closing. An engine releases its own lock while a file is
/// replaced; this one covers the whole folder all the time.
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

/// Asks several times, because threads of a dropped handle release its file a moment later. Returns
/// `None` if it stays locked.
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
