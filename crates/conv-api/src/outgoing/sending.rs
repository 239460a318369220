//! The changes of one list: its outbox in the store, and the task that sends it.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use conv_model::{AccountId, Commit, MutationFailure, OutboxChange, Pending, PendingState};
use conv_store::{ConversationStore, Leases, Snapshot, StoreError};
use conv_sync::{Clock, ConversationWriter, SendOptions};
use tokio::sync::{Semaphore, watch};

use super::{Edition, ledger::Ledger, task::Task};
use crate::{
    Error,
    caught::caught,
    passes::{PassContext, Passes, Unserved},
    runtime::Runtime,
    stats::Counters,
};

/// All that changes of a list need.
#[derive(Debug)]
pub(crate) struct OutgoingConfig {
    pub(crate) account: AccountId,
    pub(crate) store: Arc<dyn ConversationStore>,
    pub(crate) writer: Option<Arc<dyn ConversationWriter>>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) options: SendOptions,
    pub(crate) permits: Option<Arc<Semaphore>>,
    /// Decides who sends, if others use the store at the same time.
    pub(crate) leases: Option<Arc<dyn Leases>>,
    pub(crate) edition: Arc<Edition>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) runtime: Arc<Runtime>,
    /// The passes that show what was sent. Held weakly: they end with the last handle.
    pub(crate) passes: Weak<Passes>,
    pub(crate) pulls: Option<PassContext>,
}

/// The changes of one list. Dropping it stops the task that sends them; they stay in the store.
#[derive(Debug)]
pub(crate) struct Outgoing(pub(super) Arc<Shared>);

/// The state that the task shares with its callers.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) config: OutgoingConfig,
    pub(super) ledger: Ledger,
    /// The task stops once this turns false.
    pub(super) open: watch::Sender<bool>,
    /// The reason nothing is sent, as the task of this process learned.
    pub(super) held: watch::Sender<Option<MutationFailure>>,
    /// The beginning of the newest pass that acknowledged changes were compared with.
    pub(super) compared: watch::Sender<Option<Duration>>,
    /// Ends pauses, and sends held changes.
    pub(super) retry: watch::Sender<()>,
    /// A task is there.
    pub(super) running: watch::Sender<bool>,
    /// A task watches for changes that others queue.
    pub(super) is_following: AtomicBool,
    /// A call is in flight, or progress is being stored: the list is in use.
    pub(super) is_busy: AtomicBool,
    /// True once changes that an earlier process left as held were sent again.
    pub(super) was_released: AtomicBool,
}

impl Outgoing {
    pub(crate) fn new(config: OutgoingConfig) -> Self {
        let outgoing = Self(Arc::new(Shared {
            config,
            ledger: Ledger::default(),
            open: watch::Sender::new(true),
            held: watch::Sender::new(None),
            compared: watch::Sender::new(None),
            retry: watch::Sender::new(()),
            running: watch::Sender::new(false),
            is_following: AtomicBool::new(false),
            is_busy: AtomicBool::new(false),
            was_released: AtomicBool::new(false),
        }));
        outgoing.0.start();
        outgoing
    }

    /// Changes the outbox, and sees to it that it is sent.
    pub(super) async fn mutate(&self, change: OutboxChange) -> Result<Commit, Error> {
        self.0.mutate(change).await
    }

    /// Returns why nothing is sent: the app's account is at fault.
    pub(super) fn held(&self) -> Option<MutationFailure> {
        self.0.held.borrow().clone()
    }

    /// Returns true if a change waits for the app's account to be mended, as this process knows, or for
    /// a process of another app.
    pub(super) fn is_blocked(&self, pending: &Pending) -> bool {
        let own = self.0.config.writer.as_ref().and_then(|writer| writer.write_capabilities().app);
        // Its reason may still be that of an earlier process, a code of the other app's cloud.
        let is_said = pending.failure.as_ref().is_some_and(|failure| failure.code.is_none());
        let is_foreign = is_said && pending.app.zip(own).is_some_and(|(app, own)| app != own);
        pending.state == PendingState::Held && (is_foreign || self.0.held.borrow().is_some())
    }

