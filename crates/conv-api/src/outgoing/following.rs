//! Changes that other processes, or other handles of this one, queue.

use std::sync::{Arc, Weak, atomic::Ordering::Relaxed};

use conv_store::Watcher;
use tokio::sync::watch;

use super::sending::Shared;

impl Shared {
    /// Starts to watch for changes that others queue, if others may do so. Their process may have no
    /// writer, or end before it sent them.
    pub(super) fn follow(self: &Arc<Self>) {
        let config = &self.config;
        if config.leases.is_none() || self.is_following.swap(true, Relaxed) {
            return;
        }
        let following = Following(Arc::downgrade(self));
        let Ok(runtime) = config.runtime.get() else { return };
        runtime.spawn(following.run(config.store.watch(), self.open.subscribe()));
    }
}

/// The task that watches. It keeps neither the list nor its store.
struct Following(Weak<Shared>);

impl Following {
    async fn run(self, mut store: Watcher, mut open: watch::Receiver<bool>) {
        loop {
            tokio::select! {
                biased;
                _ = open.wait_for(|is_open| !is_open) => return,
                newer = store.next() => if newer.is_err() { return },
            }
            let Some(shared) = self.0.upgrade() else { return };
            shared.start();
        }
    }
}

/// A task that is dropped since its runtime ended is started again by the next call.
impl Drop for Following {
    fn drop(&mut self) {
        if let Some(shared) = self.0.upgrade() {
            shared.is_following.store(false, Relaxed);
        }
    }
}
