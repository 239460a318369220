//! The accounts in use: asking for one twice gives the same store.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

use conv_model::AccountId;
use conv_store::IndexedStore;

/// A place for each account, locked while its store is opened or wiped.
#[derive(Debug, Default)]
pub(super) struct Stores(Mutex<Slots>);

pub(super) type Slot = Arc<tokio::sync::Mutex<Weak<IndexedStore>>>;

#[derive(Debug, Default)]
struct Slots {
    by_account: HashMap<AccountId, Slot>,
    /// Places out of use are looked for once there are more than this.
    sweep_over: usize,
}

/// Below this many places none is looked for.
const FEW: usize = 64;

impl Stores {
    pub(super) fn slot(&self, account: &AccountId) -> Slot {
        let mut slots = self.lock();
        if slots.by_account.len() > slots.sweep_over.max(FEW) {
            slots.by_account.retain(|_, slot| is_used(slot));
            slots.sweep_over = slots.by_account.len().saturating_mul(2);
        }
        Arc::clone(slots.by_account.entry(account.clone()).or_default())
    }

    pub(super) fn all(&self) -> Vec<Slot> {
        self.lock().by_account.values().cloned().collect()
    }

    /// Sections are short and none of them panics.
    fn lock(&self) -> MutexGuard<'_, Slots> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Who has a clone may be waiting for it.
fn is_used(slot: &Slot) -> bool {
    let is_held = slot.try_lock().map_or(true, |store| store.strong_count() > 0);
    Arc::strong_count(slot) > 1 || is_held
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_out_of_use_are_given_up() {
        let stores = Stores::default();
        let account = |number: usize| AccountId::try_from(format!("a{number}")).unwrap();
        let held = stores.slot(&account(0));
        for number in 1..10_000 {
            stores.slot(&account(number));
            assert!(stores.all().len() <= FEW + 2);
        }
        assert!(Arc::ptr_eq(&held, &stores.slot(&account(0))));
    }
}
