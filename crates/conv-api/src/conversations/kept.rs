//! A list that is loaded, used or idle.

use std::sync::Arc;

use conv_store::Snapshot;

use super::{Conversations, Inner};
use crate::passes::Unserved;

/// Keeps a list loaded without being one of its handles.
#[derive(Debug)]
pub(crate) struct Kept(Arc<Inner>);

impl Kept {
    pub(crate) fn new(list: &Conversations) -> Self {
        Self(Arc::clone(&list.inner))
    }

    pub(crate) fn handle(&self) -> Conversations {
        Conversations::of(Arc::clone(&self.0))
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        self.0.store.snapshot()
    }

    /// Returns true if there is no handle, no stream, no pass, and no change is being sent.
    pub(crate) fn is_unused(&self) -> bool {
        let is_working = self.0.passes.is_under_way() || self.0.outgoing.is_busy();
        !self.0.interest.watch().is_held() && !is_working
    }

    /// Returns true if the store ended by itself: the runtime that it was opened in ended, or the
    /// store was closed by another way.
    pub(crate) fn is_dead(&self) -> bool {
        self.0.is_dead()
    }

    /// Returns the mark that no successful pass has seen, or that of changes which are not over.
    pub(crate) fn unserved(&self) -> Option<Unserved> {
        self.0.passes.unserved().or_else(|| self.0.outgoing.unserved())
    }
}
