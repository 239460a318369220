//! The term of a folder: bits in the epoch of all its accounts, changed by an opening that cannot prove
//! that every acknowledged write is there.
//!
//! The tally shows a loss where it has the number of the lost write. It has not below
//! [`Durability::Disk`] after a power cut, and at [`Durability::WriteBehind`] after a kill: then the
//! rows look whole, and the numbers of the lost writes are given to others. A reader who holds such a
//! number must begin again. Which accounts lost writes is not known, so all get another epoch.
//!
//! The file says that the folder is open, at which level and since which start of the system, until the
//! folder is closed. An opening that finds it open keeps the term
//!
//! * at `Disk`: what was acknowledged survives a power cut;
//! * at `Process`, if the system was not started since: it has all that was written, and the journal
//!   gave it to the rows. Systems other than Linux do not say when they were started;
//! * at `WriteBehind` never.
//!
//! Rows that were repaired or quarantined, a damaged journal, damaged local state and a missing or
//! damaged file begin a term, too. The last one is of use: after a backup was restored, remove it.

use std::{
    fs,
    io::{self, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};

use super::Durability;
use crate::{
    Recovery,
    disk::{
        frame::{self, Bytes, HEADER},
        fs::private,
    },
    list::epoch,
};

const NAME: &str = "rows.term";
const MAGIC: [u8; 4] = *b"ctrm";
const VERSION: u8 = 1;
/// The file of the system's ID that changes with each start.
const BOOT: &str = "/proc/sys/kernel/random/boot_id";

/// A start of the system.
type Boot = [u8; 16];

/// The term of a folder that is open.
#[derive(Clone, Debug, Default)]
pub(super) struct Term {
    pub(super) number: u64,
    /// The folder whose file says that it is open; `None` if that was not written.
    folder: Option<PathBuf>,
}

/// The content of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Mark {
    number: u64,
    /// The level at which the folder is open; `None` once it was closed.
    open: Option<Durability>,
    boot: Option<Boot>,
}

impl Term {
    /// Opens the term of a folder whose rows were just opened with some findings, and marks the folder
    /// as open. Blocks.
    ///
    /// If the mark cannot be written, positions are given that no later opening takes.
    pub(super) fn open(folder: &Path, durability: Durability, found: &Recovery) -> Self {
        let boot = boot();
        let number = kept(folder, boot, found).unwrap_or_else(epoch::random);
        let mark = Mark { number, open: Some(durability), boot };
        match write(folder, mark, true) {
            Ok(()) => Self { number, folder: Some(folder.to_owned()) },
            Err(error) => {
                tracing::warn!(error = %error, "could not write the term of the rows");
                Self { number: epoch::random(), folder: None }
            }
        }
    }

    /// Reads the term of a folder, and changes nothing there.
    pub(super) fn read(folder: &Path, found: &Recovery) -> Self {
        let number = kept(folder, boot(), found).unwrap_or_else(epoch::random);
        Self { number, folder: None }
    }

    /// Marks the folder as closed, after all is durable. A failure costs the readers a reset.
    pub(super) fn close(&self) {
        let Some(folder) = &self.folder else { return };
        let mark = Mark { number: self.number, open: None, boot: None };
        if let Err(error) = write(folder, mark, false) {
            tracing::warn!(error = %error, "could not close the term of the rows");
        }
    }
}

/// Returns the number of the term that goes on; `None` if acknowledged writes may be gone.
fn kept(folder: &Path, boot: Option<Boot>, found: &Recovery) -> Option<u64> {
    let is_damaged = found.journal_damaged
        || found.repaired
        || found.quarantined.is_some()
        || found.quarantined_local.is_some();
    let mark = fs::read(folder.join(NAME)).ok().and_then(|bytes| Mark::decode(&bytes))?;
    (!is_damaged && mark.is_proof(boot)).then_some(mark.number)
}

impl Mark {
    /// Returns true if all that was acknowledged is there.
    fn is_proof(&self, boot: Option<Boot>) -> bool {
        match self.open {
            None | Some(Durability::Disk) => true,
            Some(Durability::Process) => boot.is_some() && self.boot == boot,
            Some(Durability::WriteBehind) => false,
        }
    }

