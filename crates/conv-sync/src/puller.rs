//! The driver of a pass.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    fmt,
    future::{Future, poll_fn},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use conv_model::{AccountId, Commit, ConversationId, Delta, PassId, Rank, Seq, SyncState};

use crate::{
    ChangesRequest, Clock, ConversationSource, HydrateRequest, PullOptions, PullRequest,
    SourceError,
    pull::{CallId, Effect, Input, Pull},
};

type Call = Pin<Box<dyn Future<Output = Input> + Send>>;

type Written = Arc<dyn Fn() -> Seq + Send + Sync>;

/// One pass over an account's list: yields changes, and takes their commits back.
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
/// A pass may be dropped at any moment: applied changes stay, and the next pass goes on from there.
/// At most one page, one reading of group names and four batches of facets are in flight at a time.
///
/// Inside is a plain state machine without I/O, clock or randomness; this type carries out its
/// effects. A `Delta` has no field for local state, so a pull cannot touch a draft.
pub struct Puller {
    source: Arc<dyn ConversationSource>,
    clock: Arc<dyn Clock>,
    account: AccountId,
    pull: Pull,
    plan_limit: u32,
    calls: BTreeMap<CallId, Call>,
    /// The last stored write that a commit reported.
    committed: Seq,
    written: Option<Written>,
    ready: VecDeque<Delta>,
    is_done: bool,
}

impl Puller {
    /// Begins a pass over an account's list, from the state in its store.
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
            calls: BTreeMap::new(),
            committed: Seq::ZERO,
            written: None,
            ready: VecDeque::new(),
            is_done: false,
        };
        puller.start(effects);
        puller
    }

    /// Sets a function that returns the number of the last stored write, `Snapshot::written` of the
    /// store. The pass calls it when it sends a question; the answer overwrites no facet that
    /// another writer stored after that number. Without it, the pass uses the number in its own
    /// newest commit, so that older writes of others may win over an answer that already includes
    /// them.
    #[must_use]
    pub fn with_written(self, written: Arc<dyn Fn() -> Seq + Send + Sync>) -> Self {
        Self { written: Some(written), ..self }
    }

    /// Sets all rows that the store holds, with their ranks, those that the user deleted and the cloud
    /// has yet to delete among them. At the plan's limit, the first listing then shows no row that
    /// ranks below all of them and would be removed again at its end. Where the source gives changes,
    /// the pass compares its count of rows with theirs.
    #[must_use]
    pub fn with_list(self, rows: impl IntoIterator<Item = (ConversationId, Rank)>) -> Self {
        Self { pull: self.pull.with_list(rows), ..self }
    }

    /// Returns the pass's number.
    pub fn pass(&self) -> PassId {
        self.pull.pass()
    }

    /// Returns the rows in conversation groups whose names the pass did not read so far, since the
    /// call failed or the cloud gave none for a number. The list shows the names or the groups that
    /// they had before, which says nothing of a change of their groups.
    pub fn unnamed(&self) -> &BTreeSet<ConversationId> {
        self.pull.unnamed()
    }

    /// Returns the next change to apply; `None` once the pass is complete. Call
    /// [`applied`](Self::applied) before calling it again. Cancel-safe: a dropped call loses
    /// nothing.
    ///
    /// # Errors
    /// The error that failed the pass; a change that records it was yielded before.
    /// [`SourceError::InvalidArgument`] if the last change was not reported as applied.
    pub async fn next(&mut self) -> Result<Option<Delta>, SourceError> {
        loop {
            if let Some(delta) = self.ready.pop_front() {
                return Ok(Some(delta));
            }
            if self.is_done {
                let outcome = self.pull.outcome().unwrap_or(Ok(()));
                return outcome.map(|()| None).map_err(SourceError::clone);
            }
            if self.calls.is_empty() {
                let what = "the last change was not reported as applied".into();
                return Err(SourceError::InvalidArgument { what });
            }
            let input = poll_fn(|cx| self.poll_calls(cx)).await;
            self.step(input);
        }
    }

    /// Reports the commit of the change that [`next`](Self::next) yielded last.
    pub fn applied(&mut self, commit: &Commit) {
        self.committed = commit.written;
        self.step(Input::Applied { needs_profile: commit.needs_profile.clone() });
    }

    /// Stops the pass: drops the calls in flight. [`next`](Self::next) then yields a change that
    /// records it, and the error [`SourceError::Cancelled`].
    pub fn cancel(&mut self) {
        self.calls.clear();
        self.step(Input::Cancel);
    }

    /// Ends pauses after failures, because the device woke up or its network is back. Calls are
    /// sent again at once, with all their retries, except where the cloud asked for the pause.
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
                Effect::List { call, cursor } => {
                    let (source, asked) = self.question();
                    let request = PullRequest::new(self.account.clone(), cursor, self.plan_limit);
                    self.send(call, async move {
                        let answer = source.pull(&request).await;
                        Input::Listed { call, asked, answer }
                    });
                }
                Effect::Changes { call, since } => {
                    let (source, asked) = self.question();
                    let request = ChangesRequest::new(self.account.clone(), since);
                    self.send(call, async move {
                        let answer = source.changes(&request).await;
                        Input::Changed { call, asked, answer }
                    });
                }
                Effect::Name { call } => {
                    let (source, asked) = self.question();
                    let account = self.account.clone();
                    self.send(call, async move {
                        let answer = source.groups(&account).await;
                        Input::Named { call, asked, answer }
                    });
                }
                Effect::Hydrate { call, facet, ids } => {
                    let (source, asked) = self.question();
                    let request = HydrateRequest::new(self.account.clone(), facet, ids);
                    self.send(call, async move {
                        let answer = source.hydrate(&request).await;
                        Input::Hydrated { call, asked, answer }
                    });
                }
                Effect::Wait { call, delay } => {
                    let clock = Arc::clone(&self.clock);
                    let pause = delay.least + delay.spread.mul_f64(clock.chance());
                    self.send(call, async move {
                        clock.sleep(pause).await;
                        Input::Woke(call)
                    });
                }
            }
        }
    }

    /// Returns the source, and the last stored write known now.
    fn question(&self) -> (Arc<dyn ConversationSource>, Seq) {
        let asked = self.written.as_ref().map_or(self.committed, |written| written());
        (Arc::clone(&self.source), asked)
    }

    /// Polls `answer` as the call with this number. The pause of a call takes the call's place, and
    /// the other way round.
    fn send(&mut self, call: CallId, answer: impl Future<Output = Input> + Send + 'static) {
        self.calls.insert(call, Box::pin(answer));
    }

    /// Polls all calls, and removes and returns the first answer.
    fn poll_calls(&mut self, cx: &mut Context<'_>) -> Poll<Input> {
        let answer = self.calls.iter_mut().find_map(|(id, call)| match call.as_mut().poll(cx) {
            Poll::Ready(input) => Some((*id, input)),
            Poll::Pending => None,
        });
        let Some((id, input)) = answer else { return Poll::Pending };
        self.calls.remove(&id);
        Poll::Ready(input)
    }
}

impl fmt::Debug for Puller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Puller").field("pull", &self.pull).finish_non_exhaustive()
    }
}
