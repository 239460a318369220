//! Logins that failed, by address: guessing takes long, and no account can be locked out.

use std::{
    collections::{HashMap, VecDeque},
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use conv_api::Timestamp;

/// The window in which failures are counted.
const WINDOW: Duration = Duration::from_secs(60);
/// The maximum number of addresses that are counted; beyond it the oldest are dropped, so that no
/// address pays for the failures of others.
const MAX_ADDRESSES: usize = 50_000;

type Address = Option<IpAddr>;

#[derive(Debug)]
pub(super) struct Failures {
    most: u32,
    counted: Mutex<Counted>,
}

#[derive(Debug, Default)]
struct Counted {
    windows: HashMap<Address, Window>,
    /// Oldest first; an entry whose number is not that of the window is of an earlier one.
    order: VecDeque<(Address, u64)>,
    begun: u64,
}

#[derive(Clone, Copy, Debug)]
struct Window {
    number: u64,
    ends: Timestamp,
    failures: u32,
}

impl Failures {
    pub(super) fn new(most: u32) -> Self {
        Self { most, counted: Mutex::default() }
    }

    /// # Errors
    /// The pause, if too many logins from this address failed.
    pub(super) fn check(&self, address: Address, now: Timestamp) -> Result<(), Duration> {
        let counted = self.lock();
        match counted.windows.get(&address) {
            Some(window) if window.holds(now) && window.failures >= self.most => {
                Err(Duration::from_secs(window.ends.as_secs().saturating_sub(now.as_secs())))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn count(&self, address: Address, now: Timestamp) {
        let mut counted = self.lock();
        counted.expire(now);
        match counted.windows.get_mut(&address) {
            Some(window) if window.holds(now) => {
                window.failures = window.failures.saturating_add(1);
            }
            _ => counted.begin(address, now),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Counted> {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Window {
    /// One that ends later than a window from now is of a clock that was set back since.
    fn holds(&self, now: Timestamp) -> bool {
        now < self.ends && self.ends <= now.plus_secs(WINDOW.as_secs())
    }
}

impl Counted {
    fn begin(&mut self, address: Address, now: Timestamp) {
        if self.order.len() >= MAX_ADDRESSES {
            self.drop_oldest();
        }
        self.begun += 1;
        let (number, ends) = (self.begun, now.plus_secs(WINDOW.as_secs()));
        self.windows.insert(address, Window { number, ends, failures: 1 });
        self.order.push_back((address, number));
    }

    /// Each failure adds at most one entry, so all that is dropped takes constant time per failure.
    fn expire(&mut self, now: Timestamp) {
        while let Some((address, number)) = self.order.front() {
            match self.windows.get(address) {
                Some(window) if window.number == *number && window.holds(now) => return,
                _ => self.drop_oldest(),
            }
        }
    }

    fn drop_oldest(&mut self) {
        let Some((address, number)) = self.order.pop_front() else { return };
        if self.windows.get(&address).is_some_and(|window| window.number == number) {
            self.windows.remove(&address);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_000_000);

    fn address(number: usize) -> Address {
        Some(IpAddr::from(u32::try_from(number).unwrap().to_be_bytes()))
    }

    #[test]
    fn a_full_table_drops_the_oldest_and_no_stranger_pays_for_it() {
        let failures = Failures::new(2);
        for number in 0..MAX_ADDRESSES + 5 {
            failures.count(address(number), NOW);
            failures.count(address(number), NOW);
        }
        assert_eq!(failures.check(address(MAX_ADDRESSES + 5), NOW), Ok(()));
        assert_eq!(failures.check(None, NOW), Ok(()));
        assert_eq!(failures.check(address(4), NOW), Ok(()));
        assert!(failures.check(address(5), NOW).is_err());
        assert!(failures.check(address(MAX_ADDRESSES + 4), NOW).is_err());
        let later = NOW.plus_secs(60);
        assert_eq!(failures.check(address(5), later), Ok(()));
        failures.count(address(5), later);
        let counted = failures.lock();
        assert_eq!((counted.windows.len(), counted.order.len()), (1, 1));
    }

    #[test]
    fn a_clock_that_is_set_back_locks_no_address_out() {
        let failures = Failures::new(1);
        failures.count(address(1), NOW.plus_secs(86_400));
        assert_eq!(failures.check(address(1), NOW), Ok(()));
        failures.count(address(1), NOW);
        assert_eq!(failures.check(address(1), NOW), Err(WINDOW));
        assert_eq!(failures.lock().order.len(), 1);
    }
}
