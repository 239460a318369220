//! The answers that are kept, within bounds.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use conv_api::{AccountId, Timestamp};

use super::Made;

const KEPT: Duration = Duration::from_secs(24 * 3600);
/// The maximum number of calls per account; beyond it, the account's oldest are dropped.
const PER_ACCOUNT: usize = 256;
/// The bytes of an entry beside its key and its answer.
const OVERHEAD: usize = 256;
/// The maximum bytes of all entries; beyond it, the oldest are dropped.
const MAX_BYTES: usize = 32 * 1024 * 1024;

/// The account that calls, and its own text.
pub(super) type Key = (AccountId, String);
pub(super) type Fingerprint = [u8; 32];

/// The answers of the last 24 hours in this process.
#[derive(Debug, Default)]
pub(in crate::server) struct Kept(Mutex<Calls>);

#[derive(Debug, Default)]
struct Calls {
    by_account: HashMap<AccountId, HashMap<String, Call>>,
    /// Oldest first; an entry whose number is not that of the call is of an earlier one.
    order: VecDeque<(Key, u64)>,
    begun: u64,
    bytes: usize,
}

#[derive(Debug)]
struct Call {
    number: u64,
    fingerprint: Fingerprint,
    until: Timestamp,
    /// `None` while it is running.
    made: Option<Made>,
    bytes: usize,
}

/// The first call with a key runs, and any further one does not.
pub(super) enum Begun<'a> {
    Now(Running<'a>),
    Earlier(Earlier),
}

pub(super) enum Earlier {
    Answered(Made),
    Running,
    /// The key was used for another call.
    Other,
}

/// A call that runs. If it is dropped without an answer, the key is free again: each change sets an
/// absolute value, so that making it twice does no harm.
pub(super) struct Running<'a> {
    kept: &'a Kept,
    key: Key,
    number: u64,
}

impl Kept {
    pub(super) fn begin(&self, key: Key, fingerprint: Fingerprint, now: Timestamp) -> Begun<'_> {
        let mut calls = self.lock();
        calls.expire(now);
        if calls.get(&key).is_some_and(|call| !call.stays(now)) {
            calls.remove(&key);
        }
        if let Some(call) = calls.get(&key) {
            return Begun::Earlier(match &call.made {
                _ if call.fingerprint != fingerprint => Earlier::Other,
                Some(made) => Earlier::Answered(made.clone()),
                None => Earlier::Running,
            });
        }
        let number = calls.insert(&key, fingerprint, now.plus_secs(KEPT.as_secs()));
        Begun::Now(Running { kept: self, key, number })
    }

    fn lock(&self) -> MutexGuard<'_, Calls> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Running<'_> {
    pub(super) fn keep(self, made: Made) {
        self.kept.lock().answer(&self.key, self.number, made);
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let mut calls = self.kept.lock();
        if calls
            .get(&self.key)
            .is_some_and(|call| call.number == self.number && call.made.is_none())
        {
            calls.remove(&self.key);
        }
    }
}

impl Call {
    /// One that is kept for more than a day is of a clock that was set back since.
    fn holds(&self, now: Timestamp) -> bool {
        now < self.until && self.until <= now.plus_secs(KEPT.as_secs())
    }

    /// One that is running is not dropped: the same call would be made beside it.
    fn stays(&self, now: Timestamp) -> bool {
        self.made.is_none() || self.holds(now)
    }
}

impl Calls {
    fn get(&self, (account, text): &Key) -> Option<&Call> {
        self.by_account.get(account)?.get(text)
    }

    fn insert(&mut self, key: &Key, fingerprint: Fingerprint, until: Timestamp) -> u64 {
        self.make_room(&key.0);
        self.begun += 1;
        let (number, bytes) = (self.begun, OVERHEAD + key.0.as_str().len() + 2 * key.1.len());
        self.bytes += bytes;
        let call = Call { number, fingerprint, until, made: None, bytes };
        self.by_account.entry(key.0.clone()).or_default().insert(key.1.clone(), call);
        self.order.push_back((key.clone(), number));
        number
    }

    fn answer(&mut self, (account, text): &Key, number: u64, made: Made) {
        let calls = self.by_account.get_mut(account);
        let call = calls.and_then(|calls| calls.get_mut(text));
        if let Some(call) = call.filter(|call| call.number == number) {
            call.bytes += made.len();
            self.bytes += made.len();
            call.made = Some(made);
        }
    }

    fn remove(&mut self, (account, text): &Key) {
        let Some(calls) = self.by_account.get_mut(account) else { return };
        if let Some(call) = calls.remove(text) {
            self.bytes = self.bytes.saturating_sub(call.bytes);
        }
        if calls.is_empty() {
            self.by_account.remove(account);
        }
    }

    /// Drops answers older than a day, and keys at the head of the order that were removed already.
    fn expire(&mut self, now: Timestamp) {
        while let Some((key, number)) = self.order.front() {
            match self.get(key) {
                Some(call) if call.number == *number && call.stays(now) => return,
                Some(call) if call.number == *number => {
                    let key = key.clone();
                    self.remove(&key);
                }
                _ => {}
            }
            self.order.pop_front();
        }
    }

