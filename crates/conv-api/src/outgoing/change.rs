//! One change that was accepted.

use std::fmt;

use conv_model::{Mutation, OutboxChange, Outcome, OutcomeKind, Pending, PendingState, Progress};

use crate::{Conversations, Error};

/// One change that was accepted: durable, and shown by the list.
///
/// Dropping it changes nothing: the change is sent all the same. While it is held, it keeps the list
/// open, as a handle does.
///
/// ```
/// # use std::sync::Arc;
/// # use conv_api::{Conversations, testing::{ScriptedSource, sync::ScriptedWriter}};
/// # use conv_model::OutcomeKind;
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let source = ScriptedSource::with_rows(3);
/// # let conversations = Conversations::builder("user_0001").source(source).build().await?;
/// # conversations.sync().await?;
/// # let alice = conversations.snapshot().rows().next().unwrap().id.clone();
/// // There is no writer: the change waits.
/// let change = conversations.pin_conversation(&alice, true).await?;
/// assert!(conversations.snapshot().get(&alice).unwrap().listing.is_pinned);
///
/// change.cancel().await?;
/// assert!(!conversations.snapshot().get(&alice).unwrap().listing.is_pinned);
/// assert_eq!(change.outcome().await?, OutcomeKind::Cancelled);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Change {
    list: Conversations,
    number: Option<u64>,
    mutation: Mutation,
}

impl Change {
    pub(super) fn new(list: &Conversations, number: Option<u64>, mutation: Mutation) -> Self {
        Self { list: list.clone(), number, mutation }
    }

    /// Returns true if nothing had to be sent: the cloud's list, as a pass of this process read it
    /// within the last minute, has the value already.
    pub fn is_unchanged(&self) -> bool {
        self.number.is_none()
    }

    /// Returns its number, by which [`Conversations::change`] finds it after a restart; `None` if it is
    /// [unchanged](Self::is_unchanged).
    pub fn number(&self) -> Option<u64> {
        self.number
    }

    /// Returns the value that was asked for.
    pub fn mutation(&self) -> &Mutation {
        &self.mutation
    }

    /// Returns how far it has come; `None` once it is over.
    pub fn pending(&self) -> Option<Pending> {
        let snapshot = self.list.snapshot();
        snapshot.outbox().get(self.number?).map(|pending| Pending::clone(pending))
    }

    /// Waits for its end: until the cloud's list shows it, or until it failed. Of a change that ended
    /// in another process without failing, it says that it is done.
    ///
    /// # Errors
    /// [`Error::Held`] at once if the app's account is at fault, so that nothing can be sent;
    /// [`Error::Store`] once the list is closed. A failed change is not an error.
    pub async fn outcome(&self) -> Result<OutcomeKind, Error> {
        self.ended(|_| false).await.map(|ended| ended.unwrap_or(OutcomeKind::Done))
    }

    /// Waits until the cloud acknowledged it, or until it failed: `None` if it is acknowledged, and
    /// the cloud's list is yet to show it.
    ///
    /// # Errors
    /// As of [`outcome`](Self::outcome); [`Error::Store`] once the list is closed.
    pub async fn sent(&self) -> Result<Option<OutcomeKind>, Error> {
        self.ended(|pending| pending.state == PendingState::Settling).await
    }

    async fn ended(&self, is_enough: fn(&Pending) -> bool) -> Result<Option<OutcomeKind>, Error> {
        let Some(number) = self.number else { return Ok(Some(OutcomeKind::Unchanged)) };
        let outgoing = self.list.outgoing();
        let ledger = &outgoing.0.ledger;
        let mut held = outgoing.0.held.subscribe();
        let mut store = self.list.store().watch();
        loop {
            let snapshot = self.list.snapshot();
            match snapshot.outbox().get(number) {
                Some(pending) if pending.state == PendingState::Failed => {
                    return Ok(Some(failed(pending)));
                }
                Some(pending) if is_enough(pending) => return Ok(None),
                Some(pending) if outgoing.is_blocked(pending) => {
                    let failure = pending.failure.clone().or_else(|| outgoing.held());
                    return failure.map_or(Err(Error::Stopped), |it| Err(Error::Held(it)));
                }
                Some(_) => {}
                None => {
                    ledger.noted().await;
                    return Ok(Some(ledger.of(number).unwrap_or(OutcomeKind::Done)));
                }
            }
            tokio::select! {
                newer = store.newer_than(snapshot.seq()) => drop(newer?),
                // The sender is in the list.
                _ = held.changed() => {}
            }
        }
    }

