//! IDs that the cloud does not know, so that it is not asked again.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use conv_api::{AccountId, ConversationId, Timestamp};

const KEPT: Duration = Duration::from_secs(24 * 3600);
/// The maximum number of IDs that are kept; beyond it the oldest go.
const CAPACITY: usize = 10_000;

type Key = (AccountId, ConversationId);

/// Remembered per account: what one user cannot see, another may.
#[derive(Debug, Default)]
pub(super) struct Unknown(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    until: HashMap<Key, Timestamp>,
    /// Oldest first.
    order: VecDeque<Key>,
}

impl Unknown {
    pub(super) fn contains(
        &self,
        account: &AccountId,
        id: &ConversationId,
        now: Timestamp,
    ) -> bool {
        let key = (account.clone(), id.clone());
        // One that is kept for more than a day is of a clock that was set back since.
        let latest = now.plus_secs(KEPT.as_secs());
        self.lock().until.get(&key).is_some_and(|until| now < *until && *until <= latest)
    }

    pub(super) fn insert(&self, account: &AccountId, id: &ConversationId, now: Timestamp) {
        let key = (account.clone(), id.clone());
        let mut known = self.lock();
        if known.until.insert(key.clone(), now.plus_secs(KEPT.as_secs())).is_none() {
            known.order.push_back(key);
        }
        if known.order.len() > CAPACITY {
            if let Some(oldest) = known.order.pop_front() {
                known.until.remove(&oldest);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_stays_unknown_for_a_day_and_the_number_is_bounded() {
        let (unknown, account) = (Unknown::default(), "alice".parse::<AccountId>().unwrap());
        let id = |number: usize| ConversationId::c2c(&format!("u{number}")).unwrap();
        let (now, later) = (Timestamp::from_secs(1000), Timestamp::from_secs(1000 + 86_400));
        unknown.insert(&account, &id(0), now);
        assert!(unknown.contains(&account, &id(0), now));
        assert!(!unknown.contains(&account, &id(0), later));
        assert!(!unknown.contains(&account, &id(0), Timestamp::from_secs(999)));
        assert!(!unknown.contains(&"bob".parse().unwrap(), &id(0), now));
        (1..=CAPACITY).for_each(|number| unknown.insert(&account, &id(number), now));
        assert!(!unknown.contains(&account, &id(0), now));
        assert!(unknown.contains(&account, &id(1), now));
        assert_eq!(unknown.lock().until.len(), CAPACITY);
    }
}
