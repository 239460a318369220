//! Quarantine of rows that do not open: under a dated name, where they can be inspected.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use crate::disk::local_log::sync_folder;

/// The number of quarantined files that are kept.
const KEPT: usize = 2;
const SECONDS_A_DAY: u64 = 86_400;

/// Renames a file or a folder to `<name>.damaged-<UTC time>`, durably, and removes all but the
/// newest of those before.
pub(super) fn quarantine(path: &Path, now: SystemTime) -> io::Result<PathBuf> {
    let to = unused(path, &stamp(now))?;
    fs::rename(path, &to)?;
    let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    sync_folder(folder)?;
    for old in older(path, folder)? {
        // One that stays does no harm; the next quarantine tries again.
        let _ = if old.is_dir() { fs::remove_dir_all(&old) } else { fs::remove_file(&old) };
    }
    Ok(to)
}

/// Returns a name after those of all before, also if the clock stood still or went back.
fn unused(path: &Path, stamp: &str) -> io::Result<PathBuf> {
    let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    let newest = all(path, folder)?.pop();
    let plain = with_suffix(path, stamp)?;
    let numbered = (2..100).filter_map(|number| {
        let newest = newest.as_ref()?.file_name()?.to_string_lossy();
        let stamp = newest.strip_prefix(&prefix(path).ok()?)?.split('-').next()?;
        with_suffix(path, &format!("{stamp}-{number:02}")).ok()
    });
    let is_newest = |path: &PathBuf| newest.as_ref().is_none_or(|newest| path > newest);
    std::iter::once(plain)
        .chain(numbered)
        .find(is_newest)
        .ok_or(io::ErrorKind::AlreadyExists.into())
}

fn with_suffix(path: &Path, suffix: &str) -> io::Result<PathBuf> {
    Ok(path.with_file_name(format!("{}{suffix}", prefix(path)?)))
}

fn prefix(path: &Path) -> io::Result<String> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    Ok(format!("{}.damaged-", name.to_string_lossy()))
}

fn older(path: &Path, folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut all = all(path, folder)?;
    all.truncate(all.len().saturating_sub(KEPT));
    Ok(all)
}

/// Returns the quarantined files, the oldest first.
fn all(path: &Path, folder: &Path) -> io::Result<Vec<PathBuf>> {
    let prefix = prefix(path)?;
    let mut all = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(&prefix) {
            all.push(entry.path());
        }
    }
    all.sort_unstable();
    Ok(all)
}

/// Formats a time as `20260102T030405Z`. A clock before 1970 counts as that year.
fn stamp(time: SystemTime) -> String {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs();
    let (year, month, day) = date(since / SECONDS_A_DAY);
    let second = since % SECONDS_A_DAY;
    let (hour, minute) = (second / 3600, second / 60 % 60);
    format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{:02}Z", second % 60)
}

/// Returns the year, month and day that are `days` after the first of 1970.
fn date(mut days: u64) -> (u64, u64, u64) {
    let mut year = 1970;
    while days >= days_of(year) {
        days -= days_of(year);
        year += 1;
    }
    let february = days_of(year) - 337;
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    (year, month, days + 1)
}

fn days_of(year: u64) -> u64 {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    if is_leap { 366 } else { 365 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn a_time_is_written_as_its_date() {
        for (seconds, text) in [
            (0, "19700101T000000Z"),
            (951_782_400, "20000229T000000Z"),
            (1_709_251_199, "20240229T235959Z"),
            (1_709_251_200, "20240301T000000Z"),
            (1_767_225_599, "20251231T235959Z"),
            (4_107_542_400, "21000301T000000Z"),
        ] {
            assert_eq!(stamp(at(seconds)), text);
        }
        assert_eq!(stamp(SystemTime::UNIX_EPOCH - Duration::from_secs(1)), "19700101T000000Z");
    }

    #[test]
    fn the_two_newest_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let rows = folder.path().join("rows");
        fs::write(folder.path().join("rows.damaging"), "not one of them").unwrap();
        let mut last = Vec::new();
        for (round, second) in [5, 6, 6, 6, 6, 6, 4].into_iter().enumerate() {
            fs::create_dir(&rows).unwrap();
            fs::write(rows.join("db"), round.to_string()).unwrap();
            last.push(quarantine(&rows, at(second)).unwrap());
            assert!(!rows.exists());
        }
        let exist: Vec<_> = last.iter().map(|path| path.exists()).collect();
        assert_eq!(exist, [false, false, false, false, false, true, true]);
        assert_eq!(fs::read_to_string(last[6].join("db")).unwrap(), "6");
        assert_eq!(last[1].file_name().unwrap(), "rows.damaged-19700101T000006Z");
        assert_eq!(last[3].file_name().unwrap(), "rows.damaged-19700101T000006Z-03");
        assert_eq!(last[6].file_name().unwrap(), "rows.damaged-19700101T000006Z-06");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
    }
}
