//! The task that writes for a store. It outlives the callers that ask for a change.

use std::{future::pending, mem, sync::Arc, vec};

use conv_model::{Commit, Seq};
use tokio::{
    select,
    sync::{mpsc, oneshot, watch},
    task::yield_now,
    time::{Instant, sleep_until},
};

use super::{
    batch::{Batch, Results},
    change::{Change, Encoding},
    following::Following,
    reload::reload,
    suggesting::Suggested,
};
use crate::{Engine, Snapshot, StoreError, list::state::State};

/// The most requests that are served together.
const BATCH: usize = 64;

/// The most times that a batch runs because another store wrote first. A writer at full speed is
/// quicker than the loading that each try begins with, so many tries are lost in a row.
const TRIES: usize = 256;

/// A request to the task, with the sender of its answer.
#[derive(Debug)]
pub(super) enum Request {
    Change(Change, Answer<Commit>),
    Close(Answer<()>),
}

type Answer<T> = oneshot::Sender<Result<T, StoreError>>;

/// Applies the changes of a store, publishes them, and takes in what other stores write.
#[derive(Debug)]
pub(super) struct Writer {
    engine: Arc<dyn Engine>,
    encoding: Encoding,
    inbox: mpsc::Receiver<Request>,
    /// The newest snapshot. This task alone replaces it.
    published: watch::Sender<Snapshot>,
    /// Set while the engine may hold something else than was published: the next change loads it
    /// first.
    is_stale: bool,
    following: Following,
}

impl Writer {
    pub(super) fn new(
        engine: Arc<dyn Engine>,
        encoding: Encoding,
        inbox: mpsc::Receiver<Request>,
        published: watch::Sender<Snapshot>,
    ) -> Self {
        let (is_stale, following) = (false, Following::default());
        Self { engine, encoding, inbox, published, is_stale, following }
    }

    /// Serves requests until one asks to close, or the last handle is gone.
    pub(super) async fn run(mut self) {
        loop {
            let mut requests = Vec::new();
            let (written, end) = {
                let published = self.published.borrow();
                (published.written(), published.state().suggestions.next_end())
            };
            select! {
                biased;
                received = self.inbox.recv_many(&mut requests, BATCH) => {
                    if received == 0 {
                        return;
                    }
                    let mut requests = requests.into_iter();
                    if let Some(answer) = self.serve(&mut requests).await {
                        // The requests behind it get their answer, `Closed`, after it.
                        return self.close(answer).await;
                    }
                }
                () = until(end) => {
                    let expired = Change::Suggestion(Suggested::Expired(Instant::now()));
                    // Nothing is written, so nothing can fail for good.
                    let _ = self.apply(&[expired]).await;
                }
                news = self.following.wait(self.engine.as_ref(), written) => self.hear(news).await,
            }
        }
    }

    /// Serves requests in order, up to one to close: that one's answer is returned.
    async fn serve(&mut self, requests: &mut vec::IntoIter<Request>) -> Option<Answer<()>> {
        let (mut changes, mut answers) = (Vec::new(), Vec::new());
        let mut closing = None;
        for request in requests {
            match request {
                Request::Change(change, answer) => {
                    changes.push(change);
                    answers.push(answer);
                }
                Request::Close(answer) => {
                    closing = Some(answer);
                    break;
                }
            }
        }
        if !changes.is_empty() {
            let mut answers = answers.into_iter();
            // A change of two steps is by itself: after a conflict in its second one only that one may
            // run again.
            let is_together = |a: &Change, b: &Change| !a.is_of_two_steps() && !b.is_of_two_steps();
            for changes in changes.chunk_by(is_together) {
                let results = self.apply(changes).await;
                let results = results
                    .unwrap_or_else(|error| changes.iter().map(|_| Err(error.clone())).collect());
                for (answer, result) in answers.by_ref().zip(results) {
                    // A caller that went away needs no answer.
                    let _ = answer.send(result);
                }
            }
        }
        closing
    }

    /// Closes the engine, then answers.
    async fn close(mut self, answer: Answer<()>) {
        self.inbox.close();
        let result = self.engine.as_ref().close().await;
        // Before the answer: its receiver must find that the store is closed.
        drop(self);
        let _ = answer.send(result);
    }

