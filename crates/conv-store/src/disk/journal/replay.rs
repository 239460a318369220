//! Writes the journal's entries to an engine that lost them in a crash.

use std::{
    collections::HashMap,
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::Path,
};

use conv_model::Seq;

use super::{MAGIC, NAME, VERSION, entry::Entry};
use crate::{
    Durability, Recovery, StoreError,
    disk::{
        frame::{self, HEAD, HEADER},
        fs::private,
        key::Prefix,
        records,
        row_file::RowFile,
    },
};

/// Writes to rows that were just opened what the journal of their folder has and they have not, in
/// its order, and empties it. Blocks.
///
/// A torn or damaged entry ends the replay: the first writes are applied, or none. If the rows of
/// an account are older than the journal's first entry for it, none of its entries is applied.
///
/// # Errors
/// [`StoreError::NewerSchema`]: nothing was touched. Those of the rows: the journal stays.
pub(in crate::disk) fn replay(folder: &Path, rows: &impl RowFile) -> Result<End, StoreError> {
    let Some((end, written)) = apply(folder, rows)? else { return Ok(End::Whole) };
    if written > 0 {
        tracing::info!(written, "applied the journal to the rows");
        rows.flush(Durability::Process)?;
    }
    discard(folder)?;
    Ok(end)
}

/// Applies the missing entries to rows, and does not change the journal.
pub(in crate::disk) fn read(folder: &Path, rows: &impl RowFile) -> Result<End, StoreError> {
    Ok(apply(folder, rows)?.map_or(End::Whole, |(end, _)| end))
}

/// Applies the missing entries. Returns the journal's end and the number of entries applied; `None`
/// without a journal.
fn apply(folder: &Path, rows: &impl RowFile) -> Result<Option<(End, usize)>, StoreError> {
    let Some(mut entries) = Entries::of(folder)? else { return Ok(None) };
    let mut last: HashMap<Prefix, Seq> = HashMap::new();
    let mut written = 0_usize;
    while let Some(Entry { prefix, after, seq, changes }) = entries.next().map_err(reading)? {
        let last = match last.get_mut(&prefix) {
            Some(last) => last,
            None => last.entry(prefix).or_insert(records::scan(rows, prefix)?.seq),
        };
        if *last == after && seq > after {
            rows.write(&changes)?;
            *last = seq;
            written = written.saturating_add(1);
        }
    }
    Ok(Some((entries.end, written)))
}

/// The end of a journal, as found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::disk) enum End {
    /// After a complete entry.
    Whole,
    /// In the middle of an entry, as a kill during a write leaves it.
    Torn,
    /// At invalid bytes: entries after them are lost.
    Damaged,
}

impl End {
    /// Adds it to the findings.
    pub(in crate::disk) fn note(self, met: &mut Recovery) {
        met.journal_torn |= self == Self::Torn;
        met.journal_damaged |= self == Self::Damaged;
    }
}

/// Empties the journal, durably.
pub(in crate::disk) fn discard(folder: &Path) -> Result<(), StoreError> {
    let emptied = private().open(folder.join(NAME)).and_then(|file| {
        file.set_len(0)?;
        file.sync_data()
    });
    match emptied {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(StoreError::io("emptying the journal of rows", error))
        }
        _ => Ok(()),
    }
}

/// The entries of a journal, up to the first that is not whole.
struct Entries {
    file: BufReader<File>,
    /// Its end, as far as it was read.
    end: End,
}

impl Entries {
    /// Returns `None` if there are none.
    fn of(folder: &Path) -> Result<Option<Self>, StoreError> {
        let file = match File::open(folder.join(NAME)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => file.map_err(reading)?,
        };
        if file.metadata().map_err(reading)?.len() == 0 {
            return Ok(None);
        }
        let mut file = BufReader::new(file);
        let mut header = [0; HEADER];
        let is_whole = exact(&mut file, &mut header).map_err(reading)?;
        let version = frame::version(MAGIC, &header).filter(|_| is_whole);
        if let Some(found) = version.filter(|found| *found > VERSION) {
            return Err(StoreError::NewerSchema { found, known: VERSION });
        }
        let end = match (is_whole, version) {
            (true, Some(_)) => End::Whole,
            (true, None) => End::Damaged,
            (false, _) => End::Torn,
        };
        Ok(Some(Self { file, end }))
    }

    fn next(&mut self) -> io::Result<Option<Entry>> {
        if self.end != End::Whole || self.file.fill_buf()?.is_empty() {
            return Ok(None);
        }
        let (end, entry) = self.read()?;
        self.end = end;
        Ok(entry)
    }

    fn read(&mut self) -> io::Result<(End, Option<Entry>)> {
        let mut head = [0; HEAD];
        if !exact(&mut self.file, &mut head)? {
            return Ok((End::Torn, None));
        }
        let Some((length, check)) = frame::head(&head) else { return Ok((End::Damaged, None)) };
        let mut body = vec![0; length];
        if !exact(&mut self.file, &mut body)? {
            return Ok((End::Torn, None));
        }
        let entry = if crc32fast::hash(&body) == check { Entry::decode(&body) } else { None };
        Ok((if entry.is_some() { End::Whole } else { End::Damaged }, entry))
    }
}

/// Fills a buffer; returns true if the file had enough bytes.
fn exact(file: &mut impl Read, bytes: &mut [u8]) -> io::Result<bool> {
    match file.read_exact(bytes) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        result => result.map(|()| true),
    }
}

fn reading(error: io::Error) -> StoreError {
    StoreError::io("reading the journal of rows", error)
}
