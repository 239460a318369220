//! Interest that outlives a line: a client that was cut off comes back without a call of the cloud.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use conv_api::{AccountId, Watch, WatchLevel};
use tokio::{
    runtime::Handle,
    time::{Instant, sleep_until},
};

/// Longer than clients wait before they come back.
const KEPT: Duration = Duration::from_secs(60);

/// The interests of lines that ended a short while ago, one per account.
#[derive(Clone, Default)]
pub(in crate::server) struct Lingering(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    watches: HashMap<AccountId, (Arc<Watch>, Instant)>,
    is_swept: bool,
}

impl Lingering {
    /// Keeps an interest for a while, in the background.
    pub(in crate::server) fn keep(&self, watch: Arc<Watch>) {
        // Without a runtime, the process ends.
        let Ok(runtime) = Handle::try_current() else { return };
        watch.set_level(WatchLevel::Background);
        let (account, until) = (watch.list().account().clone(), Instant::now() + KEPT);
        let (before, starts) = {
            let mut kept = lock(&self.0);
            let before = kept.watches.insert(account, (watch, until));
            (before, !std::mem::replace(&mut kept.is_swept, true))
        };
        // The end of an interest has work to do, outside of the lock.
        drop(before);
        if starts {
            runtime.spawn(sweep(Arc::downgrade(&self.0)));
        }
    }
}

/// Ends interests in time, until none is left.
async fn sweep(kept: Weak<Mutex<Kept>>) {
    loop {
        sleep_until(Instant::now() + KEPT / 6).await;
        let Some(kept) = kept.upgrade() else { return };
        let now = Instant::now();
        let (over, is_empty) = {
            let mut kept = lock(&kept);
            let ends = kept.watches.iter().filter(|(_, (_, until))| *until <= now);
            let ends: Vec<AccountId> = ends.map(|(account, _)| account.clone()).collect();
            let over: Vec<_> = ends.iter().filter_map(|it| kept.watches.remove(it)).collect();
            kept.is_swept = !kept.watches.is_empty();
            (over, !kept.is_swept)
        };
        drop(over);
        if is_empty {
            return;
        }
    }
}

fn lock(kept: &Mutex<Kept>) -> MutexGuard<'_, Kept> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for Lingering {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lingering").field("kept", &lock(&self.0).watches.len()).finish()
    }
}
