//! The task of a list: sends its outbox until nothing is left.

use std::{
    collections::BTreeSet,
    future::pending,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use conv_model::{ConversationId, Facet, Mutation, OutboxChange, PendingState, Progress};
use conv_store::{Lease, Snapshot, StoreError};
use conv_sync::{ConversationWriter, Dispatch, Dispatcher, FinishedPass, Views};
use tokio::sync::watch;
use tracing::{Instrument, info_span};

use super::{
    sending::{Shared, has_work, held},
    view::StoreView,
    watched::WatchedWriter,
};
use crate::{AccountTag, Error, passes::backoff};

pub(super) struct Task {
    pub(super) shared: Arc<Shared>,
    writer: Arc<dyn ConversationWriter>,
    /// Writes of progress that failed since one succeeded.
    failed_writes: u32,
    /// The beginning of the newest pass that the dispatcher knows of.
    newest_pass: Option<Duration>,
    is_over: bool,
}

/// The reason the task no longer sends.
#[derive(PartialEq)]
enum End {
    /// Nothing is left, or the list is closed.
    Over,
    /// Another process may send by now.
    Lost,
}

/// The next step of the task.
enum Next {
    Stop,
    Lost,
    Outbox(Snapshot),
    Pass(Option<FinishedPass>),
    Retry,
    Dispatch(Dispatch),
}

impl Task {
    pub(super) fn new(shared: Arc<Shared>, writer: Arc<dyn ConversationWriter>) -> Self {
        Self { shared, writer, failed_writes: 0, newest_pass: None, is_over: false }
    }

    /// Sends until nothing is left, or until the list is closed.
    pub(super) async fn run(mut self) {
        let span = info_span!("send", account = %AccountTag::of(&self.shared.config.account));
        self.send().instrument(span).await;
        self.is_over = true;
        self.shared.is_busy.store(false, Relaxed);
        self.shared.running.send_replace(false);
        // A change that was accepted since the last look found a task that was about to end.
        self.shared.start();
    }

    /// Sends when its turn comes, if others may send, too.
    async fn send(&mut self) {
        let shared = Arc::clone(&self.shared);
        let Some(leases) = &shared.config.leases else {
            self.drive(None).await;
            return;
        };
        while let Some(lease) = self.turn(&**leases).await {
            let end = self.drive(Some(&*lease)).await;
            shared.is_busy.store(false, Relaxed);
            if end == End::Over {
                lease.give_back(Some(shared.config.store.snapshot().written())).await;
            }
        }
    }

    async fn drive(&mut self, lease: Option<&dyn Lease>) -> End {
        let shared = Arc::clone(&self.shared);
        let config = &shared.config;
        let mut dispatcher = self.dispatcher();
        let (mut open, mut retry) = (shared.open.subscribe(), shared.retry.subscribe());
        let mut finished = config.passes.upgrade().map(|passes| passes.finished());
        // A pass that finished just now need not be made again.
        let newest = finished.as_mut().and_then(|finished| finished.borrow_and_update().clone());
        if let Some(pass) = newest {
            self.pass_finished(&mut dispatcher, pass);
        }
        let mut store = config.store.watch();
        let mut seen = config.store.snapshot().seq();
        let mut known_held = held(&config.store.snapshot());
        while !dispatcher.is_idle() || has_work(&config.store.snapshot()) {
            shared.is_busy.store(!dispatcher.is_idle(), Relaxed);
            // What a retry is about to end says nothing.
            if !retry.has_changed().unwrap_or(true) {
                shared.held.send_if_modified(|held| {
                    let is_other = held.as_ref() != dispatcher.held();
                    *held = dispatcher.held().cloned();
                    is_other
                });
            }
            if !dispatcher.is_storing() {
                shared.compared.send_replace(self.newest_pass);
            }
            let next = tokio::select! {
                biased;
                _ = open.wait_for(|is_open| !is_open) => Next::Stop,
                () = lost(lease) => Next::Lost,
                pass = pass_finished(&mut finished) => Next::Pass(pass),
                Ok(()) = retry.changed() => Next::Retry,
                newer = store.newer_than(seen) => match newer {
                    Ok(newer) => Next::Outbox(newer),
                    Err(_) => Next::Stop,
                },
                dispatch = dispatcher.next() => Next::Dispatch(dispatch),
            };
            match next {
                Next::Stop => break,
                Next::Lost => return End::Lost,
                Next::Outbox(newer) => {
                    seen = newer.seq();
                    if is_released(&known_held, &newer) {
                        dispatcher.release();
                    }
                    known_held = held(&newer);
                    dispatcher.outbox_changed();
                }
                Next::Pass(Some(pass)) => self.pass_finished(&mut dispatcher, pass),
                Next::Pass(None) => {}
                Next::Retry => {
                    dispatcher.release();
                    dispatcher.retry_now();
                }
                Next::Dispatch(Dispatch::Progress(steps)) => {
                    shared.is_busy.store(true, Relaxed);
                    if !self.store(steps, &mut open).await {
                        break;
                    }
                    // What this task releases itself, the dispatcher knows.
                    known_held = held(&config.store.snapshot());
                    if self.failed_writes == 0 {
                        dispatcher.applied();
                    }
                }
                Next::Dispatch(Dispatch::Pass) => self.ask_for_pass(&mut dispatcher),
                Next::Dispatch(_) => {}
            }
        }
        End::Over
    }

    fn dispatcher(&self) -> Dispatcher {
        let config = &self.shared.config;
        let has_source = config.pulls.is_some();
        let writer = Arc::new(WatchedWriter {
            writer: Arc::clone(&self.writer),
            permits: config.permits.clone(),
            counters: Arc::clone(&config.counters),
            has_source,
        });
        let store = Arc::clone(&config.store);
        let options = config.options.clone().with_reads_unread(self.reads_unread());
        let (clock, account) = (Arc::clone(&config.clock), config.account.clone());
        let dates = Arc::clone(&clock);
        let views: Views =
            Arc::new(move || Arc::new(StoreView(store.snapshot(), dates.wall_time())) as _);
        let mut dispatcher = Dispatcher::new(writer, clock, account, options, views);
        // An operator may have repaired the app's account and started this process for that reason.
        if !self.shared.was_released.swap(true, Relaxed) {
            dispatcher.release();
        }
        dispatcher
    }

    /// Returns true if passes read the unread state of every row.
    fn reads_unread(&self) -> bool {
        let pulls = self.shared.config.pulls.as_ref();
        pulls.is_some_and(|pulls| pulls.options.facets.contains(&Facet::Unread))
    }

    /// Stores progress; returns false if the list is closed. A store in trouble is tried again after
    /// a pause: the dispatcher gives the same progress again.
    async fn store(
        &mut self,
        steps: Vec<(u64, Progress)>,
        open: &mut watch::Receiver<bool>,
    ) -> bool {
        match self.shared.mutate(OutboxChange::Progress(steps)).await {
            Ok(_) => self.failed_writes = 0,
            Err(Error::Store(StoreError::Closed | StoreError::NoRuntime)) => return false,
            Err(error) => {
                self.failed_writes = self.failed_writes.saturating_add(1);
                tracing::debug!(code = error.code(), "progress of changes could not be stored");
                let clock = &self.shared.config.clock;
                let pause = backoff(self.failed_writes, None, &**clock);
                tokio::select! {
                    biased;
                    _ = open.wait_for(|is_open| !is_open) => return false,
                    () = clock.sleep(pause) => {}
                }
            }
        }
        true
    }

    /// Asks for a pass. A list without a source has none: what its store shows is all there is.
    fn ask_for_pass(&self, dispatcher: &mut Dispatcher) {
        let config = &self.shared.config;
        let Some(pulls) = &config.pulls else {
            let now = FinishedPass::new(config.clock.now());
            return dispatcher.pass_finished(now.with_wall_time(config.clock.wall_time()));
        };
        // One that cannot begin now is asked for again by the dispatcher, later.
        if let Some(passes) = config.passes.upgrade() {
            let _ = passes.refresh(pulls);
        }
    }

    fn pass_finished(&mut self, dispatcher: &mut Dispatcher, pass: FinishedPass) {
        self.newest_pass = Some(pass.began);
        if self.reads_unread() {
            dispatcher.unread_read(pass.began, self.unread_read());
        }
        dispatcher.pass_finished(pass);
    }

    /// Returns the conversations whose unread state the last pass read, among those that changes mark
    /// as read.
    fn unread_read(&self) -> Vec<ConversationId> {
        let snapshot = self.shared.config.store.snapshot();
        if snapshot.sync().failed.iter().any(|failed| failed.facet == Facet::Unread) {
            return Vec::new();
        }
        let read = snapshot.outbox().pending().filter_map(|pending| match &pending.mutation {
            Mutation::Read { id, .. } => Some(id.clone()),
            _ => None,
        });
        read.collect()
    }
}

/// Returns true if another process released changes that were held.
fn is_released(held: &BTreeSet<u64>, newer: &Snapshot) -> bool {
    let is_queued = |number: &u64| {
        newer.outbox().get(*number).is_some_and(|pending| pending.state == PendingState::Queued)
    };
    held.iter().any(is_queued)
}

/// Waits until a lease is lost; without one, for ever.
async fn lost(lease: Option<&dyn Lease>) {
    match lease {
        Some(lease) => lease.lost().await,
        None => pending().await,
    }
}

/// Waits for the end of a pass, and returns it.
async fn pass_finished(
    finished: &mut Option<watch::Receiver<Option<FinishedPass>>>,
) -> Option<FinishedPass> {
    let Some(receiver) = finished else { return pending().await };
    if receiver.changed().await.is_err() {
        // The last handle is gone, and the list closes.
        return pending().await;
    }
    receiver.borrow_and_update().clone()
}

/// A task that is dropped in the middle says so: its runtime ended. The next call starts another.
impl Drop for Task {
    fn drop(&mut self) {
        if !self.is_over {
            self.shared.is_busy.store(false, Relaxed);
            self.shared.running.send_replace(false);
        }
    }
}
