//! The suite, on a server and on a cluster.

use conv_model::AccountId;
use conv_store::{
    StoreError,
    testing::{DatabaseFixture, EngineFixture, OverEngine},
};
use conv_store_redis::{RedisDatabase, RedisEngine};

use crate::support::{On, account};

/// One account. Each opening has connections of its own, as another process has.
struct Fixture(On, AccountId);

impl Fixture {
    fn new(on: On) -> Self {
        Self(on, account())
    }
}

impl EngineFixture for Fixture {
    type Engine = RedisEngine;

    async fn open(&self) -> Result<RedisEngine, StoreError> {
        let options = RedisDatabase::options().connections(1);
        Ok(self.0.database(options).await.ok_or(StoreError::Closed)?.engine(&self.1))
    }
}

/// A prefix that no other test has.
struct Prefix(On, String);

impl Prefix {
    fn new(on: On) -> Self {
        Self(on, account().as_str().replace(['{', '}'], ""))
    }
}

impl DatabaseFixture for Prefix {
    type Database = RedisDatabase;

    async fn open(&self) -> Result<RedisDatabase, StoreError> {
        let options = RedisDatabase::options().prefix(&self.1);
        self.0.database(options).await.ok_or(StoreError::Closed)
    }
}

mod single {
    use super::*;

    conv_store::engine_conformance!(Fixture::new(On::Single), if On::Single.is_there());

    mod store {
        use super::*;

        conv_store::store_conformance!(
            OverEngine(Fixture::new(On::Single)),
            if On::Single.is_there()
        );
    }

    mod database {
        use super::*;

        conv_store::database_conformance!(Prefix::new(On::Single), if On::Single.is_there());
    }
}

mod cluster {
    use super::*;

    conv_store::engine_conformance!(Fixture::new(On::Cluster), if On::Cluster.is_there());

    mod store {
        use super::*;

        conv_store::store_conformance!(
            OverEngine(Fixture::new(On::Cluster)),
            if On::Cluster.is_there()
        );
    }

    mod database {
        use super::*;

        conv_store::database_conformance!(Prefix::new(On::Cluster), if On::Cluster.is_there());
    }
}
