//! The files of a log: their names, the header, what is put aside.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Seek, SeekFrom},
    ops::Range,
    path::Path,
};

use super::{NAME, VERSION};

/// The new file while it is written; one that is met at opening was left by a crash.
pub(super) const FRESH: &str = "local.log.new";
/// The bytes before the first entry.
pub(super) const HEADER: usize = 12;

const MAGIC: [u8; 4] = *b"clog";

/// What a file begins with: a name, the version, and a checksum of the two, so that a flipped bit
/// is not taken for a newer version.
pub(super) fn header() -> [u8; HEADER] {
    header_of(VERSION)
}

pub(super) fn header_of(version: u8) -> [u8; HEADER] {
    let [a, b, c, d] = MAGIC;
    let named = [a, b, c, d, version, 0, 0, 0];
    let [w, x, y, z] = crc32fast::hash(&named).to_le_bytes();
    [a, b, c, d, version, 0, 0, 0, w, x, y, z]
}

/// The version of a file; `None` if its header is damaged.
pub(super) fn version(file: &mut File) -> io::Result<Option<u8>> {
    let mut header = Vec::with_capacity(HEADER);
    file.seek(SeekFrom::Start(0))?;
    Read::by_ref(file).take(HEADER as u64).read_to_end(&mut header)?;
    let version = header.get(MAGIC.len()).copied();
    Ok(version.filter(|version| header == header_of(*version)))
}

/// Creates or empties a file that only the owner can read.
pub(super) fn create(path: &Path) -> io::Result<File> {
    private().create(true).truncate(true).open(path)
}

/// Opens the log; `None` if there is none.
pub(super) fn open(folder: &Path) -> io::Result<Option<File>> {
    found(private().open(folder.join(NAME)))
}

/// Removes what a crash left of an unfinished rewriting.
pub(super) fn remove_leftover(folder: &Path) -> io::Result<()> {
    found(fs::remove_file(folder.join(FRESH))).map(|_| ())
}

fn found<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        result => result.map(Some),
    }
}

/// Copies ranges of the log to a file `local.log.damaged-<number>`, durably.
pub(super) fn put_aside(folder: &Path, log: &mut File, ranges: &[Range<u64>]) -> io::Result<()> {
    let mut aside = unused(folder)?;
    for range in ranges {
        log.seek(SeekFrom::Start(range.start))?;
        let length = range.end.saturating_sub(range.start);
        io::copy(&mut Read::by_ref(log).take(length), &mut aside)?;
    }
    aside.sync_all()?;
    sync_folder(folder)
}

fn unused(folder: &Path) -> io::Result<File> {
    for number in 1_u32.. {
        let path = folder.join(format!("{NAME}.damaged-{number}"));
        match private().create_new(true).open(path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            result => return result,
        }
    }
    Err(io::Error::from(io::ErrorKind::AlreadyExists))
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Makes the names in a folder durable. Other systems than Unix do that with the file, and cannot
/// open a folder.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}
