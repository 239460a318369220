//! sled's files beside its data, all of which it can rebuild from the data.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// The prefix of a file that is hidden from sled until it is known whether the folder opens without it.
const HIDDEN: &str = "away.";

/// Removes `snap.*.generating`, which a crash leaves behind. Returns their number.
///
/// sled takes such a file for its newest snapshot and never opens again. A file that is longer than the
/// next one of the same name becomes the tail of that one.
pub(super) fn remove_unfinished(rows: &Path) -> io::Result<usize> {
    let unfinished =
        named(rows, |name| name.starts_with("snap.") && name.ends_with(".generating"))?;
    for path in &unfinished {
        tracing::warn!("removing a snapshot of sled's that a crash left unfinished");
        fs::remove_file(path)?;
    }
    Ok(unfinished.len())
}

/// Hides snapshots and sled's copy of its settings. Returns false if there were none.
pub(super) fn hide(rows: &Path) -> io::Result<bool> {
    let derived = named(rows, |name| name.starts_with("snap.") || name == "conf")?;
    for path in &derived {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        fs::rename(path, path.with_file_name(format!("{HIDDEN}{name}")))?;
    }
    Ok(!derived.is_empty())
}

/// Removes hidden files of a folder that is open.
pub(super) fn remove_hidden(rows: &Path) {
    for path in named(rows, |name| name.starts_with(HIDDEN)).unwrap_or_default() {
        // A leftover does no harm; the next opening tries again.
        let _ = fs::remove_file(path);
    }
}

fn named(folder: &Path, is_one: impl Fn(&str) -> bool) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if is_one(&entry.file_name().to_string_lossy()) {
            found.push(entry.path());
        }
    }
    Ok(found)
}
