//! The queue of passes, where many accounts share a bound of passes at a time.

use std::{
    collections::BTreeMap,
    future::pending,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use conv_sync::Clock;
use tokio::sync::{oneshot, watch};

use super::{
    State,
    breaker::{Breaker, Probe},
    budget::Budget,
};

/// Of the passes that go while both kinds wait, one after so many has no caller that waits.
const WAITED_IN_A_ROW: u32 = 3;
/// Of those without a caller, one after so many is of the background.
const VISIBLE_IN_A_ROW: u32 = 7;

/// Three lines, each first come, first served: passes that a caller waits for, those of accounts that
/// are [visible](crate::WatchLevel::Visible), and those in the background.
///
/// While a caller waits, three of the first line go for each one of the other two. Without visible
/// accounts, a pass with `n` before it in its own line so goes after at most `4 (n + 1)` others from
/// the background line, and after at most `n + n / 3 + 1` from the first. While visible accounts wait,
/// seven of them go for each one of the background: no line starves.
#[derive(Debug)]
pub(crate) struct Queue {
    lines: Mutex<Lines>,
    breaker: Breaker,
    pub(super) budget: Budget,
}

#[derive(Debug)]
struct Lines {
    free: usize,
    running: usize,
    next: u64,
    waited: Line,
    visible: Line,
    background: Line,
    waited_in_a_row: u32,
    visible_in_a_row: u32,
}

type Line = BTreeMap<u64, oneshot::Sender<Running>>;

/// The place of a pass in a queue. It queues again after each pause.
#[derive(Debug)]
pub(crate) struct QueueTicket {
    queue: Arc<Queue>,
    // Both are written under the queue's lock.
    is_waited_for: AtomicBool,
    is_visible: AtomicBool,
    number: AtomicU64,
}

/// The right to begin a pass.
#[derive(Debug)]
pub(crate) struct Admission {
    pub(crate) running: Running,
    pub(crate) probe: Option<Probe>,
    /// The moment at which it was asked for.
    pub(crate) asked: Duration,
}

/// Counts as one of the running passes; dropping it lets another go.
#[derive(Debug)]
pub(crate) struct Running(Arc<Queue>);

impl Queue {
    /// With room for so many passes at a time, at least one, and a budget for the calls of those that
    /// no caller waits for.
    pub(crate) fn new(bound: usize, budget: Budget) -> Arc<Self> {
        let lines = Lines {
            free: bound.max(1),
            running: 0,
            next: 0,
            waited: Line::new(),
            visible: Line::new(),
            background: Line::new(),
            waited_in_a_row: 0,
            visible_in_a_row: 0,
        };
        Arc::new(Self { lines: Mutex::new(lines), breaker: Breaker::new(), budget })
    }

    /// Returns the numbers of passes that run and that wait.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let lines = self.lock();
        let waiting = [&lines.waited, &lines.visible, &lines.background];
        (lines.running, waiting.iter().map(|line| line.len()).sum())
    }

    /// Lets as many go as there is room for.
    fn go_on(self: &Arc<Self>) {
        loop {
            // The guard is gone before anything is sent: one that is not taken comes back.
            let next = self.lock().next();
            let Some(go) = next else { return };
            drop(go.send(Running(Arc::clone(self))));
        }
    }

    /// Sections are short and none of them panics.
    fn lock(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lines {
    fn next(&mut self) -> Option<oneshot::Sender<Running>> {
        if self.free == 0 {
            return None;
        }
        let is_their_turn = self.waited_in_a_row >= WAITED_IN_A_ROW || self.waited.is_empty();
        let (_, go) = match is_their_turn.then(|| self.next_unwaited()).flatten() {
            Some(first) => {
                self.waited_in_a_row = 0;
                first
            }
            None => {
                let first = self.waited.pop_first()?;
                let is_passed_over = !self.visible.is_empty() || !self.background.is_empty();
                self.waited_in_a_row = if is_passed_over { self.waited_in_a_row + 1 } else { 0 };
                first
            }
        };
        self.free -= 1;
        self.running += 1;
        Some(go)
    }

    /// The next pass that no caller waits for.
    fn next_unwaited(&mut self) -> Option<(u64, oneshot::Sender<Running>)> {
        let is_their_turn = self.visible_in_a_row >= VISIBLE_IN_A_ROW || self.visible.is_empty();
        if let Some(first) = is_their_turn.then(|| self.background.pop_first()).flatten() {
            self.visible_in_a_row = 0;
            return Some(first);
        }
        let first = self.visible.pop_first()?;
        let is_passed_over = !self.background.is_empty();
        self.visible_in_a_row = if is_passed_over { self.visible_in_a_row + 1 } else { 0 };
        Some(first)
    }

    fn line(&mut self, is_waited_for: bool, is_visible: bool) -> &mut Line {
        match (is_waited_for, is_visible) {
            (true, _) => &mut self.waited,
            (false, true) => &mut self.visible,
            (false, false) => &mut self.background,
        }
    }

    fn remove(&mut self, number: u64) -> Option<oneshot::Sender<Running>> {
        let Self { waited, visible, background, .. } = self;
        [waited, visible, background].into_iter().find_map(|line| line.remove(&number))
    }

    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }
}

impl QueueTicket {
    /// Returns a place in the background line, until a caller waits.
    pub(crate) fn new(queue: &Arc<Queue>) -> Self {
        let [is_waited_for, is_visible] = [false, false].map(AtomicBool::new);
        Self { queue: Arc::clone(queue), is_waited_for, is_visible, number: AtomicU64::new(0) }
    }

    /// Moves the pass to the end of the line of visible accounts, or of that of the background.
    pub(crate) fn set_visible(&self, is_visible: bool) {
        let mut lines = self.queue.lock();
        if self.is_visible.swap(is_visible, Ordering::Relaxed) == is_visible {
            return;
        }
        // One that a caller waits for, or waited for, keeps its place.
        let from = lines.line(false, !is_visible);
        if let Some(go) = from.remove(&self.number.load(Ordering::Relaxed)) {
            let number = lines.number();
            self.number.store(number, Ordering::Relaxed);
            lines.line(false, is_visible).insert(number, go);
        }
    }

    /// Waits until a pass may begin: past the breaker, unless a caller waits for it, and then for its
    /// turn. `state` knows whether a caller waits; without it none does.
    pub(crate) async fn admit(
        &self,
        clock: &dyn Clock,
        mut state: Option<watch::Receiver<State>>,
    ) -> Admission {
        let asked = clock.now();
        loop {
            let probe = tokio::select! {
                biased;
                () = awaited(&mut state) => None,
                probe = self.queue.breaker.admit(clock) => probe,
            };
            let running = self.wait().await;
            // Many may have come by the breaker before it tripped.
            if probe.is_some() || self.is_waited_for() || !self.queue.breaker.is_tripped() {
                return Admission { running, probe, asked };
            }
        }
    }

    pub(crate) fn is_waited_for(&self) -> bool {
        self.is_waited_for.load(Ordering::Relaxed)
    }

    /// Waits until one more call that no caller waits for may go out.
    pub(super) async fn spend(&self, clock: &dyn Clock) {
        self.queue.budget.spend(clock).await;
    }

    /// Notes how a call ended: whether the cloud was reached.
    pub(crate) fn note(&self, is_reached: bool) {
        self.queue.breaker.note(is_reached);
    }

    /// Queues, and goes when it is its turn. Dropping the call leaves the queue.
    pub(crate) async fn wait(&self) -> Running {
        loop {
            let (_queued, turn) = self.queue_up();
            // The sender is only ever gone together with the ticket in the line.
            if let Ok(running) = turn.await {
                return running;
            }
        }
    }

    /// A caller waits: the pass moves to the end of the other line.
    pub(crate) fn promote(&self) {
        let mut lines = self.queue.lock();
        if self.is_waited_for.swap(true, Ordering::Relaxed) {
            return;
        }
        if let Some(go) = lines.remove(self.number.load(Ordering::Relaxed)) {
            let number = lines.number();
            self.number.store(number, Ordering::Relaxed);
            lines.waited.insert(number, go);
        }
    }

    /// No caller waits any more, from the next time on.
    pub(crate) fn demote(&self) {
        let _lines = self.queue.lock();
        self.is_waited_for.store(false, Ordering::Relaxed);
    }

    fn queue_up(&self) -> (Queued<'_>, oneshot::Receiver<Running>) {
        let (go, turn) = oneshot::channel();
        let mut lines = self.queue.lock();
        let number = lines.number();
        self.number.store(number, Ordering::Relaxed);
        let is_visible = self.is_visible.load(Ordering::Relaxed);
        lines.line(self.is_waited_for(), is_visible).insert(number, go);
        drop(lines);
        self.queue.go_on();
        (Queued(self), turn)
    }
}

/// Ends once a caller waits for the pass.
pub(super) async fn awaited(state: &mut Option<watch::Receiver<State>>) {
    match state {
        Some(state) => {
            // An error would say that the passes are gone, and this with them.
            let _ = state.wait_for(State::is_awaited).await;
        }
        None => pending().await,
    }
}

/// Leaves the queue when it is dropped.
struct Queued<'a>(&'a QueueTicket);

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        let mut lines = self.0.queue.lock();
        let number = self.0.number.load(Ordering::Relaxed);
        let left = lines.remove(number);
        drop(lines);
        drop(left);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let mut lines = self.0.lock();
        lines.free += 1;
        lines.running -= 1;
        drop(lines);
        self.0.go_on();
    }
}

#[cfg(test)]
mod tests;
