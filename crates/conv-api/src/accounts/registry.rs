//! Accounts that are loaded or being loaded, and eviction when memory is short.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

use conv_model::{AccountId, Seq};
use conv_store::StoreError;
use tokio::sync::watch;

use super::due::DueAccounts;
use crate::{Conversations, conversations::Kept};

/// The number of accounts checked for use each time.
const LOOKS: usize = 8;
/// The approximate memory of a loaded account without its rows: tasks, channels, the sync's state.
const ACCOUNT: usize = 4 * 1024;

/// Accounts by their state.
#[derive(Debug)]
pub(super) struct Registry {
    budget: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    open: HashMap<AccountId, Entry>,
    /// Accounts that were used when they were last looked at, longest ago first.
    used: BTreeMap<u64, AccountId>,
    /// Idle accounts, least recently used first.
    idle: BTreeMap<u64, AccountId>,
    looks: u64,
    bytes: usize,
    /// Accounts that are being opened, forgotten or closed, each with a receiver that ends with that.
    claimed: HashMap<AccountId, watch::Receiver<()>>,
    /// Accounts due for a pass in the background that no loaded list serves.
    due: DueAccounts,
    plans: Vec<Weak<Plan>>,
    is_closed: bool,
}

#[derive(Debug)]
struct Entry {
    list: Kept,
    /// Its key among the used or the idle ones.
    look: u64,
    is_idle: bool,
    bytes: usize,
    measured: Option<Seq>,
}

/// An account that was evicted. The caller drops its list, where no lock is held.
#[derive(Debug)]
pub(super) struct Evicted {
    pub(super) account: AccountId,
    _list: Kept,
}

/// Accounts to be refreshed later.
pub(super) type Plan = Mutex<HashSet<AccountId>>;

/// The exclusive right to open, close or forget an account.
#[derive(Debug)]
pub(super) struct Claim<'a> {
    registry: &'a Registry,
    pub(super) account: &'a AccountId,
    _freed: watch::Sender<()>,
}

impl Registry {
    pub(super) fn new(budget: usize) -> Self {
        Self { budget, state: Mutex::default() }
    }

    /// Returns the list of an account that is loaded.
    ///
    /// # Errors
    /// [`StoreError::Closed`] once all are closed.
    pub(super) fn get(&self, account: &AccountId) -> Result<Option<Conversations>, StoreError> {
        let mut state = self.open()?;
        let Some(entry) = state.open.get(account) else { return Ok(None) };
        if entry.list.is_dead() {
            // Its handles still read; opening the account gives a live list.
            let dead = state.remove(account);
            // Dropping it may wake streams, and run any code: not while the lock is held.
            drop(state);
            drop(dead);
            return Ok(None);
        }
        let list = entry.list.handle();
        state.look_at(account);
        Ok(Some(list))
    }

