//! Damage to a file of rows while no process has it open.

use std::{fs, io, path::Path};

pub(crate) const ALL: [fn(&Path) -> io::Result<()>; 3] = [flip, cut, remove];

/// Flips a bit of every 97th byte.
fn flip(path: &Path) -> io::Result<()> {
    let mut bytes = fs::read(path)?;
    bytes.iter_mut().step_by(97).for_each(|byte| *byte ^= 0x10);
    fs::write(path, bytes)
}

/// Leaves a third.
fn cut(path: &Path) -> io::Result<()> {
    let bytes = fs::read(path)?;
    fs::write(path, bytes.get(..bytes.len() / 3).unwrap_or_default())
}

pub(crate) fn remove(path: &Path) -> io::Result<()> {
    fs::remove_file(path)
}
