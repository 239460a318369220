//! How many accounts are put together.

use std::{fmt, sync::Arc, time::Duration};

use conv_model::Facet;
use conv_store::ConversationDatabase;
use conv_sync::{Clock, ConversationSource, PullOptions, TokioClock};

use super::{Accounts, Shared, registry::Registry};
use crate::{flight::Queue, runtime::Runtime, stats::Counters};

/// Puts [`Accounts`] together: how much memory they may take, how many are pulled at a time, and
/// what holds for each list.
#[must_use = "makes nothing before `build`"]
pub struct AccountsBuilder {
    database: Arc<dyn ConversationDatabase>,
    source: Arc<dyn ConversationSource>,
    clock: Option<Arc<dyn Clock>>,
    options: PullOptions,
    profile_freshness: Duration,
    memory_budget: usize,
    concurrent_passes: usize,
}

impl AccountsBuilder {
    pub(super) fn new(
        database: Arc<dyn ConversationDatabase>,
        source: Arc<dyn ConversationSource>,
    ) -> Self {
        Self {
            database,
            source,
            clock: None,
            options: PullOptions::default(),
            profile_freshness: Duration::from_secs(60),
            memory_budget: 64 * 1024 * 1024,
            concurrent_passes: 8,
        }
    }

    /// How many bytes the lists that are loaded may take, as far as nobody uses them; 64 MiB by
    /// default. A list of 100 conversations takes about 82 KB.
    pub fn memory_budget(self, bytes: usize) -> Self {
        Self { memory_budget: bytes, ..self }
    }

    /// How many accounts are pulled at a time, at least one; 8 by default. More do not help where
    /// the cloud's rate is the bound.
    pub fn concurrent_passes(self, passes: usize) -> Self {
        Self { concurrent_passes: passes, ..self }
    }

    /// The most conversations that the plan gives: 100 by default, up to 500 by the console's
    /// setting.
    pub fn plan_limit(mut self, conversations: u32) -> Self {
        self.options = self.options.with_plan_limit(conversations);
        self
    }

    /// Reads a facet for every row of a pass, besides names and avatars.
    pub fn facet(mut self, facet: Facet) -> Self {
        self.options = self.options.with_facet(facet);
        self
    }

    /// How long a full profile is answered from memory before it is read again; a minute by
    /// default.
    pub fn profile_freshness(self, profile_freshness: Duration) -> Self {
        Self { profile_freshness, ..self }
    }

    /// Sets the age at which a pass reads the name of a row again; a day by default. See
    /// [`Builder::name_freshness`](crate::Builder::name_freshness) for clouds that give no time.
    pub fn name_freshness(mut self, freshness: Duration) -> Self {
        self.options = self.options.with_profile_freshness(freshness);
        self
    }

    /// Measures time with another clock than Tokio's.
    pub fn clock(self, clock: impl Clock) -> Self {
        Self { clock: Some(Arc::new(clock)), ..self }
    }

    /// The accounts, none of them loaded. Nothing is pulled yet.
    ///
    /// Their tasks run on the Tokio runtime that this is called in, whoever asks for them; outside of
    /// one, on that of the first call that needs it. Once it ended, the next caller's takes its place.
    pub fn build(self) -> Accounts {
        let shared = Shared {
            database: self.database,
            source: self.source,
            clock: self.clock.unwrap_or_else(|| Arc::new(TokioClock::default())),
            options: self.options,
            profile_freshness: self.profile_freshness,
            queue: Queue::new(self.concurrent_passes),
            counters: Arc::new(Counters::default()),
            names_read: Arc::default(),
            last_reply: Arc::default(),
            registry: Registry::new(self.memory_budget),
            runtime: Arc::new(Runtime::current()),
        };
        Accounts { shared: Arc::new(shared) }
    }
}

impl fmt::Debug for AccountsBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccountsBuilder")
            .field("memory_budget", &self.memory_budget)
            .field("concurrent_passes", &self.concurrent_passes)
            .finish_non_exhaustive()
    }
}
