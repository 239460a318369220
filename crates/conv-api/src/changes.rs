//! The report as it changes.

use std::{
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll},
};

use conv_model::{Seq, SyncReport};
use conv_store::{Snapshot, StoreError};
use futures_core::Stream;

use crate::{Error, bell::Listener, conversations::Inner};

/// The reports of a list as it changes: a stream that ends when the list is closed or its last
/// handle dropped. See [`Conversations::changes`](crate::Conversations::changes).
#[derive(Debug)]
#[must_use = "tells nothing unless it is polled"]
pub struct Changes {
    listener: Listener,
    seen: Seen,
}

impl Changes {
    pub(crate) fn new(listener: Listener, list: &Inner) -> Self {
        Self { listener, seen: Seen::of(list, &list.store.snapshot()) }
    }

    /// The report after the next change; what changed in between is skipped. Cancel-safe.
    ///
    /// # Errors
    /// [`Error::Store`] once the list is closed or its last handle dropped.
    pub async fn next(&mut self) -> Result<SyncReport, Error> {
        poll_fn(|cx| self.poll(cx)).await.ok_or(Error::Store(StoreError::Closed))
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<SyncReport>> {
        loop {
            let Some(list) = self.listener.list() else { return Poll::Ready(None) };
            let snapshot = list.store.snapshot();
            let now = Seen::of(&list, &snapshot);
            if now.is_after(self.seen) {
                self.seen = now;
                return Poll::Ready(Some(list.report(&snapshot)));
            }
            match self.listener.poll_newer(&list, cx, self.seen.seq) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(_)) => return Poll::Ready(None),
                // It wakes from here on; what came before is seen now.
                Poll::Pending if Seen::of(&list, &snapshot).is_after(self.seen) => {}
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}

/// Up to where a stream has looked: the newest commit, and the newest failure that no commit tells.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    pub(crate) seq: Seq,
    report: u64,
}

impl Seen {
    pub(crate) fn of(list: &Inner, snapshot: &Snapshot) -> Self {
        Self { seq: snapshot.seq(), report: list.report_number() }
    }

    pub(crate) fn is_after(self, other: Self) -> bool {
        self.seq > other.seq || self.report > other.report
    }
}

impl Stream for Changes {
    type Item = SyncReport;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<SyncReport>> {
        self.get_mut().poll(cx)
    }
}
