//! Waiting for the writes of other processes.

use std::time::Duration;

use conv_model::Seq;
use conv_store::{ConversationStore, Snapshot};
use conv_sync::Clock;

/// The maximum time until this process sees a write of another one.
const NEWS: Duration = Duration::from_secs(2);
/// The interval of looking for writes that change nothing to show.
const LOOK: Duration = Duration::from_millis(50);

/// Waits until a list has a write of another process. Returns `None` if the write does not come: the
/// server may have lost it.
pub(crate) async fn reached(
    store: &dyn ConversationStore,
    clock: &dyn Clock,
    written: Seq,
) -> Option<Snapshot> {
    let shown = async {
        let mut watcher = store.watch();
        loop {
            let snapshot = store.snapshot();
            if snapshot.written() >= written {
                return Some(snapshot);
            }
            // A write that changes nothing to show does not wake; it is polled for.
            tokio::select! {
                biased;
                newer = watcher.newer_than(snapshot.seq()) => drop(newer.ok()?),
                () = clock.sleep(LOOK) => {}
            }
        }
    };
    tokio::select! {
        biased;
        snapshot = shown => snapshot,
        () = clock.sleep(NEWS) => None,
    }
}
