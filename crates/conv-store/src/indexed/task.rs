//! The one task that changes a store.

use std::sync::Arc;

use conv_model::Commit;
use tokio::{
    select,
    sync::{mpsc, watch},
    task::yield_now,
};

use super::{
    reload::reload,
    request::{Answer, Change, Request},
    resolve::{Resolved, resolve},
};
use crate::{Engine, Snapshot, StoreError, Write, state::State};

/// The most changes that are written together.
const GROUP: usize = 64;
/// How often changes are resolved anew because somebody else wrote first.
const TRIES: usize = 16;

/// Owns the state: takes what waits, resolves it, writes it, shows it, answers.
pub(super) struct Task<E> {
    engine: E,
    state: State,
    published: watch::Sender<Snapshot>,
    /// What the engine holds is not known: to be loaded before the next change.
    is_stale: bool,
    /// Whether it waits for the writes of others; not after that failed, until a change succeeds.
    follows: bool,
}

type Waiting = Vec<(Change, Answer<Commit>)>;

impl<E: Engine> Task<E> {
    pub(super) fn new(engine: E, snapshot: Snapshot, published: watch::Sender<Snapshot>) -> Self {
        let state = snapshot.state().clone();
        Self { engine, state, published, is_stale: false, follows: true }
    }

    /// Until it is told to close, or the last handle is gone.
    pub(super) async fn run(mut self, mut inbox: mpsc::Receiver<Request>) {
        // Of thousands of accounts few ever need room for a whole group.
        let mut requests = Vec::new();
        loop {
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
                news = self.engine.follow(self.state.written), if self.follows => {
                    self.is_stale = true;
                    self.follows = news.is_ok() && self.refresh().await.is_ok();
                }
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
            let group = Group::resolve(self.state.clone(), waiting);
            match self.write(&group.writes).await {
                Ok(()) => {
                    self.show(group.state);
                    self.follows = true;
                    return Ok(group.results);
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
        let mut group = Group::new(self.state.clone());
        for (change, _) in waiting {
            match change {
                Change::Local(..) => group.add(change),
                Change::Cloud(_) => group.results.push(Err(error.clone())),
            }
        }
        match self.write(&group.writes).await {
            Ok(()) => {
                self.show(group.state);
                Ok(group.results)
            }
            Err(_) => Err(error),
        }
    }

    async fn write(&self, writes: &[Write]) -> Result<(), StoreError> {
        if writes.is_empty() { Ok(()) } else { self.engine.commit(writes).await }
    }

    /// Loads what the engine holds, where that is not known.
    async fn refresh(&mut self) -> Result<(), StoreError> {
        if self.is_stale {
            let state = reload(&self.engine, &self.state).await?;
            self.is_stale = false;
            self.show(state);
        }
        Ok(())
    }

    fn show(&mut self, state: State) {
        let is_newer = state.seq > self.state.seq;
        self.state = state;
        if is_newer {
            self.published.send_replace(Snapshot::new(self.state.clone()));
        }
    }
}

/// Changes resolved one after another.
struct Group {
    state: State,
    writes: Vec<Write>,
    results: Vec<Result<Commit, StoreError>>,
}

impl Group {
    fn resolve(state: State, waiting: &Waiting) -> Self {
        let mut group = Self::new(state);
        waiting.iter().for_each(|(change, _)| group.add(change));
        group
    }

    fn new(state: State) -> Self {
        Self { state, writes: Vec::new(), results: Vec::new() }
    }

    fn add(&mut self, change: &Change) {
        let result = resolve(&self.state, change).map(|resolved| self.take(resolved));
        self.results.push(result);
    }

    fn take(&mut self, resolved: Resolved) -> Commit {
        let (commit, write) = resolved.apply(&mut self.state);
        self.writes.extend(write);
        Arc::unwrap_or_clone(commit)
    }
}
