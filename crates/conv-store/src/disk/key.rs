//! The keys of a file of rows.
//!
//! A key is the account's prefix, a tag, and for a row the conversation's ID. The prefix has a fixed
//! length and comes from a hash, so no account ID, whatever its text, can reach into another's keys.

use conv_model::AccountId;
use sha2::{Digest, Sha256};

use crate::Record;

/// The first bytes of every key of an account.
pub(crate) type Prefix = [u8; 16];

/// Holds the schema version. It is shorter than a prefix, so it belongs to no account.
pub(crate) const SCHEMA: &[u8] = b"schema";

const NAME: u8 = 0;
const STATE: u8 = 1;
const SEQ: u8 = 2;
const ROW: u8 = 3;

/// The meaning of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Key {
    /// The account's ID in clear, to be compared at load.
    Name,
    /// The number of the last write, where no record of that write carries it.
    Seq,
    /// A record.
    Record(Record),
}

/// The prefix of an account: its hash, cut to 16 bytes.
pub(crate) fn prefix(account: &AccountId) -> Prefix {
    let hash = Sha256::digest(account.as_str());
    let mut prefix = Prefix::default();
    for (to, from) in prefix.iter_mut().zip(hash) {
        *to = from;
    }
    prefix
}

pub(crate) fn name(prefix: Prefix) -> Vec<u8> {
    key(prefix, NAME, "")
}

pub(super) fn seq(prefix: Prefix) -> Vec<u8> {
    key(prefix, SEQ, "")
}

/// The key of a record; local ones live elsewhere and have none.
pub(super) fn record(prefix: Prefix, record: &Record) -> Option<Vec<u8>> {
    match record {
        Record::State => Some(key(prefix, STATE, "")),
        Record::Row(id) => Some(key(prefix, ROW, id.as_str())),
        _ => None,
    }
}

fn key(prefix: Prefix, tag: u8, id: &str) -> Vec<u8> {
    [prefix.as_slice(), &[tag], id.as_bytes()].concat()
}

/// Reads a key of an account; `None` if this version does not write such keys.
pub(super) fn parse(key: &[u8]) -> Option<Key> {
    let (_, rest) = key.split_first_chunk::<16>()?;
    match rest.split_first()? {
        (&NAME, []) => Some(Key::Name),
        (&SEQ, []) => Some(Key::Seq),
        (&STATE, []) => Some(Key::Record(Record::State)),
        (&ROW, id) => {
            let id = std::str::from_utf8(id).ok()?.parse().ok()?;
            Some(Key::Record(Record::Row(id)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_as_it_was_written() {
        let prefix = prefix(&"a".parse().unwrap());
        let row = Record::Row("C2Calice".parse().unwrap());
        assert_eq!(parse(&name(prefix)), Some(Key::Name));
        assert_eq!(parse(&seq(prefix)), Some(Key::Seq));
        for one in [Record::State, row] {
            let key = record(prefix, &one).unwrap();
            assert_eq!(parse(&key), Some(Key::Record(one)));
        }
        assert_eq!(record(prefix, &Record::Local("C2Calice".parse().unwrap())), None);
    }

    #[test]
    fn text_that_is_not_a_key_is_invalid() {
        let prefix = prefix(&"a".parse().unwrap());
        assert_eq!(parse(SCHEMA), None);
        assert_eq!(parse(&prefix), None);
        assert_eq!(parse(&key(prefix, 9, "")), None);
        assert_eq!(parse(&key(prefix, STATE, "C2Calice")), None);
        assert_eq!(parse(&key(prefix, ROW, "alice")), None);
    }

    #[test]
    fn accounts_that_look_alike_have_other_prefixes() {
        let texts = ["a", "a/", "ab", "../a", "A", "a\0", "a\u{301}"];
        let prefixes: std::collections::BTreeSet<_> =
            texts.iter().map(|text| prefix(&text.parse().unwrap())).collect();
        assert_eq!(prefixes.len(), texts.len());
    }
}
