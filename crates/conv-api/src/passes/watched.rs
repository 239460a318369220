//! A source and a clock that count the calls of a pass.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use async_trait::async_trait;
use conv_model::{AccountId, Timestamp};
use conv_sync::{
    Capabilities, Changes, ChangesRequest, Clock, ConversationSource, FullProfile, Groups,
    HydrateRequest, Hydrated, Page, ProfileRequest, PullRequest, RequestCounts, SourceError,
};
use tracing::{Instrument, debug_span, field::Empty};

use super::{expiry::LastReply, permit::PassPermit};
use crate::{error::may_succeed_later, stats::Counters};

/// The source and the clock of one pass: what goes through is counted, and takes room among the
/// passes of other accounts.
#[derive(Debug)]
pub(super) struct Watched {
    pub(super) source: Arc<dyn ConversationSource>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) permit: PassPermit,
    /// Of all passes.
    pub(super) counters: Arc<Counters>,
    pub(super) last_reply: Arc<LastReply>,
    pub(super) own: Own,
}

/// The numbers of one pass.
#[derive(Debug, Default)]
pub(super) struct Own {
    pub(super) pages: AtomicU64,
    pub(super) rows: AtomicU64,
    pub(super) retries: AtomicU64,
    pub(super) skipped: AtomicU64,
}

impl Watched {
    async fn call<T>(
        &self,
        call: impl Future<Output = Result<T, SourceError>>,
    ) -> Result<T, SourceError> {
        let counted = async {
            self.counters.calls.fetch_add(1, Relaxed);
            call.await
        };
        let answer = self.permit.call(counted).await;
        // A cloud that refuses is within reach.
        self.permit.answered(!answer.as_ref().is_err_and(may_succeed_later));
        answer
    }

    fn note(&self, server_time: Option<Timestamp>, rows: usize, skipped: usize) {
        let (rows, skipped) = (rows as u64, skipped as u64);
        self.last_reply.note(server_time, self.clock.now());
        self.own.pages.fetch_add(1, Relaxed);
        self.own.rows.fetch_add(rows, Relaxed);
        self.own.skipped.fetch_add(skipped, Relaxed);
        self.counters.skipped_rows.fetch_add(skipped, Relaxed);
    }
}

#[async_trait]
impl ConversationSource for Watched {
    fn capabilities(&self) -> Capabilities {
        self.source.capabilities()
    }

    async fn pull(&self, request: &PullRequest) -> Result<Page, SourceError> {
        let span = debug_span!("page", rows = Empty, skipped = Empty);
        let spent = self.permit.spend(&*self.clock).instrument(span.clone()).await;
        if let Some(waited) = spent {
            self.counters.quota_wait.note(waited);
        }
        let page = self.call(self.source.pull(request)).instrument(span.clone()).await?;
        span.record("rows", page.rows.len()).record("skipped", page.skipped.len());
        self.note(page.server_time, page.rows.len(), page.skipped.len());
        Ok(page)
    }

    async fn changes(&self, request: &ChangesRequest) -> Result<Changes, SourceError> {
        let span = debug_span!("changes", rows = Empty, skipped = Empty);
        let spent = self.permit.spend(&*self.clock).instrument(span.clone()).await;
        if let Some(waited) = spent {
            self.counters.quota_wait.note(waited);
        }
        let changes = self.call(self.source.changes(request)).instrument(span.clone()).await?;
        span.record("rows", changes.rows.len()).record("skipped", changes.skipped.len());
        self.note(changes.server_time, changes.rows.len(), changes.skipped.len());
        Ok(changes)
    }

    async fn hydrate(&self, request: &HydrateRequest) -> Result<Hydrated, SourceError> {
        let span = debug_span!("facets", facet = ?request.facet, rows = request.ids.len());
        self.call(self.source.hydrate(request)).instrument(span).await
    }

    async fn profile(&self, request: &ProfileRequest) -> Result<FullProfile, SourceError> {
        self.call(self.source.profile(request)).await
    }

    async fn groups(&self, account: &AccountId) -> Result<Groups, SourceError> {
        self.call(self.source.groups(account)).instrument(debug_span!("groups")).await
    }

    fn request_counts(&self) -> Option<RequestCounts> {
        self.source.request_counts()
    }
}

/// A pass sleeps for nothing but to try again.
#[async_trait]
impl Clock for Watched {
    fn now(&self) -> Duration {
        self.clock.now()
    }

    async fn sleep(&self, time: Duration) {
        self.own.retries.fetch_add(1, Relaxed);
        self.counters.retries.fetch_add(1, Relaxed);
        self.permit.pause(self.clock.sleep(time)).await;
    }

    fn chance(&self) -> f64 {
        self.clock.chance()
    }

    fn wall_time(&self) -> Option<Timestamp> {
        self.clock.wall_time()
    }
}
