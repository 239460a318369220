//! The passes of one account: one at a time; a call during a pass joins it.
//!
//! A request for a pass is data in a [`State`]; one task serves all of them. So no request is lost
//! with its caller, with a pass that fails, or with the runtime that the caller ran on.

mod backoff;
mod breaker;
mod budget;
mod expiry;
mod names_read;
mod pass;
mod queue;

mod once;
mod permit;
mod state;
mod task;
mod trouble;
mod unreported;
mod watched;

use std::{sync::Arc, time::Duration};

use conv_model::{AccountId, PassFailure};
use conv_store::{ConversationStore, Leases, Snapshot, StoreError};
use conv_sync::{Clock, ConversationSource, FinishedPass, PullOptions};
use tokio::sync::watch;

pub(crate) use self::{
    backoff::backoff,
    budget::{Budget, Rate},
    expiry::LastReply,
    names_read::NamesRead,
    queue::{Admission, Queue, QueueTicket},
    state::{Asked, Progress, State, Unserved},
};
use self::{
    pass::Signals,
    state::Request,
    task::{Shared, Task},
    unreported::UnreportedFailure,
};
use crate::{Error, conversations::InterestWatch, runtime::Runtime, stats::Counters};

/// All that a pass needs.
#[derive(Clone, Debug)]
pub(crate) struct PassContext {
    pub(crate) account: AccountId,
    pub(crate) store: Arc<dyn ConversationStore>,
    pub(crate) source: Arc<dyn ConversationSource>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) options: PullOptions,
    pub(crate) counters: Arc<Counters>,
    pub(crate) names_read: Arc<NamesRead>,
    pub(crate) last_reply: Arc<LastReply>,
    /// Decides which process pulls, if several use the store at the same time.
    pub(crate) leases: Option<Arc<dyn Leases>>,
}

type Outcome = Result<(), Error>;

/// The passes of one account. Dropping it stops the one under way.
#[derive(Debug)]
pub(crate) struct Passes {
    shared: Arc<Shared>,
    /// A pass stops once this turns false or is dropped.
    open: watch::Sender<bool>,
    /// A pass that pauses tries again whenever this is sent to.
    retry: watch::Sender<()>,
    /// The place in the queue that passes share with those of other accounts.
    ticket: Option<Arc<QueueTicket>>,
    runtime: Arc<Runtime>,
}

impl Passes {
    /// With a ticket in a queue, if passes take turns with those of other accounts.
    pub(crate) fn new(
        ticket: Option<QueueTicket>,
        runtime: Arc<Runtime>,
        interest: InterestWatch,
    ) -> Self {
        let (state, unreported) = (watch::Sender::default(), UnreportedFailure::default());
        Self {
            shared: Arc::new(Shared {
                state,
                unreported,
                interest,
                finished: watch::Sender::default(),
            }),
            open: watch::Sender::new(true),
            retry: watch::Sender::new(()),
            ticket: ticket.map(Arc::new),
            runtime,
        }
    }

    /// Requests a pass that begins after this moment. It is not repeated if it fails.
    pub(crate) fn refresh(&self, context: &PassContext) -> Result<(), Error> {
        self.ask(context, Request::Refresh, None).map(drop)
    }

    /// Returns a receiver of the newest finished pass, which began on the list's clock.
    pub(crate) fn finished(&self) -> watch::Receiver<Option<FinishedPass>> {
        self.shared.finished.subscribe()
    }

    /// Starts a pass or joins the one under way, and waits for its end: it goes before passes in the
    /// background. The pass goes on if this is dropped.
    pub(crate) async fn join(&self, context: &PassContext) -> Outcome {
        let _waiter = Waiter::new(self);
        let asked = self.ask(context, Request::Join, None)?;
        self.answer(asked).await
    }

    /// Requests a pass that begins after this moment, in the background. The admission is the
    /// pass's, if it can begin at once. With a mark another one begins until one succeeds.
    pub(crate) fn begin_refresh(
        &self,
        context: &PassContext,
        admission: Admission,
        mark: Option<Unserved>,
    ) -> Result<Asked, Error> {
        self.ask(context, mark.map_or(Request::Refresh, Request::Inherit), Some(admission))
    }

    /// Requests a pass that begins after this moment, and again until one succeeds.
    pub(crate) fn request_sync(&self, context: &PassContext) -> Result<(), Error> {
        self.ask(context, Request::Mark, None).map(drop)
    }

    /// Notes a mark: the next pass to begin sees it. None begins because of it.
    pub(crate) fn note(&self, number: u64, now: Duration) {
        // A note is not news for callers that wait.
        self.shared.state.send_if_modified(|state| {
            state.note(number, now);
            false
        });
    }

    /// Requests a pass that sees the newest note, in the background. The admission is the pass's, if it
    /// can begin at once.
    pub(crate) fn begin_noted(
        &self,
        context: &PassContext,
        admission: Admission,
    ) -> Result<(), Error> {
        self.ask(context, Request::Noted, Some(admission)).map(drop)
    }

    /// Waits for the first pass that saw a note and succeeded; fails with the newest one that saw it and
    /// failed.
    ///
    /// # Errors
    /// The reason that pass failed; [`StoreError::Closed`] once no further pass can begin.
    pub(crate) async fn note_answer(&self, number: u64) -> Outcome {
        self.until(|state| state.note_answer(number)).await?
    }

    /// Waits for a successful pass that saw a note after that number; returns the newest it saw.
    ///
    /// # Errors
    /// [`StoreError::Closed`] once no further pass can begin.
    pub(crate) async fn served_after(&self, number: u64) -> Result<u64, Error> {
        let served = |state: &State| state.progress().served;
        self.until(|state| Some(served(state)).filter(|served| *served > number)).await
    }

