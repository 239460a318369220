//! Panics of code that is not ours.

use std::{
    future::poll_fn,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    task::Poll,
};

/// The code behind a future panicked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Panicked;

/// Runs a future that calls an embedder's source. A panic there ends the call it was made for, and
/// nothing else: callers that wait must get an answer, and the next call must find everything in order.
///
/// Values that the future borrowed are not used again after a panic.
pub(crate) async fn caught<T>(future: impl Future<Output = T>) -> Result<T, Panicked> {
    let mut future = pin!(future);
    poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
        Ok(polled) => polled.map(Ok),
        Err(_) => Poll::Ready(Err(Panicked)),
    })
    .await
}
