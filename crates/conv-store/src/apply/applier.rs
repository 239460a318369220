//! What changes a store.

use std::{
    future::{Future, poll_fn},
    mem,
    pin::pin,
    sync::Arc,
    task::Poll,
    time::Duration,
};

use conv_model::{Commit, Seq, SyncState};
use tokio::{sync::watch, task::yield_now, time::Instant};

use super::{
    group::Group,
    reload::reload,
    request::Change,
    view::{Records, View},
};
use crate::{Engine, Snapshot, StoreError};

/// How often changes are resolved anew because somebody else wrote first. A writer at full speed is
/// quicker than the loading that each try begins with, so many tries are lost in a row.
const TRIES: usize = 256;

/// How long a store waits before it follows the writes of others again, at first and at most.
const PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// A store that does not hear of the writes of others.
struct Deaf {
    /// What was shown of the sync before. Meanwhile no more than a preview is.
    before: Arc<SyncState>,
    pause: Duration,
}

/// What a store waits for besides requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Awaits {
    /// A write of another after this one.
    WriteAfter(Seq),
    /// The end of a pause, to follow again.
    Pause(Duration),
}

/// Resolves changes, writes them, shows them. Whoever holds it is the only one who does.
pub(super) struct Applier {
    engine: Arc<dyn Engine>,
    records: Records,
    /// What is shown, which nobody else changes. There is no other copy of it here: a list that
    /// nobody reads is changed where it stands.
    shown: watch::Sender<Snapshot>,
    /// What the engine holds is not known: to be loaded before the next change.
    is_stale: bool,
    /// Set while the writes of others cannot be waited for.
    deaf: Option<Deaf>,
    /// When it last began to follow again, and the pause before that.
    regained: Option<(Instant, Duration)>,
    /// Whether the engine's last write did not have to be waited for.
    is_prompt: bool,
    /// What many changes replaced: letting go of it takes longer than an answer should wait.
    replaced: Option<Group>,
}

impl Applier {
    pub(super) fn new(
        engine: Arc<dyn Engine>,
        records: Records,
        shown: watch::Sender<Snapshot>,
    ) -> Self {
        let (is_stale, deaf, regained, is_prompt, replaced) = (false, None, None, false, None);
        Self { engine, records, shown, is_stale, deaf, regained, is_prompt, replaced }
    }

    /// Whether a change needs no task: it is likely to wait for nothing, and others are followed
    /// already.
    pub(super) fn is_prompt(&self) -> bool {
        self.is_prompt && self.deaf.is_none()
    }

    pub(super) fn awaits(&self) -> Awaits {
        match &self.deaf {
            Some(deaf) => Awaits::Pause(deaf.pause),
            None => Awaits::WriteAfter(self.written()),
        }
    }

    /// Takes in what others wrote. If that fails, the list may be out of date without anybody
    /// knowing: it is a preview until following works again, which is tried after a growing pause.
    pub(super) async fn hear(&mut self, news: Result<(), StoreError>) {
        self.is_stale = true;
        let pause = self.next_pause();
        if news.is_err() || self.refresh().await.is_err() {
            let before = match self.deaf.take() {
                Some(deaf) => deaf.before,
                None => Arc::clone(&self.shown.borrow().state().sync),
            };
            self.deaf = Some(Deaf { before, pause });
            self.show(|shown| shown.state_mut().show_preview());
        }
    }

    /// The pause if following fails now. Loading again does not end the trouble: following that fails
    /// sooner than after the pause before would else have everything loaded ten times a second.
    fn next_pause(&self) -> Duration {
        let last = match (&self.deaf, self.regained) {
            (Some(deaf), _) => Some(deaf.pause),
            (None, Some((at, pause))) if at.elapsed() <= pause => Some(pause),
            _ => None,
        };
        last.map_or(PAUSE, |pause| (pause * 2).min(LONGEST_PAUSE))
    }

    pub(super) fn has_replaced(&self) -> bool {
        self.replaced.is_some()
    }

    pub(super) fn let_go(&mut self) {
        self.replaced = None;
    }

    /// One write for all, and what is told of each; an error is the answer to each.
    pub(super) async fn apply(
        &mut self,
        changes: &[Change],
    ) -> Result<Vec<Result<Commit, StoreError>>, StoreError> {
        for _ in 0..TRIES {
            if let Err(error) = self.refresh().await {
                return self.apply_local(changes, error).await;
            }
            let group = self.resolve(changes, None);
            match self.finish(group).await {
                Ok(results) => return Ok(results),
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
    async fn apply_local(
        &mut self,
        changes: &[Change],
        error: StoreError,
    ) -> Result<Vec<Result<Commit, StoreError>>, StoreError> {
        let group = self.resolve(changes, Some(&error));
        self.finish(group).await.map_err(|_| error)
    }

    /// What changes make of what is shown; with an error the answer to all but those of local state.
    fn resolve(&self, changes: &[Change], error: Option<&StoreError>) -> Group {
        let mut group = Group::default();
        let shown = self.shown.borrow();
        let mut view = View::new(shown.state(), self.records);
        for change in changes {
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
            if writes.is_empty() { Ok(()) } else { self.engine.as_ref().commit(&writes).await }
        });
        let written = poll_fn(|cx| Poll::Ready(write.as_mut().poll(cx))).await;
        self.is_prompt = written.is_ready() && (self.is_prompt || !writes.is_empty());
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
            let before = self.deaf.as_ref().map(|deaf| Arc::clone(&deaf.before));
            let state = reload(self.engine.as_ref(), old.state(), before).await?;
            self.is_stale = false;
            if let Some(deaf) = self.deaf.take() {
                self.regained = Some((Instant::now(), deaf.pause));
            }
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
