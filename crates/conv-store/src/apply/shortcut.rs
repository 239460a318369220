//! The way past the task, for changes that need not wait.

use std::{
    future::{Future, poll_fn},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::{Arc, Weak},
    task::{Context, Poll},
};

use conv_model::Commit;
use tokio::{runtime::Handle, sync::OwnedMutexGuard, task::coop::consume_budget};

use super::{applier::Applier, request::Change, task::Shared};
use crate::StoreError;

/// Applies a change where its caller is, while the store is idle and its engine keeps nobody
/// waiting: there the way to the task and back brings nothing.
#[derive(Clone)]
pub(super) struct Shortcut {
    applier: Weak<Shared>,
    runtime: Handle,
}

type Answer = Result<Commit, StoreError>;

impl Shortcut {
    pub(super) fn new(applier: &Arc<Shared>, runtime: Handle) -> Self {
        Self { applier: Arc::downgrade(applier), runtime }
    }

    /// Applies a change, or gives it back if it is one for the task.
    pub(super) async fn apply(&self, change: Change) -> Result<Answer, Change> {
        if !change.is_small() {
            return Err(change);
        }
        // Else a caller who changes without end would let nobody else run.
        consume_budget().await;
        let Some(held) = self.hold() else { return Err(change) };
        let mut work: Pin<Box<_>> = Box::pin(apply(held, change));
        match poll_fn(|cx| Poll::Ready(self.poll(work.as_mut(), cx))).await {
            Poll::Ready(answer) => Ok(answer),
            // From here on not by the caller, who may go away or look at something else first.
            Poll::Pending => Ok(self.runtime.spawn(work).await.unwrap_or(Err(StoreError::Closed))),
        }
    }

    /// The applier, if nobody uses it and it will not wait.
    fn hold(&self) -> Option<OwnedMutexGuard<Option<Applier>>> {
        let held = self.applier.upgrade()?.try_lock_owned().ok()?;
        held.as_ref().is_some_and(Applier::is_prompt).then_some(held)
    }

    /// In the store's runtime, whatever the caller's. A panic ends the store, as in its task.
    fn poll(
        &self,
        work: Pin<&mut impl Future<Output = Answer>>,
        cx: &mut Context<'_>,
    ) -> Poll<Answer> {
        let _entered = self.runtime.enter();
        let polled = catch_unwind(AssertUnwindSafe(|| work.poll(cx)));
        polled.unwrap_or(Poll::Ready(Err(StoreError::Closed)))
    }
}

/// Takes the applier, which is gone if this panics.
async fn apply(mut held: OwnedMutexGuard<Option<Applier>>, change: Change) -> Answer {
    let mut applier = held.take().ok_or(StoreError::Closed)?;
    let applied = applier.apply(&[change]).await;
    *held = Some(applier);
    applied?.pop().unwrap_or(Err(StoreError::Closed))
}
