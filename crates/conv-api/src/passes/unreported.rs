//! A failure that the store could not take in.

use std::sync::{Mutex, MutexGuard, PoisonError};

use conv_model::{Finished, PassFailure, PassId, PassStatus};
use conv_store::Snapshot;
use tokio::sync::watch;

/// A failure beside the snapshot: the store that would have to hold it is what failed, or the pass
/// died before it could write.
///
/// It is true of one state of the sync alone. Once the store shows another one, by a pass of this
/// process or of another, the failure is no longer reported.
#[derive(Debug, Default)]
pub(crate) struct UnreportedFailure {
    failure: Mutex<Option<(Point, PassFailure)>>,
    /// Grows with each change, and wakes the streams.
    number: watch::Sender<u64>,
}

/// The progress of passes that a snapshot shows.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Point {
    pass: PassId,
    is_running: bool,
    finished: Option<Finished>,
}

impl Point {
    fn of(snapshot: &Snapshot) -> Self {
        let sync = snapshot.sync();
        let is_running = matches!(sync.status, PassStatus::Running { .. });
        Self { pass: sync.pass, is_running, finished: sync.finished.clone() }
    }
}

impl UnreportedFailure {
    /// Sets or clears the failure of the list as a snapshot shows it, and wakes the streams.
    pub(super) fn set(&self, snapshot: &Snapshot, failure: Option<PassFailure>) {
        let failure = failure.map(|failure| (Point::of(snapshot), failure));
        {
            let mut known = self.lock();
            if *known == failure {
                return;
            }
            *known = failure;
        }
        // A waker may run any code: not while the lock is held.
        self.number.send_modify(|number| *number += 1);
    }

    /// Returns the failure, if it is still that of the list that a snapshot shows.
    pub(crate) fn of(&self, snapshot: &Snapshot) -> Option<PassFailure> {
        let known = self.lock();
        let (point, failure) = known.as_ref()?;
        (*point == Point::of(snapshot)).then(|| failure.clone())
    }

    /// Returns a number that grows with each change.
    pub(crate) fn number(&self) -> u64 {
        *self.number.borrow()
    }

    /// Returns a receiver of that number.
    pub(crate) fn numbers(&self) -> watch::Receiver<u64> {
        self.number.subscribe()
    }

    /// Sections are short and none of them panics.
    fn lock(&self) -> MutexGuard<'_, Option<(Point, PassFailure)>> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
