//! The files of a log: the file operations it needs, their names, the header, quarantine.

use std::{
    fmt::Debug,
    io::{self, Read, Seek, SeekFrom, Write},
    ops::Range,
};

use super::NAME;
use crate::disk::frame::{self, HEADER};

/// The new file while it is written; one that is met at opening was left by a crash.
pub(super) const FRESH: &str = "local.log.new";
const MAGIC: [u8; 4] = *b"clog";

/// The operations that a log needs of a file.
pub(crate) trait LogFile: Read + Write + Seek + Send {
    /// Makes it shorter.
    fn cut(&mut self, length: u64) -> io::Result<()>;
    /// Makes its bytes and its length durable.
    fn sync(&mut self) -> io::Result<()>;
}

/// The operations that a log needs of its folder. All access to a disk goes through here, so that a
/// test can have any operation fail, or stop the world after it.
pub(crate) trait LogFolder: Clone + Debug + Send {
    type File: LogFile;

    /// Opens a file; `None` if it is missing.
    fn open(&self, name: &str) -> io::Result<Option<Self::File>>;
    /// Creates or empties a file.
    fn create(&self, name: &str) -> io::Result<Self::File>;
    /// Creates a file that is not there yet.
    fn create_new(&self, name: &str) -> io::Result<Self::File>;
    /// Puts a file in the place of another.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;
    /// Removes a file, if it is there.
    fn remove(&self, name: &str) -> io::Result<()>;
    /// Makes durable which names there are.
    fn sync(&self) -> io::Result<()>;
}

/// Returns the header of the file.
pub(super) fn header(version: u8) -> [u8; HEADER] {
    frame::header(MAGIC, version)
}

/// The version of a file; `None` if its header is damaged.
pub(super) fn version(file: &mut impl LogFile) -> io::Result<Option<u8>> {
    let mut header = Vec::with_capacity(HEADER);
    file.seek(SeekFrom::Start(0))?;
    Read::by_ref(file).take(HEADER as u64).read_to_end(&mut header)?;
    Ok(frame::version(MAGIC, &header))
}

/// Copies ranges of the log to a file `local.log.damaged-<number>`, durably, and gives its name.
/// Reuses an earlier file with the same bytes: if the log cannot be rewritten afterwards, every
/// opening finds the same damage. After an error no half file stays.
pub(super) fn quarantine<D: LogFolder>(
    folder: &D,
    log: &mut D::File,
    ranges: &[Range<u64>],
) -> io::Result<String> {
    let mut damaged = Vec::new();
    for range in ranges {
        log.seek(SeekFrom::Start(range.start))?;
        let length = range.end.saturating_sub(range.start);
        Read::by_ref(log).take(length).read_to_end(&mut damaged)?;
    }
    for number in 1_u32.. {
        let name = format!("{NAME}.damaged-{number}");
        if let Some(mut before) = folder.open(&name)? {
            let mut bytes = Vec::new();
            before.read_to_end(&mut bytes)?;
            if bytes != damaged {
                continue;
            }
            before.sync()?;
            folder.sync()?;
        } else {
            write_aside(folder, &name, &damaged).inspect_err(|_| {
                // The log still has these bytes.
                let _ = folder.remove(&name);
            })?;
        }
        return Ok(name);
    }
    Err(io::Error::from(io::ErrorKind::AlreadyExists))
}

fn write_aside(folder: &impl LogFolder, name: &str, bytes: &[u8]) -> io::Result<()> {
    let mut aside = folder.create_new(name)?;
    aside.write_all(bytes)?;
    aside.sync()?;
    folder.sync()
}
