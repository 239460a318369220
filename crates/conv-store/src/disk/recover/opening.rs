//! One opening: its right to change files, and its findings so far.

use std::{
    future::Future,
    pin::pin,
    sync::{
        Mutex, MutexGuard,
        atomic::{AtomicU8, Ordering},
    },
    time::Duration,
};

use tokio::time::timeout;

use crate::{Recovery, StoreError, disk::fs::caught, sync::lock};

const LOOKING: u8 = 0;
const CHANGING: u8 = 1;
const GIVEN_UP: u8 = 2;

/// Shared by the thread that opens and the callers who wait for it.
///
/// A thread that hangs in an engine cannot be stopped. So a caller who stops waiting withdraws the
/// permission to change anything: if the thread goes on one day, it finds that the opening was
/// given up.
#[derive(Debug)]
pub(crate) struct Opening {
    limit: Duration,
    stage: AtomicU8,
    recovery: Mutex<Recovery>,
}

impl Opening {
    /// An opening that may take so long.
    pub(crate) fn new(limit: Duration) -> Self {
        Self { limit, stage: AtomicU8::new(LOOKING), recovery: Mutex::default() }
    }

    /// Waits for the opening, for as long as it may take.
    pub(crate) async fn within<T>(
        &self,
        opened: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let mut opened = pin!(opened);
        loop {
            if let Ok(result) = timeout(self.limit, opened.as_mut()).await {
                return result;
            }
            // While it changes something it does not hang, and must not be left half way.
            if self.moves(LOOKING, GIVEN_UP) {
                return Err(self.timed_out());
            }
        }
    }

    /// Changes something in the folder, if a caller still waits for it. A panic becomes an error.
    pub(crate) fn change<T>(
        &self,
        work: impl FnOnce(&mut Recovery) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        if !self.moves(LOOKING, CHANGING) {
            return Err(self.timed_out());
        }
        // The findings are added afterwards: reading them must not wait for the work.
        let mut met = Recovery::default();
        let result = caught(|| work(&mut met));
        self.lock().join(met);
        self.stage.store(LOOKING, Ordering::Release);
        result
    }

    /// Returns the findings so far, also those of openings after a failed write.
    pub(crate) fn recovery(&self) -> Recovery {
        self.lock().clone()
    }

    fn moves(&self, from: u8, to: u8) -> bool {
        self.stage.compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    fn timed_out(&self) -> StoreError {
        StoreError::OpenTimedOut { limit: self.limit }
    }

    fn lock(&self) -> MutexGuard<'_, Recovery> {
        lock(&self.recovery)
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use tokio::sync::oneshot;

    use super::*;

    const LIMIT: Duration = Duration::from_secs(30);

    #[tokio::test(start_paused = true)]
    async fn one_that_hangs_is_given_up_and_changes_nothing_any_more() {
        let opening = Opening::new(LIMIT);
        let error = opening.within(pending::<Result<(), _>>()).await.unwrap_err();
        assert!(matches!(error, StoreError::OpenTimedOut { limit: LIMIT }), "{error:?}");
        let late = opening.change(|_| -> Result<(), _> { panic!("the opening was given up") });
        assert!(matches!(late, Err(StoreError::OpenTimedOut { .. })));
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_is_changing_something_is_waited_for() {
        let opening = Opening::new(LIMIT);
        assert!(opening.moves(LOOKING, CHANGING));
        let (end, ended) = oneshot::channel();
        let waits = opening.within(async { ended.await.map_err(|_| StoreError::Closed) });
        let ends = async {
            tokio::time::sleep(3 * LIMIT).await;
            end.send(7).unwrap();
        };
        let (result, ()) = tokio::join!(waits, ends);
        assert_eq!(result.unwrap(), 7);
    }

    #[test]
    fn findings_can_be_read_during_a_change() {
        let opening = Opening::new(LIMIT);
        let met = Recovery { repaired: true, ..Recovery::default() };
        for before in [Recovery::default(), met.clone()] {
            let change = |now: &mut Recovery| {
                now.repaired = true;
                Ok(opening.recovery())
            };
            assert_eq!(opening.change(change).unwrap(), before);
        }
        assert_eq!(opening.recovery(), met);
    }

    #[test]
    fn a_panic_in_a_change_ends_only_that_change() {
        let opening = Opening::new(LIMIT);
        assert!(opening.change(|_| -> Result<(), _> { panic!("sled does") }).is_err());
        assert_eq!(opening.change(|_| Ok(7)).unwrap(), 7);
    }
}
