//! Interest in lists that outlives the call or the line that had it.

use std::{
    collections::{BTreeSet, HashMap},
    fmt,
    num::NonZeroUsize,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use conv_api::{AccountId, Accounts, Conversations, Error, Watch, WatchLevel};
use tokio::{
    runtime::Handle,
    time::{Instant, sleep_until},
};

use super::etag::Tags;

/// Longer than clients wait before they come back.
const AFTER_A_LINE: Duration = Duration::from_secs(60);
/// The pause between two looks at what is over, at least: an embedder may keep nothing after a call.
const LEAST_PAUSE: Duration = Duration::from_secs(1);

/// Keeps accounts fresh for a while after each call, so that a client that asks again and again has a
/// fresh list, and after a stream or a long poll, so that one that was cut off comes back without a
/// call of the cloud. One interest per account.
#[derive(Clone)]
pub(super) struct Interests(Arc<Mutex<Kept>>);

struct Kept {
    after_a_call: Duration,
    capacity: NonZeroUsize,
    watches: HashMap<AccountId, Interest>,
    /// First the one that ends first. Those after a call are bounded in number, and the one whose last
    /// call was longest ago goes. Those after a line are not: all lines may be cut at once.
    calls: BTreeSet<End>,
    lines: BTreeSet<End>,
    is_swept: bool,
}

type End = (Instant, AccountId);

/// A list that is kept fresh, with the tags of what was answered of it.
#[derive(Clone)]
pub(super) struct Fresh {
    pub(super) watch: Arc<Watch>,
    pub(super) tags: Arc<Tags>,
}

struct Interest {
    fresh: Fresh,
    until: Instant,
    after: After,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum After {
    Call,
    Line,
}

impl Interests {
    pub(super) fn new(capacity: NonZeroUsize, after_a_call: Duration) -> Self {
        Self(Arc::new(Mutex::new(Kept {
            after_a_call,
            capacity,
            watches: HashMap::new(),
            calls: BTreeSet::new(),
            lines: BTreeSet::new(),
            is_swept: false,
        })))
    }

    /// Returns the interest in the account of a list, if there is one, and prolongs it.
    pub(super) fn prolong(&self, list: &Conversations) -> Option<Fresh> {
        let fresh = self.lock().of(list)?;
        self.keep(fresh.clone(), After::Call);
        Some(fresh)
    }

    /// Begins an interest in the account of a list, which causes a pass.
    pub(super) async fn begin(
        &self,
        accounts: &Accounts,
        list: &Conversations,
    ) -> Result<Fresh, Error> {
        let watch = accounts.watch(list.account(), WatchLevel::Background).await?;
        let fresh = Fresh { watch: Arc::new(watch), tags: Arc::default() };
        self.keep(fresh.clone(), After::Call);
        Ok(fresh)
    }

    /// Keeps the interest of a line that ended, in the background.
    pub(super) fn outlive_line(&self, watch: Arc<Watch>) {
        watch.set_level(WatchLevel::Background);
        let known = self.lock().of(watch.list());
        let tags = known.map(|known| known.tags).unwrap_or_default();
        self.keep(Fresh { watch, tags }, After::Line);
    }

    fn keep(&self, fresh: Fresh, after: After) {
        // Without a runtime, the process ends.
        let Ok(runtime) = Handle::try_current() else { return };
        let (gone, starts) = {
            let mut kept = self.lock();
            let gone = kept.insert(fresh, after);
            (gone, !std::mem::replace(&mut kept.is_swept, true))
        };
        // The end of an interest has work to do, outside of the lock.
        drop(gone);
        if starts {
            runtime.spawn(sweep(Arc::downgrade(&self.0)));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        lock(&self.0)
    }
}

impl Kept {
    /// Returns the interest in a list; not one in a list of the account that was closed.
    fn of(&self, list: &Conversations) -> Option<Fresh> {
        let fresh = &self.watches.get(list.account())?.fresh;
        fresh.watch.list().is_same(list).then(|| fresh.clone())
    }

    /// Adds an interest; returns those that end because of it. One that the same list has already
    /// ends no earlier than before.
    fn insert(&mut self, fresh: Fresh, after: After) -> Vec<Interest> {
        let account = fresh.watch.list().account().clone();
        let mut interest = Interest { until: Instant::now() + self.time(after), fresh, after };
        let before = self.remove(&account);
        if let Some(before) = before.as_ref().filter(|before| before.lasts_longer_than(&interest)) {
            (interest.until, interest.after) = (before.until, before.after);
        }
        self.ends(interest.after).insert((interest.until, account.clone()));
        self.watches.insert(account, interest);
        let beyond = self.calls.len().saturating_sub(self.capacity.get());
        before.into_iter().chain((0..beyond).filter_map(|_| self.pop_call())).collect()
    }

    fn time(&self, after: After) -> Duration {
        match after {
            After::Call => self.after_a_call,
            After::Line => AFTER_A_LINE,
        }
    }

    fn ends(&mut self, after: After) -> &mut BTreeSet<End> {
        match after {
            After::Call => &mut self.calls,
            After::Line => &mut self.lines,
        }
    }

    fn remove(&mut self, account: &AccountId) -> Option<Interest> {
        let interest = self.watches.remove(account)?;
        self.ends(interest.after).remove(&(interest.until, account.clone()));
        Some(interest)
    }

    fn pop_call(&mut self) -> Option<Interest> {
        let (_, account) = self.calls.pop_first()?;
        self.watches.remove(&account)
    }

    /// Takes out those that are over. Returns when to look again, too: before one that begins later
    /// can be over.
    fn over(&mut self, now: Instant) -> (Vec<Interest>, Option<Instant>) {
        let mut over = Vec::new();
        for after in [After::Call, After::Line] {
            while self.ends(after).first().is_some_and(|(until, _)| *until <= now) {
                let first = self.ends(after).pop_first();
                over.extend(first.and_then(|(_, account)| self.watches.remove(&account)));
            }
        }
        let firsts = [self.calls.first(), self.lines.first()];
        let next = firsts.into_iter().flatten().map(|(until, _)| *until).min();
        self.is_swept = next.is_some();
        (
            over,
            next.map(|next| {
                let pause = self.after_a_call.min(AFTER_A_LINE).max(LEAST_PAUSE);
                next.min(now + pause)
            }),
        )
    }
}

impl Interest {
    fn lasts_longer_than(&self, other: &Self) -> bool {
        self.until > other.until && self.fresh.watch.list().is_same(other.fresh.watch.list())
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
