//! The time at which names were read, for clouds that give no time.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use conv_model::AccountId;

/// The moment at which a pass last read all due names of an account, on the clock of this process,
/// which never goes back. A name from a cloud that gives no time does not say when it was read.
///
/// It is kept beside the lists, since a list may leave memory between two passes, and for accounts
/// of such clouds alone: an ID and a number each. A process that starts knows nothing yet; from its
/// first pass of an account on, the names of that account count as read then.
#[derive(Debug, Default)]
pub(crate) struct NamesRead(Mutex<HashMap<AccountId, Duration>>);

impl NamesRead {
    /// Returns how long ago it was; `None` if that is unknown.
    pub(super) fn age(&self, account: &AccountId, now: Duration) -> Option<Duration> {
        self.lock().get(account).map(|read| now.saturating_sub(*read))
    }

    /// Notes that a pass that began at a moment has read them.
    pub(super) fn note(&self, account: &AccountId, began: Duration) {
        self.lock().insert(account.clone(), began);
    }

    pub(crate) fn forget(&self, account: &AccountId) {
        self.lock().remove(account);
    }

    /// Sections are short and none of them panics.
    fn lock(&self) -> MutexGuard<'_, HashMap<AccountId, Duration>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
