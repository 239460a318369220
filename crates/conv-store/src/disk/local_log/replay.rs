//! Reads a file from its beginning, and skips damaged ranges.

use std::{
    io::{self, BufReader, Read, Seek, SeekFrom},
    ops::Range,
};

use super::entry::{self, Entry};
use crate::disk::frame::{self, HEAD};

/// The number of bytes searched at once for the next entry.
const WINDOW: usize = 64 << 10;

/// The condition of a file.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    /// The end of its last good entry.
    pub(super) end: u64,
    /// The ranges that cannot be read.
    pub(super) damaged: Vec<Range<u64>>,
}

/// Hands out every good entry from `start` on, in order, with where its body begins.
pub(super) fn replay<F: Read + Seek>(
    file: F,
    start: u64,
    mut take: impl FnMut(u64, Entry),
) -> io::Result<Found> {
    let mut source = Source::new(file)?;
    let mut found = Found { end: start, damaged: Vec::new() };
    let mut at = start;
    while at < source.length {
        let behind = match source.entry(at)? {
            Piece::Entry(next, entry) => {
                take(at.saturating_add(HEAD as u64), entry);
                found.end = next;
                at = next;
                continue;
            }
            // Its length is right, so nothing but itself can be behind its head.
            Piece::Torn => break,
            Piece::Damaged(Some(next)) => Some(next),
            Piece::Damaged(None) => source.find(at.saturating_add(1))?,
        };
        let next = behind.unwrap_or(source.length);
        if !source.is_empty_end(at, next)? {
            extend(&mut found.damaged, at..next);
        }
        at = next;
    }
    Ok(found)
}

fn extend(damaged: &mut Vec<Range<u64>>, range: Range<u64>) {
    match damaged.last_mut() {
        Some(last) if last.end == range.start => last.end = range.end,
        _ => damaged.push(range),
    }
}

/// The content at one place of the file.
enum Piece {
    /// An entry, and where the next one begins.
    Entry(u64, Entry),
    /// The beginning of an entry that was never written whole.
    Torn,
    /// Something else; if its head is good, where the next entry begins.
    Damaged(Option<u64>),
}

/// A file read mostly forwards.
struct Source<F> {
    file: BufReader<F>,
    at: u64,
    length: u64,
}

impl<F: Read + Seek> Source<F> {
    fn new(mut file: F) -> io::Result<Self> {
        let length = file.seek(SeekFrom::End(0))?;
        file.seek(SeekFrom::Start(0))?;
        Ok(Self { file: BufReader::new(file), at: 0, length })
    }

    /// Reads a range that lies within the file.
    fn read(&mut self, at: u64, length: usize) -> io::Result<Vec<u8>> {
        // A relative step keeps the buffer.
        self.file.seek_relative((at as i64).saturating_sub(self.at as i64))?;
        self.at = at;
        let mut bytes = vec![0; length];
        self.file.read_exact(&mut bytes)?;
        self.at = at.saturating_add(length as u64);
        Ok(bytes)
    }

    fn left(&self, at: u64) -> u64 {
        self.length.saturating_sub(at)
    }

    fn entry(&mut self, at: u64) -> io::Result<Piece> {
        if self.left(at) < HEAD as u64 {
            return Ok(Piece::Torn);
        }
        let Some((length, check)) = frame::head(&self.read(at, HEAD)?) else {
            return Ok(Piece::Damaged(None));
        };
        let body_at = at.saturating_add(HEAD as u64);
        if self.left(body_at) < length as u64 {
            return Ok(Piece::Torn);
        }
        let body = self.read(body_at, length)?;
        let next = body_at.saturating_add(length as u64);
        if crc32fast::hash(&body) != check {
            return Ok(Piece::Damaged(Some(next)));
        }
        Ok(entry::decode(&body)
            .map_or(Piece::Damaged(Some(next)), |entry| Piece::Entry(next, entry)))
    }

