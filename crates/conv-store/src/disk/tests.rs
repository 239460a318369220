//! The engine of an account, over a file that fails on command.

pub(super) mod double;
mod failing;
mod journaled;

use std::{path::PathBuf, sync::Arc, time::Duration};

use conv_model::{AccountId, ConversationId, Local, Seq, SyncState};
use tempfile::TempDir;

use self::double::Double;
use super::{
    account::Account, database::DiskEngines, engine::AccountEngine, files::Files,
    files_disk::FilesDisk, journal::Journal, recover::Opening, row_file::Opener, *,
};
use crate::{
    ConversationDatabase, ConversationStore, Engine, EngineDatabase, Record, Recovery, StoreError,
    Write,
    disk::commit::{Job, Work},
    record::{LocalRecord, StateRecord},
};

fn account(text: &str) -> AccountId {
    text.parse().unwrap()
}

fn id(text: &str) -> ConversationId {
    ConversationId::c2c(text).unwrap()
}

fn write(expected: u64) -> Write {
    Write::new(Seq::new(expected), Seq::new(expected + 1))
}

fn with_state(mut write: Write) -> Write {
    let bytes = StateRecord::new(&SyncState::default()).encode(write.seq).unwrap();
    write.put.push((Record::State, bytes));
    write
}

fn with_local(mut write: Write, text: &str) -> Write {
    let bytes = LocalRecord::new(Local::draft(text)).encode(write.seq).unwrap();
    write.put.push((Record::Local(id("alice")), bytes));
    write
}

type Database = EngineDatabase<DiskEngines<double::Handle>>;

struct Fixture {
    folder: TempDir,
    double: Double,
    durability: Durability,
}

impl Fixture {
    fn new() -> Self {
        let (folder, double) = (TempDir::new().unwrap(), Double::default());
        Self { folder, double, durability: Durability::Process }
    }

    /// Opens the rows as a database's are.
    fn opener(&self) -> Opener<double::Handle> {
        let (folder, opener) = (self.folder.path().to_owned(), self.double.opener());
        Box::new(move || {
            let file = opener()?;
            journal::replay(&folder, &file)?;
            Ok(file)
        })
    }

    async fn open(&self) -> Database {
        EngineDatabase::over(self.engines().await)
    }

    async fn engines(&self) -> DiskEngines<double::Handle> {
        let (folder, opener) = (self.folder.path().to_owned(), self.opener());
        let files = move || Files::open(&folder, opener);
        let opening = Arc::new(Opening::new(Duration::from_secs(30)));
        let folder = self.folder.path().to_owned();
        DiskEngines::over(folder, self.durability, opening, files).await.unwrap()
    }

    /// The files of an open database, to be written to without its thread.
    fn disk(&self, database: &Database) -> FilesDisk<double::Handle> {
        let journal = Journal::of(self.folder.path());
        FilesDisk::new(Arc::clone(&database.engines().files), self.durability, journal)
    }

    async fn engine(&self) -> AccountEngine<double::Handle> {
        self.engines().await.into_engine(&account("a"))
    }
}

#[tokio::test]
async fn the_number_of_the_last_write_is_kept_whatever_it_wrote() {
    let it = Fixture::new();
    let mut gone = write(4);
    gone.delete.push(Record::State);
    let writes = [
        with_state(write(0)),
        with_state(write(1)),
        with_local(write(2), "Dear Alice"),
        write(3),
        gone,
    ];
    for (number, write) in (1..).zip(writes) {
        let engine = it.engine().await;
        engine.commit(&[write]).await.unwrap();
        engine.close().await.unwrap();
        let engine = it.engine().await;
        assert_eq!(engine.load().await.unwrap().seq, Seq::new(number));
        engine.close().await.unwrap();
    }
    assert_eq!(it.engine().await.load().await.unwrap().records.len(), 1);
}

#[tokio::test]
async fn a_conflict_refuses_the_whole_call() {
    let it = Fixture::new();
    let engine = it.engine().await;
    engine.commit(&[with_state(write(0))]).await.unwrap();
    for writes in [vec![with_local(write(0), "x")], vec![with_local(write(1), "x"), write(1)]] {
        assert!(matches!(engine.commit(&writes).await, Err(StoreError::Conflict)));
    }
    let loaded = engine.load().await.unwrap();
    assert_eq!((loaded.seq, loaded.records.len()), (Seq::new(1), 1));
    engine.commit(&[with_local(write(1), "x"), with_state(write(2))]).await.unwrap();
    assert_eq!(engine.load().await.unwrap().seq, Seq::new(3));
}
