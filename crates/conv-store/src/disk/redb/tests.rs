//! What only the inside can see.

use conv_model::AccountId;
use tempfile::TempDir;

use super::*;
use crate::{StoreError, disk::inside::AccountEngine};

fn account() -> AccountId {
    "a".parse().unwrap()
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
            Ok(RedbDatabase::open(self.0.path()).await?.0.into_engine(&account()))
        }
    }

    crate::engine_conformance!(Folder(TempDir::new().unwrap()));

    async fn open(folder: PathBuf) -> Result<AccountEngine<RedbRows>, StoreError> {
        Ok(RedbDatabase::open(folder).await?.0.into_engine(&account()))
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
