//! sled's files beside its data: all of them it makes anew from that.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// How a file is called that was put away until it is known whether the folder opens without it.
const PUT_AWAY: &str = "away.";

/// Removes `snap.*.generating`, which a crash leaves behind; tells how many.
///
/// sled takes one for its newest snapshot and refuses to open for ever; and one that is longer than
/// the next of that name ends as that one's tail.
pub(super) fn remove_unfinished(rows: &Path) -> io::Result<usize> {
    let unfinished =
        named(rows, |name| name.starts_with("snap.") && name.ends_with(".generating"))?;
    for path in &unfinished {
        tracing::warn!("removing a snapshot of sled's that a crash left unfinished");
        fs::remove_file(path)?;
    }
    Ok(unfinished.len())
}

/// Puts snapshots and sled's copy of its settings out of its sight; tells whether there were any.
pub(super) fn put_away(rows: &Path) -> io::Result<bool> {
    let derived = named(rows, |name| name.starts_with("snap.") || name == "conf")?;
    for path in &derived {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        fs::rename(path, path.with_file_name(format!("{PUT_AWAY}{name}")))?;
    }
    Ok(!derived.is_empty())
}

/// Removes what was put away, from a folder that is open.
pub(super) fn remove_put_away(rows: &Path) {
    for path in named(rows, |name| name.starts_with(PUT_AWAY)).unwrap_or_default() {
        // It is only in the way; the next opening tries again.
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
