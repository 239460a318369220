//! The growing end of the file: saved or refused, never in between.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom, Write as _},
    sync::Arc,
};

use crate::StoreError;

/// What the end of a log needs of a file.
pub(super) trait LogFile {
    fn write_at(&mut self, at: u64, bytes: &[u8]) -> io::Result<()>;
    fn read_at(&mut self, at: u64, bytes: &mut [u8]) -> io::Result<()>;
    fn cut(&mut self, length: u64) -> io::Result<()>;
    fn sync(&mut self) -> io::Result<()>;
}

impl LogFile for File {
    fn write_at(&mut self, at: u64, bytes: &[u8]) -> io::Result<()> {
        self.seek(SeekFrom::Start(at))?;
        self.write_all(bytes)
    }

    fn read_at(&mut self, at: u64, bytes: &mut [u8]) -> io::Result<()> {
        self.seek(SeekFrom::Start(at))?;
        self.read_exact(bytes)
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.set_len(length)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }
}

/// A file and how far it is good.
#[derive(Debug)]
pub(super) struct Tail<F> {
    file: F,
    /// Up to here it is durable.
    durable: u64,
    /// Up to here it is written.
    end: u64,
    /// Why nothing can be appended any more.
    failed: Option<StoreError>,
}

impl<F: LogFile> Tail<F> {
    /// A file that is durable up to its end.
    pub(super) fn new(file: F, end: u64) -> Self {
        Self { file, durable: end, end, failed: None }
    }

    pub(super) fn end(&self) -> u64 {
        self.end
    }

    /// Refuses everything from now on.
    pub(super) fn fail(&mut self, error: StoreError) {
        self.failed = Some(error);
    }

    /// Appends, and tells where. After an error the file ends where it did.
    pub(super) fn append(&mut self, bytes: &[u8]) -> Result<u64, StoreError> {
        self.check()?;
        let at = self.end;
        if let Err(error) = self.file.write_at(at, bytes) {
            self.cut_back(at);
            return Err(StoreError::io("appending local state", error));
        }
        self.end = at.saturating_add(bytes.len() as u64);
        Ok(at)
    }

    /// Makes durable what was appended. After an error it is gone.
    pub(super) fn sync(&mut self) -> Result<(), StoreError> {
        self.check()?;
        if let Err(error) = self.file.sync() {
            self.cut_back(self.durable);
            return Err(StoreError::io("making local state durable", error));
        }
        self.durable = self.end;
        Ok(())
    }

    /// Bytes that are durable.
    pub(super) fn read(&mut self, at: u64, length: usize) -> Result<Arc<[u8]>, StoreError> {
        let mut bytes = vec![0; length];
        self.file
            .read_at(at, &mut bytes)
            .map_err(|error| StoreError::io("reading local state", error))?;
        Ok(bytes.into())
    }

    /// Takes back what was appended behind a place.
    pub(super) fn take_back(&mut self, end: u64) {
        if end < self.end {
            self.cut_back(end);
        }
    }

    fn check(&self) -> Result<(), StoreError> {
        self.failed.clone().map_or(Ok(()), Err)
    }

    /// What was refused must not come back with the next opening. A file that cannot promise that
    /// takes nothing more.
    fn cut_back(&mut self, length: u64) {
        self.end = length;
        if let Err(error) = self.file.cut(length).and_then(|()| self.file.sync()) {
            self.fail(StoreError::io("taking back local state", error));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A disk with room for so many bytes, which may also lose its power to sync or cut.
    #[derive(Default)]
    struct Small {
        bytes: Vec<u8>,
        room: usize,
        sync_fails: bool,
        cut_fails: bool,
    }

    impl LogFile for Small {
        fn write_at(&mut self, at: u64, bytes: &[u8]) -> io::Result<()> {
            assert_eq!(at, self.bytes.len() as u64);
            let fits = bytes.len().min(self.room - self.bytes.len());
            self.bytes.extend(&bytes[..fits]);
            if fits == bytes.len() { Ok(()) } else { Err(io::ErrorKind::StorageFull.into()) }
        }

        fn read_at(&mut self, at: u64, bytes: &mut [u8]) -> io::Result<()> {
            let at = at as usize;
            bytes.copy_from_slice(&self.bytes[at..at + bytes.len()]);
            Ok(())
        }

        fn cut(&mut self, length: u64) -> io::Result<()> {
            if self.cut_fails {
                return Err(io::ErrorKind::Other.into());
            }
            self.bytes.truncate(length as usize);
            Ok(())
        }

        fn sync(&mut self) -> io::Result<()> {
            if std::mem::take(&mut self.sync_fails) {
                return Err(io::ErrorKind::Other.into());
            }
            Ok(())
        }
    }

    fn tail(room: usize) -> Tail<Small> {
        Tail::new(Small { room, ..Small::default() }, 0)
    }

    #[test]
    fn a_full_disk_refuses_one_entry_and_keeps_the_others() {
        let mut tail = tail(6);
        assert_eq!(tail.append(b"abc").unwrap(), 0);
        assert!(tail.append(b"defg").is_err());
        assert_eq!(tail.file.bytes, b"abc");
        assert_eq!(tail.append(b"def").unwrap(), 3);
        tail.sync().unwrap();
        assert_eq!(&*tail.read(0, 6).unwrap(), b"abcdef");
    }

    #[test]
    fn what_could_not_be_synced_is_taken_back() {
        let mut tail = tail(9);
        tail.append(b"abc").unwrap();
        tail.sync().unwrap();
        tail.append(b"def").unwrap();
        tail.file.sync_fails = true;
        assert!(tail.sync().is_err());
        assert_eq!(tail.file.bytes, b"abc");
        assert_eq!(tail.append(b"ghi").unwrap(), 3);
        tail.sync().unwrap();
        assert_eq!(tail.file.bytes, b"abcghi");
    }

    #[test]
    fn a_file_that_cannot_take_back_takes_nothing_more() {
        let mut tail = tail(4);
        tail.append(b"abc").unwrap();
        tail.file.cut_fails = true;
        assert!(tail.append(b"def").is_err());
        tail.file.cut_fails = false;
        assert!(tail.append(b"d").is_err());
        assert!(tail.sync().is_err());
    }
}