    /// Waits until no other call opens or closes an account.
    ///
    /// # Errors
    /// [`StoreError::Closed`] once all are closed.
    pub(super) async fn claim<'a>(
        &'a self,
        account: &'a AccountId,
    ) -> Result<Claim<'a>, StoreError> {
        loop {
            let mut claimed = {
                let mut state = self.open()?;
                match state.claimed.get(account) {
                    Some(claimed) => claimed.clone(),
                    None => {
                        let (freed, claimed) = watch::channel(());
                        state.claimed.insert(account.clone(), claimed);
                        return Ok(Claim { registry: self, account, _freed: freed });
                    }
                }
            };
            // Nothing is ever sent: it ends when the claim does.
            let _ = claimed.changed().await;
        }
    }

    /// Evicts idle accounts, least recently used first, until the rest is within the budget.
    #[must_use]
    pub(super) fn make_room(&self) -> Vec<Evicted> {
        let mut state = self.lock();
        for _ in 0..state.used.len().min(LOOKS) {
            state.look_at_next();
        }
        state.evict(self.budget)
    }

    /// Evicts all idle accounts.
    #[must_use]
    pub(super) fn evict_idle(&self) -> Vec<Evicted> {
        let mut state = self.lock();
        for _ in 0..state.used.len() {
            state.look_at_next();
        }
        state.evict(0)
    }

    /// Changes the accounts that are due.
    pub(super) fn due<T>(&self, change: impl FnOnce(&mut DueAccounts) -> T) -> T {
        change(&mut self.lock().due)
    }

    /// Changes the accounts that are due, to add another one.
    ///
    /// # Errors
    /// [`StoreError::Closed`] once all are closed.
    pub(super) fn open_due<T>(
        &self,
        change: impl FnOnce(&mut DueAccounts) -> T,
    ) -> Result<T, StoreError> {
        Ok(change(&mut self.open()?.due))
    }

    /// Accounts to be refreshed later, unless they are forgotten before.
    pub(super) fn plan(&self, accounts: HashSet<AccountId>) -> Result<Arc<Plan>, StoreError> {
        let mut state = self.open()?;
        let plan = Arc::new(Mutex::new(accounts));
        state.plans.retain(|plan| plan.strong_count() > 0);
        state.plans.push(Arc::downgrade(&plan));
        Ok(plan)
    }

    /// Returns the number of loaded lists, their approximate bytes, and the number due.
    pub(super) fn counts(&self) -> (usize, usize, usize) {
        let state = self.lock();
        (state.open.len(), state.bytes, state.due.len())
    }

    /// Takes no more accounts in, and gives those that are loaded.
    pub(super) fn close(&self) -> Result<Vec<Conversations>, StoreError> {
        let mut state = self.open()?;
        state.is_closed = true;
        let open = std::mem::take(&mut state.open);
        (state.used, state.idle, state.bytes) = (BTreeMap::new(), BTreeMap::new(), 0);
        state.due.clear();
        Ok(open.into_values().map(|entry| entry.list.handle()).collect())
    }

    fn open(&self) -> Result<MutexGuard<'_, State>, StoreError> {
        let state = self.lock();
        if state.is_closed { Err(StoreError::Closed) } else { Ok(state) }
    }

    /// Sections are short and none of them panics.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Claim<'_> {
    /// Takes in the list of the account.
    pub(super) fn insert(&self, list: &Conversations) -> Result<(), StoreError> {
        let mut state = self.registry.open()?;
        let list = Kept::new(list);
        let entry = Entry { list, look: 0, is_idle: false, bytes: 0, measured: None };
        state.open.insert(self.account.clone(), entry);
        state.look_at(self.account);
        Ok(())
    }

    /// Takes out the list of the account. Its mark stays, for the next list of the account.
    pub(super) fn remove(&self) -> Option<Kept> {
        self.registry.lock().remove(self.account)
    }

    /// No pass of the account is due or planned any more.
    pub(super) fn cancel(&self) {
        let mut state = self.registry.lock();
        state.due.remove(self.account);
        for plan in state.plans.iter().filter_map(Weak::upgrade) {
            lock(&plan).remove(self.account);
        }
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        self.registry.lock().claimed.remove(self.account);
    }
}

impl State {
    /// An account is used now.
    fn look_at(&mut self, account: &AccountId) {
        self.looks = self.looks.wrapping_add(1);
        let Some(entry) = self.open.get_mut(account) else { return };
        let line = if entry.is_idle { &mut self.idle } else { &mut self.used };
        line.remove(&entry.look);
        (entry.look, entry.is_idle) = (self.looks, false);
        self.used.insert(self.looks, account.clone());
        self.measure(account);
    }

    /// Looks whether the account that was longest not looked at is still used.
    fn look_at_next(&mut self) {
        let Some((look, account)) = self.used.pop_first() else { return };
        self.looks = self.looks.wrapping_add(1);
        let Some(entry) = self.open.get_mut(&account) else { return };
        if entry.list.is_unused() {
            entry.is_idle = true;
            self.idle.insert(look, account.clone());
        } else {
            entry.look = self.looks;
            self.used.insert(self.looks, account.clone());
        }
        self.measure(&account);
    }

    fn evict(&mut self, budget: usize) -> Vec<Evicted> {
        let mut gone = Vec::new();
        while self.bytes > budget {
            let Some((_, account)) = self.idle.pop_first() else { break };
            let Some(list) = self.remove(&account) else { continue };
            gone.push(Evicted { account, _list: list });
        }
        gone
    }

    /// Takes a list out. A mark that it did not serve stays behind.
    fn remove(&mut self, account: &AccountId) -> Option<Kept> {
        let entry = self.open.remove(account)?;
        if let Some(mark) = entry.list.unserved() {
            self.due.keep(account, mark);
        }
        let line = if entry.is_idle { &mut self.idle } else { &mut self.used };
        line.remove(&entry.look);
        self.bytes = self.bytes.saturating_sub(entry.bytes);
        Some(entry.list)
    }

    fn measure(&mut self, account: &AccountId) {
        let Some(entry) = self.open.get_mut(account) else { return };
        let snapshot = entry.list.snapshot();
        if entry.measured.replace(snapshot.seq()) != Some(snapshot.seq()) {
            let before = entry.bytes;
            entry.bytes = snapshot.heap_bytes().saturating_add(ACCOUNT);
            self.bytes = self.bytes.saturating_sub(before).saturating_add(entry.bytes);
        }
    }
}

/// Sections are short and none of them panics.
pub(super) fn lock(plan: &Plan) -> MutexGuard<'_, HashSet<AccountId>> {
    plan.lock().unwrap_or_else(PoisonError::into_inner)
}
