//! The engines of the accounts of a server.

use std::sync::Arc;

use async_trait::async_trait;
use conv_model::AccountId;
use conv_store::{AccountEngines, Leases, Signals, StoreError, StoredAccounts};

use super::listing::Listing;
use crate::{
    RedisEngine, keys::Keys, lease::RedisLeases, script::FORGET, server::Server,
    signals::RedisSignals,
};

#[derive(Debug)]
pub(super) struct RedisEngines(pub(super) Arc<Server>);

#[async_trait]
impl AccountEngines for RedisEngines {
    type Engine = RedisEngine;

    async fn engine(&self, account: &AccountId) -> Result<RedisEngine, StoreError> {
        Ok(RedisEngine::new(&self.0, account))
    }

    async fn wipe(&self, account: &AccountId) -> Result<(), StoreError> {
        let keys = Keys::new(&self.0.options.prefix, account);
        let link = self.0.link(&keys.rows);
        let words = [link.publish(), &keys.channel].map(str::as_bytes);
        Ok(FORGET.run(&link, &keys.all(), &words).await?)
    }

    /// The connections close once the last engine, lease or limiter is dropped.
    async fn close(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn accounts(&self) -> StoredAccounts {
        StoredAccounts::new(Listing::new(&self.0))
    }

    fn pass_leases(&self) -> Option<Arc<dyn Leases>> {
        Some(Arc::new(RedisLeases::to_pull(&self.0)))
    }

    fn send_leases(&self) -> Option<Arc<dyn Leases>> {
        Some(Arc::new(RedisLeases::to_send(&self.0)))
    }

    fn signals(&self) -> Option<Arc<dyn Signals>> {
        Some(Arc::new(RedisSignals::new(&self.0)))
    }
}
