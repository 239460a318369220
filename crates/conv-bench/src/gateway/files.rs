//! The limit of open files, which bounds the lines.

use rustix::process::{Resource, getrlimit, setrlimit};

/// Files that are no lines: of the store, the cloud, the process.
const OTHERS: usize = 500;

/// Raises the limit as far as the system allows. Children inherit it.
pub fn raise() -> usize {
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        limit.current = limit.maximum;
        // Some systems refuse to go all the way; what there was is enough for small runs.
        let _ = setrlimit(Resource::Nofile, limit);
    }
    open_files()
}

fn open_files() -> usize {
    let limit = getrlimit(Resource::Nofile).current;
    limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX)
}

/// The lines that fit.
pub fn most_lines() -> usize {
    open_files().saturating_sub(OTHERS).min(100_000)
}
