//! A rate limit per key.

use std::{
    hash::Hash,
    num::NonZeroU32,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use governor::{
    Quota, RateLimiter,
    clock::{Clock, DefaultClock},
    middleware::StateInformationMiddleware,
    state::keyed::HashMapStateStore,
};

/// Keys that have their whole allowance again are dropped after this many calls.
const SWEEP: u32 = 4096;

/// A key may use `count` calls at once, and gets them back evenly over `window`: so up to twice `count` in
/// the first window.
#[derive(Clone, Copy, Debug)]
pub(super) struct Allowance {
    pub(super) count: NonZeroU32,
    pub(super) window: Duration,
}

/// An allowance for each key.
pub(super) struct Rates<K: Hash + Eq + Clone> {
    allowance: Allowance,
    limiter: RateLimiter<K, HashMapStateStore<K>, DefaultClock, StateInformationMiddleware>,
    clock: DefaultClock,
    taken: AtomicU32,
}

impl Allowance {
    pub(super) const fn new(count: NonZeroU32, window: Duration) -> Self {
        Self { count, window }
    }

    /// The time in which one becomes free.
    fn period(self) -> Duration {
        (self.window / self.count.get()).max(Duration::from_nanos(1))
    }

    fn quota(self) -> Quota {
        let quota = Quota::with_period(self.period()).unwrap_or(Quota::per_second(self.count));
        quota.allow_burst(self.count)
    }
}

impl<K: Hash + Eq + Clone> Rates<K> {
    pub(super) fn new(allowance: Allowance) -> Self {
        Self {
            allowance,
            limiter: RateLimiter::hashmap(allowance.quota())
                .with_middleware::<StateInformationMiddleware>(),
            clock: DefaultClock::default(),
            taken: AtomicU32::new(0),
        }
    }

    /// Takes one, and returns how many are left.
    ///
    /// # Errors
    /// The pause after which the next one is free.
    pub(super) fn take(&self, key: &K) -> Result<u32, Duration> {
        if self.taken.fetch_add(1, Ordering::Relaxed) % SWEEP == SWEEP - 1 {
            self.limiter.retain_recent();
        }
        match self.limiter.check_key(key) {
            Ok(state) => Ok(state.remaining_burst_capacity()),
            Err(not_until) => Err(not_until.wait_time_from(self.clock.now())),
        }
    }

    /// Adds the headers of draft-ietf-httpapi-ratelimit-headers.
    pub(super) fn tell(&self, left: u32, headers: &mut HeaderMap) {
        let Allowance { count, window } = self.allowance;
        let until_whole = self.allowance.period() * (count.get().saturating_sub(left));
        let lines = [
            ("ratelimit-policy", format!("\"account\";q={count};w={}", window.as_secs())),
            ("ratelimit", format!("\"account\";r={left};t={}", until_whole.as_secs_f64().ceil())),
        ];
        for (name, value) in lines {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
    }
}
