//! The permit of a pass to run beside others: held while it works, returned while it only pauses.

use std::{
    sync::{
        Arc, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use conv_sync::Clock;
use tokio::sync::{Mutex, watch};

use super::{
    State,
    breaker::Probe,
    queue::{Admission, QueueTicket, Running, awaited},
};

/// A pass's permit to run. Without a ticket it always has one.
#[derive(Debug, Default)]
pub(crate) struct PassPermit {
    ticket: Option<Arc<QueueTicket>>,
    running: Mutex<Option<Running>>,
    /// Held until the first call is answered.
    probe: std::sync::Mutex<Option<Probe>>,
    /// Knows whether a caller waits.
    state: Option<watch::Receiver<State>>,
    /// The moment at which the pass was asked for.
    asked: Duration,
    has_called: AtomicBool,
    calls: AtomicUsize,
    pauses: AtomicUsize,
}

impl PassPermit {
    pub(crate) fn new(
        ticket: Arc<QueueTicket>,
        state: watch::Receiver<State>,
        admission: Admission,
    ) -> Self {
        Self {
            ticket: Some(ticket),
            state: Some(state),
            asked: admission.asked,
            running: Mutex::new(Some(admission.running)),
            probe: std::sync::Mutex::new(admission.probe),
            ..Self::default()
        }
    }

    /// Waits for room, if the pass has none.
    pub(crate) async fn take(&self) {
        if let Some(ticket) = &self.ticket {
            let mut running = self.running.lock().await;
            if running.is_none() {
                *running = Some(ticket.wait().await);
            }
        }
    }

    /// Waits until a call for a page is within the budget; a caller that waits for the pass is not
    /// bound by it. Returns how long the pass waited for its first call, if this is that call and it was.
    pub(crate) async fn spend(&self, clock: &dyn Clock) -> Option<Duration> {
        let ticket = self.ticket.as_ref()?;
        self.take().await;
        let is_bound = !ticket.is_waited_for();
        if is_bound {
            let mut state = self.state.clone();
            tokio::select! {
                biased;
                () = awaited(&mut state) => {}
                () = ticket.spend(clock) => {}
            }
        }
        let is_first = !self.has_called.swap(true, Ordering::Relaxed);
        (is_first && is_bound).then(|| clock.now().saturating_sub(self.asked))
    }

    /// Makes a call, once there is room.
    pub(crate) async fn call<T>(&self, call: impl Future<Output = T>) -> T {
        self.take().await;
        let _counted = Counted::new(&self.calls);
        call.await
    }

    /// A call was answered: by the cloud, or by something between.
    pub(crate) fn answered(&self, is_reached: bool) {
        if let Some(ticket) = &self.ticket {
            ticket.note(is_reached);
            // Only now may the next pass try: it depends on the result of this one.
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
            // The holder of the lock is waiting for room, and has none.
            if let Ok(mut running) = self.running.try_lock() {
                drop(running.take());
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
