//! A store of one's own: an engine knows keys and bytes, and `IndexedStore` makes a store of it,
//! with index, merge, removal, checksums and snapshots. This one keeps a list in one JSON file.
//!
//! `cargo run --example own_store`

use std::{
    collections::BTreeMap,
    error::Error,
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use conv_api::{
    All, ConversationId, Conversations, StoreError,
    model::Seq,
    store::{Engine, IndexedStore, Loaded, Record, Write},
    testing::ScriptedSource,
};
use serde::{Deserialize, Serialize};

/// All records of one account in one file, written whole with each commit. Fine for small lists.
#[derive(Debug)]
struct JsonFile {
    path: PathBuf,
    content: Mutex<Content>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Content {
    seq: Seq,
    records: BTreeMap<String, Arc<[u8]>>,
}

impl JsonFile {
    fn open(path: impl Into<PathBuf>) -> Result<Self, StoreError> {
        let path = path.into();
        let content = match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(io::Error::from),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Content::default()),
            Err(error) => Err(error),
        };
        let content = content.map_err(|error| StoreError::io("reading", error))?;
        Ok(Self { path, content: Mutex::new(content) })
    }
}

#[async_trait]
impl Engine for JsonFile {
    async fn load(&self) -> Result<Loaded, StoreError> {
        let content = self.content.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let records = content.records.into_iter();
        let records = records.map(|(key, bytes)| (Record::from_key(&key), bytes));
        Ok(Loaded::new(content.seq, records.collect()))
    }

    /// Writes the whole change or nothing: memory changes once the file has.
    async fn commit(&self, writes: &[Write]) -> Result<(), StoreError> {
        let mut content = self.content.lock().unwrap_or_else(PoisonError::into_inner);
        let mut next = content.clone();
        for write in writes {
            if write.expected != next.seq {
                return Err(StoreError::Conflict);
            }
            for gone in &write.delete {
                next.records.remove(&gone.to_key());
            }
            let put = write.put.iter().map(|(record, bytes)| (record.to_key(), Arc::clone(bytes)));
            next.records.extend(put);
            next.seq = write.seq;
        }
        // Blocks for a moment; an engine for more than a few rows has a thread of its own.
        replace(&self.path, &next).map_err(|error| StoreError::io("writing", error))?;
        *content = next;
        Ok(())
    }

    /// No other process writes to the file.
    async fn follow(&self, _: Seq) -> Result<(), StoreError> {
        std::future::pending().await
    }

    async fn close(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

/// A crash leaves the old file or the new one.
fn replace(path: &Path, content: &Content) -> io::Result<()> {
    let new = path.with_extension("new");
    fs::write(&new, serde_json::to_vec(content)?)?;
    fs::File::open(&new)?.sync_all()?;
    fs::rename(new, path)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    match run(&mut io::stdout()).await {
        Err(error) if is_unread(&*error) => Ok(()),
        ended => ended,
    }
}

async fn run(out: &mut io::Stdout) -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("list.json");
    let user: ConversationId = "C2Cuser_0001".parse()?;

    let store = IndexedStore::open(JsonFile::open(&path)?).await?;
    let source = ScriptedSource::with_rows(30); // a cloud to play with
    let conversations = Conversations::builder("alice").store(store).source(source).build().await?;
    conversations.sync().await?;
    conversations.set_draft(&user, "On my way").await?;
    conversations.close().await?;
    writeln!(out, "{} bytes in {}", fs::metadata(&path)?.len(), path.display())?;

    // The next start finds everything, without any cloud.
    let store = IndexedStore::open(JsonFile::open(&path)?).await?;
    let conversations = Conversations::builder("alice").store(store).build().await?;
    let list = conversations.get_conversation_list(All).await?;
    writeln!(out, "{} rows, complete: {}", list.len(), list.is_sync_completed())?;
    let mine = conversations.get_conversation_list([user]).await?;
    writeln!(out, "draft: {:?}", mine.iter().find_map(|row| row.local.draft_text()))?;
    Ok(())
}

/// Returns true if the reader of the output went away, as `head` does: no failure of this program.
fn is_unread(error: &(dyn Error + 'static)) -> bool {
    let error = error.downcast_ref::<io::Error>();
    error.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
