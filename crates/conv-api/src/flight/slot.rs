//! A pass's room among the others: held while it works, given back while all it does is pause.

use std::sync::{
    Arc, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

use tokio::sync::Mutex;

use super::{
    breaker::Probe,
    queue::{Admission, Permit, Place},
};

/// Without a place there is room for all.
#[derive(Debug, Default)]
pub(crate) struct Slot {
    place: Option<Arc<Place>>,
    permit: Mutex<Option<Permit>>,
    /// Held until the first call is answered.
    probe: std::sync::Mutex<Option<Probe>>,
    calls: AtomicUsize,
    pauses: AtomicUsize,
}

impl Slot {
    pub(crate) fn new(place: Arc<Place>, admission: Admission) -> Self {
        Self {
            place: Some(place),
            permit: Mutex::new(Some(admission.permit)),
            probe: std::sync::Mutex::new(admission.probe),
            ..Self::default()
        }
    }

    /// Waits for room, if the pass has none.
    pub(crate) async fn take(&self) {
        if let Some(place) = &self.place {
            let mut permit = self.permit.lock().await;
            if permit.is_none() {
                *permit = Some(place.permit().await);
            }
        }
    }

    /// Makes a call, once there is room.
    pub(crate) async fn call<T>(&self, call: impl Future<Output = T>) -> T {
        self.take().await;
        let _counted = Counted::new(&self.calls);
        call.await
    }

    /// A call was answered: by the cloud, or by what stands between.
    pub(crate) fn answered(&self, is_reached: bool) {
        if let Some(place) = &self.place {
            place.note(is_reached);
            // Only now may the next one try: it goes by what this one met.
            let probe = self.probe.lock().unwrap_or_else(PoisonError::into_inner).take();
            drop(probe);
        }
    }

    /// Waits for a pause to end.
    pub(crate) async fn pause(&self, pause: impl Future<Output = ()>) {
        let _counted = Counted::new(&self.pauses);
        pause.await;
    }

    /// To be called whenever nothing moves: without a call in flight the room is for others.
    pub(crate) fn rest(&self) {
        let is_pausing = self.pauses.load(Ordering::Relaxed) > 0;
        if is_pausing && self.calls.load(Ordering::Relaxed) == 0 {
            // Who holds the lock is waiting for room, and has none.
            if let Ok(mut permit) = self.permit.try_lock() {
                drop(permit.take());
            }
        }
    }
}

struct Counted<'a>(&'a AtomicUsize);

impl<'a> Counted<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
