//! Logins that failed, by address: guessing takes long, and no account can be locked out.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use conv_api::Timestamp;

/// The window in which failures are counted.
const WINDOW: Duration = Duration::from_secs(60);
/// The maximum number of addresses that are counted apart; further ones count as one.
const MAX_ADDRESSES: usize = 50_000;

type Address = Option<IpAddr>;

#[derive(Debug)]
pub(super) struct Failures {
    most: u32,
    counted: Mutex<HashMap<Address, Window>>,
}

#[derive(Clone, Copy, Debug)]
struct Window {
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
        let window = counted.get(&address).or_else(|| {
            // It may be one of those that count as one.
            counted.get(&None).filter(|_| counted.len() >= MAX_ADDRESSES)
        });
        match window {
            Some(window) if now < window.ends && window.failures >= self.most => {
                Err(Duration::from_secs(window.ends.as_secs().saturating_sub(now.as_secs())))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn count(&self, address: Address, now: Timestamp) {
        let mut counted = self.lock();
        let is_new = !counted.contains_key(&address);
        if is_new && counted.len() >= MAX_ADDRESSES {
            counted.retain(|_, window| now < window.ends);
        }
        let key = if is_new && counted.len() >= MAX_ADDRESSES { None } else { address };
        let ends = now.plus_secs(WINDOW.as_secs());
        let window = counted.entry(key).or_insert(Window { ends, failures: 0 });
        if now >= window.ends {
            *window = Window { ends, failures: 0 };
        }
        window.failures = window.failures.saturating_add(1);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Address, Window>> {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
