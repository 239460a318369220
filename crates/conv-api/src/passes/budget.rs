//! The budget of calls for pages: the part of the cloud's rate that passes without a waiting caller may
//! use.

use std::{
    num::NonZeroU32,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use conv_sync::Clock;

/// The rate divided by this is the burst.
const BURST: u32 = 20;

/// A rate of calls, as plain data. In any span of time it allows no more calls than the rate gives in
/// that span, and one burst.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rate {
    /// The time per call.
    step: Duration,
    /// The maximum time by which calls run ahead.
    slack: Duration,
    /// The moment at which all calls so far are paid for.
    paid: Duration,
}

impl Rate {
    pub(crate) fn with_burst(per_second: NonZeroU32, burst: NonZeroU32) -> Self {
        let step = Duration::from_secs(1) / per_second.get();
        Self { step, slack: step.saturating_mul(burst.get() - 1), paid: Duration::ZERO }
    }

    fn new(per_second: NonZeroU32) -> Self {
        let burst = NonZeroU32::new(per_second.get() / BURST).unwrap_or(NonZeroU32::MIN);
        Self::with_burst(per_second, burst)
    }

    /// Allows one more call.
    ///
    /// # Errors
    /// The time to wait until it may be asked for again; nothing is used up.
    pub(crate) fn take(&mut self, now: Duration) -> Result<(), Duration> {
        let early = self.paid.saturating_sub(now);
        match early.checked_sub(self.slack).filter(|wait| !wait.is_zero()) {
            Some(wait) => Err(wait),
            None => {
                self.paid = self.paid.max(now).saturating_add(self.step);
                Ok(())
            }
        }
    }
}

/// Lets calls through at a rate, in order of arrival. The queue of passes decides who arrives: few
/// passes run at a time, so priority among the calls would change little.
#[derive(Debug)]
pub(crate) struct Budget {
    /// The first call holds it while it waits; a dropped call leaves the queue and uses up nothing.
    first: tokio::sync::Mutex<()>,
    rate: Mutex<Rate>,
}

impl Budget {
    pub(crate) fn new(per_second: NonZeroU32) -> Self {
        let rate = Mutex::new(Rate::new(per_second));
        Self { first: tokio::sync::Mutex::default(), rate }
    }

    /// Waits until one more call may go out.
    pub(super) async fn spend(&self, clock: &dyn Clock) {
        let _first = self.first.lock().await;
        while let Err(wait) = self.take(clock.now()) {
            clock.sleep(wait).await;
        }
    }

    /// Sections are short and none of them panics.
    fn take(&self, now: Duration) -> Result<(), Duration> {
        self.rate.lock().unwrap_or_else(PoisonError::into_inner).take(now)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_window_has_more_than_the_rate_and_a_burst(
            per_second in 1_u32..400,
            pauses in proptest::collection::vec(0_u64..30_000, 1..400),
        ) {
            let mut rate = Rate::new(NonZeroU32::new(per_second).unwrap());
            let (mut now, mut calls) = (Duration::ZERO, Vec::new());
            for pause in pauses {
                now += Duration::from_micros(pause);
                if rate.take(now).is_ok() {
                    calls.push(now);
                }
            }
            let burst = (per_second / BURST).max(1);
            for (at, begin) in calls.iter().enumerate() {
                for (count, end) in calls[at..].iter().enumerate() {
                    let span = (*end - *begin).as_secs_f64();
                    let most = span * f64::from(per_second) + f64::from(burst);
                    prop_assert!(count as f64 + 1.0 <= most + 1e-3, "{} in {span}", count + 1);
                }
            }
        }
    }

    #[test]
    fn a_refused_call_may_go_out_after_its_wait() {
        let mut rate = Rate::new(NonZeroU32::new(10).unwrap());
        assert_eq!(rate.take(Duration::ZERO), Ok(()));
        let wait = rate.take(Duration::ZERO).unwrap_err();
        assert_eq!(wait, Duration::from_millis(100));
        assert_eq!(rate.take(wait), Ok(()));
    }
}