    /// Waits until acknowledged changes are compared with the newest pass of this process, and what
    /// came of it is stored.
    pub(super) async fn compared(&self) {
        let Some(passes) = self.0.config.passes.upgrade() else { return };
        let Some(began) = passes.finished().borrow().as_ref().map(|pass| pass.began) else {
            return;
        };
        let (mut compared, mut running) = (self.0.compared.subscribe(), self.0.running.subscribe());
        tokio::select! {
            biased;
            // Without a task nothing is pending, or the list is about to close. The senders are here.
            _ = running.wait_for(|is_running| !is_running) => {}
            _ = compared.wait_for(|compared| *compared >= Some(began)) => {}
        }
    }

    /// Ends pauses, and sends held changes.
    pub(crate) fn retry_now(&self) {
        self.0.held.send_replace(None);
        self.0.retry.send_replace(());
        self.0.start();
    }

    pub(crate) fn has_writer(&self) -> bool {
        self.0.config.writer.is_some()
    }

    /// Returns true if a call is in flight, or progress is being stored.
    pub(crate) fn is_busy(&self) -> bool {
        self.0.is_busy.load(Relaxed)
    }

    /// Returns the mark of changes that are not over, for when the list leaves memory.
    pub(crate) fn unserved(&self) -> Option<Unserved> {
        self.0.config.writer.as_ref()?;
        let snapshot = self.0.config.store.snapshot();
        let open = || snapshot.outbox().pending().filter(|pending| is_open(pending));
        let failed = open().map(|pending| pending.attempts).min()?;
        let is_blocked = open().all(|pending| pending.state == PendingState::Held);
        Some(Unserved { failed, is_blocked })
    }

    /// Lets no other change in, and asks the task to stop.
    pub(crate) fn refuse(&self) {
        self.0.open.send_replace(false);
        self.0.ledger.close();
    }

    /// Stops the task and waits for its end.
    pub(crate) async fn stop(&self) {
        self.refuse();
        let mut running = self.0.running.subscribe();
        // The sender is here: it cannot fail.
        let _ = running.wait_for(|is_running| !is_running).await;
    }
}

impl Drop for Outgoing {
    fn drop(&mut self) {
        self.refuse();
    }
}

impl Shared {
    /// Changes the outbox and notes the outcomes, also if the caller goes away meanwhile.
    pub(super) async fn mutate(self: &Arc<Self>, change: OutboxChange) -> Result<Commit, Error> {
        let shared = Arc::clone(self);
        let mutating = self.config.runtime.get()?.spawn(async move {
            let commit = {
                let _noting = shared.ledger.noting().await;
                let changed = caught(shared.config.store.mutate(change)).await;
                let commit = changed.map_err(|_| Error::Panicked)??;
                shared.note(&commit);
                commit
            };
            shared.start();
            Ok(commit)
        });
        match mutating.await {
            Ok(commit) => commit,
            Err(_) => Err(StoreError::NoRuntime.into()),
        }
    }

    fn note(&self, commit: &Commit) {
        self.config.edition.note(&commit.outcomes, self.config.clock.now());
        self.config.counters.changes_ended(&commit.outcomes);
        self.ledger.note(&commit.outcomes);
    }

    /// Starts the task, if there is something to send and no task yet. Without a runtime the next
    /// call starts it.
    pub(super) fn start(self: &Arc<Self>) {
        let Some(writer) = &self.config.writer else { return };
        if !*self.open.borrow() {
            return;
        }
        // First, so that no change comes between.
        self.follow();
        if !has_work(&self.config.store.snapshot()) {
            return;
        }
        let Ok(runtime) = self.config.runtime.get() else { return };
        if !self.running.send_replace(true) {
            runtime.spawn(Task::new(Arc::clone(self), Arc::clone(writer)).run());
        }
    }
}

/// Returns true if a change is neither done nor failed.
pub(super) fn is_open(pending: &Pending) -> bool {
    pending.state != PendingState::Failed
}

pub(super) fn has_work(snapshot: &Snapshot) -> bool {
    snapshot.outbox().pending().any(|pending| is_open(pending))
}

/// Returns the numbers of the changes that are held.
pub(super) fn held(snapshot: &Snapshot) -> BTreeSet<u64> {
    let pending = snapshot.outbox().pending();
    let held = pending.filter(|pending| pending.state == PendingState::Held);
    held.map(|pending| pending.number).collect()
}
