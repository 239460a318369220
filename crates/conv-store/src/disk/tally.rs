//! The tally: a mark per account for its last acknowledged write of rows, in a file of its own.
//!
//! Missing or older rows look like valid rows: nothing in them shows what was there before. So the
//! number of an account's last acknowledged write of rows, and the row count after it, are kept in
//! another file. A load that finds less reports a loss.
//!
//! A mark is written after the rows, or the journal, have the write at the database's level, so a
//! kill between the two raises no alarm. It is not synced, so a change costs no second sync; a power
//! cut at [`Durability::Disk`](super::Durability::Disk) can only leave an older mark. Each account
//! has a slot that is overwritten in place and never crosses a page of the system:
//! `prefix | number u64 | rows u64 | crc32 u32`, little endian, filled up with zeros.

mod file;

use std::{
    collections::{BTreeMap, HashMap},
    io,
    path::Path,
};

use conv_model::Seq;

use self::file::TallyFile;
use super::{key::Prefix, records, row_file::RowFile};
use crate::StoreError;

/// The state of an account's rows after an acknowledged write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Mark {
    /// The number of the last write that changed rows.
    pub(super) seq: Seq,
    /// The number of rows after it.
    pub(super) rows: u64,
}

impl Mark {
    /// Returns the number of rows that `found` lacks; `None` if it is as new as this mark.
    pub(super) fn lost(self, found: Self) -> Option<u64> {
        (found.seq < self.seq).then(|| self.rows.saturating_sub(found.rows))
    }
}

/// The marks of a database's accounts.
#[derive(Debug)]
pub(super) struct Tally {
    file: TallyFile,
    /// The place of the slot and the mark, per account.
    marks: HashMap<Prefix, (u64, Mark)>,
    /// Unused places below `next`.
    free: Vec<u64>,
    next: u64,
}

impl Tally {
    /// Reads the tally of a folder. A missing or damaged one has no marks.
    ///
    /// # Errors
    /// [`StoreError::NewerSchema`]; or it could not be read.
    pub(super) fn open(folder: &Path) -> Result<Self, StoreError> {
        let (file, slots) = TallyFile::open(folder)?;
        let mut tally = Self { file, marks: HashMap::new(), free: Vec::new(), next: 1 };
        for slot in slots {
            let place = tally.next;
            tally.next = tally.next.saturating_add(1);
            match slot {
                Some((prefix, mark)) => drop(tally.marks.insert(prefix, (place, mark))),
                None => tally.free.push(place),
            }
        }
        Ok(tally)
    }

    /// Returns an account's mark; zeros if it has none.
    pub(super) fn mark(&self, prefix: Prefix) -> Mark {
        self.marks.get(&prefix).map(|(_, mark)| *mark).unwrap_or_default()
    }

    /// Sets an account's mark. A mark lower than before, as after a loss, is synced: otherwise a power
    /// cut would bring back the old one and report the loss again.
    pub(super) fn set(&mut self, prefix: Prefix, mark: Mark) -> io::Result<()> {
        let known = self.marks.get(&prefix).copied();
        if known.is_some_and(|(_, known)| known == mark) {
            return Ok(());
        }
        let place = match known {
            Some((place, _)) => place,
            None => self.unused(),
        };
        self.file.write(place, prefix, mark).inspect_err(|_| {
            if known.is_none() {
                self.free.push(place);
            }
        })?;
        self.marks.insert(prefix, (place, mark));
        match known {
            Some((_, before)) if mark.seq < before.seq => self.file.sync(),
            _ => Ok(()),
        }
    }

    /// Removes an account's mark durably.
    pub(super) fn remove(&mut self, prefix: Prefix) -> io::Result<()> {
        if let Some((place, _)) = self.marks.get(&prefix) {
            self.file.erase(*place)?;
            self.free.push(*place);
            self.marks.remove(&prefix);
        }
        Ok(())
    }

    /// Syncs the file and closes it.
    pub(super) fn close(&mut self) -> io::Result<()> {
        self.file.close()
    }

    /// Compares rows with the marks. Returns the number of missing rows per account that lost writes.
    pub(super) fn losses(&self, file: &impl RowFile) -> Result<BTreeMap<Prefix, u64>, StoreError> {
        if self.marks.is_empty() {
            return Ok(BTreeMap::new());
        }
        let found = records::count(file)?;
        let lost = self.marks.iter().filter_map(|(prefix, (_, mark))| {
            let found = found.get(prefix).copied().unwrap_or_default();
            mark.lost(found).map(|rows| (*prefix, rows))
        });
        Ok(lost.collect())
    }

    fn unused(&mut self) -> u64 {
        self.free.pop().unwrap_or_else(|| {
            let place = self.next;
            self.next = self.next.saturating_add(1);
            place
        })
    }
}

#[cfg(test)]
mod tests;
