//! The process that has a store open, if the system reports it.

use std::{fmt, path::Path};

/// The process that has a store open.
#[derive(Debug)]
pub(crate) struct Holder {
    /// Its number and name, as far as the system reports them.
    name: Option<String>,
    /// True if it is `conv serve`.
    serves: bool,
}

/// Returns the process that has a database's folder open; on Linux with its number and name.
pub(super) fn of(folder: &Path) -> Holder {
    match process(folder) {
        Some(Process { id, name, serves }) => {
            let name = name
                .map_or_else(|| format!("process {id}"), |name| format!("process {id} ({name})"));
            Holder { name: Some(name), serves }
        }
        None => Holder { name: None, serves: false },
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let server = "call its API instead, such as GET /v1/changes for unfinished changes";
        let other = "or give another --store";
        match &self.name {
            Some(name) if self.serves => {
                write!(f, "{name}, which serves it: {server}, end it, {other}")
            }
            Some(name) => write!(f, "{name}; wait until it ends, {other}"),
            None => {
                write!(f, "another process; wait until it ends, {other}")?;
                write!(f, "; if it is `conv serve`, {server}")
            }
        }
    }
}

struct Process {
    id: u32,
    name: Option<String>,
    serves: bool,
}

/// Reads the kernel's list of locks, which has each lock's holder and the number of the locked
/// file.
#[cfg(target_os = "linux")]
fn process(folder: &Path) -> Option<Process> {
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
    let arguments = fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
    let serves = arguments.split(|byte| *byte == 0).any(|argument| argument == b"serve");
    Some(Process { id, name: name.map(|name| name.trim().to_owned()), serves })
}

#[cfg(not(target_os = "linux"))]
fn process(_: &Path) -> Option<Process> {
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
