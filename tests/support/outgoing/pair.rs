//! Two processes over one store, and the lease that decides which of them sends.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    task::Poll,
    time::Duration,
};

use conv_api::{
    ConversationStore, Snapshot,
    model::{OutboxChange, Progress},
    sync::Dispatcher,
};
use tokio::time::Instant;

use super::{
    process::{Event, Followed, Process},
    run::Sim,
};

impl Sim {
    /// Makes a second process; none of the two sends before it has the lease.
    pub(super) async fn pair(&mut self) {
        self.engine.set_lag(Duration::from_millis(500));
        self.cloud.lock().holder = Some(None);
        let mut cloud = self.cloud.clone();
        cloud.process = 1;
        let other = Process::open(&self.engine, &cloud, &self.options, self.rng.fork()).await;
        self.other = Some(other);
        self.share();
        self.switch();
        self.share();
        self.take_lease();
    }

    /// Makes a process that was just opened one of two: it does not send, and follows the other's
    /// writes. The lease that it had before is free.
    pub(super) fn share(&mut self) {
        if self.other.is_none() {
            return;
        }
        self.process.dispatcher = None;
        let list = self.process.store.snapshot();
        let (seen, held) = (list.seq(), Process::held(&list));
        self.process.follows = Some(Followed { seen, held, ..Followed::default() });
        let mut state = self.cloud.lock();
        if state.holder == Some(Some(self.process.cloud.process)) {
            state.holder = Some(None);
        }
    }

    pub(super) fn switch(&mut self) {
        if let Some(other) = &mut self.other {
            std::mem::swap(&mut self.process, other);
        }
    }

    /// Decides which process acts next, and at times that the lease passes on.
    pub(super) async fn take_turns(&mut self) {
        if self.other.is_none() {
            return;
        }
        if self.rng.bool() {
            self.switch();
        }
        let is_free = self.cloud.lock().holder == Some(None);
        let odds = if is_free { 2 } else { 6 };
        if self.rng.u8(..odds) == 0 {
            self.take_lease();
        }
    }

    /// The process that acts takes the lease. The other one notices at once, or some time later: until
    /// then both send.
    fn take_lease(&mut self) {
        let process = self.process.cloud.process;
        let before = self.cloud.lock().holder.replace(Some(process)).flatten();
        if before == Some(process) {
            return;
        }
        let late = if self.rng.bool() { self.rng.u64(..8_000) } else { 0 };
        if let Some(follows) = self.other.as_mut().and_then(|other| other.follows.as_mut()) {
            follows.notices = Some(Instant::now() + Duration::from_millis(late));
        }
        self.trace(|| format!("takes the lease; the other one notices {late} ms later"));
        let Some(follows) = &mut self.process.follows else { return };
        follows.notices = None;
        let releases = !std::mem::replace(&mut follows.has_sent, true);
        // One that did not notice that its lease was gone has the same sender still.
        if self.process.dispatcher.is_some() {
            return;
        }
        self.process.start_sending(&self.options);
        if releases {
            self.process.send(Dispatcher::release);
        }
        if let Some(pass) = self.process.finished.clone() {
            self.process.send(|sender| sender.pass_finished(pass));
        }
    }

    /// Sees to it that a process sends, and lets it act.
    pub(super) fn one_sends(&mut self) {
        if self.other.is_none() {
            return;
        }
        if self.cloud.lock().holder == Some(None) {
            self.take_lease();
        }
        if self.cloud.lock().holder != Some(Some(self.process.cloud.process)) {
            self.switch();
        }
    }

    fn notice(&mut self) {
        for process in [Some(&mut self.process), self.other.as_mut()].into_iter().flatten() {
            let Some(follows) = &mut process.follows else { continue };
            if follows.notices.is_some_and(|at| at <= Instant::now()) {
                follows.notices = None;
                process.dispatcher = None;
            }
        }
    }

    /// The next event of any process, which acts from now on.
    pub(super) async fn event(&mut self, end: Instant) -> Event {
        self.notice();
        let Some(other) = &mut self.other else { return self.process.event(end).await };
        let (is_other, event) = {
            let (mut one, mut two) = (pin!(self.process.event(end)), pin!(other.event(end)));
            poll_fn(|cx| {
                if let Poll::Ready(event) = one.as_mut().poll(cx) {
                    return Poll::Ready((false, event));
                }
                two.as_mut().poll(cx).map(|event| (true, event))
            })
            .await
        };
        if is_other {
            self.switch();
        }
        event
    }

    /// The store shows what another process wrote.
    pub(super) fn newer(&mut self, list: &Snapshot) {
        let Some(follows) = &mut self.process.follows else { return };
        follows.seen = list.seq();
        let held = std::mem::replace(&mut follows.held, Process::held(list));
        let outbox = list.outbox();
        let is_queued = |number: &u64| {
            outbox.get(*number).is_some_and(|one| one.state == conv_api::PendingState::Queued)
        };
        if held.iter().any(is_queued) {
            self.process.send(Dispatcher::release);
        }
        self.process.send(Dispatcher::outbox_changed);
    }

    /// The app's account is said to be repaired. A process that does not send says so in the store.
    pub(super) async fn release(&mut self) {
        if self.process.dispatcher.is_some() {
            return self.process.send(Dispatcher::release);
        }
        let held = Process::held(&self.process.store.snapshot());
        if held.is_empty() {
            return;
        }
        let steps = held.into_iter().map(|number| (number, Progress::Released)).collect();
        // The next one that sends releases them, too.
        let _ = self.process.store.mutate(OutboxChange::Progress(steps)).await;
    }
}