    /// Returns the place where the next good entry begins.
    fn find(&mut self, from: u64) -> io::Result<Option<u64>> {
        let mut at = from;
        while self.left(at) >= HEAD as u64 {
            let length = usize::try_from(self.left(at)).unwrap_or(WINDOW).min(WINDOW);
            let window = self.read(at, length)?;
            for (place, head) in (at..).zip(window.windows(HEAD)) {
                if frame::head(head).is_some() && matches!(self.entry(place)?, Piece::Entry(..)) {
                    return Ok(Some(place));
                }
            }
            // The last few bytes may begin a head that the next window ends.
            at = at.saturating_add((length - (HEAD - 1)) as u64);
        }
        Ok(None)
    }

    /// Returns true if a range is nothing but zeros up to the file's end: a file that grew in a
    /// power cut before its bytes were written.
    fn is_empty_end(&mut self, at: u64, end: u64) -> io::Result<bool> {
        if end != self.length {
            return Ok(false);
        }
        let mut at = at;
        while at < end {
            let length = usize::try_from(end - at).unwrap_or(WINDOW).min(WINDOW);
            if self.read(at, length)?.iter().any(|byte| *byte != 0) {
                return Ok(false);
            }
            at = at.saturating_add(length as u64);
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use conv_model::{AccountId, Seq};
    use proptest::{collection::vec, prelude::*, sample::Index};

    use super::*;

    /// Damage to a file.
    #[derive(Clone, Debug)]
    enum Harm {
        Overwrite(Index, Vec<u8>),
        Insert(Index, Vec<u8>),
        Cut(Index, usize),
        End(Index),
    }

    fn harm() -> impl Strategy<Value = Harm> {
        let bytes = || prop_oneof![vec(any::<u8>(), 1..40), vec(Just(0), 1..40)];
        prop_oneof![
            3 => (any::<Index>(), bytes()).prop_map(|(at, bytes)| Harm::Overwrite(at, bytes)),
            1 => (any::<Index>(), bytes()).prop_map(|(at, bytes)| Harm::Insert(at, bytes)),
            1 => (any::<Index>(), 1..40_usize).prop_map(|(at, length)| Harm::Cut(at, length)),
            1 => any::<Index>().prop_map(Harm::End),
        ]
    }

    fn suffer(file: &mut Vec<u8>, harm: &Harm) {
        if file.is_empty() {
            return;
        }
        match harm {
            Harm::Overwrite(at, bytes) => {
                let at = at.index(file.len());
                file.iter_mut().skip(at).zip(bytes).for_each(|(old, new)| *old = *new);
            }
            Harm::Insert(at, bytes) => {
                let at = at.index(file.len());
                file.splice(at..at, bytes.iter().copied());
            }
            Harm::Cut(at, length) => {
                let at = at.index(file.len());
                file.drain(at..file.len().min(at + length));
            }
            Harm::End(at) => file.truncate(at.index(file.len())),
        }
    }

    fn account(number: u64) -> AccountId {
        format!("account{number}").parse().unwrap()
    }

    fn replayed(file: &[u8]) -> (Found, Vec<Entry>) {
        let mut entries = Vec::new();
        let found = replay(Cursor::new(file), 0, |_, entry| entries.push(entry)).unwrap();
        (found, entries)
    }

    proptest! {
        #[test]
        fn whatever_happened_only_what_was_written_is_read(
            count in 1..8_u64,
            harms in vec(harm(), 0..4),
        ) {
            let whole: Vec<_> = (0..count)
                .map(|number| entry::of_records(&account(number), Seq::new(number), &[]))
                .collect();
            let sealed = whole.iter().map(|body| frame::seal(body).unwrap());
            let mut file = sealed.collect::<Vec<_>>().concat();
            harms.iter().for_each(|harm| suffer(&mut file, harm));

            let (found, entries) = replayed(&file);
            prop_assert!(found.end <= file.len() as u64);
            prop_assert!(found.damaged.iter().all(|range| range.start < range.end));
            prop_assert!(found.damaged.is_sorted_by(|a, b| a.end < b.start));
            for entry in &entries {
                prop_assert_eq!(&entry.account, &account(entry.seq.as_u64()));
            }
            prop_assert!(!harms.is_empty() || entries.len() as u64 == count);
        }

        #[test]
        fn any_bytes_are_read_without_a_fault(file in vec(any::<u8>(), 0..300)) {
            let (_, entries) = replayed(&file);
            prop_assert!(entries.is_empty());
        }
    }
}
