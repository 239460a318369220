//! The one task that changes a store.

use std::{
    future::{Future, poll_fn},
    mem,
    pin::pin,
    task::Poll,
};

use conv_model::{Commit, Seq};
use tokio::{
    select,
    sync::{mpsc, watch},
    task::yield_now,
};

use super::{
    group::Group,
    reload::reload,
    request::{Answer, Change, Request},
    view::View,
};
use crate::{Engine, Snapshot, StoreError};

/// The most changes that are written together.
const GROUP: usize = 64;
/// How often changes are resolved anew because somebody else wrote first. A writer at full speed is
/// quicker than the loading that each try begins with, so many tries are lost in a row.
const TRIES: usize = 256;

/// Takes what waits, resolves it, writes it, shows it, answers.
pub(super) struct Task<E> {
    engine: E,
    /// What is shown, which nobody else changes. There is no other copy of it here: a list that
    /// nobody reads is changed where it stands.
    shown: watch::Sender<Snapshot>,
    /// What the engine holds is not known: to be loaded before the next change.
    is_stale: bool,
    /// Whether it waits for the writes of others; not after that failed, until a change succeeds.
    follows: bool,
    /// What many changes replaced: letting go of it takes longer than an answer should wait.
    replaced: Option<Group>,
}

type Waiting = Vec<(Change, Answer<Commit>)>;

impl<E: Engine> Task<E> {
    pub(super) fn new(engine: E, shown: watch::Sender<Snapshot>) -> Self {
        Self { engine, shown, is_stale: false, follows: true, replaced: None }
    }

    /// Until it is told to close, or the last handle is gone.
    pub(super) async fn run(mut self, mut inbox: mpsc::Receiver<Request>) {
        // Of thousands of accounts few ever need room for a whole group.
        let mut requests = Vec::new();
        loop {
            self.let_go(&inbox).await;
            let written = self.written();
            select! {
                biased;
                taken = inbox.recv_many(&mut requests, GROUP) => {
                    if taken == 0 {
                        return;
                    }
                    if let Some(answer) = self.serve(&mut requests).await {
                        inbox.close();
                        let result = self.engine.close().await;
                        // Who is told that it is closed must also see so.
                        drop((inbox, self));
                        let _ = answer.send(result);
                        return;
                    }
                }
                news = self.engine.follow(written), if self.follows => {
                    self.is_stale = true;
                    self.follows = news.is_ok() && self.refresh().await.is_ok();
                }
            }
        }
    }

    /// Lets go of what was replaced, unless more is asked for: there is time during the next write.
    async fn let_go(&mut self, inbox: &mpsc::Receiver<Request>) {
        if self.replaced.is_some() {
            // Who was answered goes first.
            yield_now().await;
            if inbox.is_empty() {
                self.replaced = None;
            }
        }
    }

    /// Serves all up to a request to close, and gives where that is to be answered.
    async fn serve(&mut self, requests: &mut Vec<Request>) -> Option<Answer<()>> {
        let mut waiting = Waiting::with_capacity(requests.len());
        let mut closing = None;
        for request in requests.drain(..) {
            match request {
                Request::Change(change, answer) => waiting.push((change, answer)),
                Request::Close(answer) => {
                    closing = Some(answer);
                    break;
                }
            }
        }
        if !waiting.is_empty() {
            self.change(waiting).await;
        }
        closing
    }

    /// Applies a group of changes and answers each. A caller who is gone needs no answer.
    async fn change(&mut self, waiting: Waiting) {
        match self.commit(&waiting).await {
            Ok(results) => {
                for ((_, answer), result) in waiting.into_iter().zip(results) {
                    let _ = answer.send(result);
                }
            }
            Err(error) => {
                for (_, answer) in waiting {
                    let _ = answer.send(Err(error.clone()));
                }
            }
        }
    }

    /// One write for all; an error is the answer to each.
    async fn commit(
        &mut self,
        waiting: &Waiting,
    ) -> Result<Vec<Result<Commit, StoreError>>, StoreError> {
        for _ in 0..TRIES {
            if let Err(error) = self.refresh().await {
                return self.commit_local(waiting, error).await;
            }
            let group = self.resolve(waiting, None);
            match self.finish(group).await {
                Ok(results) => {
                    self.follows = true;
                    return Ok(results);
                }
                Err(StoreError::Conflict) => self.is_stale = true,
                Err(error) => {
                    self.is_stale = true;
                    return Err(error);
                }
            }
            yield_now().await;
        }
        Err(StoreError::Conflict)
    }

    /// Writes local state alone, while what the engine holds cannot be read. It follows what is
    /// shown; an engine that knows of a later write refuses it.
    async fn commit_local(
        &mut self,
        waiting: &Waiting,
        error: StoreError,
    ) -> Result<Vec<Result<Commit, StoreError>>, StoreError> {
        let group = self.resolve(waiting, Some(&error));
        self.finish(group).await.map_err(|_| error)
    }

    /// What changes make of what is shown; with an error the answer to all but those of local state.
    fn resolve(&self, waiting: &Waiting, error: Option<&StoreError>) -> Group {
        let mut group = Group::default();
        let shown = self.shown.borrow();
        let mut view = View::new(shown.state());
        for (change, _) in waiting {
            match (change, error) {
                (Change::Cloud(_), Some(error)) => group.results.push(Err(error.clone())),
                _ => group.add(&mut view, change),
            }
        }
        group
    }

    /// Writes what was resolved, then shows it. What takes long is made ready during the write.
    async fn finish(
        &mut self,
        mut group: Group,
    ) -> Result<Vec<Result<Commit, StoreError>>, StoreError> {
        let writes = mem::take(&mut group.writes);
        let mut write = pin!(async {
            if writes.is_empty() { Ok(()) } else { self.engine.commit(&writes).await }
        });
        let written = poll_fn(|cx| Poll::Ready(write.as_mut().poll(cx))).await;
        // Before the list changes: what shares its nodes would have them copied.
        self.replaced = None;
        group.prepare(&self.shown.borrow(), written.is_pending());
        match written {
            Poll::Ready(written) => written?,
            Poll::Pending => write.await?,
        }
        let results = mem::take(&mut group.results);
        self.show(|shown| group.show(shown));
        self.replaced = group.was_prepared().then_some(group);
        Ok(results)
    }

    /// Loads what the engine holds, where that is not known.
    async fn refresh(&mut self) -> Result<(), StoreError> {
        if self.is_stale {
            let old = self.shown.borrow().clone();
            let state = reload(&self.engine, old.state()).await?;
            self.is_stale = false;
            let mut state = Snapshot::new(state);
            self.show(|shown| mem::swap(shown, &mut state));
        }
        Ok(())
    }

    /// Changes what is shown, and tells of it if it is newer. Readers wait meanwhile: what the
    /// change replaces is dropped later.
    fn show(&self, change: impl FnOnce(&mut Snapshot)) {
        self.shown.send_if_modified(|shown| {
            let seq = shown.seq();
            change(shown);
            shown.seq() > seq
        });
    }

    fn written(&self) -> Seq {
        self.shown.borrow().state().written
    }
}
