//! Drives a pull against a source.

use std::{
    collections::VecDeque,
    fmt,
    future::{Future, poll_fn},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use conv_model::{AccountId, Commit, Delta, PassId, SyncState};

use crate::{
    Clock, ConversationSource, Effect, HydrateRequest, Input, Line, Pull, PullOptions, PullRequest,
    SourceError,
};

type Call = Pin<Box<dyn Future<Output = Input> + Send>>;

/// One pass over an account's list: yields changes, and learns what became of them.
///
/// ```no_run
/// # use std::sync::Arc;
/// # use conv_model::{AccountId, Commit, Delta, SyncState};
/// # use conv_sync::{Clock, ConversationSource, Puller, PullOptions, SourceError};
/// # async fn pass(
/// #     source: Arc<dyn ConversationSource>, clock: Arc<dyn Clock>, account: AccountId,
/// #     state: SyncState, apply: impl AsyncFn(Delta) -> Commit,
/// # ) -> Result<(), SourceError> {
/// let mut puller = Puller::new(source, clock, account, PullOptions::default(), &state);
/// while let Some(delta) = puller.next().await? {
///     let commit = apply(delta).await; // to a store, whole or not at all
///     puller.applied(&commit);
/// }
/// # Ok(())
/// # }
/// ```
///
/// A pass may be dropped at any moment: what was applied stays, and the next pass goes on from
/// there. At most one page and one batch of profiles are asked for at a time.
pub struct Puller {
    source: Arc<dyn ConversationSource>,
    clock: Arc<dyn Clock>,
    account: AccountId,
    pull: Pull,
    plan_limit: u32,
    listing: Option<Call>,
    hydration: Option<Call>,
    ready: VecDeque<Delta>,
    is_done: bool,
}

impl Puller {
    /// Begins a pass of an account's list after what its store knows.
    pub fn new(
        source: Arc<dyn ConversationSource>,
        clock: Arc<dyn Clock>,
        account: AccountId,
        options: PullOptions,
        state: &SyncState,
    ) -> Self {
        let plan_limit = options.plan_limit;
        let (pull, effects) = Pull::start(options, &source.capabilities(), state);
        let mut puller = Self {
            source,
            clock,
            account,
            pull,
            plan_limit,
            listing: None,
            hydration: None,
            ready: VecDeque::new(),
            is_done: false,
        };
        puller.start(effects);
        puller
    }

    /// The pass's number.
    pub fn pass(&self) -> PassId {
        self.pull.pass()
    }

    /// The next change to apply; `None` once the pass is complete. Call
    /// [`applied`](Self::applied) before asking again. Cancel-safe: a dropped call loses nothing.
    ///
    /// # Errors
    /// Why the pass failed; the change that says so to the store was yielded before. Or
    /// [`SourceError::InvalidArgument`] if the change given last was not reported as applied.
    pub async fn next(&mut self) -> Result<Option<Delta>, SourceError> {
        loop {
            if let Some(delta) = self.ready.pop_front() {
                return Ok(Some(delta));
            }
            if self.is_done {
                let outcome = self.pull.outcome().unwrap_or(Ok(()));
                return outcome.map(|()| None).map_err(SourceError::clone);
            }
            if self.listing.is_none() && self.hydration.is_none() {
                let what = "the change given last was not reported as applied".into();
                return Err(SourceError::InvalidArgument { what });
            }
            let input = poll_fn(|cx| self.poll_calls(cx)).await;
            self.step(input);
        }
    }

    /// Tells what became of the change that [`next`](Self::next) gave last.
    pub fn applied(&mut self, commit: &Commit) {
        self.step(Input::Applied { wanting: commit.wanting.clone() });
    }

    /// Stops the pass: calls in flight are dropped, and [`next`](Self::next) yields the change
    /// that says so, then the error [`SourceError::Cancelled`].
    pub fn cancel(&mut self) {
        self.listing = None;
        self.hydration = None;
        self.step(Input::Cancel);
    }

    /// The device woke up, or its network is back: a pass that pauses after a failure tries again
    /// at once, with all its tries, but not before a moment that the cloud asked for.
    pub fn retry_now(&mut self) {
        self.step(Input::Retry);
    }

    fn step(&mut self, input: Input) {
        let effects = self.pull.step(self.clock.now(), input);
        self.start(effects);
    }

    fn start(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Apply(delta) => self.ready.push_back(*delta),
                Effect::Done => self.is_done = true,
                Effect::List { cursor } => {
                    let source = Arc::clone(&self.source);
                    let request = PullRequest::new(self.account.clone(), cursor, self.plan_limit);
                    let call = async move { Input::Listed(source.pull(&request).await) };
                    self.listing = Some(Box::pin(call));
                }
                Effect::Name => {
                    let source = Arc::clone(&self.source);
                    let account = self.account.clone();
                    let call = async move { Input::Named(source.groups(&account).await) };
                    self.listing = Some(Box::pin(call));
                }
                Effect::Hydrate { facet, ids } => {
                    let source = Arc::clone(&self.source);
                    let request = HydrateRequest::new(self.account.clone(), facet, ids);
                    let call = async move { Input::Hydrated(source.hydrate(&request).await) };
                    self.hydration = Some(Box::pin(call));
                }
                Effect::Wait { line, delay } => {
                    let clock = Arc::clone(&self.clock);
                    let pause = delay.least + delay.spread.mul_f64(clock.chance());
                    let call = async move {
                        clock.sleep(pause).await;
                        Input::Woke(line)
                    };
                    *self.line(line) = Some(Box::pin(call));
                }
            }
        }
    }

    fn line(&mut self, line: Line) -> &mut Option<Call> {
        match line {
            Line::Listing => &mut self.listing,
            Line::Hydration => &mut self.hydration,
        }
    }

    /// The first answer of either line.
    fn poll_calls(&mut self, cx: &mut Context<'_>) -> Poll<Input> {
        for line in [Line::Listing, Line::Hydration] {
            let call = self.line(line);
            if let Some(Poll::Ready(input)) = call.as_mut().map(|call| call.as_mut().poll(cx)) {
                *call = None;
                return Poll::Ready(input);
            }
        }
        Poll::Pending
    }
}

impl fmt::Debug for Puller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Puller").field("pull", &self.pull).finish_non_exhaustive()
    }
}
