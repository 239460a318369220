//! The process that has a store open, if the system reports it.

use std::path::Path;

/// Returns the process that has a database's folder open; on Linux with its number and name.
pub(super) fn of(folder: &Path) -> String {
    let named = process(folder).map(|(id, name)| match name {
        Some(name) => format!("process {id} ({name})"),
        None => format!("process {id}"),
    });
    named.unwrap_or_else(|| "another process".to_owned())
}

/// Reads the kernel's list of locks, which has each lock's holder and the number of the locked
/// file.
#[cfg(target_os = "linux")]
fn process(folder: &Path) -> Option<(u32, Option<String>)> {
    use std::{fs, os::unix::fs::MetadataExt};

    let inodes: Vec<u64> = fs::read_dir(folder)
        .ok()?
        .chain(fs::read_dir(folder.join("rows")).into_iter().flatten())
        .filter_map(|entry| entry.ok()?.metadata().ok())
        .filter(|file| file.is_file())
        .map(|file| file.ino())
        .collect();
    let locks = fs::read_to_string("/proc/locks").ok()?;
    let id = locks.lines().find_map(|line| holder(line, &inodes))?;
    let name = fs::read_to_string(format!("/proc/{id}/comm")).ok();
    Some((id, name.map(|name| name.trim().to_owned())))
}

#[cfg(not(target_os = "linux"))]
fn process(_: &Path) -> Option<(u32, Option<String>)> {
    None
}

/// Parses a line such as `3: FLOCK ADVISORY WRITE 4711 00:2f:1234 0 EOF`.
#[cfg(target_os = "linux")]
fn holder(line: &str, inodes: &[u64]) -> Option<u32> {
    let mut words = line.split_whitespace().skip_while(|word| *word != "WRITE").skip(1);
    let id = words.next()?.parse().ok()?;
    let inode = words.next()?.rsplit(':').next()?.parse().ok()?;
    inodes.contains(&inode).then_some(id)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_holder_is_read_from_a_line_of_locks() {
        let line = "3: FLOCK  ADVISORY  WRITE 4711 00:2f:1234 0 EOF";
        assert_eq!(holder(line, &[7, 1234]), Some(4711));
        assert_eq!(holder(line, &[7]), None);
        assert_eq!(holder("3: -> FLOCK  ADVISORY  READ 1 00:2f:1234 0 EOF", &[1234]), None);
    }
}
