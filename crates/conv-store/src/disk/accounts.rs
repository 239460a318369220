//! The accounts of a folder that are in use.

use std::sync::{Arc, Mutex, Weak};

use conv_model::AccountId;

use super::account::Account;
use crate::{
    accounts::in_use::{InUse, Usage},
    sync::lock,
};

/// One [`Account`] per ID. An engine that is gone may still have a job in the queue of the commit
/// thread, and the next engine must share its state.
#[derive(Debug, Default)]
pub(super) struct Accounts(Mutex<InUse<Weak<Account>>>);

impl Accounts {
    /// Returns an account, another one than before if that was closed or forgotten.
    pub(super) fn get(&self, id: &AccountId) -> Arc<Account> {
        let mut accounts = lock(&self.0);
        let known = accounts.entry(id);
        if let Some(account) = known.upgrade().filter(|account| !account.is_closed()) {
            return account;
        }
        let account = Arc::new(Account::new(id.clone()));
        *known = Arc::downgrade(&account);
        account
    }
}

impl Usage for Weak<Account> {
    fn is_used(&self) -> bool {
        self.strong_count() > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_shared_until_it_is_closed() {
        let (accounts, id) = (Accounts::default(), "a".parse().unwrap());
        let first = accounts.get(&id);
        assert!(Arc::ptr_eq(&first, &accounts.get(&id)));
        first.close();
        let second = accounts.get(&id);
        assert!(!Arc::ptr_eq(&first, &second) && Arc::ptr_eq(&second, &accounts.get(&id)));
    }
}
