//! A file of rows in memory that fails on command.

use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, Mutex},
};

use super::super::{
    Changes, Durability, RowFile,
    row_file::{Found, Opener},
};
use crate::StoreError;

type Map = BTreeMap<Vec<u8>, Arc<[u8]>>;

/// The content of the disk, and its faults.
#[derive(Clone, Debug, Default)]
pub(in crate::disk) struct Double(Arc<Mutex<Disk>>);

#[derive(Debug, Default)]
struct Disk {
    /// The flushed rows.
    rows: Map,
    /// The part of that on the disk.
    on_disk: Map,
    trouble: Option<Trouble>,
    openings: usize,
}

/// The operation that fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::disk) enum Trouble {
    /// So many writes go well, then one fails, with half of it shown.
    Write(usize),
    /// So many writes go well, then one panics.
    Panic(usize),
    /// After this many good flushes one fails: nothing of it is kept.
    Flush(usize),
    /// After this many good flushes one fails, but all of it is kept.
    FlushLate(usize),
    /// Every opening and every write.
    Full,
}

/// The file while it is open: what was written, flushed or not.
#[derive(Debug)]
pub(in crate::disk) struct Handle {
    double: Double,
    shown: Mutex<Map>,
}

impl Double {
    pub(in crate::disk) fn fail(&self, trouble: Trouble) {
        self.0.lock().unwrap().trouble = Some(trouble);
    }

    pub(in crate::disk) fn heal(&self) {
        self.0.lock().unwrap().trouble = None;
    }

    pub(in crate::disk) fn openings(&self) -> usize {
        self.0.lock().unwrap().openings
    }

    /// The number of keys on the disk.
    pub(in crate::disk) fn flushed(&self) -> usize {
        self.0.lock().unwrap().rows.len()
    }

    /// The number of keys that a power cut would leave.
    pub(in crate::disk) fn on_disk(&self) -> usize {
        self.0.lock().unwrap().on_disk.len()
    }

    pub(in crate::disk) fn opener(&self) -> Opener<Handle> {
        let double = self.clone();
        Box::new(move || {
            let mut disk = double.0.lock().unwrap();
            if disk.trouble == Some(Trouble::Full) {
                return Err(full());
            }
            disk.openings += 1;
            let shown = Mutex::new(disk.rows.clone());
            Ok(Handle { double: double.clone(), shown })
        })
    }

    /// Returns true if a trouble is due; each comes once.
    fn is_due(&self, is_it: impl Fn(Trouble) -> Option<(usize, fn(usize) -> Trouble)>) -> bool {
        let mut disk = self.0.lock().unwrap();
        let Some((left, again)) = disk.trouble.and_then(is_it) else { return false };
        disk.trouble = left.checked_sub(1).map(again);
        left == 0
    }
}

fn full() -> StoreError {
    StoreError::io("testing", io::Error::from(io::ErrorKind::StorageFull))
}

fn apply(map: &mut Map, changes: &Changes) {
    changes.delete.iter().for_each(|key| drop(map.remove(key)));
    map.extend(changes.put.iter().cloned());
}

impl RowFile for Handle {
    fn scan(&self, prefix: &[u8], each: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), StoreError> {
        let shown = self.shown.lock().unwrap();
        let all = shown.range(prefix.to_vec()..).take_while(|(key, _)| key.starts_with(prefix));
        all.for_each(|(key, value)| each(key, value));
        Ok(())
    }

    fn first_from(&self, key: &[u8]) -> Result<Found, StoreError> {
        let shown = self.shown.lock().unwrap();
        Ok(shown.range(key.to_vec()..).next().map(|(key, value)| (key.clone(), value.to_vec())))
    }

    fn write(&self, changes: &Changes) -> Result<(), StoreError> {
        let is_write = |trouble| match trouble {
            Trouble::Write(left) => Some((left, Trouble::Write as fn(usize) -> Trouble)),
            _ => None,
        };
        let is_panic = |trouble| match trouble {
            Trouble::Panic(left) => Some((left, Trouble::Panic as fn(usize) -> Trouble)),
            _ => None,
        };
        assert!(!self.double.is_due(is_panic), "as scripted");
        let mut shown = self.shown.lock().unwrap();
        if self.double.is_due(is_write) {
            let mut half = changes.clone();
            half.put.truncate(changes.put.len() / 2);
            apply(&mut shown, &half);
            return Err(full());
        }
        if self.double.0.lock().unwrap().trouble == Some(Trouble::Full) {
            return Err(full());
        }
        apply(&mut shown, changes);
        Ok(())
    }

    fn flush(&self, durability: Durability) -> Result<(), StoreError> {
        let is_early = |trouble| match trouble {
            Trouble::Flush(left) => Some((left, Trouble::Flush as fn(usize) -> Trouble)),
            _ => None,
        };
        let is_late = |trouble| match trouble {
            Trouble::FlushLate(left) => Some((left, Trouble::FlushLate as fn(usize) -> Trouble)),
            _ => None,
        };
        if self.double.is_due(is_early) {
            return Err(full());
        }
        let shown = self.shown.lock().unwrap().clone();
        let mut disk = self.double.0.lock().unwrap();
        if durability == Durability::Disk {
            disk.on_disk = shown.clone();
        }
        disk.rows = shown;
        drop(disk);
        if self.double.is_due(is_late) { Err(full()) } else { Ok(()) }
    }
}
