//! The suite, on everything that is here.

mod memory {
    use conv_store::testing::{MemoryFixture, OverEngine};

    conv_store::store_conformance!(OverEngine(MemoryFixture::default()));
}

mod memory_behind_the_trait {
    use conv_store::testing::{Dyn, MemoryFixture, OverEngine};

    conv_store::store_conformance!(Dyn(OverEngine(MemoryFixture::default())));
}

mod memory_engine {
    use conv_store::testing::MemoryFixture;

    conv_store::engine_conformance!(MemoryFixture::default());
}

mod memory_engine_behind_the_trait {
    use conv_store::testing::{DynEngine, MemoryFixture};

    conv_store::engine_conformance!(DynEngine(MemoryFixture::default()));
}

/// The suite on one account's store of an engine on disk.
macro_rules! alone_on_disk {
    ($engine:ident, $store:ident) => {
        mod $engine {
            use conv_store::{
                IndexedStore, StoreError,
                testing::{Dyn, StoreFixture},
                $store,
            };
            use tempfile::TempDir;

            use crate::sled_support::account;

            struct Alone(TempDir);

            impl Alone {
                fn new() -> Self {
                    Self(TempDir::new().unwrap())
                }
            }

            impl StoreFixture for Alone {
                type Store = IndexedStore;

                async fn open(&self) -> Result<IndexedStore, StoreError> {
                    $store::open(self.0.path(), &account("a")).await
                }
            }

            conv_store::store_conformance!(Alone::new());

            mod behind_the_trait {
                use super::*;

                conv_store::store_conformance!(Dyn(Alone::new()));
            }
        }
    };
}

alone_on_disk!(sled, SledStore);
alone_on_disk!(redb, RedbStore);

mod sled_database {
    use std::sync::Arc;

    use conv_store::{
        ConversationDatabase, ConversationStore, Durability, SledDatabase, StoreError,
        testing::StoreFixture,
    };
    use tempfile::TempDir;

    use crate::sled_support::account;

    struct OneOfMany(TempDir, Durability);

    impl StoreFixture for OneOfMany {
        type Store = Arc<dyn ConversationStore>;

        async fn open(&self) -> Result<Self::Store, StoreError> {
            let options = SledDatabase::options().durability(self.1);
            options.open(self.0.path()).await?.account(&account("a")).await
        }
    }

    mod written_behind {
        use super::*;

        conv_store::store_conformance!(OneOfMany(TempDir::new().unwrap(), Durability::WriteBehind));
    }

    mod to_the_disk {
        use super::*;

        conv_store::store_conformance!(OneOfMany(TempDir::new().unwrap(), Durability::Disk));
    }
}

mod redb_database {
    use std::sync::Arc;

    use conv_store::{
        ConversationDatabase, ConversationStore, Durability, RedbDatabase, StoreError,
        testing::StoreFixture,
    };
    use tempfile::TempDir;

    use crate::sled_support::account;

    struct WrittenBehind(TempDir);

    impl StoreFixture for WrittenBehind {
        type Store = Arc<dyn ConversationStore>;

        async fn open(&self) -> Result<Self::Store, StoreError> {
            let options = RedbDatabase::options().durability(Durability::WriteBehind);
            options.open(self.0.path()).await?.account(&account("a")).await
        }
    }

    conv_store::store_conformance!(WrittenBehind(TempDir::new().unwrap()));
}

mod databases {
    use conv_store::{
        RedbDatabase, SledDatabase, StoreError,
        testing::{DatabaseFixture, MemoryFixture},
    };
    use tempfile::TempDir;

    mod memory {
        use super::*;

        conv_store::database_conformance!(MemoryFixture::default());
    }

    macro_rules! folder {
        ($engine:ident, $database:ident) => {
            mod $engine {
                use super::*;

                struct Folder(TempDir);

                impl DatabaseFixture for Folder {
                    type Database = $database;

                    async fn open(&self) -> Result<$database, StoreError> {
                        $database::open(self.0.path()).await
                    }
                }

                conv_store::database_conformance!(Folder(TempDir::new().unwrap()));
            }
        };
    }

    folder!(sled, SledDatabase);
    folder!(redb, RedbDatabase);
}
