//! Tests that need the inside of the module.

use conv_model::{AccountId, Seq, SyncState};
use tempfile::TempDir;

use super::*;
use crate::{
    ConversationDatabase, Engine, Record, StoreError, Write,
    disk::{
        inside::{self, AccountEngine},
        patiently,
    },
    record::StateRecord,
};

fn account() -> AccountId {
    "a".parse().unwrap()
}

async fn engine(folder: &Path) -> Result<AccountEngine<SledRows>, StoreError> {
    let engines = SledOptions::default().engines(folder, open::open, open::read).await?;
    Ok(engines.into_engine(&account()))
}

/// A closed database with a state of the account's.
async fn filled() -> TempDir {
    let folder = TempDir::new().unwrap();
    let engine = engine(folder.path()).await.unwrap();
    let mut write = Write::new(Seq::ZERO, Seq::new(1));
    let bytes = StateRecord::new(&SyncState::default()).encode(write.seq).unwrap();
    write.put.push((Record::State, bytes));
    engine.commit(&[write]).await.unwrap();
    engine.close().await.unwrap();
    folder
}

/// sled's threads release its file a moment after the database is closed.
fn sled(folder: &TempDir) -> ::sled::Db {
    let open = || Ok(::sled::open(folder.path().join("rows")).ok());
    patiently(open).unwrap().unwrap()
}

#[tokio::test]
async fn records_of_another_account_are_not_read() {
    let folder = filled().await;
    let name = inside::name(inside::prefix(&account()));
    let db = sled(&folder);
    assert_eq!(db.get(&name).unwrap().unwrap(), b"a");
    db.insert(name, "b").unwrap();
    db.flush().unwrap();
    drop(db);
    let database = SledDatabase::open(folder.path()).await.unwrap();
    let error = database.account(&account()).await.unwrap_err();
    assert!(matches!(error, StoreError::Corrupt { .. }), "{error:?}");
}

#[tokio::test]
async fn a_newer_layout_is_refused_untouched() {
    let folder = filled().await;
    let db = sled(&folder);
    db.insert(inside::SCHEMA, &[9]).unwrap();
    db.flush().unwrap();
    drop(db);
    for _ in 0..2 {
        let error = SledDatabase::open(folder.path()).await.unwrap_err();
        assert!(matches!(error, StoreError::NewerSchema { found: 9, known: 1 }), "{error:?}");
    }
    assert_eq!(sled(&folder).len(), 3);
}

#[cfg(feature = "testing")]
mod conformance {
    use std::path::PathBuf;

    use super::*;
    use crate::{
        disk::harms,
        testing::{EngineFixture, TestResult, engine::a_loss_is_reported},
    };

    struct Folder(TempDir);

    impl EngineFixture for Folder {
        type Engine = AccountEngine<SledRows>;

        async fn open(&self) -> Result<Self::Engine, StoreError> {
            engine(self.0.path()).await
        }
    }

    crate::engine_conformance!(Folder(TempDir::new().unwrap()));

    async fn open(folder: PathBuf) -> Result<AccountEngine<SledRows>, StoreError> {
        engine(&folder).await
    }

    #[tokio::test]
    async fn missing_or_older_rows_are_reported() -> TestResult {
        for harm in harms::ALL {
            a_loss_is_reported(open, |folder| harm(&folder.join("rows/db"))).await?;
        }
        // The journal may have the last writes.
        a_loss_is_reported(open, |folder| {
            harms::remove(&folder.join("rows/db"))?;
            harms::remove(&folder.join("rows.journal"))
        })
        .await
    }
}
