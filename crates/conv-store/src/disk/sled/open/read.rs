//! Reading the rows of a folder without changing it.
//!
//! sled writes to every folder that it opens: a snapshot, its settings, the end of its log. So it
//! opens a copy in a folder of our own, which is removed after all rows were read.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use super::{ROWS, SledFolder, rebuild, snapshots};
use crate::{
    Recovery, StoreError,
    disk::{
        Each, RowFile,
        fs::private_folder,
        recover::{self, Opening},
    },
};

/// A file system in memory, on Linux: has room when the disk is full.
const MEMORY: &str = "/dev/shm";
/// The number of names to try.
const NAMES: usize = 100;

/// Reads the rows of a folder. Returns false if there are none. Blocks.
pub(in crate::disk::sled) fn read(
    folder: &Path,
    each: Each<'_>,
    recovery: &mut Recovery,
) -> Result<bool, StoreError> {
    let Some(rows) = rebuild::newest(&folder.join(ROWS)) else { return Ok(false) };
    let copy = Scratch::copy_of(&rows).map_err(|error| StoreError::io("copying rows", error))?;
    let rows = SledFolder(copy.0.join(ROWS));
    // Repairs happen in the copy. The opening around this one has the time limit.
    let opening = Opening::new(Duration::MAX);
    snapshots::remove_unfinished(&rows.0)
        .map_err(|error| StoreError::io("removing an unfinished snapshot", error))?;
    let open = recover::open(&rows, &opening)?;
    let met = opening.recovery();
    if met.quarantined.is_some() {
        return Err(StoreError::Corrupt { what: "rows do not open".to_owned() });
    }
    recovery.repaired = met.repaired;
    open.rows.scan(&[], each)?;
    Ok(true)
}

/// A folder of our own, removed on drop.
struct Scratch(PathBuf);

impl Scratch {
    /// Copies a folder of rows to the first place that has room for it.
    fn copy_of(rows: &Path) -> io::Result<Self> {
        let scratch = Self::within(&env::temp_dir(), rows);
        scratch.or_else(|error| Self::within(Path::new(MEMORY), rows).map_err(|_| error))
    }

    fn within(place: &Path, rows: &Path) -> io::Result<Self> {
        let scratch = Self::new(place)?;
        copy(rows, &scratch.0.join(ROWS))?;
        Ok(scratch)
    }

    /// Creates an empty one. An existing folder belongs to another process, or to one that was killed.
    fn new(place: &Path) -> io::Result<Self> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        for _ in 0..NAMES {
            let number = COUNT.fetch_add(1, Ordering::Relaxed);
            let folder = place.join(format!("conv-store-{}-{number}", process::id()));
            match private_folder().create(&folder) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                made => return made.map(|()| Self(folder)),
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // A leftover is in the folder for temporary files.
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    private_folder().create(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let to = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &to)?;
        } else {
            fs::copy(entry.path(), &to)?;
            writable(&to)?;
        }
    }
    Ok(())
}

/// Makes a copied file writable: it has the rights of the original.
fn writable(file: &Path) -> io::Result<()> {
    #[cfg(unix)]
    let rights = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    #[cfg(not(unix))]
    let rights = {
        let mut rights = fs::metadata(file)?.permissions();
        #[expect(clippy::permissions_set_readonly_false, reason = "is for Windows alone")]
        rights.set_readonly(false);
        rights
    };
    fs::set_permissions(file, rights)
}
