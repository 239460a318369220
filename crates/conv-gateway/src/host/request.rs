//! The requests of a connection, so that the time limit of a request's head runs only between them.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

use axum::body::{Body, Bytes};
use http_body::{Frame, SizeHint};

/// Shared by the connection's socket, its service and the body of its answer.
#[derive(Debug, Clone, Default)]
pub(super) struct Requests(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    begun: AtomicUsize,
    ended: AtomicUsize,
}

impl Requests {
    /// Begins a request; it ends when the guard is dropped.
    pub(super) fn begin(&self) -> RequestGuard {
        self.0.begun.fetch_add(1, Ordering::Relaxed);
        RequestGuard(self.clone())
    }

    /// Returns the number of requests whose head has been read.
    pub(super) fn begun(&self) -> usize {
        self.0.begun.load(Ordering::Relaxed)
    }

    /// Returns true while one is being answered.
    pub(super) fn is_in_one(&self) -> bool {
        self.begun() > self.0.ended.load(Ordering::Relaxed)
    }
}

#[derive(Debug)]
pub(super) struct RequestGuard(Requests);

impl Drop for RequestGuard {
    fn drop(&mut self) {
        self.0.0.ended.fetch_add(1, Ordering::Relaxed);
    }
}

pin_project_lite::pin_project! {
    /// An answer's body; the request is over when it is dropped.
    #[derive(Debug)]
    pub(super) struct GuardedBody {
        #[pin]
        body: Body,
        guard: RequestGuard,
    }
}

impl GuardedBody {
    pub(super) fn new(body: Body, guard: RequestGuard) -> Self {
        Self { body, guard }
    }
}

impl http_body::Body for GuardedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        self.project().body.poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
