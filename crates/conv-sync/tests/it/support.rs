//! A cache of a few lines, so that a pull can be tested without a store.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use async_trait::async_trait;
use conv_model::{
    AccountId, Commit, Conversation, ConversationId, ConversationPatch, Delta, Prune, Seq,
    SyncState, merge,
};
use conv_sync::{
    Capabilities, ConversationSource, FullProfile, Groups, HydrateRequest, Hydrated, Page,
    ProfileRequest, PullOptions, PullRequest, Puller, SourceError, TokioClock,
};
use tokio::time::sleep;

#[derive(Debug, Default)]
pub struct Cache {
    pub rows: BTreeMap<ConversationId, Conversation>,
    pub state: SyncState,
    pub deltas: usize,
    seq: Seq,
}

impl Cache {
    pub fn apply(&mut self, delta: &Delta) -> Commit {
        self.seq = self.seq.next();
        self.deltas += 1;
        for patch in &delta.listed {
            let row = merge(self.rows.get(&patch.id), patch);
            self.rows.insert(patch.id.clone(), row);
        }
        for patch in &delta.updates {
            if let Some(row) = self.rows.get(&patch.id) {
                self.rows.insert(patch.id.clone(), merge(Some(row), patch));
            }
        }
        if let Some(Prune::Unlisted { keep }) = &delta.prune {
            self.rows.retain(|id, _| keep.contains(id));
        }
        if let Some(Prune::Gone { ids }) = &delta.prune {
            self.rows.retain(|id, _| !ids.contains(id));
        }
        self.steps(delta);
        if let Some(Prune::Unconfirmed { keep }) = &delta.prune {
            let left = self.rows.keys().filter(|id| !keep.contains(*id));
            self.state.unconfirmed = left.cloned().collect();
        }
        let mut commit = Commit::new(self.seq, Arc::new(self.state.clone()));
        commit.needs_profile = self.needs_profile(&delta.listed, delta);
        commit
    }

    fn steps(&mut self, delta: &Delta) {
        if let (Some(pass), Some(step)) = (delta.pass, &delta.step) {
            self.state.admit(pass, Some(step)).unwrap();
            self.state = self.state.after(pass, step, self.seq, !self.rows.is_empty());
        }
        if let Some(groups) = &delta.groups {
            self.state.groups = groups.clone();
        }
        if let Some(unnamed) = &delta.unnamed {
            self.state.groups.unnamed = unnamed.clone();
        }
    }

    fn needs_profile(&self, listed: &[ConversationPatch], delta: &Delta) -> Vec<ConversationId> {
        let is_old = |row: &Conversation| delta.profiles.is_due(&row.profile);
        let rows = listed.iter().filter_map(|patch| self.rows.get(&patch.id));
        rows.filter(|row| is_old(row)).map(|row| row.id.clone()).collect()
    }

    /// Runs one pass to its end.
    pub async fn pass(
        &mut self,
        source: &Arc<impl ConversationSource>,
        options: PullOptions,
    ) -> Result<(), SourceError> {
        let mut puller = puller(source, options, &self.state);
        while let Some(delta) = puller.next().await? {
            puller.applied(&self.apply(&delta));
        }
        Ok(())
    }
}

/// A source whose every call takes the same time: one round trip.
#[derive(Debug)]
pub struct Delayed<S> {
    pub source: S,
    pub trip: Duration,
}

#[async_trait]
impl<S: ConversationSource> ConversationSource for Delayed<S> {
    fn capabilities(&self) -> Capabilities {
        self.source.capabilities()
    }

    async fn pull(&self, request: &PullRequest) -> Result<Page, SourceError> {
        sleep(self.trip).await;
        self.source.pull(request).await
    }

    async fn hydrate(&self, request: &HydrateRequest) -> Result<Hydrated, SourceError> {
        sleep(self.trip).await;
        self.source.hydrate(request).await
    }

    async fn profile(&self, request: &ProfileRequest) -> Result<FullProfile, SourceError> {
        sleep(self.trip).await;
        self.source.profile(request).await
    }

    async fn groups(&self, account: &AccountId) -> Result<Groups, SourceError> {
        sleep(self.trip).await;
        self.source.groups(account).await
    }
}

pub fn puller(
    source: &Arc<impl ConversationSource>,
    options: PullOptions,
    state: &SyncState,
) -> Puller {
    let source: Arc<dyn ConversationSource> = Arc::clone(source) as _;
    let clock = Arc::new(TokioClock::default());
    Puller::new(source, clock, "user_0001".parse().unwrap(), options, state)
}

pub fn plan(limit: u32) -> PullOptions {
    PullOptions::default().with_plan_limit(limit)
}
