//! Streams wait for their list without keeping it open.

use std::{
    fmt,
    pin::Pin,
    sync::{Arc, Weak},
    task::{Context, Poll, ready},
};

use conv_model::Seq;
use conv_store::{Snapshot, StoreError};

use crate::conversations::{Inner, Interest};

/// Ends once there is something newer, or the list is gone.
pub(crate) type Wait = Pin<Box<dyn Future<Output = Result<(), StoreError>> + Send + Sync>>;

/// A stream's reference to its list. It holds neither the list nor its store.
pub(crate) struct Listener {
    list: Weak<Inner>,
    /// Kept between two polls, or the stream would not be woken.
    wait: Option<Wait>,
    _interest: Interest,
}

/// The state that a stream has read: the newest commit, and the newest failure that no commit shows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    pub(crate) seq: Seq,
    pub(crate) report: u64,
}

impl Seen {
    pub(crate) fn of(list: &Inner, snapshot: &Snapshot) -> Self {
        Self { seq: snapshot.seq(), report: list.report_number() }
    }

    pub(crate) fn is_after(self, other: Self) -> bool {
        self.seq > other.seq || self.report > other.report
    }
}

impl Listener {
    pub(crate) fn new(list: &Arc<Inner>) -> Self {
        Self { list: Arc::downgrade(list), wait: None, _interest: list.interest.clone() }
    }

    /// Returns the list, if one of its handles is left.
    pub(crate) fn list(&self) -> Option<Arc<Inner>> {
        self.list.upgrade()
    }

    /// Waits until the list has something newer than what was seen, or lost its last handle. It may
    /// return early, for something seen since the last poll.
    ///
    /// # Errors
    /// [`StoreError::Closed`] once nothing newer can come.
    pub(crate) fn poll_newer(
        &mut self,
        list: &Inner,
        cx: &mut Context<'_>,
        seen: Seen,
    ) -> Poll<Result<(), StoreError>> {
        let wait = self.wait.get_or_insert_with(|| list.newer_than(seen));
        let result = ready!(wait.as_mut().poll(cx));
        self.wait = None;
        Poll::Ready(result)
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listener").finish_non_exhaustive()
    }
}
