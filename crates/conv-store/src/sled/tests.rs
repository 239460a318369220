//! The engine alone, and what only the inside can see.

use conv_model::{ConversationId, Local, Seq, SyncState};
use tempfile::TempDir;

use super::*;
use crate::{
    Engine, Record, Write,
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

struct Fixture {
    folder: TempDir,
    database: SledDatabase,
    engine: SledEngine,
}

impl Fixture {
    async fn new() -> Self {
        Self::open(TempDir::new().unwrap()).await
    }

    async fn open(folder: TempDir) -> Self {
        let database = SledDatabase::open(folder.path()).await.unwrap();
        let account = Arc::new(Account::new(account("a")));
        let engine = SledEngine::new(account, Arc::clone(&database.files), database.writer.clone());
        Self { folder, database, engine }
    }

    async fn reopened(self) -> Self {
        self.database.close().await.unwrap();
        Self::open(self.folder).await
    }
}

#[tokio::test]
async fn the_number_of_the_last_write_is_kept_whatever_it_wrote() {
    let mut it = Fixture::new().await;
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
        it.engine.commit(&[write]).await.unwrap();
        it = it.reopened().await;
        assert_eq!(it.engine.load().await.unwrap().seq, Seq::new(number));
    }
    assert_eq!(it.engine.load().await.unwrap().records.len(), 1);
}

#[tokio::test]
async fn a_conflict_refuses_the_whole_call() {
    let it = Fixture::new().await;
    it.engine.commit(&[with_state(write(0))]).await.unwrap();
    for writes in [vec![with_local(write(0), "x")], vec![with_local(write(1), "x"), write(1)]] {
        assert!(matches!(it.engine.commit(&writes).await, Err(StoreError::Conflict)));
    }
    let loaded = it.engine.load().await.unwrap();
    assert_eq!((loaded.seq, loaded.records.len()), (Seq::new(1), 1));
    it.engine.commit(&[with_local(write(1), "x"), with_state(write(2))]).await.unwrap();
    assert_eq!(it.engine.load().await.unwrap().seq, Seq::new(3));
}

#[tokio::test]
async fn rows_that_failed_once_fail_and_take_no_draft_with_them() {
    let it = Fixture::new().await;
    it.engine.commit(&[with_state(write(0))]).await.unwrap();
    it.database.files.rows.fail(StoreError::Conflict);
    let both = [with_local(write(1), "refused"), with_state(write(2))];
    assert!(it.engine.commit(&both).await.is_err());
    assert!(it.engine.load().await.is_err());
    let it = it.failed_and_reopened().await;
    assert_eq!(it.engine.load().await.unwrap().seq, Seq::new(1));
}

impl Fixture {
    async fn failed_and_reopened(self) -> Self {
        assert!(self.database.close().await.is_err());
        Self::open(self.folder).await
    }
}

#[tokio::test]
async fn records_of_another_account_are_not_read() {
    let it = Fixture::new().await;
    it.engine.commit(&[with_state(write(0))]).await.unwrap();
    let folder = it.folder;
    it.database.close().await.unwrap();
    let name = key::name(key::prefix(&account("a")));
    let db = ::sled::open(folder.path().join("rows")).unwrap();
    assert_eq!(db.get(&name).unwrap().unwrap(), b"a");
    db.insert(name, "b").unwrap();
    drop(db);
    let it = Fixture::open(folder).await;
    let error = it.engine.load().await.unwrap_err();
    assert!(matches!(error, StoreError::Corrupt { .. }), "{error:?}");
}

#[tokio::test]
async fn a_newer_layout_is_refused_untouched() {
    let it = Fixture::new().await;
    it.engine.commit(&[with_state(write(0))]).await.unwrap();
    let folder = it.folder;
    it.database.close().await.unwrap();
    let db = ::sled::open(folder.path().join("rows")).unwrap();
    db.insert(key::SCHEMA, &[9]).unwrap();
    drop(db);
    for _ in 0..2 {
        let error = SledDatabase::open(folder.path()).await.unwrap_err();
        assert!(matches!(error, StoreError::NewerSchema { found: 9, known: 1 }), "{error:?}");
    }
    let db = ::sled::open(folder.path().join("rows")).unwrap();
    assert_eq!(db.len(), 3);
}

#[cfg(feature = "testing")]
mod conformance {
    use super::*;
    use crate::testing::EngineFixture;

    struct Folder(TempDir);

    impl EngineFixture for Folder {
        type Engine = SledEngine;

        async fn open(&self) -> Result<SledEngine, StoreError> {
            let database = SledDatabase::open(self.0.path()).await?;
            let account = Arc::new(Account::new(account("a")));
            Ok(SledEngine::alone(account, database.files, database.writer))
        }
    }

    crate::engine_conformance!(Folder(TempDir::new().unwrap()));
}
