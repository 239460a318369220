//! One account of a registry.

use std::sync::{Arc, Weak};

use tokio::sync::watch;

use super::{guarded::Guarded, in_use::Usage};
use crate::{IndexedStore, StoreError};

/// One account's open store, and the work on the account under way.
#[derive(Debug)]
pub(super) struct Place<E> {
    pub(super) store: Weak<IndexedStore>,
    pub(super) engine: Weak<Guarded<E>>,
    pub(super) work: Option<Work>,
}

/// An opening or a wipe under way. It was interrupted if the sender is gone without a result.
pub(super) type Work = watch::Receiver<Option<Outcome>>;

/// The result of an opening or a wipe.
#[derive(Clone, Debug)]
pub(super) enum Outcome {
    Opened(Result<Arc<IndexedStore>, StoreError>),
    Wiped(Result<(), StoreError>),
}

impl<E> Place<E> {
    /// Returns the store if it is open.
    pub(super) fn store(&self) -> Option<Arc<IndexedStore>> {
        self.store.upgrade().filter(|store| !store.is_closed())
    }

    /// Returns the opening or wipe that has not ended.
    pub(super) fn work(&self) -> Option<Work> {
        self.work.clone().filter(|work| work.has_changed().is_ok())
    }
}

impl<E> Usage for Place<E> {
    fn is_used(&self) -> bool {
        let is_held = self.store.strong_count() > 0 || self.engine.strong_count() > 0;
        is_held || self.work().is_some()
    }
}

impl<E> Default for Place<E> {
    fn default() -> Self {
        Self { store: Weak::new(), engine: Weak::new(), work: None }
    }
}
