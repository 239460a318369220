//! The report as it changes.

use std::{
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll, ready},
};

use conv_model::SyncReport;
use conv_store::StoreError;
use futures_core::Stream;

use crate::{
    Error,
    conversations::Inner,
    listener::{Listener, Seen},
};

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
            if ready!(self.listener.poll_newer(&list, cx, self.seen)).is_err() {
                return Poll::Ready(None);
            }
        }
    }
}

impl Stream for Changes {
    type Item = SyncReport;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<SyncReport>> {
        self.get_mut().poll(cx)
    }
}
