//! The records that an engine keeps, for authors of engines.
//!
//! An engine need not read them: it keeps bytes under keys. It may read a record's number, to find the
//! number of its last write without a record of its own:
//!
//! ```
//! use conv_model::{Local, Seq};
//! use conv_store::record::{self, LocalRecord};
//!
//! let bytes = LocalRecord::new(Local::draft("Dear Alice")).encode(Seq::new(7))?;
//! assert_eq!(record::seq(&bytes)?, Seq::new(7));
//! assert_eq!(LocalRecord::decode(&bytes)?.local, Local::draft("Dear Alice"));
//! # Ok::<(), conv_store::StoreError>(())
//! ```
//!
//! # Format
//! `version u8 | kind u8 | number u64 | length of the body u32 | crc32 u32 | body`, integers little
//! endian, the checksum over all the rest. This envelope is the same in every version, so newer
//! records are distinguished from damaged ones. The body is in postcard, and its structures are
//! private to this module: a change of the model cannot change the format.

mod local;
mod message;
mod pending;
mod profile;
mod row;
mod state;

use std::sync::Arc;

use conv_model::Seq;
use postcard::ser_flavors::Size;
use serde::{Deserialize, Serialize};

use crate::StoreError;

pub use self::{
    local::LocalRecord,
    pending::{OutboxRecord, PendingRecord},
    row::{RowRecord, Stamp, Stamps},
    state::StateRecord,
};
pub(crate) use self::{
    row::{DecodedRow, check_row, decode_row, encode_row},
    state::is_same_on_disk,
};

/// The newest version of records that this code reads. Older versions stay readable; a record is
/// rewritten when its row changes.
pub const VERSION: u8 = 3;
/// The version of the records that this code writes, but for a state with a source's position. So a
/// database without such a source stays readable to processes that know no newer version.
const USUAL_VERSION: u8 = 2;
/// The most bytes that the body of a record may have.
pub const MAX_BODY: usize = 64 << 10;

/// Most bodies are shorter.
const USUAL_BODY: usize = 512;

/// The bytes before the checksum.
const HEAD: usize = 14;

/// The kind of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Kind {
    State = 1,
    Row = 2,
    Local = 3,
    Pending = 4,
    Outbox = 5,
}

/// Returns the number of the write that a record came with.
///
/// # Errors
/// [`StoreError::Corrupt`] if the record is damaged; [`StoreError::NewerSchema`].
pub fn seq(record: &[u8]) -> Result<Seq, StoreError> {
    Ok(checked(record)?.seq)
}

/// Returns the greatest number of some records; damaged ones do not count.
pub fn last_seq<R: AsRef<[u8]>>(records: impl IntoIterator<Item = R>) -> Seq {
    records.into_iter().fold(Seq::ZERO, |last, record| {
        let record = record.as_ref();
        // Most are older, and their checksums need not be verified.
        let is_newer = claimed_seq(record).is_some_and(|claimed| claimed > last);
        is_newer.then(|| seq(record).ok()).flatten().unwrap_or(last)
    })
}

/// A record whose checksum is right.
struct Envelope<'a> {
    version: u8,
    kind: u8,
    seq: Seq,
    body: &'a [u8],
}

fn encode(kind: Kind, seq: Seq, value: &impl Serialize) -> Result<Arc<[u8]>, StoreError> {
    encode_as(USUAL_VERSION, kind, seq, value)
}

fn encode_as(
    version: u8,
    kind: Kind,
    seq: Seq,
    value: &impl Serialize,
) -> Result<Arc<[u8]>, StoreError> {
    let body = Vec::with_capacity(USUAL_BODY);
    let body = postcard::to_extend(value, body).map_err(StoreError::engine)?;
    let length = length(body.len())?;
    let mut record = Vec::with_capacity(HEAD + 4 + body.len());
    record.extend([version, kind as u8]);
    record.extend(seq.as_u64().to_le_bytes());
    record.extend(length.to_le_bytes());
    let check = checksum(&record, &body);
    record.extend(check.to_le_bytes());
    record.extend(body);
    Ok(record.into())
}

/// Checks that a value fits into a record, without encoding it.
fn check(value: &impl Serialize) -> Result<(), StoreError> {
    let bytes = postcard::serialize_with_flavor(value, Size::default());
    length(bytes.map_err(StoreError::engine)?).map(drop)
}

/// Returns the length of a body, unless it is over the cap.
fn length(bytes: usize) -> Result<u32, StoreError> {
    let fitting = u32::try_from(bytes).ok().filter(|_| bytes <= MAX_BODY);
    fitting.ok_or(StoreError::TooLarge { bytes, limit: MAX_BODY })
}

/// A whole record of a kind.
fn open(kind: Kind, record: &[u8]) -> Result<Envelope<'_>, StoreError> {
    let envelope = checked(record)?;
    if envelope.kind == kind as u8 {
        Ok(envelope)
    } else {
        Err(corrupt("a record of another kind"))
    }
}

impl<'a> Envelope<'a> {
    /// Reads the body, whose form is that of the envelope's version.
    fn read<T: Deserialize<'a>>(&self) -> Result<T, StoreError> {
        // Bytes after the body's last field are not of this version.
        match postcard::take_from_bytes(self.body) {
            Ok((body, [])) => Ok(body),
            _ => Err(corrupt("the body of a record")),
        }
    }
}

fn checked(record: &[u8]) -> Result<Envelope<'_>, StoreError> {
    let envelope = parse(record).ok_or_else(|| corrupt("a record"))?;
    match envelope.version {
        1..=VERSION => Ok(envelope),
        0 => Err(corrupt("the version of a record")),
        found => Err(StoreError::NewerSchema { found, known: VERSION }),
    }
}

/// Returns the number in a record, unverified.
fn claimed_seq(record: &[u8]) -> Option<Seq> {
    let (_, rest) = record.split_first_chunk::<2>()?;
    let (seq, _) = rest.split_first_chunk()?;
    Some(Seq::new(u64::from_le_bytes(*seq)))
}

fn parse(record: &[u8]) -> Option<Envelope<'_>> {
    let (head, _) = record.split_at_checked(HEAD)?;
    let (&[version, kind], rest) = record.split_first_chunk()?;
    let (seq, rest) = rest.split_first_chunk()?;
    let (length, rest) = rest.split_first_chunk()?;
    let (check, body) = rest.split_first_chunk()?;
    let is_whole = usize::try_from(u32::from_le_bytes(*length)).ok()? == body.len()
        && u32::from_le_bytes(*check) == checksum(head, body);
    let seq = Seq::new(u64::from_le_bytes(*seq));
    is_whole.then_some(Envelope { version, kind, seq, body })
}

fn checksum(head: &[u8], body: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(head);
    hasher.update(body);
    hasher.finalize()
}

fn corrupt(what: &str) -> StoreError {
    StoreError::Corrupt { what: what.to_owned() }
}
