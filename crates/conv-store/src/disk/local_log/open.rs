//! Opening: reads again, quarantines damaged bytes, cuts off a torn end.

use std::io::{self, SeekFrom};

use super::{
    LocalLog, NAME, VERSION, WITHOUT_MUTATIONS, compact, files,
    files::{FRESH, LogFile, LogFolder},
    index::Index,
    replay::{Found, replay},
    rewrite_over,
    tail::Tail,
};
use crate::{StoreError, disk::frame::HEADER};

pub(super) fn open<D: LogFolder>(folder: D) -> Result<LocalLog<D>, StoreError> {
    let file = folder.open(NAME).map_err(failed)?;
    let Some(mut file) = file else {
        return create(folder);
    };
    let header = files::version(&mut file).map_err(failed)?;
    if let Some(found) = header.filter(|found| *found > VERSION) {
        return Err(StoreError::NewerSchema { found, known: VERSION });
    }
    folder.remove(FRESH).map_err(failed)?;
    // A process that was killed may have renamed the file and not made that durable.
    folder.sync().map_err(failed)?;
    let (found, index) = read(&mut file, header.is_some()).map_err(failed)?;
    let mut quarantined = None;
    if !found.damaged.is_empty() {
        let bytes: u64 = found.damaged.iter().map(|range| range.end - range.start).sum();
        tracing::warn!(bytes, "local state is damaged, quarantining the damaged bytes");
        let name = files::quarantine(&folder, &mut file, &found.damaged).map_err(failed)?;
        quarantined = Some(name);
    }
    cut(&mut file, found.end).map_err(failed)?;

    let mut log = LocalLog {
        folder,
        quarantined,
        rewrite_over: rewrite_over(&index),
        tail: Tail::new(file, found.end),
        index,
        version: header.unwrap_or(VERSION),
        unsynced: None,
        pending: Vec::new(),
    };
    // Damaged bytes that stay would be quarantined again by every opening.
    let damaged = !found.damaged.is_empty();
    if damaged || log.index.has_forgotten() || log.tail.end() > log.rewrite_over {
        log.rewrite_or_go_on();
    }
    Ok(log)
}

/// A log is made as it is rewritten, so one without a whole header is never met.
fn create<D: LogFolder>(folder: D) -> Result<LocalLog<D>, StoreError> {
    let nothing = |_, _| Err(StoreError::Corrupt { what: "empty log of local state".to_owned() });
    let fresh = compact::prepare(&folder, &Index::default(), WITHOUT_MUTATIONS, nothing)?;
    let fresh = compact::install(&folder, fresh)?;
    Ok(LocalLog {
        folder,
        quarantined: None,
        rewrite_over: rewrite_over(&fresh.index),
        tail: Tail::new(fresh.file, fresh.end),
        index: fresh.index,
        version: fresh.version,
        unsynced: None,
        pending: Vec::new(),
    })
}

/// Reads a file: its valid extent, its damage, and the index.
pub(super) fn read(file: &mut impl LogFile, has_header: bool) -> io::Result<(Found, Index)> {
    let mut index = Index::default();
    let header = HEADER as u64;
    let mut found = replay(&mut *file, header, |at, entry| index.apply(at, entry))?;
    if !has_header {
        found.damaged.insert(0, 0..header.min(length(file)?));
    }
    Ok((found, index))
}

fn cut(file: &mut impl LogFile, end: u64) -> io::Result<()> {
    if length(file)? > end {
        file.cut(end)?;
        file.sync()?;
    }
    Ok(())
}

fn length(file: &mut impl LogFile) -> io::Result<u64> {
    file.seek(SeekFrom::End(0))
}

fn failed(error: io::Error) -> StoreError {
    StoreError::io("opening local state", error)
}
