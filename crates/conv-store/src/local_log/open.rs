//! Opening: read again, put aside what is damaged, cut off what is torn.

use std::{fs::File, io, path::Path};

use super::{
    LocalLog, VERSION, compact, files,
    files::HEADER,
    index::Index,
    replay::{Found, replay},
    rewrite_over,
    tail::Tail,
};
use crate::StoreError;

pub(super) fn open(folder: &Path) -> Result<LocalLog, StoreError> {
    let file = files::open(folder).map_err(failed)?;
    let Some(mut file) = file else {
        return create(folder);
    };
    let header = files::version(&mut file).map_err(failed)?;
    if let Some(found) = header.filter(|found| *found > VERSION) {
        return Err(StoreError::NewerSchema { found, known: VERSION });
    }
    files::remove_leftover(folder).map_err(failed)?;
    let (found, index) = read(&mut file, header.is_some()).map_err(failed)?;
    if !found.damaged.is_empty() {
        let bytes: u64 = found.damaged.iter().map(|range| range.end - range.start).sum();
        tracing::warn!(bytes, "local state is damaged, putting the damaged bytes aside");
        files::put_aside(folder, &mut file, &found.damaged).map_err(failed)?;
    }
    cut(&file, found.end).map_err(failed)?;

    let mut log = LocalLog {
        folder: folder.to_owned(),
        rewrite_over: rewrite_over(&index),
        tail: Tail::new(file, found.end),
        index,
        pending: Vec::new(),
    };
    // Damaged bytes that stay would be put aside again by every opening.
    let damaged = !found.damaged.is_empty();
    if damaged || log.index.has_forgotten() || log.tail.end() > log.rewrite_over {
        log.rewrite_or_go_on();
    }
    Ok(log)
}

/// A log is made as it is rewritten, so one without a whole header is never met.
fn create(folder: &Path) -> Result<LocalLog, StoreError> {
    let nothing = |_, _| Err(StoreError::Corrupt { what: "empty log of local state".to_owned() });
    let fresh = compact::prepare(folder, &Index::default(), nothing)?;
    let fresh = compact::install(folder, fresh)?;
    Ok(LocalLog {
        folder: folder.to_owned(),
        rewrite_over: rewrite_over(&fresh.index),
        tail: Tail::new(fresh.file, fresh.end),
        index: fresh.index,
        pending: Vec::new(),
    })
}

fn read(file: &mut File, has_header: bool) -> io::Result<(Found, Index)> {
    let mut index = Index::default();
    let header = HEADER as u64;
    let mut found = replay(&mut *file, header, |at, entry| index.apply(at, entry))?;
    if !has_header {
        found.damaged.insert(0, 0..header.min(file.metadata()?.len()));
    }
    Ok((found, index))
}

fn cut(file: &File, end: u64) -> io::Result<()> {
    if file.metadata()?.len() > end {
        file.set_len(end)?;
        file.sync_all()?;
    }
    Ok(())
}

fn failed(error: io::Error) -> StoreError {
    StoreError::io("opening local state", error)
}
