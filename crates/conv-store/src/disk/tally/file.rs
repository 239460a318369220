//! The file of a tally: slots of one size.

use std::{
    fs::{self, File},
    io::{self, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use conv_model::Seq;

use super::{super::key::Prefix, Mark};
use crate::{
    StoreError,
    disk::{
        frame::{self, Bytes, HEADER},
        fs::{private, sync_folder},
    },
};

const NAME: &str = "rows.tally";
const MAGIC: [u8; 4] = *b"ctly";
/// The newest version of the file that this code reads.
const VERSION: u8 = 1;
/// The bytes of a slot. The first one is the header's.
const SLOT: usize = 64;

#[derive(Debug)]
pub(super) struct TallyFile {
    folder: PathBuf,
    /// Opened by the first write.
    file: Option<File>,
    /// False if the file on disk is missing or damaged, and has to be started over.
    is_whole: bool,
}

type Slots = Vec<Option<(Prefix, Mark)>>;

impl TallyFile {
    /// Reads the file of a folder, and its slots in order; `None` for empty and damaged slots.
    pub(super) fn open(folder: &Path) -> Result<(Self, Slots), StoreError> {
        let bytes = match fs::read(folder.join(NAME)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            bytes => bytes.map_err(|error| StoreError::io("reading the tally of rows", error))?,
        };
        let version = bytes.get(..HEADER).and_then(|header| frame::version(MAGIC, header));
        if let Some(found) = version.filter(|found| *found > VERSION) {
            return Err(StoreError::NewerSchema { found, known: VERSION });
        }
        let is_whole = version.is_some();
        if !is_whole && !bytes.is_empty() {
            tracing::warn!("the tally of rows is damaged: lost rows cannot be detected");
        }
        let kept = if is_whole { bytes.get(SLOT..).unwrap_or_default() } else { &[] };
        let slots = kept.chunks(SLOT).map(decode).collect();
        Ok((Self { folder: folder.to_owned(), file: None, is_whole }, slots))
    }

    pub(super) fn write(&mut self, place: u64, prefix: Prefix, mark: Mark) -> io::Result<()> {
        self.overwrite(place, &encode(prefix, mark))
    }

    /// Overwrites a slot with zeros, durably.
    pub(super) fn erase(&mut self, place: u64) -> io::Result<()> {
        self.overwrite(place, &[0; SLOT])?;
        self.sync()
    }

    /// Syncs what was written.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        let Some(file) = &self.file else { return Ok(()) };
        file.sync_data()?;
        sync_folder(&self.folder)
    }

    /// Syncs what was written, and closes the file.
    pub(super) fn close(&mut self) -> io::Result<()> {
        let synced = self.sync();
        self.is_whole |= self.file.take().is_some();
        synced
    }

    fn overwrite(&mut self, place: u64, slot: &[u8; SLOT]) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(open(&self.folder, self.is_whole)?),
        };
        file.seek(SeekFrom::Start(place.saturating_mul(SLOT as u64)))?;
        file.write_all(slot)
    }
}

/// Opens the file for writing; starts it over with a header if it is not whole.
fn open(folder: &Path, is_whole: bool) -> io::Result<File> {
    let mut file = private().create(true).truncate(false).open(folder.join(NAME))?;
    if !is_whole {
        file.set_len(0)?;
        file.write_all(&padded(&frame::header(MAGIC, VERSION)))?;
    }
    Ok(file)
}

fn encode(prefix: Prefix, mark: Mark) -> [u8; SLOT] {
    let mut bytes = prefix.to_vec();
    bytes.extend(mark.seq.as_u64().to_le_bytes());
    bytes.extend(mark.rows.to_le_bytes());
    bytes.extend(crc32fast::hash(&bytes).to_le_bytes());
    padded(&bytes)
}

fn decode(slot: &[u8]) -> Option<(Prefix, Mark)> {
    let mut bytes = Bytes::of(slot);
    let prefix: Prefix = bytes.array()?;
    let seq = Seq::new(u64::from_le_bytes(bytes.array()?));
    let mark = Mark { seq, rows: u64::from_le_bytes(bytes.array()?) };
    (slot == encode(prefix, mark)).then_some((prefix, mark))
}

fn padded(bytes: &[u8]) -> [u8; SLOT] {
    let mut slot = [0; SLOT];
    slot.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    slot
}
