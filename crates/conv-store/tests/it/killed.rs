//! Every engine on disk, killed at any moment.

use std::path::PathBuf;

use conv_store::{ConversationDatabase, StoreError, testing::kill::Stores};

use crate::sled_support::account;

/// Two accounts of a database.
async fn stores(database: impl ConversationDatabase) -> Result<Stores, StoreError> {
    Ok(vec![database.account(&account("a")).await?, database.account(&account("a/b")).await?])
}

mod redb {
    use conv_store::RedbDatabase;

    use super::*;

    async fn open(folder: PathBuf) -> Result<Stores, StoreError> {
        stores(RedbDatabase::open(folder).await?).await
    }

    conv_store::kill_conformance!(open);

    mod written_behind {
        use conv_store::{Durability, testing::kill::Promise};

        use super::*;

        async fn open(folder: PathBuf) -> Result<Stores, StoreError> {
            let options = RedbDatabase::options().durability(Durability::WriteBehind);
            stores(options.open(folder).await?).await
        }

        conv_store::kill_conformance!(open, Promise::Local);
    }
}

mod sled {
    use conv_store::SledDatabase;

    use super::*;

    async fn open(folder: PathBuf) -> Result<Stores, StoreError> {
        stores(SledDatabase::open(folder).await?).await
    }

    conv_store::kill_conformance!(open);
}