    /// Applies changes with one write. An error is the answer to all of them.
    async fn apply(&mut self, changes: &[Change]) -> Result<Results, StoreError> {
        // What events state shows over any published list. An account that is loaded for each of many
        // events would cost more than they show.
        let needs_load = changes.iter().any(|change| !matches!(change, Change::Suggestion(_)));
        for _ in 0..TRIES {
            let loaded = if needs_load { self.refresh().await } else { Ok(()) };
            if let Err(error) = loaded {
                return self.apply_local(changes, error).await;
            }
            let mut batch = self.batch();
            changes.iter().for_each(|change| batch.run(change));
            match self.commit(batch).await {
                Ok(results) => return Ok(results),
                // The engine may have written all the same, or another store wrote: load first.
                Err(error) => {
                    self.is_stale = true;
                    if !matches!(error, StoreError::Conflict) {
                        return Err(error);
                    }
                }
            }
            yield_now().await;
        }
        Err(StoreError::Conflict)
    }

    /// Applies changes of local state alone, while loading fails; `error` is the answer to the
    /// others. The writes follow the published state: an engine that knows of a later write refuses
    /// them.
    async fn apply_local(
        &mut self,
        changes: &[Change],
        error: StoreError,
    ) -> Result<Results, StoreError> {
        let mut batch = self.batch();
        for change in changes {
            match change.is_local() {
                true => batch.run(change),
                false => batch.refuse(&error),
            }
        }
        self.commit(batch).await.map_err(|_| error)
    }

    fn batch(&self) -> Batch {
        Batch::on(self.published.borrow().state(), self.encoding)
    }

    /// Hands a batch's writes to the engine, then publishes its working copy.
    async fn commit(&mut self, batch: Batch) -> Result<Results, StoreError> {
        let steps = if batch.is_stepwise { 1 } else { batch.writes.len().max(1) };
        for writes in batch.writes.chunks(steps) {
            self.engine.as_ref().commit(writes).await?;
        }
        self.publish(batch.next);
        Ok(batch.results)
    }

    /// Loads the writes of other stores. If that fails, the list may be stale without a sign of it:
    /// it becomes a preview until following works again.
    async fn hear(&mut self, news: Result<(), StoreError>) {
        self.is_stale = true;
        let had_epoch = self.has_epoch();
        let pause = self.following.next_pause();
        if news.is_err() || self.refresh().await.is_err() {
            let mut next = self.published.borrow().state().clone();
            self.following.stop(&next.sync, pause);
            next.show_preview();
            self.publish(next);
        } else if had_epoch && self.has_lost_epoch() {
            // Stores that do not learn of the loss by themselves have to know. If it fails, the next
            // change of the cloud's part does it.
            let _ = self.apply(&[Change::Epoch]).await;
        }
    }

    fn has_epoch(&self) -> bool {
        self.published.borrow().sync().epoch.is_some()
    }

    /// Returns true if the list has no epoch though something is stored. A forgotten account stays
    /// empty, and what does not decode has to go first.
    fn has_lost_epoch(&self) -> bool {
        let published = self.published.borrow();
        let state = published.state();
        !self.has_epoch() && state.written > Seq::ZERO && state.garbage.is_empty()
    }

    /// Loads what the engine holds, if that may differ from what was published.
    async fn refresh(&mut self) -> Result<(), StoreError> {
        if self.is_stale {
            let old = self.published.borrow().clone();
            let next = reload(self.engine.as_ref(), old.state(), self.following.before()).await?;
            self.is_stale = false;
            self.following.resume();
            self.publish(next);
        }
        Ok(())
    }

    /// Makes a state the published one. Wakes the waiting readers if it is newer.
    fn publish(&self, next: State) {
        let mut snapshot = Snapshot::new(next);
        self.published.send_if_modified(|published| {
            mem::swap(published, &mut snapshot);
            published.seq() > snapshot.seq()
        });
        // The former snapshot is dropped here, outside the lock that readers take.
    }
}

/// Waits for a moment, if there is one.
async fn until(end: Option<Instant>) {
    match end {
        Some(end) => sleep_until(end).await,
        None => pending().await,
    }
}
