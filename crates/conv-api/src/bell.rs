//! Waiting for the next commit without keeping the list open.

use std::{
    collections::HashMap,
    fmt,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

use conv_model::Seq;
use conv_store::{ConversationStore, StoreError};

use crate::{conversations::Inner, interest::Interest};

type Waiting = Pin<Box<dyn Future<Output = Result<(), StoreError>> + Send>>;

/// Rings for all streams of a list when its store has a newer snapshot.
///
/// One call of [`ConversationStore::changed`] serves them all. Whoever is polled drives it, so it
/// takes no task; and it lies with the list and not with the streams, so that none of them keeps
/// the store open. Dropping it rings a last time.
#[derive(Default)]
pub(crate) struct Bell {
    /// Waits for a snapshot newer than the number.
    waiting: Mutex<Option<(Seq, Waiting)>>,
    waiters: Arc<Waiters>,
}

#[derive(Default)]
struct Waiters {
    next: AtomicU64,
    wakers: Mutex<HashMap<u64, Waker>>,
}

impl Bell {
    pub(crate) fn ringer(&self) -> Ringer {
        Ringer(Arc::clone(&self.waiters))
    }

    /// Whether there is a snapshot newer than a number; wakes the waiter once it may be so.
    fn poll_newer(
        &self,
        cx: &mut Context<'_>,
        waiter: u64,
        store: &Arc<dyn ConversationStore>,
        since: Seq,
    ) -> Poll<Result<(), StoreError>> {
        // Before the look, so that no ring between the two is missed.
        self.waiters.register(waiter, cx.waker());
        let mut waiting = lock(&self.waiting);
        if waiting.as_ref().is_some_and(|(newest, _)| *newest > since) {
            return Poll::Ready(Ok(()));
        }
        let same = waiting.take_if(|(newest, _)| *newest == since);
        // Those who wait for an older number would never be woken by it.
        let is_overtaken = waiting.take().is_some();
        let mut future = same.unwrap_or_else(|| (since, newer(store, since))).1;
        let waker = Waker::from(Arc::clone(&self.waiters));
        let result = future.as_mut().poll(&mut Context::from_waker(&waker));
        if result.is_pending() {
            *waiting = Some((since, future));
        }
        drop(waiting);
        if is_overtaken || result.is_ready() {
            self.waiters.ring_others(waiter);
        }
        result
    }
}

/// Wakes the streams of a list for what no commit tells.
#[derive(Clone)]
pub(crate) struct Ringer(Arc<Waiters>);

impl Ringer {
    pub(crate) fn ring(&self) {
        self.0.ring();
    }
}

impl fmt::Debug for Ringer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ringer").finish_non_exhaustive()
    }
}

/// Ends once there is a snapshot newer than a number.
fn newer(store: &Arc<dyn ConversationStore>, since: Seq) -> Waiting {
    let store = Arc::clone(store);
    Box::pin(async move { store.changed(since).await.map(drop) })
}

impl Drop for Bell {
    fn drop(&mut self) {
        self.waiters.ring();
    }
}

impl fmt::Debug for Bell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bell").finish_non_exhaustive()
    }
}

impl Waiters {
    fn register(&self, waiter: u64, waker: &Waker) {
        let mut wakers = lock(&self.wakers);
        if !wakers.get(&waiter).is_some_and(|known| known.will_wake(waker)) {
            let old = wakers.insert(waiter, waker.clone());
            // Waking or dropping one may run code of anybody: not while the lock is held.
            drop(wakers);
            drop(old);
        }
    }

    fn forget(&self, waiter: u64) {
        let old = lock(&self.wakers).remove(&waiter);
        drop(old);
    }

    fn ring_others(&self, waiter: u64) {
        let mut wakers = lock(&self.wakers);
        let own = wakers.remove_entry(&waiter);
        let others = std::mem::replace(&mut *wakers, own.into_iter().collect());
        drop(wakers);
        others.into_values().for_each(Waker::wake);
    }

    fn ring(&self) {
        let wakers = std::mem::take(&mut *lock(&self.wakers));
        wakers.into_values().for_each(Waker::wake);
    }
}

impl Wake for Waiters {
    fn wake(self: Arc<Self>) {
        self.ring();
    }
}

/// A stream's hold of its list, which does not keep it open.
pub(crate) struct Listener {
    inner: Weak<Inner>,
    waiter: u64,
    _interest: Interest,
}

impl Listener {
    pub(crate) fn new(inner: &Arc<Inner>) -> Self {
        let waiter = inner.bell.waiters.next.fetch_add(1, Ordering::Relaxed);
        Self { inner: Arc::downgrade(inner), waiter, _interest: inner.interest.clone() }
    }

    /// The list, if a handle of it is left.
    pub(crate) fn list(&self) -> Option<Arc<Inner>> {
        self.inner.upgrade()
    }

    /// Ready once there is a snapshot newer than a number.
    ///
    /// # Errors
    /// [`StoreError::Closed`] once none can come.
    pub(crate) fn poll_newer(
        &self,
        list: &Inner,
        cx: &mut Context<'_>,
        since: Seq,
    ) -> Poll<Result<(), StoreError>> {
        list.bell.poll_newer(cx, self.waiter, &list.store, since)
    }

    /// Wakes also when the list goes.
    pub(crate) fn listen(&self, list: &Inner, cx: &mut Context<'_>) {
        list.bell.waiters.register(self.waiter, cx.waker());
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Some(list) = self.inner.upgrade() {
            list.bell.waiters.forget(self.waiter);
        }
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listener").field("waiter", &self.waiter).finish_non_exhaustive()
    }
}

/// Sections are short and none of them panics.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
