//! One account in one file. An entry `length u32 | crc32 u32 | body` is a whole write.

use std::{
    collections::BTreeMap,
    fs::{File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write as _},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use conv_model::Seq;
use conv_store::{Engine, Loaded, Record, StoreError, Write};
use serde::{Deserialize, Serialize};
use tokio::task::spawn_blocking;

/// Clones are handles to the same file.
#[derive(Clone, Debug)]
pub struct Journal(Arc<Mutex<Inner>>);

#[derive(Debug)]
struct Inner {
    /// `None` once it is closed.
    file: Option<File>,
    seq: Seq,
    records: BTreeMap<Record, Arc<[u8]>>,
}

/// An entry of a write in the file: a key and its bytes, or no bytes if it was deleted.
#[derive(Serialize, Deserialize)]
struct Entry {
    seq: u64,
    records: Vec<(u8, String, Option<Vec<u8>>)>,
}

impl Journal {
    /// Opens a file, which is created if it is missing, up to its last whole write.
    pub fn open(path: impl AsRef<Path>) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        let mut file = options.read(true).write(true).create(true).truncate(false).open(path)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let (mut seq, mut records, mut rest) = (Seq::ZERO, BTreeMap::new(), bytes.as_slice());
        while let Some((entry, after)) = next(rest) {
            seq = Seq::new(entry.seq);
            for (kind, id, value) in entry.records {
                let Some(key) = key(kind, &id) else { continue };
                match value {
                    Some(value) => drop(records.insert(key, value.into())),
                    None => drop(records.remove(&key)),
                }
            }
            rest = after;
        }
        let end = (bytes.len() - rest.len()) as u64;
        file.set_len(end)?;
        file.seek(SeekFrom::Start(end))?;
        Ok(Self(Arc::new(Mutex::new(Inner { file: Some(file), seq, records }))))
    }

    /// Works away from the async threads; once begun it ends, even if its caller is gone.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Inner) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let inner = Arc::clone(&self.0);
        let task = move || work(&mut inner.lock().unwrap_or_else(PoisonError::into_inner));
        spawn_blocking(task).await.map_err(StoreError::engine)?
    }
}

impl Inner {
    fn commit(&mut self, writes: &[Write]) -> Result<(), StoreError> {
        let file = self.file.as_mut().ok_or(StoreError::Closed)?;
        let (mut last, mut bytes) = (self.seq, Vec::new());
        for write in writes {
            if write.expected != last {
                return Err(StoreError::Conflict);
            }
            last = write.seq;
            bytes.extend(entry(write).map_err(StoreError::engine)?);
        }
        if let Err(error) = file.write_all(&bytes).and_then(|()| file.sync_data()) {
            // Only opening the file again shows its content.
            self.file = None;
            return Err(StoreError::io("appending to the journal", error));
        }
        self.seq = last;
        for write in writes {
            write.delete.iter().for_each(|record| drop(self.records.remove(record)));
            self.records.extend(write.put.iter().cloned());
        }
        Ok(())
    }
}

#[async_trait]
impl Engine for Journal {
    async fn load(&self) -> Result<Loaded, StoreError> {
        self.run(|it| Ok(Loaded::new(it.seq, it.records.clone().into_iter().collect()))).await
    }

    async fn commit(&self, writes: &[Write]) -> Result<(), StoreError> {
        let writes = writes.to_vec();
        self.run(move |it| it.commit(&writes)).await
    }

    async fn follow(&self, _since: Seq) -> Result<(), StoreError> {
        std::future::pending().await // no other process writes to it
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.run(|it| {
            it.file = None;
            Ok(())
        })
        .await
    }
}

fn entry(write: &Write) -> postcard::Result<Vec<u8>> {
    let deleted = write.delete.iter().map(|record| (record, None));
    let put = write.put.iter().map(|(record, bytes)| (record, Some(bytes.to_vec())));
    let records = deleted.chain(put).map(|(record, bytes)| match record {
        Record::Row(id) => (1, id.to_string(), bytes),
        Record::Local(id) => (2, id.to_string(), bytes),
        Record::State => (0, String::new(), bytes),
        other => (3, other.to_key(), bytes),
    });
    let entry = Entry { seq: write.seq.as_u64(), records: records.collect() };
    let body = postcard::to_stdvec(&entry)?;
    let head = [body.len() as u32, crc32fast::hash(&body)].map(u32::to_le_bytes);
    Ok([&head.concat(), &body[..]].concat())
}

/// The first entry of some bytes, if it is whole, and what follows it.
fn next(bytes: &[u8]) -> Option<(Entry, &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    let (checksum, rest) = rest.split_first_chunk()?;
    let (body, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
    let is_whole = crc32fast::hash(body) == u32::from_le_bytes(*checksum);
    Some((postcard::from_bytes(body).ok().filter(|_| is_whole)?, rest))
}

fn key(kind: u8, id: &str) -> Option<Record> {
    match kind {
        0 => Some(Record::State),
        1 => id.parse().ok().map(Record::Row),
        2 => id.parse().ok().map(Record::Local),
        _ => Some(Record::from_key(id)),
    }
}
