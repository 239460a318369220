//! Builds the accounts.

use std::{fmt, num::NonZeroU32, sync::Arc};

use conv_store::ConversationDatabase;
use conv_sync::{ConversationSource, ConversationWriter};
use tokio::sync::Semaphore;

use super::{Accounts, Shared, registry::Registry};
use crate::{
    options::{ListOptions, list_options},
    passes::{Budget, Queue},
    runtime::Runtime,
    stats::Counters,
    watches::{Neighbours, WatchOptions, Watches},
};

/// Calls per second of the cloud's 200.
const LISTING_BUDGET: NonZeroU32 = NonZeroU32::MIN.saturating_add(159);

/// Builds [`Accounts`]: their bounds of memory and of passes at a time, and the options of each
/// list.
#[must_use = "makes nothing before `build`"]
pub struct AccountsBuilder {
    database: Arc<dyn ConversationDatabase>,
    source: Arc<dyn ConversationSource>,
    writer: Option<Arc<dyn ConversationWriter>>,
    options: ListOptions,
    memory_budget: usize,
    concurrent_passes: usize,
    concurrent_sends: usize,
    listing_budget: NonZeroU32,
    watch_options: WatchOptions,
}

impl AccountsBuilder {
    pub(super) fn new(
        database: Arc<dyn ConversationDatabase>,
        source: Arc<dyn ConversationSource>,
    ) -> Self {
        Self {
            database,
            source,
            writer: None,
            options: ListOptions::default(),
            memory_budget: 64 * 1024 * 1024,
            concurrent_passes: 8,
            concurrent_sends: 8,
            listing_budget: LISTING_BUDGET,
            watch_options: WatchOptions::default(),
        }
    }

    /// Sets the maximum memory, in bytes, for idle lists kept loaded; 64 MiB by default. A list of 100
    /// conversations counts as 120 to 260 KB after its first pass, with the commits that it remembers: the
    /// more facets it has, the more.
    pub fn memory_budget(self, bytes: usize) -> Self {
        Self { memory_budget: bytes, ..self }
    }

    /// Sets the maximum number of accounts that are pulled at a time, at least one; 8 by default. More
    /// do not help where the cloud's rate is the bound.
    pub fn concurrent_passes(self, passes: usize) -> Self {
        Self { concurrent_passes: passes, ..self }
    }

    /// Sends the changes of all accounts to a cloud, such as `RestSource`; an `Arc` of the source, if
    /// that is one. Without a writer, changes show in the lists and wait.
    pub fn writer(self, writer: impl ConversationWriter) -> Self {
        Self { writer: Some(Arc::new(writer)), ..self }
    }

    /// Sets the maximum number of calls at a time that send changes, of all accounts, at least one; 8
    /// by default. They wait for each other in the order they come, and not for passes.
    pub fn concurrent_sends(self, calls: usize) -> Self {
        Self { concurrent_sends: calls, ..self }
    }

    /// Sets how many pages per second passes may read that no caller waits for, all accounts together;
    /// 160 by default. The cloud gives an app 200 calls per second of the list: the rest is for passes
    /// that a caller waits for, and for the app's other processes. After a silence, a twentieth more may
    /// go out at once.
    pub fn listing_budget(self, pages_per_second: NonZeroU32) -> Self {
        Self { listing_budget: pages_per_second, ..self }
    }

    /// Sets when [watched](Accounts::watch) accounts are pulled.
    pub fn watch_options(self, watch_options: WatchOptions) -> Self {
        Self { watch_options, ..self }
    }

    /// Returns the accounts, none of them loaded. Pulls nothing yet.
    ///
    /// Their tasks run on the Tokio runtime that this is called in; outside of one, on that of the first
    /// call that needs it. Once that runtime ended, the next caller's replaces it.
    pub fn build(self) -> Accounts {
        let clock = self.options.clock();
        let watches = Watches::new(&self.watch_options, self.listing_budget, Arc::clone(&clock));
        let shared = Shared {
            clock,
            watches,
            neighbours: Neighbours::new(self.database.signals()),
            database: self.database,
            source: self.source,
            writer: self.writer,
            send: self.options.send,
            send_permits: Arc::new(Semaphore::new(self.concurrent_sends.max(1))),
            edition: Arc::default(),
            options: self.options.pull,
            profile_freshness: self.options.profile_freshness,
            queue: Queue::new(self.concurrent_passes, Budget::new(self.listing_budget)),
            counters: Arc::new(Counters::default()),
            names_read: Arc::default(),
            last_reply: Arc::default(),
            registry: Registry::new(self.memory_budget),
            runtime: Arc::new(Runtime::current()),
        };
        Accounts { shared: Arc::new(shared) }
    }
}

list_options!(AccountsBuilder);

impl fmt::Debug for AccountsBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccountsBuilder")
            .field("memory_budget", &self.memory_budget)
            .field("concurrent_passes", &self.concurrent_passes)
            .finish_non_exhaustive()
    }
}
