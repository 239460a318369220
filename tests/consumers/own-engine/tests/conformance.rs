//! The suite that every engine has to pass.

use std::{path::PathBuf, sync::Arc};

use consumer_own_engine::{Journal, Journals};
use conv_store::{
    EngineDatabase, IndexedStore, StoreError,
    testing::{DatabaseFixture, EngineFixture, OverEngine, TestResult, engine::a_torn_tail_is_cut_off, kill},
};
use tempfile::TempDir;

const FILE: &str = "journal";

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }
}

impl EngineFixture for Folder {
    type Engine = Journal;

    async fn open(&self) -> Result<Journal, StoreError> {
        open(self.0.path().to_owned()).await
    }
}

async fn open(folder: PathBuf) -> Result<Journal, StoreError> {
    Journal::open(folder.join(FILE)).map_err(|error| StoreError::io("opening the journal", error))
}

mod engine {
    use super::*;

    conv_store::engine_conformance!(Folder::new());
}

mod store {
    use super::*;

    conv_store::store_conformance!(OverEngine(Folder::new()));
}

impl DatabaseFixture for Folder {
    type Database = EngineDatabase<Journals>;

    async fn open(&self) -> Result<Self::Database, StoreError> {
        Ok(EngineDatabase::over(Journals::new(self.0.path())))
    }
}

mod database {
    use super::*;

    conv_store::database_conformance!(Folder::new());
}

mod killed {
    use super::*;

    async fn stores(folder: PathBuf) -> Result<kill::Stores, StoreError> {
        Ok(vec![Arc::new(IndexedStore::open(open(folder).await?).await?)])
    }

    conv_store::kill_conformance!(stores);
}

#[tokio::test]
async fn a_torn_tail_is_no_write() -> TestResult {
    a_torn_tail_is_cut_off(open, FILE).await
}
