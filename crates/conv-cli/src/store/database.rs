//! A store as the database of all its accounts.

use std::sync::Arc;

use conv_api::{
    ConversationDatabase, MemoryDatabase, RateLimiter, SledDatabase, StoreError, store::Recovery,
};

use super::{Place, default_folder};
use crate::Error;

/// An open database.
#[derive(Debug)]
pub(crate) struct Database {
    pub(crate) lists: Arc<dyn ConversationDatabase>,
    /// The cloud's rate, if several processes share it by this database.
    pub(crate) limiter: Option<Arc<dyn RateLimiter>>,
    pub(crate) recovery: Recovery,
}

impl Place {
    /// Returns the given place, else the default folder.
    ///
    /// # Errors
    /// If this build cannot open it, or if a file is in place of its folder. Checked before the
    /// store is looked for, so that neither is reported as a store that was never made.
    pub(crate) fn chosen(given: Option<&Self>) -> Result<Self, Error> {
        let place = match given {
            Some(place) => place.clone(),
            None => Self::Sled(default_folder()?),
        };
        place.check()?;
        Ok(place)
    }

    /// Opens the database of all accounts, and creates it if it is missing.
    pub(crate) async fn database(&self) -> Result<Database, Error> {
        let in_use = |error: StoreError| self.in_use(error);
        Ok(match self {
            Self::Sled(folder) => {
                let database = SledDatabase::open(folder).await.map_err(in_use)?;
                let recovery = database.recovery();
                Database { recovery, ..Database::alone(Arc::new(database)) }
            }
            #[cfg(feature = "redb")]
            Self::Redb(folder) => {
                let database = conv_api::RedbDatabase::open(folder).await.map_err(in_use)?;
                let recovery = database.recovery();
                Database { recovery, ..Database::alone(Arc::new(database)) }
            }
            #[cfg(not(feature = "redb"))]
            Self::Redb(_) => return Err(super::NO_REDB),
            #[cfg(feature = "redis")]
            Self::Redis(address) => {
                let nodes = address.0.split(',');
                let database = conv_store_redis::RedisDatabase::open(nodes).await?;
                let limiter = conv_store_redis::RedisRateLimiter::new(&database);
                let limiter = Some(Arc::new(limiter) as _);
                Database { limiter, ..Database::alone(Arc::new(database)) }
            }
            #[cfg(not(feature = "redis"))]
            Self::Redis(_) => return Err(super::NO_REDIS),
            Self::Memory => Database::alone(Arc::new(MemoryDatabase::new())),
        })
    }
}

impl Database {
    fn alone(lists: Arc<dyn ConversationDatabase>) -> Self {
        Self { lists, limiter: None, recovery: Recovery::default() }
    }
}
