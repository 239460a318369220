//! The file of rows, which is replaced once it fails.

use std::{
    fmt, mem,
    sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use super::row_file::{Opener, RowFile};
use crate::{StoreError, disk::fs::caught};

/// The number of an opening of the file. Bytes read from one generation are not valid for another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Generation(u64);

/// The file of rows.
pub(super) struct Rows<R> {
    state: RwLock<State<R>>,
    opener: Opener<R>,
}

#[derive(Debug)]
struct State<R> {
    file: File<R>,
    generation: Generation,
}

#[derive(Debug)]
enum File<R> {
    Open(R),
    /// The error that ended its use. After a failed write an engine's handle may show what was not
    /// written, and never recover.
    Failed(StoreError),
    Closed,
}

impl<R: RowFile> Rows<R> {
    /// Opens the file. Blocks.
    pub(super) fn open(opener: Opener<R>) -> Result<Self, StoreError> {
        let file = File::Open(caught(&opener)?);
        Ok(Self { state: RwLock::new(State { file, generation: Generation(1) }), opener })
    }

    /// Wraps a copy in memory, which cannot fail.
    pub(super) fn of(file: R) -> Self {
        let opener = || Err(StoreError::Closed);
        let state = State { file: File::Open(file), generation: Generation(1) };
        Self { state: RwLock::new(state), opener: Box::new(opener) }
    }

    /// Works with the file. An error of its own, or a panic, ends its use.
    pub(super) fn with<T>(
        &self,
        work: impl FnOnce(&R, Generation) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let state = self.read();
        let generation = state.generation;
        let result = caught(|| work(state.open()?, generation));
        drop(state);
        result.inspect_err(|error| self.fail(generation, error))
    }

    /// Opens the file again if it failed.
    ///
    /// For the commit thread alone, between two groups. Between a write and its flush, a write that
    /// was lost with the failed handle would count as flushed.
    pub(super) fn reopen(&self) -> Result<(), StoreError> {
        if !self.has_failed() {
            return self.read().open().map(drop);
        }
        let opened = caught(&self.opener);
        let mut state = self.write();
        if let (File::Failed(why), Ok(_)) = (&state.file, &opened) {
            tracing::warn!(error = %why, "reopened the rows after they failed");
            state.generation = Generation(state.generation.0.saturating_add(1));
        }
        match (&state.file, opened) {
            (File::Failed(_), Ok(file)) => state.file = File::Open(file),
            (File::Failed(_), Err(error)) => state.file = File::Failed(error),
            _ => {}
        }
        state.open().map(drop)
    }

    /// Returns true if it failed and was not reopened yet.
    pub(super) fn has_failed(&self) -> bool {
        matches!(self.read().file, File::Failed(_))
    }

    /// Returns the newest generation.
    pub(super) fn generation(&self) -> Generation {
        self.read().generation
    }

    /// Closes the file once all readers are done.
    pub(super) fn close(&self) {
        let closed = mem::replace(&mut self.write().file, File::Closed);
        drop(closed);
    }

    fn fail(&self, generation: Generation, error: &StoreError) {
        let mut state = self.write();
        if state.generation == generation && matches!(state.file, File::Open(_)) {
            let failed = mem::replace(&mut state.file, File::Failed(error.clone()));
            drop(state);
            // Dropping it may panic as well.
            let _ = caught(|| {
                drop(failed);
                Ok(())
            });
        }
    }

    // Nothing panics while the state is changed, so it is whole.
    fn read(&self) -> RwLockReadGuard<'_, State<R>> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State<R>> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<R> State<R> {
    fn open(&self) -> Result<&R, StoreError> {
        match &self.file {
            File::Open(file) => Ok(file),
            File::Failed(error) => Err(error.clone()),
            File::Closed => Err(StoreError::Closed),
        }
    }
}

impl<R: RowFile> fmt::Debug for Rows<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Rows").field(&*self.read()).finish()
    }
}
