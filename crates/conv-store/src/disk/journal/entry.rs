//! One entry: the changes of one write to an account's rows.
//!
//! `prefix | after u64 | seq u64 | count u32 | keys to delete | keys and values to put`, little
//! endian. Keys are without the prefix and have a length of two bytes before them, values one of
//! four.

use conv_model::Seq;

use super::super::{key::Prefix, row_file::Changes};
use crate::disk::frame::Bytes;

/// One write of an account's rows.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) prefix: Prefix,
    /// The number of the account's write before, of those that changed rows.
    pub(super) after: Seq,
    pub(super) seq: Seq,
    pub(super) changes: Changes,
}

/// About how many bytes the changes take.
pub(super) fn size(Changes { delete, put }: &Changes) -> usize {
    let deleted: usize = delete.iter().map(Vec::len).sum();
    let set: usize = put.iter().map(|(key, value)| key.len().saturating_add(value.len())).sum();
    deleted.saturating_add(set)
}

/// The body of an entry.
pub(super) fn encode(prefix: Prefix, after: Seq, seq: Seq, changes: &Changes) -> Vec<u8> {
    let mut body = Vec::with_capacity(size(changes).saturating_add(64));
    body.extend(prefix);
    body.extend(after.as_u64().to_le_bytes());
    body.extend(seq.as_u64().to_le_bytes());
    body.extend(length(changes.delete.len()));
    for key in &changes.delete {
        push_key(&mut body, prefix, key);
    }
    for (key, value) in &changes.put {
        push_key(&mut body, prefix, key);
        body.extend(length(value.len()));
        body.extend(&**value);
    }
    body
}

impl Entry {
    /// Reads a body whose checksum was right.
    pub(super) fn decode(body: &[u8]) -> Option<Self> {
        let mut bytes = Bytes::of(body);
        let prefix = bytes.array()?;
        let after = Seq::new(u64::from_le_bytes(bytes.array()?));
        let seq = Seq::new(u64::from_le_bytes(bytes.array()?));
        let mut changes = Changes::default();
        for _ in 0..u32::from_le_bytes(bytes.array()?) {
            changes.delete.push(key(prefix, &mut bytes)?);
        }
        while !bytes.is_empty() {
            let key = key(prefix, &mut bytes)?;
            let length = usize::try_from(u32::from_le_bytes(bytes.array()?)).ok()?;
            changes.put.push((key, bytes.take(length)?.into()));
        }
        Some(Self { prefix, after, seq, changes })
    }
}

/// Keys are an account's prefix, a tag, and an ID of bounded length.
fn push_key(body: &mut Vec<u8>, prefix: Prefix, key: &[u8]) {
    let rest = key.strip_prefix(&prefix).unwrap_or_default();
    body.extend(u16::try_from(rest.len()).unwrap_or(u16::MAX).to_le_bytes());
    body.extend(rest);
}

fn key(prefix: Prefix, bytes: &mut Bytes<'_>) -> Option<Vec<u8>> {
    let length = usize::from(u16::from_le_bytes(bytes.array()?));
    Some([prefix.as_slice(), bytes.take(length)?].concat())
}

/// Encodes a length. A body longer than four gibibytes is refused as a whole, see
/// [`frame::seal`](crate::disk::frame::seal).
fn length(length: usize) -> [u8; 4] {
    u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes()
}
