//! Leases within one process.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use async_trait::async_trait;
use conv_model::{AccountId, Seq};
use tokio::sync::watch;

use crate::{Holder, Lease, LeaseGrant, Leases, StoreError};

/// [`Leases`] within one process, for several handles of one account. Clones are handles to the same
/// ones. A lease that is dropped has ended.
#[derive(Clone, Debug, Default)]
pub struct MemoryLeases(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    held: watch::Sender<HashMap<AccountId, Holder>>,
    holders: AtomicU64,
}

#[derive(Debug)]
struct Held {
    shared: Arc<Shared>,
    account: AccountId,
}

impl MemoryLeases {
    /// Returns leases of which none is held.
    pub fn new() -> Self {
        Self::default()
    }
}

#[async_trait]
impl Leases for MemoryLeases {
    async fn take(&self, account: &AccountId) -> Result<LeaseGrant, StoreError> {
        let mut other = None;
        self.0.held.send_if_modified(|held| {
            match held.entry(account.clone()) {
                Entry::Occupied(entry) => other = Some(entry.get().clone()),
                Entry::Vacant(entry) => {
                    let number = self.0.holders.fetch_add(1, Relaxed);
                    entry.insert(Holder::new(number.to_string()));
                }
            }
            // Those who wait do so for the end of a lease.
            false
        });
        let ours = || Held { shared: Arc::clone(&self.0), account: account.clone() };
        Ok(other.map_or_else(|| LeaseGrant::Ours(Box::new(ours())), LeaseGrant::Theirs))
    }

    /// All handles of a process have the same store, so it shows what was done.
    async fn ended(&self, account: &AccountId, holder: &Holder) -> Result<Option<Seq>, StoreError> {
        let mut held = self.0.held.subscribe();
        // The sender is here: it cannot fail.
        let _ = held.wait_for(|held| held.get(account) != Some(holder)).await;
        Ok(None)
    }
}

#[async_trait]
impl Lease for Held {
    async fn give_back(self: Box<Self>, _: Option<Seq>) {}
}

impl Drop for Held {
    fn drop(&mut self) {
        self.shared.held.send_modify(|held| drop(held.remove(&self.account)));
    }
}
