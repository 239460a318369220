//! A stream of how changes ended.

use std::{
    collections::VecDeque,
    fmt,
    future::poll_fn,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use conv_model::{Outcome, PendingState};
use futures_core::Stream;
use tokio::sync::watch;

use super::{change::failed, ledger::Position, sending::Shared};
use crate::{Conversations, conversations::Interest};

type Wait = Pin<Box<dyn Future<Output = Option<watch::Receiver<Position>>> + Send + Sync>>;

/// Yields the outcomes of changes: a stream that ends when the list is closed or its last handle
/// dropped. See [`Conversations::outcomes`].
#[must_use = "gives nothing unless it is polled"]
pub struct Outcomes {
    /// Those that failed before the stream began.
    failed: VecDeque<Outcome>,
    position: u64,
    ledger: std::sync::Weak<Shared>,
    wait: Option<Wait>,
    receiver: Option<watch::Receiver<Position>>,
    _interest: Interest,
}

impl Conversations {
    /// Returns a stream of how changes end: first those that failed and were neither dropped nor
    /// retried, also in an earlier process, then each one from now on.
    ///
    /// A stream that is not polled for long misses all but the newest 4,096; what failed is in
    /// [`pending`](Self::pending) all the same.
    pub fn outcomes(&self) -> Outcomes {
        let shared = &self.outgoing().0;
        let receiver = shared.ledger.watch();
        let position = receiver.borrow().next;
        let snapshot = self.snapshot();
        let pending = snapshot.outbox().pending();
        let failures = pending.filter(|pending| pending.state == PendingState::Failed);
        let failures = failures
            .map(|pending| Outcome::new(pending.number, pending.mutation.clone(), failed(pending)));
        Outcomes {
            failed: failures.collect(),
            position,
            ledger: Arc::downgrade(shared),
            wait: None,
            receiver: Some(receiver),
            _interest: self.interest(),
        }
    }
}

impl Outcomes {
    /// Returns the next outcome, once there is one; `None` once the list is closed.
    pub async fn next(&mut self) -> Option<Outcome> {
        poll_fn(|cx| self.poll(cx)).await
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Outcome>> {
        if let Some(outcome) = self.failed.pop_front() {
            return Poll::Ready(Some(outcome));
        }
        loop {
            if let Some(mut wait) = self.wait.take() {
                let Poll::Ready(receiver) = wait.as_mut().poll(cx) else {
                    self.wait = Some(wait);
                    return Poll::Pending;
                };
                self.receiver = receiver;
            }
            if let Some(outcome) = self.read() {
                return Poll::Ready(Some(outcome));
            }
            let Some(receiver) = self.receiver.take() else { return Poll::Ready(None) };
            self.wait = Some(Box::pin(newer(receiver, self.position)));
        }
    }

    fn read(&mut self) -> Option<Outcome> {
        let shared = self.ledger.upgrade()?;
        let (outcome, next) = shared.ledger.at(self.position)?;
        self.position = next;
        Some(outcome)
    }
}

/// Waits until there is an outcome at a position. `None` once there can be none.
async fn newer(
    mut receiver: watch::Receiver<Position>,
    position: u64,
) -> Option<watch::Receiver<Position>> {
    let now = receiver.wait_for(|now| now.next > position || now.is_closed).await.ok()?;
    let is_there = now.next > position;
    drop(now);
    is_there.then_some(receiver)
}

impl Stream for Outcomes {
    type Item = Outcome;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Outcome>> {
        Poll::Ready(ready!(self.poll(cx)))
    }
}

impl fmt::Debug for Outcomes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outcomes").field("position", &self.position).finish_non_exhaustive()
    }
}