    fn encode(self) -> Vec<u8> {
        let mut bytes = frame::header(MAGIC, VERSION).to_vec();
        let open = match self.open {
            None => 0,
            Some(Durability::WriteBehind) => 1,
            Some(Durability::Process) => 2,
            Some(Durability::Disk) => 3,
        };
        bytes.extend(self.number.to_le_bytes());
        bytes.extend([open, u8::from(self.boot.is_some())]);
        bytes.extend(self.boot.unwrap_or_default());
        bytes.extend(crc32fast::hash(&bytes).to_le_bytes());
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (header, rest) = bytes.split_at_checked(HEADER)?;
        frame::version(MAGIC, header).filter(|version| *version <= VERSION)?;
        let mut rest = Bytes::of(rest);
        let number = u64::from_le_bytes(rest.array()?);
        let [open, has_boot] = rest.array()?;
        let boot: Boot = rest.array()?;
        let open = match open {
            0 => None,
            1 => Some(Durability::WriteBehind),
            2 => Some(Durability::Process),
            3 => Some(Durability::Disk),
            _ => return None,
        };
        let mark = Self { number, open, boot: (has_boot == 1).then_some(boot) };
        (mark.encode() == bytes).then_some(mark)
    }
}

/// Overwrites the file in place, which needs no room on a full disk.
fn write(folder: &Path, mark: Mark, is_durable: bool) -> io::Result<()> {
    let mut file = private().create(true).truncate(false).open(folder.join(NAME))?;
    file.seek(SeekFrom::Start(0))?;
    file.write_all(&mark.encode())?;
    if is_durable { file.sync_data() } else { Ok(()) }
}

fn boot() -> Option<Boot> {
    let id = fs::read(BOOT).ok().filter(|id| !id.is_empty())?;
    Sha256::digest(id).first_chunk().copied()
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    const LEVELS: [Durability; 3] =
        [Durability::WriteBehind, Durability::Process, Durability::Disk];

    fn open(folder: &TempDir, durability: Durability) -> Term {
        Term::open(folder.path(), durability, &Recovery::default())
    }

    #[test]
    fn a_closed_folder_keeps_its_term() {
        let folder = TempDir::new().unwrap();
        let first = open(&folder, Durability::Process);
        for durability in LEVELS {
            first.close();
            assert_eq!(Term::read(folder.path(), &Recovery::default()).number, first.number);
            assert_eq!(open(&folder, durability).number, first.number);
        }
    }

    #[test]
    fn after_a_kill_the_level_decides() {
        for (durability, is_kept) in
            LEVELS.into_iter().zip([false, cfg!(target_os = "linux"), true])
        {
            let folder = TempDir::new().unwrap();
            let killed = open(&folder, durability);
            let read = Term::read(folder.path(), &Recovery::default());
            assert_eq!(read.number == killed.number, is_kept, "{durability:?}");
            let next = open(&folder, Durability::Process);
            assert_eq!(next.number == killed.number, is_kept, "{durability:?}");
        }
    }

    #[test]
    fn after_another_start_of_the_system_only_the_disk_is_proof() {
        for (durability, is_proof) in LEVELS.into_iter().zip([false, false, true]) {
            let mark = Mark { number: 7, open: Some(durability), boot: Some([1; 16]) };
            assert_eq!(mark.is_proof(Some([2; 16])), is_proof);
            assert_eq!(mark.is_proof(None), is_proof);
        }
    }

    #[test]
    fn damage_begins_a_term() {
        let damaged = [
            Recovery { journal_damaged: true, ..Recovery::default() },
            Recovery { repaired: true, ..Recovery::default() },
            Recovery { quarantined: Some("x".into()), ..Recovery::default() },
            Recovery { quarantined_local: Some("x".into()), ..Recovery::default() },
        ];
        for found in damaged {
            let folder = TempDir::new().unwrap();
            let first = open(&folder, Durability::Disk);
            first.close();
            assert_ne!(Term::open(folder.path(), Durability::Disk, &found).number, first.number);
        }
    }

    #[test]
    fn a_damaged_file_begins_a_term() {
        let folder = TempDir::new().unwrap();
        let first = open(&folder, Durability::Disk);
        first.close();
        let path = folder.path().join(NAME);
        let whole = fs::read(&path).unwrap();
        for at in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            assert_eq!(Mark::decode(&bytes), None, "{at}");
            assert_eq!(Mark::decode(&whole[..at]), None, "{at}");
        }
        fs::remove_file(&path).unwrap();
        assert_ne!(open(&folder, Durability::Disk).number, first.number);
    }

    #[test]
    fn a_mark_that_cannot_be_written_leaves_the_old_one_to_no_reader() {
        let folder = TempDir::new().unwrap();
        let first = open(&folder, Durability::Disk);
        first.close();
        let missing = folder.path().join("missing");
        let other = Term::open(&missing, Durability::Disk, &Recovery::default());
        assert!(other.folder.is_none() && other.number != first.number);
    }
}
