//! What only the inside can see.

use conv_model::AccountId;
use tempfile::TempDir;

use super::*;
use crate::{StoreError, database::inside::AccountEngine};

fn account() -> AccountId {
    "a".parse().unwrap()
}

#[cfg(feature = "testing")]
mod conformance {
    use super::*;
    use crate::testing::EngineFixture;

    struct Folder(TempDir);

    impl EngineFixture for Folder {
        type Engine = AccountEngine<RedbRows>;

        async fn open(&self) -> Result<Self::Engine, StoreError> {
            Ok(RedbDatabase::open(self.0.path()).await?.0.into_engine(&account()))
        }
    }

    crate::engine_conformance!(Folder(TempDir::new().unwrap()));
}
