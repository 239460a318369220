//! Interest in the lists of clients that ask again and again.

use std::{
    collections::{BTreeSet, HashMap},
    fmt,
    num::NonZeroUsize,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use conv_api::{AccountId, Accounts, Conversations, Error, Watch, WatchLevel};
use tokio::time::{Instant, sleep_until};

/// Keeps accounts fresh for a while after each call. Of too many, the one whose last call was longest
/// ago is no longer kept.
#[derive(Clone)]
pub(super) struct Interests(Arc<Mutex<Kept>>);

struct Kept {
    time: Duration,
    capacity: NonZeroUsize,
    watches: HashMap<AccountId, Interest>,
    /// First the one that ends first.
    ends: BTreeSet<(Instant, AccountId)>,
    is_swept: bool,
}

struct Interest {
    watch: Arc<Watch>,
    until: Instant,
}

impl Interests {
    pub(super) fn new(capacity: NonZeroUsize, time: Duration) -> Self {
        let (watches, ends) = (HashMap::new(), BTreeSet::new());
        Self(Arc::new(Mutex::new(Kept { time, capacity, watches, ends, is_swept: false })))
    }

    /// Returns the interest in the account of a list, if there is one, and prolongs it.
    pub(super) fn prolong(&self, list: &Conversations) -> Option<Arc<Watch>> {
        self.lock().prolong(list)
    }

    /// Begins an interest in the account of a list, which causes a pass.
    pub(super) async fn begin(
        &self,
        accounts: &Accounts,
        list: &Conversations,
    ) -> Result<Arc<Watch>, Error> {
        let watch = Arc::new(accounts.watch(list.account(), WatchLevel::Background).await?);
        let (gone, starts) = {
            let mut kept = self.lock();
            let gone = kept.insert(Arc::clone(&watch));
            (gone, !std::mem::replace(&mut kept.is_swept, true))
        };
        // The end of an interest has work to do, outside of the lock.
        drop(gone);
        if starts {
            tokio::spawn(sweep(Arc::downgrade(&self.0)));
        }
        Ok(watch)
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        lock(&self.0)
    }
}

impl Kept {
    /// Returns the interest in the account of a list, which lasts longer from now on. One in a list of
    /// the account that was closed is none.
    fn prolong(&mut self, list: &Conversations) -> Option<Arc<Watch>> {
        let until = Instant::now() + self.time;
        let interest = self.watches.get_mut(list.account())?;
        if !interest.watch.list().is_same(list) {
            return None;
        }
        self.ends.remove(&(interest.until, list.account().clone()));
        self.ends.insert((until, list.account().clone()));
        interest.until = until;
        Some(Arc::clone(&interest.watch))
    }

    /// Adds an interest; returns those that end because of it.
    fn insert(&mut self, watch: Arc<Watch>) -> Vec<Interest> {
        let (account, until) = (watch.list().account().clone(), Instant::now() + self.time);
        self.ends.insert((until, account.clone()));
        let before = self.watches.insert(account.clone(), Interest { watch, until });
        if let Some(before) = before.as_ref().filter(|before| before.until != until) {
            self.ends.remove(&(before.until, account));
        }
        let beyond = self.watches.len().saturating_sub(self.capacity.get());
        before.into_iter().chain((0..beyond).filter_map(|_| self.pop())).collect()
    }

    fn pop(&mut self) -> Option<Interest> {
        let (_, account) = self.ends.pop_first()?;
        self.watches.remove(&account)
    }

    /// Takes out those that are over. Returns the next end, too.
    fn over(&mut self, now: Instant) -> (Vec<Interest>, Option<Instant>) {
        let mut over = Vec::new();
        while self.ends.first().is_some_and(|(until, _)| *until <= now) {
            over.extend(self.pop());
        }
        let next = self.ends.first().map(|(until, _)| *until);
        self.is_swept = next.is_some();
        (over, next)
    }
}

/// Ends interests in time, until none is left.
async fn sweep(kept: Weak<Mutex<Kept>>) {
    loop {
        let next = {
            let Some(kept) = kept.upgrade() else { return };
            let (over, next) = lock(&kept).over(Instant::now());
            drop(over);
            next
        };
        match next {
            Some(next) => sleep_until(next).await,
            None => return,
        }
    }
}

fn lock(kept: &Mutex<Kept>) -> MutexGuard<'_, Kept> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for Interests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Interests").field("kept", &self.lock().watches.len()).finish()
    }
}
