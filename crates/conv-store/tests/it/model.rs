//! Random changes, passes, local state and reopening: every store does what a naive one does.

use conv_store::{
    IndexedStore, RedbStore, SledStore, StoreError,
    testing::{
        MemoryFixture, OverEngine, StoreFixture,
        model::{agree, operations},
    },
};
use proptest::{collection::vec, prelude::*};
use tempfile::TempDir;

use crate::sled_support::account;

struct Sled(TempDir);

impl StoreFixture for Sled {
    type Store = IndexedStore;

    async fn open(&self) -> Result<IndexedStore, StoreError> {
        SledStore::open(self.0.path(), &account("a")).await
    }
}

struct Redb(TempDir);

impl StoreFixture for Redb {
    type Store = IndexedStore;

    async fn open(&self) -> Result<IndexedStore, StoreError> {
        RedbStore::open(self.0.path(), &account("a")).await
    }
}

fn run(future: impl Future<Output = conv_store::testing::TestResult>) -> Result<(), TestCaseError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(future).map_err(|failure| TestCaseError::fail(failure.to_string()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn memory_does_what_the_naive_store_does(operations in vec(operations(), 1..40)) {
        run(agree(&OverEngine(MemoryFixture::default()), operations))?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn sled_does_what_the_naive_store_does(operations in vec(operations(), 1..40)) {
        run(agree(&Sled(TempDir::new().unwrap()), operations))?;
    }

    #[test]
    fn redb_does_what_the_naive_store_does(operations in vec(operations(), 1..40)) {
        run(agree(&Redb(TempDir::new().unwrap()), operations))?;
    }
}
