//! Quarantine for rows that do not open: a numbered name beside them.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::disk::fs::sync_folder;

/// The number of quarantined files or folders that are kept.
const KEPT: usize = 2;

/// Renames a file or a folder to `<name>.damaged-<number>`, durably, and removes all but the newest
/// ones.
pub(super) fn quarantine(path: &Path) -> io::Result<PathBuf> {
    let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    let prefix = prefix(path)?;
    let mut all = quarantined(folder, &prefix)?;
    let number = all.last().map_or(1, |(last, _)| last.saturating_add(1));
    let to = folder.join(format!("{prefix}{number}"));
    fs::rename(path, &to)?;
    sync_folder(folder)?;
    all.push((number, to.clone()));
    for (_, old) in all.iter().rev().skip(KEPT) {
        // The next quarantine tries again to remove the rest.
        let _ = if old.is_dir() { fs::remove_dir_all(old) } else { fs::remove_file(old) };
    }
    Ok(to)
}

fn prefix(path: &Path) -> io::Result<String> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    Ok(format!("{}.damaged-", name.to_string_lossy()))
}

/// Returns the quarantined files with their numbers, in order. Version 0.1 used dates instead:
/// those count as 0.
fn quarantined(folder: &Path, prefix: &str) -> io::Result<Vec<(u32, PathBuf)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if let Some(number) = entry.file_name().to_string_lossy().strip_prefix(prefix) {
            found.push((number.parse().unwrap_or_default(), entry.path()));
        }
    }
    found.sort_unstable();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_newest_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let rows = folder.path().join("rows");
        fs::write(folder.path().join("rows.damaging"), "another file").unwrap();
        for date in ["20200101T000000Z", "20200101T000000Z-02"] {
            fs::create_dir(folder.path().join(format!("rows.damaged-{date}"))).unwrap();
        }
        let mut all = Vec::new();
        for round in 1..=11 {
            fs::create_dir(&rows).unwrap();
            fs::write(rows.join("db"), round.to_string()).unwrap();
            all.push(quarantine(&rows).unwrap());
            assert!(!rows.exists());
        }
        let kept: Vec<_> = all.iter().map(|path| path.exists()).collect();
        assert_eq!(kept, [vec![false; 9], vec![true; 2]].concat());
        assert_eq!(all[10], folder.path().join("rows.damaged-11"));
        assert_eq!(fs::read_to_string(all[10].join("db")).unwrap(), "11");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
    }
}
