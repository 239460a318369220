//! A map of accounts with one entry per account in use.

use std::collections::HashMap;

use conv_model::AccountId;

/// Up to this many entries, unused ones are not removed.
const MIN_ENTRIES: usize = 64;

/// Something per account in use. Unused entries are removed from time to time.
#[derive(Debug)]
pub(crate) struct InUse<T> {
    by_account: HashMap<AccountId, T>,
    /// Unused entries are removed once there are more than this.
    sweep_over: usize,
}

/// Returns true while an entry is in use.
pub(crate) trait Usage: Default {
    fn is_used(&self) -> bool;
}

impl<T: Usage> InUse<T> {
    /// Returns the entry of an account, made if it is missing.
    pub(crate) fn entry(&mut self, account: &AccountId) -> &mut T {
        if self.by_account.len() > self.sweep_over.max(MIN_ENTRIES) {
            self.by_account.retain(|_, entry| entry.is_used());
            self.sweep_over = self.by_account.len().saturating_mul(2);
        }
        self.by_account.entry(account.clone()).or_default()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.by_account.values()
    }

    pub(super) fn len(&self) -> usize {
        self.by_account.len()
    }
}

impl<T> Default for InUse<T> {
    fn default() -> Self {
        Self { by_account: HashMap::new(), sweep_over: MIN_ENTRIES }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Entry(bool);

    impl Usage for Entry {
        fn is_used(&self) -> bool {
            self.0
        }
    }

    #[test]
    fn unused_entries_are_removed_and_used_ones_stay() {
        let mut accounts = InUse::<Entry>::default();
        let account = |number: usize| AccountId::try_from(format!("a{number}")).unwrap();
        accounts.entry(&account(0)).0 = true;
        for number in 1..10_000 {
            accounts.entry(&account(number));
            assert!(accounts.len() <= MIN_ENTRIES + 2);
        }
        assert!(accounts.entry(&account(0)).0);
    }
}
