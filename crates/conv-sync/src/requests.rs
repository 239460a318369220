//! The number of requests that go out to a cloud.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// The requests that a source or a writer has sent to its cloud, by command. Clones count together.
///
/// One call of a trait may take many requests, as the last messages of eight conversations do, or
/// none, if it is refused beforehand. Only the code that sends them can count them.
///
/// ```
/// use conv_sync::RequestCounts;
///
/// let requests = RequestCounts::default();
/// requests.count("openim/send");
/// requests.clone().count("openim/send");
/// assert_eq!(requests.read()["openim/send"], 2);
/// ```
#[derive(Clone, Debug, Default)]
pub struct RequestCounts(Arc<Mutex<BTreeMap<&'static str, u64>>>);

impl RequestCounts {
    /// Counts a request that is about to go out. The command is a fixed word, since each one is a
    /// series of its own in metrics.
    pub fn count(&self, command: &'static str) {
        let mut counts = self.lock();
        let count = counts.entry(command).or_default();
        *count = count.saturating_add(1);
    }

    /// Returns the number of requests so far, by command.
    pub fn read(&self) -> BTreeMap<&'static str, u64> {
        self.lock().clone()
    }

    /// Returns true if both count together.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<&'static str, u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
