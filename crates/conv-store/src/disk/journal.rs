//! The journal: changes of rows that the system has, and the engine's disk does not have yet.
//!
//! To survive the end of the process, a change must reach the system, not the disk. An engine can only
//! flush to its disk, which takes many times as long as the change. So the commit thread writes small
//! changes to a file of ours, in one call per group, and acknowledges them before the engine has them.
//! Half a second later it flushes the engine and empties the file. An opening applies the changes that
//! the engine lacks.

mod entry;
mod replay;

use std::{
    fs::File,
    io::{self, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use conv_model::Seq;

#[cfg(test)]
pub(super) use self::replay::End;
pub(super) use self::replay::{discard, read, replay};
use super::{key::Prefix, row_file::Changes};
use crate::{
    StoreError,
    disk::{frame, fs::private},
};

const NAME: &str = "rows.journal";
const MAGIC: [u8; 4] = *b"cjrn";
/// The newest version of the file that this code reads.
const VERSION: u8 = 1;
/// The cap on bytes per group that are written twice. A larger group is flushed instead.
const MOST_BYTES: usize = 64 << 10;

/// The growing end of the journal. One thread writes it; at an opening, another one empties it.
#[derive(Debug)]
pub(super) struct Journal {
    folder: PathBuf,
    /// `None` until something is appended.
    file: Option<File>,
    /// The entries noted since the last `take`; `None` if they are over the cap.
    noted: Option<Vec<u8>>,
}

impl Journal {
    /// Returns the journal of a database's folder.
    pub(super) fn of(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), file: None, noted: Some(Vec::new()) }
    }

    /// Notes the changes of a write, to be appended with the others of its group. `after` is the number
    /// of the account's last write that changed rows.
    pub(super) fn note(
        &mut self,
        prefix: Prefix,
        after: Seq,
        seq: Seq,
        changes: &Changes,
    ) -> Result<(), StoreError> {
        let noted = self.noted.as_ref().map_or(MOST_BYTES, Vec::len);
        if noted.saturating_add(entry::size(changes)) >= MOST_BYTES {
            self.noted = None;
        }
        if let Some(noted) = &mut self.noted {
            noted.extend(frame::seal(&entry::encode(prefix, after, seq, changes))?);
        }
        Ok(())
    }

    /// Takes the entries noted so far; `None` if they are too large to be written twice.
    pub(super) fn take(&mut self) -> Option<Vec<u8>> {
        self.noted.replace(Vec::new())
    }

    /// Hands entries to the system. After an error it may have any number of them.
    pub(super) fn append(&mut self, entries: Vec<u8>) -> Result<(), StoreError> {
        self.write(entries).map_err(|error| {
            self.file = None;
            StoreError::io("writing the journal of rows", error)
        })
    }

    fn write(&mut self, mut entries: Vec<u8>) -> io::Result<()> {
        if entries.is_empty() {
            return Ok(());
        }
        let file = match &mut self.file {
            Some(file) => file,
            none => {
                none.insert(private().create(true).truncate(false).open(self.folder.join(NAME))?)
            }
        };
        // A reopening of the rows may have emptied it.
        let end = file.seek(SeekFrom::End(0))?;
        if end == 0 {
            entries.splice(0..0, frame::header(MAGIC, VERSION));
        }
        file.write_all(&entries).inspect_err(|_| {
            // Half an entry would take the room that a draft needs. If truncating fails, the reopening
            // of the rows drops it.
            let _ = file.set_len(end);
        })
    }

    /// Empties it, once the engine has flushed. If that fails, or a power cut undoes it, the entries
    /// repeat what the engine has, unless an account was forgotten meanwhile.
    pub(super) fn clear(&mut self) -> Result<(), StoreError> {
        let cleared = self.file.as_ref().map_or(Ok(()), |file| file.set_len(0));
        cleared.map_err(|error| StoreError::io("emptying the journal of rows", error))
    }

    /// Empties it so that no power cut brings back any entry.
    pub(super) fn clear_durably(&self) -> Result<(), StoreError> {
        discard(&self.folder)
    }
}
