//! A few futures at once, without a task for each.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    task::Poll,
};

/// Waits for all of a few futures; what they gave, in their order. Each is polled whenever one of
/// them moves, which is fine for a few.
pub(super) async fn all<F: Future>(futures: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    let mut slots: Vec<_> = futures.into_iter().map(Slot::new).collect();
    poll_fn(|cx| {
        let mut is_done = true;
        for slot in slots.iter_mut().filter(|slot| slot.output.is_none()) {
            match slot.future.as_mut().poll(cx) {
                Poll::Ready(output) => slot.output = Some(output),
                Poll::Pending => is_done = false,
            }
        }
        if is_done { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    slots.into_iter().filter_map(|slot| slot.output).collect()
}

struct Slot<F: Future> {
    future: Pin<Box<F>>,
    output: Option<F::Output>,
}

impl<F: Future> Slot<F> {
    fn new(future: F) -> Self {
        Self { future: Box::pin(future), output: None }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::{Instant, sleep};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_few_run_side_by_side_and_answer_in_their_order() {
        let begun = Instant::now();
        let outputs = all([3, 1, 2, 0].map(|number| async move {
            sleep(Duration::from_secs(number)).await;
            number
        }));
        assert_eq!(outputs.await, [3, 1, 2, 0]);
        assert_eq!(begun.elapsed(), Duration::from_secs(3));
        assert_eq!(all(Vec::<std::future::Ready<()>>::new()).await, []);
    }
}
