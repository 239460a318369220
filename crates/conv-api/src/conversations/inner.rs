//! The state that all handles and streams of one list share.

use std::{fmt, sync::Arc};

use conv_model::{AccountId, SyncReport};
use conv_store::{ConversationStore, Snapshot};
use conv_sync::Clock;

use super::{
    config::{HandleConfig, StoreOwner},
    interest::Interest,
    profiles::Profiles,
};
use crate::{
    list::report,
    listener::{Seen, Wait},
    live::Views,
    outgoing::{Outgoing, OutgoingConfig},
    passes::{PassContext, Passes},
};

/// One list. Handles share it; streams refer to it weakly.
pub(crate) struct Inner {
    pub(super) account: AccountId,
    pub(crate) store: Arc<dyn ConversationStore>,
    pub(super) context: Option<PassContext>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(super) passes: Arc<Passes>,
    pub(crate) outgoing: Outgoing,
    pub(super) profiles: Profiles,
    pub(crate) views: Views,
    pub(crate) interest: Interest,
    pub(super) owner: StoreOwner,
}

impl Inner {
    pub(super) fn new(config: HandleConfig) -> Self {
        let HandleConfig { account, owner, store, source, clock, options, counters, .. } = config;
        let context = source.map(|source| PassContext {
            account: account.clone(),
            store: Arc::clone(&store),
            source,
            clock: Arc::clone(&clock),
            options,
            counters: Arc::clone(&counters),
            names_read: config.names_read,
            last_reply: config.last_reply,
            leases: config.leases,
        });
        let interest = Interest::default();
        let runtime = Arc::clone(&config.runtime);
        let passes = Arc::new(Passes::new(config.ticket, runtime, interest.watch()));
        let outgoing = Outgoing::new(OutgoingConfig {
            account: account.clone(),
            store: Arc::clone(&store),
            writer: config.writer,
            clock: Arc::clone(&clock),
            options: config.send,
            permits: config.send_permits,
            leases: config.send_leases,
            edition: config.edition,
            counters,
            runtime: config.runtime,
            passes: Arc::downgrade(&passes),
            pulls: context.clone(),
        });
        Self {
            account,
            store,
            context,
            clock,
            passes,
            outgoing,
            profiles: Profiles::new(config.profile_freshness),
            views: Views::default(),
            interest,
            owner,
        }
    }

    /// Returns the report of a snapshot, with a failure that its store could not take in.
    pub(crate) fn report(&self, snapshot: &Snapshot) -> SyncReport {
        report(snapshot, self.passes.unreported_failure(snapshot).as_ref())
    }

    /// Returns a number that grows with each change of a failure that no snapshot shows.
    pub(crate) fn report_number(&self) -> u64 {
        self.passes.report_number()
    }

    /// Returns a future that ends once there is a newer commit or failure, or the last handle was
    /// dropped. It does not keep the store open.
    pub(crate) fn newer_than(&self, seen: Seen) -> Wait {
        let mut store = self.store.watch();
        let mut failures = self.passes.report_numbers();
        let ended = self.passes.ended();
        Box::pin(async move {
            tokio::select! {
                biased;
                newer = store.newer_than(seen.seq) => newer.map(drop),
                _ = failures.wait_for(|number| *number > seen.report) => Ok(()),
                () = ended => Ok(()),
            }
        })
    }

    /// Returns a future that ends once the last handle was dropped.
    pub(crate) fn ended(&self) -> impl Future<Output = ()> + Send + Sync + use<> {
        self.passes.ended()
    }

    /// Returns true if no newer snapshot can come, because the store is closed or its runtime ended.
    pub(super) fn is_dead(&self) -> bool {
        self.store.watch().is_closed()
    }
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inner").field("account", &self.account).finish_non_exhaustive()
    }
}
