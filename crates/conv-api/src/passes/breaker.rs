//! A circuit breaker for when the cloud is out of reach.

use std::{sync::Arc, time::Duration};

use conv_sync::Clock;
use tokio::sync::{Mutex, OwnedMutexGuard, watch};

use super::backoff::jittered;

/// It trips after so many calls in a row that failed, of whichever accounts.
const TRIPS: u32 = 3;
/// The longest pause before the first probe; each further one doubles it.
const FIRST: Duration = Duration::from_secs(2);
const LONGEST: Duration = Duration::from_secs(30);

/// A circuit breaker for the passes of many accounts in the background.
///
/// In an outage every account has a reason to begin a pass, and each of them alone would try some
/// times. Once several calls in a row failed, passes in the background wait here: one at a time goes
/// on after a growing pause, as a probe, and the first call that succeeds lets all others go on,
/// as far as the queue has room. Passes that a caller waits for skip it.
#[derive(Debug)]
pub(crate) struct Breaker {
    failed_in_a_row: watch::Sender<u32>,
    gate: Arc<Mutex<()>>,
}

/// The right to try, until the first call is answered. Dropping it lets the next one try.
#[derive(Debug)]
pub(crate) struct Probe(#[expect(dead_code, reason = "held, not read")] OwnedMutexGuard<()>);

impl Breaker {
    pub(super) fn new() -> Self {
        Self { failed_in_a_row: watch::Sender::new(0), gate: Arc::default() }
    }

    /// Notes how a call ended.
    pub(super) fn note(&self, is_reached: bool) {
        self.failed_in_a_row.send_if_modified(|failed| {
            let before = *failed;
            *failed = if is_reached { 0 } else { before.saturating_add(1) };
            before != *failed
        });
    }

    /// Waits until a pass in the background may begin. Returns a probe if it is the one that tries.
    pub(super) async fn admit(&self, clock: &dyn Clock) -> Option<Probe> {
        if !self.is_tripped() {
            return None;
        }
        let gate = Arc::clone(&self.gate).lock_owned().await;
        let failed = *self.failed_in_a_row.borrow();
        if failed < TRIPS {
            return None;
        }
        let doublings = (failed - TRIPS).min(16);
        let pause = jittered(FIRST.saturating_mul(1 << doublings).min(LONGEST), clock);
        let mut failed = self.failed_in_a_row.subscribe();
        tokio::select! {
            biased;
            _ = failed.wait_for(|failed| *failed < TRIPS) => None,
            () = clock.sleep(pause) => Some(Probe(gate)),
        }
    }

    pub(super) fn is_tripped(&self) -> bool {
        *self.failed_in_a_row.borrow() >= TRIPS
    }
}

#[cfg(test)]
mod tests {
    use conv_sync::TokioClock;
    use tokio::task::yield_now;

    use super::*;

    fn tripped() -> Arc<Breaker> {
        let breaker = Arc::new(Breaker::new());
        (0..TRIPS).for_each(|_| breaker.note(false));
        breaker
    }

    #[tokio::test(start_paused = true)]
    async fn it_lets_all_go_on_unless_several_calls_failed_in_a_row() {
        let (breaker, clock) = (Breaker::new(), TokioClock::default());
        for _ in 0..10 {
            breaker.note(false);
            breaker.note(false);
            breaker.note(true);
        }
        assert!(breaker.admit(&clock).await.is_none());
        assert!(clock.now().is_zero());
    }

    #[tokio::test(start_paused = true)]
    async fn one_at_a_time_tries_after_growing_pauses() {
        let (breaker, clock) = (tripped(), TokioClock::default());
        let mut begin = clock.now();
        for seconds in [2.0, 4.0, 8.0, 16.0, 30.0, 30.0] {
            let probe = breaker.admit(&clock).await.unwrap();
            let second = breaker.admit(&clock);
            let mut second = std::pin::pin!(second);
            let polled =
                std::future::poll_fn(|cx| std::task::Poll::Ready(second.as_mut().poll(cx)));
            assert!(polled.await.is_pending(), "another one tries");
            let pause = (clock.now() - begin).as_secs_f64();
            assert!((seconds / 2.0 - 0.01..=seconds + 0.01).contains(&pause), "{pause}");
            breaker.note(false);
            drop(probe);
            begin = clock.now();
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_success_lets_all_go_on() {
        let (breaker, clock) = (tripped(), TokioClock::default());
        let waiting: Vec<_> = (0..50)
            .map(|_| {
                let breaker = Arc::clone(&breaker);
                tokio::spawn(async move { breaker.admit(&clock).await.is_none() })
            })
            .collect();
        yield_now().await;
        breaker.note(true);
        for waiting in waiting {
            assert!(waiting.await.unwrap());
        }
        assert!(clock.now().is_zero());
    }
}
