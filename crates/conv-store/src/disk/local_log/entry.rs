//! The body of one entry: `kind u8 | seq u64 | account | operations`, little endian, an operation
//! being `kind u8 | conversation ID | record`, or for records other than local state `kind u8 | key |
//! record`. Texts have a length of one byte before them, records one of four.

use std::{ops::Range, sync::Arc};

use conv_model::{AccountId, Seq};

use crate::{Record, Write, disk::frame::Bytes};

const WRITE: u8 = 1;
const FORGET: u8 = 2;
const SET: u8 = 1;
const REMOVE: u8 = 2;
/// Of records of another kind than local state, which version 1 of the file does not have.
const SET_KEY: u8 = 3;
const REMOVE_KEY: u8 = 4;

/// A decoded body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) account: AccountId,
    pub(super) seq: Seq,
    pub(super) what: What,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// The range of each record in the body; `None` for one that was removed.
    Write(Vec<(Record, Option<Range<usize>>)>),
    /// The account has nothing from here back.
    Forget,
}

/// The body of a write of local records; other records in it are left out.
pub(super) fn of_write(account: &AccountId, write: &Write) -> Vec<u8> {
    let mut body = start(WRITE, write.seq, account);
    for record in &write.delete {
        if record.is_local() {
            push_key(&mut body, [REMOVE, REMOVE_KEY], record);
        }
    }
    for (record, bytes) in &write.put {
        if record.is_local() {
            push_set(&mut body, record, bytes);
        }
    }
    body
}

/// The body that keeps an account's number, and its records where they are few enough.
pub(super) fn of_records(
    account: &AccountId,
    seq: Seq,
    records: &[(Record, Arc<[u8]>)],
) -> Vec<u8> {
    let mut body = start(WRITE, seq, account);
    for (record, bytes) in records {
        push_set(&mut body, record, bytes);
    }
    body
}

/// The body that wipes an account.
pub(super) fn of_forget(account: &AccountId) -> Vec<u8> {
    start(FORGET, Seq::ZERO, account)
}

/// Reads a body whose checksum was right.
pub(super) fn decode(body: &[u8]) -> Option<Entry> {
    let mut bytes = Bytes::of(body);
    let [kind] = bytes.array()?;
    let seq = Seq::new(u64::from_le_bytes(bytes.array()?));
    let account = bytes.text()?.parse().ok()?;
    let what = match kind {
        FORGET => What::Forget,
        WRITE => {
            let mut operations = Vec::new();
            while !bytes.is_empty() {
                operations.push(operation(body.len(), &mut bytes)?);
            }
            What::Write(operations)
        }
        _ => return None,
    };
    Some(Entry { account, seq, what })
}

fn operation(whole: usize, bytes: &mut Bytes<'_>) -> Option<(Record, Option<Range<usize>>)> {
    let [kind] = bytes.array()?;
    let key = bytes.text()?;
    let record = match kind {
        SET | REMOVE => Record::Local(key.parse().ok()?),
        SET_KEY | REMOVE_KEY => Record::from_key(key),
        _ => return None,
    };
    match kind {
        REMOVE | REMOVE_KEY => Some((record, None)),
        _ => {
            let length = usize::try_from(u32::from_le_bytes(bytes.array()?)).ok()?;
            let start = whole.checked_sub(bytes.left())?;
            bytes.take(length)?;
            Some((record, Some(start..start.checked_add(length)?)))
        }
    }
}

fn start(kind: u8, seq: Seq, account: &AccountId) -> Vec<u8> {
    let mut body = vec![kind];
    body.extend(seq.as_u64().to_le_bytes());
    push_text(&mut body, account.as_str());
    body
}

fn push_set(body: &mut Vec<u8>, record: &Record, bytes: &[u8]) {
    push_key(body, [SET, SET_KEY], record);
    // A record beyond four gibibytes is refused with the whole entry, see `seal`.
    body.extend(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes());
    body.extend(bytes);
}

/// Appends an operation's kind, of local state or of another record, and the key.
fn push_key(body: &mut Vec<u8>, [of_local, of_other]: [u8; 2], record: &Record) {
    match record {
        Record::Local(id) => {
            body.push(of_local);
            push_text(body, id.as_str());
        }
        other => {
            body.push(of_other);
            push_text(body, &other.to_key());
        }
    }
}

/// Account IDs and keys have at most 255 bytes, conversation IDs fewer.
fn push_text(body: &mut Vec<u8>, text: &str) {
    body.push(u8::try_from(text.len()).unwrap_or(u8::MAX));
    body.extend(text.as_bytes());
}
