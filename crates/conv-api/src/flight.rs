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

/// The passes of one account. Dropping it stops the one under way.
#[derive(Debug)]
pub(crate) struct Flights {
    current: Mutex<Option<watch::Receiver<Option<Outcome>>>>,
    /// A failure that the store could not take in, so that no snapshot tells it.
    untold: Arc<Mutex<Option<PassFailure>>>,
    /// A pass stops once this turns false or is dropped.
    open: watch::Sender<bool>,
}

impl Flights {
    pub(crate) fn new() -> Self {
        Self {
            current: Mutex::new(None),
            untold: Arc::new(Mutex::new(None)),
            open: watch::Sender::new(true),
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
        let flight = lock(&self.current).clone();
        if let Some(mut flight) = flight {
            // Whichever way it ends, it has ended.
            let _ = flight.wait_for(Option::is_some).await;
        }
    }

    pub(crate) fn untold(&self) -> Option<PassFailure> {
        lock(&self.untold).clone()
    }

    fn current_or_new(&self, route: &Route) -> Result<watch::Receiver<Option<Outcome>>, Error> {
        if !*self.open.borrow() {
            return Err(StoreError::Closed.into());
        }
        let mut current = lock(&self.current);
        if let Some(flight) = current.as_ref() {
            let is_under_way = flight.borrow().is_none() && flight.has_changed().is_ok();
            if is_under_way {
                return Ok(flight.clone());
            }
        }
        let runtime = Handle::try_current().map_err(|_| StoreError::NoRuntime)?;
        let (sender, flight) = watch::channel(None);
        let (route, open) = (route.clone(), self.open.subscribe());
        let untold = Arc::clone(&self.untold);
        runtime.spawn(async move {
            let outcome = pass(&route, open).await;
            *lock(&untold) = outcome.as_ref().err().filter(is_untold).map(Error::to_failure);
            sender.send_replace(Some(outcome));
        });
        *current = Some(flight.clone());
        Ok(flight)
    }
}

/// Carries what the source yields to the store, and back what became of it.
async fn pass(route: &Route, mut open: watch::Receiver<bool>) -> Outcome {
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
            _ = open.changed(), if is_open => {
                is_open = false;
                puller.cancel();
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
