//! The accounts in use: asking for one twice gives the same store.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

use conv_model::AccountId;

use super::account::Account;
use crate::IndexedStore;

/// A place for each account, locked while its store is opened or wiped.
#[derive(Debug, Default)]
pub(super) struct Stores {
    slots: Mutex<Slots>,
}

#[derive(Debug, Default)]
struct Slots {
    by_account: HashMap<AccountId, Arc<tokio::sync::Mutex<Slot>>>,
    /// Places out of use are looked for once there are more than this.
    sweep_over: usize,
}

/// Below this many places none is looked for.
const FEW: usize = 64;

/// One account's place.
#[derive(Debug, Default)]
pub(super) struct Slot {
    account: Option<Arc<Account>>,
    store: Weak<IndexedStore>,
}

impl Stores {
    pub(super) fn slot(&self, account: &AccountId) -> Arc<tokio::sync::Mutex<Slot>> {
        let mut slots = self.lock();
        if slots.by_account.len() > slots.sweep_over.max(FEW) {
            slots.by_account.retain(|_, slot| is_used(slot));
            slots.sweep_over = slots.by_account.len().saturating_mul(2);
        }
        Arc::clone(slots.by_account.entry(account.clone()).or_default())
    }

    pub(super) fn all(&self) -> Vec<Arc<tokio::sync::Mutex<Slot>>> {
        self.lock().by_account.values().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, Slots> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_used(slot: &Arc<tokio::sync::Mutex<Slot>>) -> bool {
    // Who has a clone may be waiting for it. A store that is gone may still have a write on its
    // way, and a new one must share its account's gate.
    let idle = slot.try_lock().is_ok_and(|slot| {
        slot.account.as_ref().is_none_or(|account| Arc::strong_count(account) == 1)
    });
    Arc::strong_count(slot) > 1 || !idle
}

impl Slot {
    /// The account, made anew if it was closed or forgotten.
    pub(super) fn account(&mut self, id: &AccountId) -> &Arc<Account> {
        let open = self.account.take().filter(|account| !account.is_closed());
        self.account.insert(open.unwrap_or_else(|| Arc::new(Account::new(id.clone()))))
    }

    /// The store that is open.
    pub(super) fn store(&self) -> Option<Arc<IndexedStore>> {
        self.account.as_ref().filter(|account| !account.is_closed())?;
        self.store.upgrade().filter(|store| !store.is_closed())
    }

    pub(super) fn keep(&mut self, store: &Arc<IndexedStore>) {
        self.store = Arc::downgrade(store);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_out_of_use_are_given_up() {
        let stores = Stores::default();
        let account = |number: usize| AccountId::try_from(format!("a{number}")).unwrap();
        let held = stores.slot(&account(0));
        let engine = Arc::clone(stores.slot(&account(1)).try_lock().unwrap().account(&account(1)));
        for number in 2..10_000 {
            stores.slot(&account(number));
            assert!(stores.all().len() <= FEW + 1);
        }
        assert!(Arc::ptr_eq(&held, &stores.slot(&account(0))));
        let slot = stores.slot(&account(1));
        assert!(Arc::ptr_eq(&engine, slot.try_lock().unwrap().account(&account(1))));
    }
}