    /// Waits until the state has what is asked for.
    async fn until<T>(&self, found: impl Fn(&State) -> Option<T>) -> Result<T, Error> {
        let (mut state, mut open) = (self.shared.state.subscribe(), self.open.subscribe());
        loop {
            let (answer, is_running) = {
                let state = state.borrow_and_update();
                (found(&state), state.is_running())
            };
            match answer {
                Some(answer) => return Ok(answer),
                None if self.is_stopped() && !is_running => return Err(StoreError::Closed.into()),
                None => {}
            }
            // The senders are here: neither can fail.
            tokio::select! {
                biased;
                _ = state.changed() => {}
                _ = open.wait_for(|is_open| !is_open), if !self.is_stopped() => {}
            }
        }
    }

    /// Returns the progress of notes.
    pub(crate) fn progress(&self) -> Progress {
        self.shared.state.borrow().progress()
    }

    /// Returns a receiver that is woken by each change of that progress, and by others.
    pub(crate) fn states(&self) -> watch::Receiver<State> {
        self.shared.state.subscribe()
    }

    /// Moves the passes before those in the background, or back among them.
    pub(crate) fn set_visible(&self, is_visible: bool) {
        if let Some(ticket) = &self.ticket {
            ticket.set_visible(is_visible);
        }
    }

    /// Takes over the mark of an earlier list of the account.
    pub(crate) fn inherit(&self, context: &PassContext, mark: Unserved) -> Result<(), Error> {
        self.ask(context, Request::Inherit(mark), None).map(drop)
    }

    /// Returns the mark that no successful pass has seen, if there is one.
    pub(crate) fn unserved(&self) -> Option<Unserved> {
        self.shared.state.borrow().unserved()
    }

    /// Stops the pass under way, waits for its end, and lets no other begin.
    pub(crate) async fn stop(&self) {
        self.refuse();
        let mut state = self.shared.state.subscribe();
        // The sender is here: it cannot fail.
        let _ = state.wait_for(|state| !state.is_running()).await;
    }

    /// Asks the pass under way to stop, and lets no other begin.
    pub(crate) fn refuse(&self) {
        self.open.send_replace(false);
    }

    pub(crate) fn is_stopped(&self) -> bool {
        !*self.open.borrow()
    }

    /// Returns true if a pass is under way or waits for its turn; not between two of them.
    pub(crate) fn is_under_way(&self) -> bool {
        self.shared.state.borrow().is_under_way()
    }

    /// Returns the failure of the list that a snapshot does not show.
    pub(crate) fn unreported_failure(&self, snapshot: &Snapshot) -> Option<PassFailure> {
        self.shared.unreported.of(snapshot)
    }

    /// Returns a number that grows with each change of the failures that no snapshot shows.
    pub(crate) fn report_number(&self) -> u64 {
        self.shared.unreported.number()
    }

    /// Returns a receiver of that number.
    pub(crate) fn report_numbers(&self) -> watch::Receiver<u64> {
        self.shared.unreported.numbers()
    }

    /// Returns a future that ends once these passes are dropped, with the last handle of their list.
    pub(crate) fn ended(&self) -> impl Future<Output = ()> + Send + Sync + use<> {
        let mut open = self.open.subscribe();
        async move { while open.changed().await.is_ok() {} }
    }

    /// Ends the pauses of the pass under way, and those between two; returns true if there is one.
    pub(crate) fn retry_now(&self) -> bool {
        self.retry.send_replace(());
        self.shared.state.borrow().is_running()
    }

    /// Begins a pass, unless one is under way.
    pub(crate) fn begin(&self, context: &PassContext) -> Result<(), Error> {
        self.ask(context, Request::Join, None).map(drop)
    }

    fn ask(
        &self,
        context: &PassContext,
        request: Request,
        admission: Option<Admission>,
    ) -> Result<Asked, Error> {
        let runtime = self.runtime.get()?;
        let mut answer = None;
        // Looked at under the lock of the state: a request that gets in before the stop is among those
        // that the one who stops finds unserved.
        self.shared.state.send_modify(|state| {
            answer = (!self.is_stopped()).then(|| state.ask(request));
            if !matches!(request, Request::Join | Request::Noted) {
                state.ask_at(context.clock.now());
            }
        });
        let Some(answer) = answer else { return Err(StoreError::Closed.into()) };
        if answer.starts {
            let signals = Signals { open: self.open.subscribe(), retry: self.retry.subscribe() };
            let (ticket, shared) = (self.ticket.clone(), Arc::clone(&self.shared));
            let task = Task::new(context.clone(), signals, ticket, shared);
            runtime.spawn(task.run(admission));
        } else if answer.hurries {
            self.retry.send_replace(());
        }
        Ok(answer.asked)
    }

    /// Waits for the result of a request.
    pub(crate) async fn answer(&self, asked: Asked) -> Outcome {
        let mut state = self.shared.state.subscribe();
        loop {
            let answer = state.borrow_and_update().answer(asked);
            if let Some(outcome) = answer {
                return outcome;
            }
            // The sender is here: it cannot fail.
            let _ = state.changed().await;
        }
    }
}

/// A caller that waits for a pass, which goes before those in the background.
struct Waiter<'a>(&'a Passes);

impl<'a> Waiter<'a> {
    fn new(passes: &'a Passes) -> Self {
        passes.shared.state.send_modify(|state| {
            state.wait();
            if let Some(ticket) = &passes.ticket {
                ticket.promote();
            }
        });
        Self(passes)
    }
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        let Passes { shared, ticket, .. } = self.0;
        shared.state.send_modify(|state| {
            let was_last = state.wait_no_more();
            if let Some(ticket) = ticket.as_ref().filter(|_| was_last) {
                ticket.demote();
            }
        });
    }
}