    /// Takes it back, if nothing of it can have reached the cloud. It is then cancelled for certain:
    /// no call for it goes out any more.
    ///
    /// # Errors
    /// [`Error::TooLate`] if it is being sent, was sent, or is over; [`Error::Store`] if that could
    /// not be stored.
    pub async fn cancel(&self) -> Result<(), Error> {
        let cancelled = |outcome: &Outcome| {
            Some(outcome.number) == self.number && outcome.kind == OutcomeKind::Cancelled
        };
        let commit = self.step(Progress::Drop, |pending| is_open(pending.state));
        match commit.await?.iter().any(cancelled) {
            true => Ok(()),
            false => Err(Error::TooLate),
        }
    }

    /// Sends it again after it failed; the list shows it again.
    ///
    /// # Errors
    /// [`Error::TooLate`] if it has not failed, or if another change took its place; [`Error::Refused`]
    /// if as many changes are pending as the list has room for; [`Error::Store`] if that could not be
    /// stored.
    pub async fn retry(&self) -> Result<(), Error> {
        let clock = &self.list.outgoing().0.config.clock;
        let again = clock.wall_time().map_or(Progress::Retry, Progress::RetryAt);
        self.step(again, is_failed).await.map(drop)
    }

    /// Drops it from the pending ones: takes note that it failed, or stops waiting for the cloud's list
    /// to show it. A change that the cloud acknowledged is not taken back by that; the list shows what
    /// the cloud said last, and the outcome is [`OutcomeKind::Dismissed`].
    ///
    /// # Errors
    /// [`Error::TooLate`] if it is over, or if the cloud did neither acknowledge nor refuse it:
    /// [`cancel`](Self::cancel) is for that; [`Error::Store`] if it could not be stored.
    pub async fn drop(&self) -> Result<(), Error> {
        let is_settling = |pending: &Pending| pending.state == PendingState::Settling;
        match self.pending().is_some_and(|pending| is_settling(&pending)) {
            true => self.step(Progress::Dismiss, is_settling).await.map(drop),
            false => self.step(Progress::Drop, is_failed).await.map(drop),
        }
    }

    async fn step(
        &self,
        progress: Progress,
        fits: fn(&Pending) -> bool,
    ) -> Result<Vec<Outcome>, Error> {
        self.list.check_open()?;
        let number = self.number.ok_or(Error::TooLate)?;
        if !self.pending().is_some_and(|pending| fits(&pending)) {
            return Err(Error::TooLate);
        }
        let change = OutboxChange::progress(number, progress);
        Ok(self.list.outgoing().mutate(change).await?.outcomes)
    }
}

impl Conversations {
    /// Returns the change with a number, if it is among the [pending](Self::pending) ones.
    pub fn change(&self, number: u64) -> Option<Change> {
        let snapshot = self.snapshot();
        let pending = snapshot.outbox().get(number)?;
        Some(Change::new(self, Some(number), pending.mutation.clone()))
    }
}

/// Returns true if the cloud has yet to acknowledge or refuse it.
fn is_open(state: PendingState) -> bool {
    !matches!(state, PendingState::Settling | PendingState::Failed)
}

fn is_failed(pending: &Pending) -> bool {
    pending.state == PendingState::Failed
}

/// Returns the outcome of a change that failed.
pub(super) fn failed(pending: &Pending) -> OutcomeKind {
    match &pending.failure {
        Some(failure) => OutcomeKind::Failed(failure.clone()),
        None => OutcomeKind::Expired,
    }
}

impl fmt::Debug for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Change")
            .field("number", &self.number)
            .field("mutation", &self.mutation)
            .finish_non_exhaustive()
    }
}
