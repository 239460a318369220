//! Options of a database on disk, whatever its engine.

use std::{marker::PhantomData, path::Path, time::Duration};

use super::{
    database::DiskEngines,
    open::{How, Open},
    reading::Reader,
    row_file::RowFile,
};
use crate::StoreError;

/// The failure that an acknowledged change survives. Local state survives a power cut at every
/// level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Durability {
    /// The end of the process once about half a second has passed, or the store was closed.
    WriteBehind,
    /// The end of the process at any moment, `kill -9` too. A power cut may take what the system
    /// had not written yet.
    #[default]
    Process,
    /// A power cut.
    Disk,
}

/// Options for opening a database on disk: [`SledOptions`](crate::SledOptions) or
/// [`RedbOptions`](crate::RedbOptions).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct DiskOptions<D> {
    /// The failure that an acknowledged change survives.
    pub durability: Durability,
    /// The maximum time of an opening; 30 seconds by default.
    pub open_within: Duration,
    /// Opens for reading alone; false by default.
    pub read_only: bool,
    database: PhantomData<fn() -> D>,
}

impl<D> Default for DiskOptions<D> {
    fn default() -> Self {
        let (durability, open_within) = (Durability::default(), Duration::from_secs(30));
        Self { durability, open_within, read_only: false, database: PhantomData }
    }
}

impl<D> DiskOptions<D> {
    /// Sets what an acknowledged change survives.
    #[must_use]
    pub fn durability(self, durability: Durability) -> Self {
        Self { durability, ..self }
    }

    /// Sets the maximum time of an opening.
    #[must_use]
    pub fn open_within(self, limit: Duration) -> Self {
        Self { open_within: limit, ..self }
    }

    /// Opens for reading alone. Nothing in the folder is changed, even after a crash or damage.
    /// Several processes can read at the same time; they keep a writer out, and a writer keeps
    /// them out. All rows are copied into memory. Changes fail with
    /// [`StoreError::ReadOnly`](crate::StoreError::ReadOnly).
    #[must_use]
    pub fn read_only(self) -> Self {
        Self { read_only: true, ..self }
    }

    /// Opens the engines of a folder by the functions of an engine.
    pub(super) async fn engines<R: RowFile>(
        &self,
        folder: &Path,
        open: Open<R>,
        read: Reader,
    ) -> Result<DiskEngines<R>, StoreError> {
        let Self { durability, open_within, read_only, .. } = *self;
        super::open(folder, How { durability, open_within, read_only, open, read }).await
    }
}
