//! Listing the accounts of a server or a cluster.

use std::sync::Arc;

use async_trait::async_trait;
use conv_model::AccountId;
use conv_store::{AccountPages, StoreError};

use crate::{
    keys,
    server::{Master, Server},
};

/// The number of keys that a server looks at per call.
const STEP: usize = 1_000;

/// Scans the keys of one master after another.
pub(super) struct Listing {
    server: Arc<Server>,
    /// The masters that are not scanned to the end, the current one last; `None` before the first call.
    masters: Option<Vec<Master>>,
    /// The cursor where the scan of the current master continues.
    cursor: String,
}

impl Listing {
    pub(super) fn new(server: &Arc<Server>) -> Self {
        Self { server: Arc::clone(server), masters: None, cursor: "0".to_owned() }
    }
}

#[async_trait]
impl AccountPages for Listing {
    async fn next_page(&mut self) -> Result<Option<Vec<AccountId>>, StoreError> {
        let link = self.server.any_link();
        let masters = match &mut self.masters {
            Some(masters) => masters,
            none => none.insert(link.masters().await?),
        };
        let Some(master) = masters.last() else { return Ok(None) };
        let prefix = &self.server.options.prefix;
        let mut scan = redis::cmd("SCAN");
        scan.arg(&self.cursor).arg("MATCH").arg(keys::pattern(prefix)).arg("COUNT").arg(STEP);
        let (cursor, found): (String, Vec<Vec<u8>>) = link.call_on(master, scan).await?;
        if cursor == "0" {
            masters.pop();
        }
        self.cursor = cursor;
        Ok(Some(found.iter().filter_map(|key| keys::account(prefix, key)).collect()))
    }
}
