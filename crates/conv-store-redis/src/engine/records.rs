//! Records as fields of two hashes.

use std::{borrow::Cow, collections::BTreeMap, sync::Arc};

use conv_model::AccountId;
use conv_store::{Loaded, Record, StoreError, Write};
use redis::{FromRedisValue, ParsingError, Value, from_redis_value};

use super::parse_head;
use crate::{
    head::Head,
    keys::field::{HEAD, NAME, ROW, SCHEMA, STATE},
};

/// The newest version of the layout that this code reads.
///
/// Version 1 lists writers in the head. The first write of this code makes it the next one.
pub(super) const VERSION: u8 = 2;

/// The hashes of rows and local state, and three fields of the hash of writers.
pub(super) type Stored = (Fields, Fields, [Option<String>; 3]);

/// The fields of a hash and their bytes, taken out of the answer as they are.
#[derive(Debug)]
pub(super) struct Fields(Vec<(Vec<u8>, Vec<u8>)>);

impl FromRedisValue for Fields {
    fn from_redis_value(value: Value) -> Result<Self, ParsingError> {
        let Value::Map(pairs) = value else { return from_redis_value(value).map(Self) };
        let bytes = |value| match value {
            Value::BulkString(bytes) => Ok(bytes),
            other => from_redis_value(other),
        };
        let pair = |(key, value)| Ok((bytes(key)?, bytes(value)?));
        pairs.into_iter().map(pair).collect::<Result<_, _>>().map(Self)
    }
}

/// The new value of each record.
type Changes<'a> = BTreeMap<&'a Record, Option<&'a Arc<[u8]>>>;

type Argument<'a> = Cow<'a, [u8]>;

/// Writes as arguments of the script: for rows, then for local state, what to delete and what to
/// set.
pub(super) fn arguments(writes: &[Write]) -> Vec<Argument<'_>> {
    let mut changes = Changes::new();
    for write in writes {
        changes.extend(write.delete.iter().map(|record| (record, None)));
        changes.extend(write.put.iter().map(|(record, bytes)| (record, Some(bytes))));
    }
    let mut arguments = Vec::new();
    for is_local in [false, true] {
        let of_kind = |record: &Record| record.is_local() == is_local;
        let mine = || changes.iter().filter(|(record, _)| of_kind(record));
        let gone: Vec<Argument<'_>> =
            mine().filter(|(_, bytes)| bytes.is_none()).map(|(record, _)| field(record)).collect();
        let mut set: Vec<Argument<'_>> = Vec::new();
        for (record, bytes) in mine() {
            set.extend(
                bytes.map(|bytes| [field(record), Cow::from(&**bytes)]).into_iter().flatten(),
            );
        }
        for part in [gone, set] {
            arguments.push(Cow::from(part.len().to_string().into_bytes()));
            arguments.extend(part);
        }
    }
    arguments
}

/// Decodes the stored records.
pub(super) fn read(
    rows: Fields,
    local: Fields,
    account: &AccountId,
) -> Result<(Head, Loaded), StoreError> {
    let (Fields(rows), Fields(local)) = (rows, local);
    let mut head = Head::default();
    let mut records = Vec::with_capacity(rows.len() + local.len());
    for (key, bytes) in rows {
        match key.as_slice() {
            HEAD => head = parse_head(&String::from_utf8_lossy(&bytes))?,
            NAME => check_name(&bytes, account)?,
            SCHEMA => check_schema(&bytes)?,
            STATE => records.push((Record::State, bytes.into())),
            [ROW, id @ ..] => {
                records.extend(record(id, Record::Row).map(|key| (key, bytes.into())))
            }
            // Of a newer version that says to be compatible.
            _ => {}
        }
    }
    for (id, bytes) in local {
        records.extend(local_record(&id).map(|key| (key, bytes.into())));
    }
    let loaded = Loaded::new(head.seq, records);
    Ok((head, loaded))
}

fn field(record: &Record) -> Argument<'_> {
    match record {
        Record::Row(id) => Cow::from([&[ROW], id.as_str().as_bytes()].concat()),
        // As versions without mutations have it. They leave unknown records alone. What they do not
        // know they leave alone.
        Record::Local(id) => Cow::from(id.as_str().as_bytes()),
        Record::State => Cow::from(STATE),
        other => Cow::from(other.to_key().into_bytes()),
    }
}

fn record(id: &[u8], kind: fn(conv_model::ConversationId) -> Record) -> Option<Record> {
    Some(kind(std::str::from_utf8(id).ok()?.parse().ok()?))
}

/// The record of a field of local state: a conversation's ID, or a record's key, which is never one.
fn local_record(field: &[u8]) -> Option<Record> {
    let text = std::str::from_utf8(field).ok()?;
    Some(text.parse().map_or_else(|_| Record::from_key(text), Record::Local))
}

fn check_name(name: &[u8], account: &AccountId) -> Result<(), StoreError> {
    if name == account.as_str().as_bytes() {
        return Ok(());
    }
    Err(StoreError::Corrupt { what: "the keys of an account hold another one".into() })
}

fn check_schema(version: &[u8]) -> Result<(), StoreError> {
    let found = std::str::from_utf8(version).ok().and_then(|text| text.parse::<u8>().ok());
    match found {
        Some(1..=VERSION) => Ok(()),
        Some(found) if found > VERSION => Err(StoreError::NewerSchema { found, known: VERSION }),
        _ => Err(StoreError::Corrupt { what: "the version of an account".into() }),
    }
}
