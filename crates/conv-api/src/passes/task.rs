//! The task of an account: makes passes until every request is served.

use std::sync::Arc;

use conv_store::StoreError;
use conv_sync::FinishedPass;
use tokio::sync::watch;

use super::{
    Outcome, PassContext, QueueTicket, State, backoff::backoff, expiry::expire, pass::Signals,
    permit::PassPermit, queue::Admission, state::Next, unreported::UnreportedFailure,
};
use crate::{Error, conversations::InterestWatch};

/// The state that the task shares with its callers.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) state: watch::Sender<State>,
    pub(super) unreported: UnreportedFailure,
    /// The newest pass of this process that finished.
    pub(super) finished: watch::Sender<Option<FinishedPass>>,
    pub(super) interest: InterestWatch,
}

pub(super) struct Task {
    pub(super) context: PassContext,
    pub(super) signals: Signals,
    /// The place in the queue, if passes take turns with those of other accounts.
    pub(super) ticket: Option<Arc<QueueTicket>>,
    pub(super) shared: Arc<Shared>,
    /// It ended by itself, and has said how.
    is_over: bool,
}

impl Task {
    pub(super) fn new(
        context: PassContext,
        signals: Signals,
        ticket: Option<Arc<QueueTicket>>,
        shared: Arc<Shared>,
    ) -> Self {
        Self { context, signals, ticket, shared, is_over: false }
    }

    /// Makes passes until every request is served, or until one fails that cannot succeed later.
    pub(super) async fn run(mut self, mut admission: Option<Admission>) {
        loop {
            let outcome = self.once(admission.take()).await;
            self.context.counters.ended(outcome.is_ok());
            self.report(&outcome);
            if let Err(Error::Source(_)) = outcome {
                expire(&self.context).await;
            }
            // Before callers can see that it pauses, and end the pause.
            self.signals.retry.mark_unchanged();
            match self.end(&outcome) {
                Next::Again => {}
                Next::Pause if self.pause().await => {}
                Next::Pause | Next::End => break,
            }
        }
        self.is_over = true;
    }

    fn end(&self, outcome: &Outcome) -> Next {
        let is_open = *self.signals.open.borrow();
        let (mut next, mut news) = (Next::End, None);
        self.shared.state.send_modify(|state| {
            next = state.end(outcome, is_open);
            news = state.news(outcome);
        });
        if let Some(news) = news {
            news.log(&self.context.account);
        }
        next
    }

    /// Keeps a failure that no snapshot shows.
    fn report(&self, outcome: &Outcome) {
        let failure = outcome.as_ref().err().filter(|error| is_unreported(error));
        let failure = failure.map(Error::to_failure);
        self.shared.unreported.set(&self.context.store.snapshot(), failure);
    }

    /// Waits after a failure; returns true if another pass begins.
    async fn pause(&mut self) -> bool {
        let (failed, retry_after) = {
            let state = self.shared.state.borrow();
            (state.failed_in_a_row(), state.retry_after())
        };
        let pause = backoff(failed, retry_after, &*self.context.clock);
        let Signals { open, retry } = &mut self.signals;
        let is_open = tokio::select! {
            biased;
            _ = open.wait_for(|is_open| !is_open) => false,
            Ok(()) = retry.changed() => true,
            () = self.context.clock.sleep(pause) => true,
        };
        let is_held = is_open && self.shared.interest.is_held();
        let mut goes_on = false;
        self.shared.state.send_modify(|state| goes_on = state.resume(is_open, is_held));
        goes_on
    }

    /// Waits for a permit to run beside the passes of other accounts.
    pub(super) async fn room(&mut self, admission: Option<Admission>) -> Result<PassPermit, Error> {
        let Some(ticket) = &self.ticket else { return Ok(PassPermit::default()) };
        let admitted = async {
            match admission {
                Some(admission) => admission,
                None => {
                    ticket.admit(&*self.context.clock, Some(self.shared.state.subscribe())).await
                }
            }
        };
        tokio::select! {
            biased;
            _ = self.signals.open.wait_for(|is_open| !is_open) => Err(Error::Stopped),
            admission = admitted => {
                Ok(PassPermit::new(Arc::clone(ticket), self.shared.state.subscribe(), admission))
            },
        }
    }
}

/// A task that is dropped in the middle says so: its runtime ended, or the store or the clock
/// panicked. Else its callers would wait for ever, and the list would say that a pass is running.
impl Drop for Task {
    fn drop(&mut self) {
        if self.is_over {
            return;
        }
        // Between two passes the failure of the one before is reported already.
        if self.shared.state.borrow().is_under_way() {
            self.context.counters.ended(false);
            let failure = Error::Stopped.to_failure();
            self.shared.unreported.set(&self.context.store.snapshot(), Some(failure));
        }
        self.shared.state.send_modify(|state| state.die(Error::Stopped));
    }
}

/// Returns true if no snapshot shows a failure. A pass that was superseded did not fail: another one,
/// which reports for itself, goes on.
fn is_unreported(error: &Error) -> bool {
    match error {
        Error::Store(error) => !matches!(error, StoreError::Superseded(_)),
        _ => false,
    }
}
