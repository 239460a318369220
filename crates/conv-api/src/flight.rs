//! One pass at a time: whoever asks for another joins it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use conv_model::{AccountId, PassFailure};
use conv_store::{ConversationStore, StoreError};
use conv_sync::{Clock, ConversationSource, PullOptions, Puller};
use tokio::{runtime::Handle, sync::watch};

use crate::Error;

/// All that a pass needs.
#[derive(Clone, Debug)]
pub(crate) struct Route {
    pub(crate) account: AccountId,
    pub(crate) store: Arc<dyn ConversationStore>,
    pub(crate) source: Arc<dyn ConversationSource>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) options: PullOptions,
}

type Outcome = Result<(), Error>;

type Flight = watch::Receiver<Option<Outcome>>;

#[derive(Debug, Default)]
struct Current {
    flight: Option<Flight>,
    /// Something changed since the pass under way began: another has to follow.
    is_dirty: bool,
}

/// The passes of one account. Dropping it stops the one under way.
#[derive(Debug)]
pub(crate) struct Flights {
    current: Arc<Mutex<Current>>,
    /// A failure that the store could not take in, so that no snapshot tells it.
    untold: Arc<Mutex<Option<PassFailure>>>,
    /// A pass stops once this turns false or is dropped.
    open: watch::Sender<bool>,
    /// A pass that pauses tries again whenever this is sent to.
    retry: watch::Sender<()>,
}

impl Flights {
    pub(crate) fn new() -> Self {
        Self {
            current: Arc::default(),
            untold: Arc::new(Mutex::new(None)),
            open: watch::Sender::new(true),
            retry: watch::Sender::new(()),
        }
    }

    /// Starts a pass or joins the one under way, and waits for its end. The pass goes on if this
    /// is dropped.
    pub(crate) async fn join(&self, route: &Route) -> Outcome {
        let mut flight = self.current_or_new(route)?;
        match flight.wait_for(Option::is_some).await {
            Ok(outcome) => outcome.clone().unwrap_or(Err(Error::Stopped)),
            // The task is gone without a word: its runtime was shut down, or a source panicked.
            Err(_) => Err(Error::Stopped),
        }
    }

    /// Stops the pass under way, waits for its end, and lets no other begin.
    pub(crate) async fn stop(&self) {
        self.open.send_replace(false);
        let flight = lock(&self.current).flight.clone();
        if let Some(mut flight) = flight {
            // Whichever way it ends, it has ended.
            let _ = flight.wait_for(Option::is_some).await;
        }
    }

    pub(crate) fn untold(&self) -> Option<PassFailure> {
        lock(&self.untold).clone()
    }

    /// Sees to it that a pass begins after this moment.
    pub(crate) fn mark_dirty(&self, route: &Route) -> Result<(), Error> {
        // While the lock is held a pass under way cannot end without seeing the mark.
        let mut current = lock(&self.current);
        if current.is_under_way() {
            current.is_dirty = true;
            return Ok(());
        }
        self.start(&mut current, route).map(drop)
    }

    /// Ends the pauses of the pass under way; says whether there is one.
    pub(crate) fn retry_now(&self) -> bool {
        self.retry.send_replace(());
        lock(&self.current).is_under_way()
    }

    fn current_or_new(&self, route: &Route) -> Result<Flight, Error> {
        let mut current = lock(&self.current);
        match &current.flight {
            Some(flight) if current.is_under_way() => Ok(flight.clone()),
            _ => self.start(&mut current, route),
        }
    }

    fn start(&self, current: &mut Current, route: &Route) -> Result<Flight, Error> {
        if !*self.open.borrow() {
            return Err(StoreError::Closed.into());
        }
        let runtime = Handle::try_current().map_err(|_| StoreError::NoRuntime)?;
        let (sender, flight) = watch::channel(None);
        let route = route.clone();
        let signals = Signals { open: self.open.subscribe(), retry: self.retry.subscribe() };
        let (shared, untold) = (Arc::clone(&self.current), Arc::clone(&self.untold));
        runtime.spawn(async move {
            loop {
                let outcome = pass(&route, signals.clone()).await;
                *lock(&untold) = outcome.as_ref().err().filter(is_untold).map(Error::to_failure);
                let mut current = lock(&shared);
                if outcome.is_err() || !std::mem::take(&mut current.is_dirty) {
                    current.is_dirty = false;
                    sender.send_replace(Some(outcome));
                    return;
                }
            }
        });
        current.flight = Some(flight.clone());
        Ok(flight)
    }
}

impl Current {
    fn is_under_way(&self) -> bool {
        self.flight.as_ref().is_some_and(|flight| {
            // A sender that is gone without a word was a task that is gone.
            flight.borrow().is_none() && flight.has_changed().is_ok()
        })
    }
}

/// What a pass under way is told.
#[derive(Clone, Debug)]
struct Signals {
    open: watch::Receiver<bool>,
    retry: watch::Receiver<()>,
}

/// Carries what the source yields to the store, and back what became of it.
async fn pass(route: &Route, mut signals: Signals) -> Outcome {
    let state = route.store.snapshot().sync().clone();
    let mut puller = Puller::new(
        Arc::clone(&route.source),
        Arc::clone(&route.clock),
        route.account.clone(),
        route.options.clone(),
        &state,
    );
    let mut is_open = true;
    loop {
        let next = tokio::select! {
            next = puller.next() => next?,
            _ = signals.open.changed(), if is_open => {
                is_open = false;
                puller.cancel();
                continue;
            }
            Ok(()) = signals.retry.changed() => {
                puller.retry_now();
                continue;
            }
        };
        let Some(delta) = next else { return Ok(()) };
        puller.applied(&route.store.apply(delta).await?);
    }
}

/// Whether no snapshot tells of a failure. A pass that was superseded did not fail: another one,
/// that tells for itself, goes on.
fn is_untold(error: &&Error) -> bool {
    matches!(error, Error::Store(store) if !matches!(store, StoreError::Superseded(_)))
}

/// Sections are short and hold no guard across an await; a panic in one leaves plain data.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
