//! The growing end of the file: saved or refused, never in between.

use std::{
    io::{self, SeekFrom},
    sync::Arc,
};

use super::files::LogFile;
use crate::StoreError;

/// A file and how far it is good.
#[derive(Debug)]
pub(super) struct Tail<F> {
    file: F,
    /// Up to here it is durable.
    durable: u64,
    /// Up to here it is written.
    end: u64,
    /// The failure after which nothing can be appended.
    failed: Option<StoreError>,
}

impl<F: LogFile> Tail<F> {
    /// A file that is durable up to its end.
    pub(super) fn new(file: F, end: u64) -> Self {
        Self { file, durable: end, end, failed: None }
    }

    pub(super) fn end(&self) -> u64 {
        self.end
    }

    /// Refuses everything from now on.
    pub(super) fn fail(&mut self, error: StoreError) {
        self.failed = Some(error);
    }

    /// Appends, and returns the place. After an error the file ends where it did.
    pub(super) fn append(&mut self, bytes: &[u8]) -> Result<u64, StoreError> {
        self.check()?;
        let at = self.end;
        if let Err(error) = self.write_at(at, bytes) {
            self.cut_back(at);
            return Err(StoreError::io("appending local state", error));
        }
        self.end = at.saturating_add(bytes.len() as u64);
        Ok(at)
    }

    /// Makes durable what was appended. After an error it is gone.
    pub(super) fn sync(&mut self) -> Result<(), StoreError> {
        self.check()?;
        if let Err(error) = self.file.sync() {
            self.cut_back(self.durable);
            return Err(StoreError::io("making local state durable", error));
        }
        self.durable = self.end;
        Ok(())
    }

    /// Bytes that are durable.
    pub(super) fn read(&mut self, at: u64, length: usize) -> Result<Arc<[u8]>, StoreError> {
        let mut bytes = vec![0; length];
        let read = self.file.seek(SeekFrom::Start(at));
        read.and_then(|_| self.file.read_exact(&mut bytes))
            .map_err(|error| StoreError::io("reading local state", error))?;
        Ok(bytes.into())
    }

    /// Takes back what was appended behind a place.
    pub(super) fn take_back(&mut self, end: u64) {
        if end < self.end {
            self.cut_back(end);
        }
    }

    /// Returns true if it refuses everything.
    pub(super) fn is_failed(&self) -> bool {
        self.failed.is_some()
    }

    fn write_at(&mut self, at: u64, bytes: &[u8]) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(at))?;
        self.file.write_all(bytes)
    }

    fn check(&self) -> Result<(), StoreError> {
        self.failed.clone().map_or(Ok(()), Err)
    }

    /// Cuts off a refused entry, which must not come back with the next opening. If that fails, the
    /// file takes no more entries.
    fn cut_back(&mut self, length: u64) {
        self.end = length;
        if let Err(error) = self.file.cut(length).and_then(|()| self.file.sync()) {
            self.fail(StoreError::io("taking back local state", error));
        }
    }
}
