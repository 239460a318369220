//! Reading rows in a folder where nothing is changed.
//!
//! sled writes to every folder that it opens: a snapshot, its settings, the end of its log. So it
//! is given a copy, in a folder of our own that goes once all of it was read.

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
    database::{Each, RowFile},
    heal::{self, Opening},
};

/// Memory with the looks of a folder, on Linux: where it takes a copy, a full disk does not matter.
const MEMORY: &str = "/dev/shm";
/// The names that are tried.
const NAMES: usize = 100;

/// Reads the rows of a folder; tells whether there are any. Blocks.
pub(in crate::sled) fn read(
    folder: &Path,
    each: Each<'_>,
    recovery: &mut Recovery,
) -> Result<bool, StoreError> {
    let Some(rows) = rebuild::newest(&folder.join(ROWS)) else { return Ok(false) };
    let copy = Scratch::copy_of(&rows).map_err(|error| StoreError::io("copying rows", error))?;
    let rows = SledFolder(copy.0.join(ROWS));
    // What is done about damage is done to the copy, and nobody waits for this alone.
    let opening = Opening::new(Duration::MAX);
    snapshots::remove_unfinished(&rows.0)
        .map_err(|error| StoreError::io("removing an unfinished snapshot", error))?;
    let open = heal::open(&rows, &opening)?;
    let met = opening.recovery();
    if met.set_aside.is_some() {
        return Err(StoreError::Corrupt { what: "rows do not open".to_owned() });
    }
    recovery.repaired = met.repaired;
    open.rows.scan(&[], each)?;
    Ok(true)
}

/// A folder of our own, which goes when this is dropped.
struct Scratch(PathBuf);

impl Scratch {
    /// With a copy of a folder of rows, in the first place that has room for it.
    fn copy_of(rows: &Path) -> io::Result<Self> {
        let scratch = Self::within(&env::temp_dir(), rows);
        scratch.or_else(|error| Self::within(Path::new(MEMORY), rows).map_err(|_| error))
    }

    fn within(place: &Path, rows: &Path) -> io::Result<Self> {
        let scratch = Self::new(place)?;
        copy(rows, &scratch.0.join(ROWS))?;
        Ok(scratch)
    }

    /// An empty one. What is there is another's, or was left by one that was killed.
    fn new(place: &Path) -> io::Result<Self> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        for _ in 0..NAMES {
            let number = COUNT.fetch_add(1, Ordering::Relaxed);
            let folder = place.join(format!("conv-store-{}-{number}", process::id()));
            match private(&folder) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                made => return made.map(|()| Self(folder)),
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // It is only in the way, where temporary files go.
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    private(to)?;
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

/// Makes a folder for the owner alone.
fn private(folder: &Path) -> io::Result<()> {
    #[allow(unused_mut, reason = "is changed on Unix")]
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// A copy has the rights of what it was copied from, which may not be written.
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