    /// Drops the account's oldest answer, so that one user does not take the room of the others. Calls
    /// that run stay: the requests in work bound their number.
    fn make_room(&mut self, account: &AccountId) {
        if self.by_account.get(account).is_some_and(|calls| calls.len() >= PER_ACCOUNT) {
            let calls = self.by_account.get(account).into_iter().flatten();
            let answered = calls.filter(|(_, call)| call.made.is_some());
            let oldest = answered.min_by_key(|(_, call)| call.number).map(|(text, _)| text.clone());
            if let Some(text) = oldest {
                self.remove(&(account.clone(), text));
            }
        }
        self.drop_answers_beyond(MAX_BYTES);
        self.compact();
    }

    fn drop_answers_beyond(&mut self, max_bytes: usize) {
        let mut running = Vec::new();
        while self.bytes > max_bytes {
            let Some((key, number)) = self.order.pop_front() else { break };
            match self.get(&key).filter(|call| call.number == number) {
                Some(call) if call.made.is_none() => running.push((key, number)),
                Some(_) => self.remove(&key),
                None => {}
            }
        }
        for entry in running.into_iter().rev() {
            self.order.push_front(entry);
        }
    }

    /// Drops removed entries from the middle of the order before they pile up.
    fn compact(&mut self) {
        let held: usize = self.by_account.values().map(HashMap::len).sum();
        if self.order.len() > 2 * held + PER_ACCOUNT {
            let mut order = std::mem::take(&mut self.order);
            order.retain(|(key, number)| self.get(key).is_some_and(|call| call.number == *number));
            self.order = order;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(account: &str, text: impl ToString) -> Key {
        (account.parse().unwrap(), text.to_string())
    }

    fn made() -> Made {
        Made::Json(vec![b'x'; 1000].into())
    }

    fn call(kept: &Kept, key: Key, body: u8, now: u64) -> &'static str {
        match kept.begin(key, [body; 32], Timestamp::from_secs(now)) {
            Begun::Now(running) => {
                running.keep(made());
                "made"
            }
            Begun::Earlier(Earlier::Answered(_)) => "kept",
            Begun::Earlier(Earlier::Running) => "running",
            Begun::Earlier(Earlier::Other) => "other",
        }
    }

    #[test]
    fn a_call_is_made_once_a_day() {
        let kept = Kept::default();
        assert_eq!(call(&kept, key("alice", 1), 1, 0), "made");
        assert_eq!(call(&kept, key("alice", 1), 1, 86_399), "kept");
        assert_eq!(call(&kept, key("alice", 1), 2, 86_399), "other");
        assert_eq!(call(&kept, key("bob", 1), 2, 86_399), "made");
        assert_eq!(call(&kept, key("alice", 1), 2, 86_400), "made");
    }

    #[test]
    fn a_call_that_runs_is_not_run_twice_and_one_that_was_dropped_is() {
        let kept = Kept::default();
        let first = kept.begin(key("alice", 1), [1; 32], Timestamp::from_secs(0));
        assert_eq!(call(&kept, key("alice", 1), 1, 0), "running");
        drop(first);
        assert_eq!(call(&kept, key("alice", 1), 1, 0), "made");
    }

    #[test]
    fn a_clock_that_is_set_back_makes_no_answer_last_longer() {
        let kept = Kept::default();
        assert_eq!(call(&kept, key("alice", 1), 1, 200_000), "made");
        assert_eq!(call(&kept, key("alice", 2), 1, 100), "made");
        assert_eq!(call(&kept, key("alice", 1), 2, 100), "made");
        assert_eq!(call(&kept, key("alice", 1), 2, 100), "kept");
    }

    #[test]
    fn a_call_that_runs_keeps_its_place_however_many_come_after_it() {
        let kept = Kept::default();
        let first = kept.begin(key("alice", "first"), [1; 32], Timestamp::from_secs(0));
        for number in 0..PER_ACCOUNT + 5 {
            assert_eq!(call(&kept, key("alice", number), 1, 0), "made");
        }
        assert_eq!(call(&kept, key("alice", "first"), 1, 0), "running");
        assert_eq!(call(&kept, key("alice", "first"), 1, 100_000), "running");
        kept.lock().drop_answers_beyond(0);
        assert_eq!(call(&kept, key("alice", "first"), 1, 0), "running");
        assert_eq!(kept.lock().order.len(), 1);
        drop(first);
        assert_eq!(call(&kept, key("alice", "first"), 1, 0), "made");
    }

    #[test]
    fn the_memory_is_bounded_and_one_account_does_not_take_it() {
        let kept = Kept::default();
        assert_eq!(call(&kept, key("bob", 1), 1, 0), "made");
        for number in 0..2000 {
            assert_eq!(call(&kept, key("alice", number), 1, 0), "made");
        }
        assert_eq!(call(&kept, key("bob", 1), 1, 0), "kept");
        assert_eq!(call(&kept, key("alice", 1999), 1, 0), "kept");
        assert_eq!(call(&kept, key("alice", 0), 1, 0), "made");
        let calls = kept.lock();
        assert!(calls.bytes < 300 * 1400 && calls.order.len() < 1000, "{}", calls.order.len());
        let held: usize =
            calls.by_account.values().flat_map(HashMap::values).map(|c| c.bytes).sum();
        assert_eq!(calls.bytes, held);
    }
}
