//! The tally: how far each account's rows were acknowledged, in a file of its own.
//!
//! Rows that are gone, or older than they were, look like rows that are well: nothing in them says
//! what was there. So the number of an account's last acknowledged write of rows, and how many rows
//! there were then, are kept beside them. An opening that finds less tells of a loss.
//!
//! The file says no more than the rows, or the journal, already have at the database's level. Each
//! account has a slot that is overwritten where it lies, and that no page of the system's divides:
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

/// How far an account's rows were acknowledged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Mark {
    /// The number of the last write that changed rows.
    pub(super) seq: Seq,
    /// The rows that there were after it.
    pub(super) rows: u64,
}

impl Mark {
    /// The rows that are missing of those that were acknowledged; none if nothing is.
    pub(super) fn lost(self, found: Self) -> Option<u64> {
        (found.seq < self.seq).then(|| self.rows.saturating_sub(found.rows))
    }
}

/// What is known of the accounts of a database.
#[derive(Debug)]
pub(super) struct Tally {
    file: TallyFile,
    /// By account, with the place of its slot.
    marks: HashMap<Prefix, (u64, Mark)>,
    /// Places that are in use by nobody, below the first that never was.
    free: Vec<u64>,
    next: u64,
}

impl Tally {
    /// Reads the tally of a folder. One that is missing or damaged knows of nothing.
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

    /// What is known of an account.
    pub(super) fn mark(&self, prefix: Prefix) -> Mark {
        self.marks.get(&prefix).map(|(_, mark)| *mark).unwrap_or_default()
    }

    /// Notes how far an account was acknowledged. The system has it then; where it is less than
    /// before, the disk, too: else a power cut would have it that something is lost.
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

    /// Durably forgets an account.
    pub(super) fn remove(&mut self, prefix: Prefix) -> io::Result<()> {
        if let Some((place, _)) = self.marks.get(&prefix) {
            self.file.erase(*place)?;
            self.free.push(*place);
            self.marks.remove(&prefix);
        }
        Ok(())
    }

    /// Makes it durable, and lets go of the file.
    pub(super) fn close(&mut self) -> io::Result<()> {
        self.file.close()
    }

    /// The accounts of which rows have less than was acknowledged, and how many rows that is.
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
