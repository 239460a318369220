//! The use of a list by handles and streams.

use std::sync::{Arc, Weak};

/// Held by each handle and each stream of a list, and by the list itself.
///
/// Loaded lists of [`Accounts`](crate::Accounts) live on without a handle; this distinguishes a list
/// in use from one that is only kept in memory.
#[derive(Clone, Debug, Default)]
pub(crate) struct Interest(Arc<()>);

/// Watches an [`Interest`] without being one.
#[derive(Clone, Debug)]
pub(crate) struct InterestWatch(Weak<()>);

impl Interest {
    pub(crate) fn watch(&self) -> InterestWatch {
        InterestWatch(Arc::downgrade(&self.0))
    }
}

impl InterestWatch {
    /// Returns true if there is a handle or a stream beside the list itself.
    pub(crate) fn is_held(&self) -> bool {
        self.0.strong_count() > 1
    }
}
