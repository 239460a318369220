//! Tests that need the inside of the module.

use conv_model::AccountId;
use tempfile::TempDir;

use super::*;
use crate::{StoreError, disk::inside::AccountEngine};

fn account() -> AccountId {
    "a".parse().unwrap()
}

async fn engine(folder: &Path) -> Result<AccountEngine<RedbRows>, StoreError> {
    let engines = RedbOptions::default().engines(folder, open::open, open::read).await?;
    Ok(engines.into_engine(&account()))
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
        type Engine = AccountEngine<RedbRows>;

        async fn open(&self) -> Result<Self::Engine, StoreError> {
            engine(self.0.path()).await
        }
    }

    crate::engine_conformance!(Folder(TempDir::new().unwrap()));

    async fn open(folder: PathBuf) -> Result<AccountEngine<RedbRows>, StoreError> {
        engine(&folder).await
    }

    #[tokio::test]
    async fn missing_or_older_rows_are_reported() -> TestResult {
        for harm in harms::ALL {
            a_loss_is_reported(open, |folder| harm(&folder.join("rows.redb"))).await?;
        }
        // The journal may have the last writes.
        a_loss_is_reported(open, |folder| {
            harms::remove(&folder.join("rows.redb"))?;
            harms::remove(&folder.join("rows.journal"))
        })
        .await
    }
}
