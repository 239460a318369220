//! One pass at a time: whoever asks for another joins it.

mod pass;
mod queue;
mod slot;
mod turn;
mod watched;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use conv_model::{AccountId, PassFailure};
use conv_store::{ConversationStore, PassLeases, StoreError};
use conv_sync::{Clock, ConversationSource, PullOptions};
use tokio::{runtime::Handle, sync::watch};

pub(crate) use self::queue::{Permit, Place, Queue};
use self::{pass::Signals, slot::Slot, turn::Turns};
use crate::{Error, stats::Counters};

/// All that a pass needs.
#[derive(Clone, Debug)]
pub(crate) struct Route {
    pub(crate) account: AccountId,
    pub(crate) store: Arc<dyn ConversationStore>,
    pub(crate) source: Arc<dyn ConversationSource>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) options: PullOptions,
    pub(crate) counters: Arc<Counters>,
    /// Who pulls, if other processes use the store at the same time.
    pub(crate) leases: Option<Arc<dyn PassLeases>>,
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
    /// Where passes queue with those of other accounts.
    place: Option<Arc<Place>>,
}

impl Flights {
    /// With a place in a queue, if passes take turns with those of other accounts.
    pub(crate) fn new(place: Option<Place>) -> Self {
        Self {
            current: Arc::default(),
            untold: Arc::new(Mutex::new(None)),
            open: watch::Sender::new(true),
            retry: watch::Sender::new(()),
            place: place.map(Arc::new),
        }
    }

    /// Starts a pass or joins the one under way, and waits for its end: it goes before those that
    /// nobody waits for. The pass goes on if this is dropped.
    pub(crate) async fn join(&self, route: &Route) -> Outcome {
        end_of(self.current_or_new(route)?).await
    }

    /// Sees to it that a pass begins after this moment, in the background, and waits for its end.
    /// The permit is the pass's, if it can begin at once.
    pub(crate) async fn refresh(&self, route: &Route, permit: Permit) -> Outcome {
        end_of(self.dirty(route, Some(permit))?).await
    }

    /// Sees to it that a pass begins after this moment.
    pub(crate) fn mark_dirty(&self, route: &Route) -> Result<(), Error> {
        self.dirty(route, None).map(drop)
    }

    /// Stops the pass under way, waits for its end, and lets no other begin.
    pub(crate) async fn stop(&self) {
        self.refuse();
        let flight = lock(&self.current).flight.clone();
        if let Some(mut flight) = flight {
            // Whichever way it ends, it has ended.
            let _ = flight.wait_for(Option::is_some).await;
        }
    }

    /// Tells the pass under way to stop, and lets no other begin.
    pub(crate) fn refuse(&self) {
        self.open.send_replace(false);
    }

    pub(crate) fn is_stopped(&self) -> bool {
        !*self.open.borrow()
    }

    pub(crate) fn is_under_way(&self) -> bool {
        lock(&self.current).is_under_way()
    }

    pub(crate) fn untold(&self) -> Option<PassFailure> {
        lock(&self.untold).clone()
    }

    /// Ends the pauses of the pass under way; says whether there is one.
    pub(crate) fn retry_now(&self) -> bool {
        self.retry.send_replace(());
        self.is_under_way()
    }

    fn dirty(&self, route: &Route, permit: Option<Permit>) -> Result<Flight, Error> {
        // While the lock is held a pass under way cannot end without seeing the mark.
        let mut current = lock(&self.current);
        match &current.flight {
            Some(flight) if current.is_under_way() => {
                let flight = flight.clone();
                current.is_dirty = true;
                Ok(flight)
            }
            _ => self.start(&mut current, route, permit, Turns::Anew),
        }
    }

    fn current_or_new(&self, route: &Route) -> Result<Flight, Error> {
        let mut current = lock(&self.current);
        let flight = match &current.flight {
            Some(flight) if current.is_under_way() => flight.clone(),
            _ => self.start(&mut current, route, None, Turns::Joined)?,
        };
        if let Some(place) = &self.place {
            place.promote();
        }
        Ok(flight)
    }

    fn start(
        &self,
        current: &mut Current,
        route: &Route,
        permit: Option<Permit>,
        turns: Turns,
    ) -> Result<Flight, Error> {
        if self.is_stopped() {
            return Err(StoreError::Closed.into());
        }
        let runtime = Handle::try_current().map_err(|_| StoreError::NoRuntime)?;
        let (sender, flight) = watch::channel(None);
        let task = Task {
            route: route.clone(),
            signals: Signals { open: self.open.subscribe(), retry: self.retry.subscribe() },
            place: self.place.clone(),
            current: Arc::clone(&self.current),
            untold: Arc::clone(&self.untold),
        };
        runtime.spawn(task.run(permit, turns, sender));
        current.flight = Some(flight.clone());
        Ok(flight)
    }
}

async fn end_of(mut flight: Flight) -> Outcome {
    match flight.wait_for(Option::is_some).await {
        Ok(outcome) => outcome.clone().unwrap_or(Err(Error::Stopped)),
        // The task is gone without a word: its runtime was shut down, or a source panicked.
        Err(_) => Err(Error::Stopped),
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

/// Makes passes until nothing asks for another.
struct Task {
    route: Route,
    signals: Signals,
    place: Option<Arc<Place>>,
    current: Arc<Mutex<Current>>,
    untold: Arc<Mutex<Option<PassFailure>>>,
}

impl Task {
    async fn run(
        self,
        mut permit: Option<Permit>,
        mut turns: Turns,
        sender: watch::Sender<Option<Outcome>>,
    ) {
        loop {
            let outcome = self.once(permit.take(), turns).await;
            turns = Turns::Anew;
            self.route.counters.ended(outcome.is_ok());
            *lock(&self.untold) = outcome.as_ref().err().filter(is_untold).map(Error::to_failure);
            let mut current = lock(&self.current);
            if outcome.is_err() || !std::mem::take(&mut current.is_dirty) {
                current.is_dirty = false;
                if let Some(place) = &self.place {
                    place.demote();
                }
                sender.send_replace(Some(outcome));
                return;
            }
        }
    }

    /// Waits for room among the passes of other accounts.
    async fn room(&self, permit: Option<Permit>) -> Result<Slot, Error> {
        let slot = Slot::new(self.place.clone(), permit);
        let mut open = self.signals.open.clone();
        tokio::select! {
            biased;
            _ = open.changed() => return Err(Error::Stopped),
            () = slot.take() => {}
        }
        Ok(slot)
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
