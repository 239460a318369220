use std::{sync::Arc, time::Duration};

use tokio::sync::watch;

/// The orderly end of a process that serves: first the load balancer is warned, then streams are
/// asked to go elsewhere, then everything closes. Clones share one state, which only moves forward.
#[derive(Debug, Clone)]
pub struct Drain(Arc<watch::Sender<Phase>>);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Serving,
    Draining,
    Closed,
}

impl Drain {
    /// Makes one that serves.
    pub fn new() -> Self {
        Self(Arc::new(watch::Sender::new(Phase::Serving)))
    }

    /// Begins to drain: `readyz` answers 503 from now on, everything else is still served.
    pub fn begin(&self) {
        self.advance(Phase::Draining);
    }

    /// Closes: listeners stop to accept, streams end, connections end with their request.
    pub fn close(&self) {
        self.advance(Phase::Closed);
    }

    /// Begins to drain, and closes after `pre_stop`: the time in which load balancers learn from
    /// `readyz` to send nothing more.
    pub async fn after(&self, pre_stop: Duration) {
        self.begin();
        tokio::time::sleep(pre_stop).await;
        self.close();
    }

    /// Returns true once it drains.
    pub fn is_draining(&self) -> bool {
        *self.0.borrow() >= Phase::Draining
    }

    /// Returns when it has closed.
    pub async fn closed(&self) {
        let mut phases = self.0.subscribe();
        // It fails only without a sender, and `self` is one.
        let _ = phases.wait_for(|phase| *phase == Phase::Closed).await;
    }

    fn advance(&self, to: Phase) {
        self.0.send_if_modified(|phase| {
            let moves = *phase < to;
            if moves {
                *phase = to;
            }
            moves
        });
    }
}

impl Default for Drain {
    fn default() -> Self {
        Self::new()
    }
}
