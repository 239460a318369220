//! Drives a sender against a writer.

use std::{
    collections::BTreeMap,
    fmt,
    future::{Future, poll_fn},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use conv_model::{AccountId, ConversationId, MutationFailure, Progress};

use crate::{
    Clock, ConversationWriter, FinishedPass, SendOptions, SendView, SentMutation, WriteRequest,
    send::{SendEffect, SendId, SendInput, Sender},
};

type Call = Pin<Box<dyn Future<Output = SendInput> + Send>>;

/// Reads the list and its outbox as they are stored now.
pub type Views = Arc<dyn Fn() -> Arc<dyn SendView> + Send + Sync>;

/// A request of a dispatcher to its owner.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Dispatch {
    /// Store how far mutations have come, in this order and in one write, with
    /// [`Outbox::progress`](conv_model::Outbox::progress); then call
    /// [`applied`](Dispatcher::applied).
    Progress(Vec<(u64, Progress)>),
    /// Have a pass made, and call [`pass_finished`](Dispatcher::pass_finished) at its end.
    Pass,
}

/// Sends the outbox of one account: drives the state machine of sending against a writer, on a clock.
///
/// It stores nothing and knows no store. Its owner calls [`next`](Self::next) in a loop, does what it
/// asks for, and says what else happened. Dropping it abandons the calls in flight; another dispatcher
/// returns their mutations as uncertain and sends them again.
///
/// ```
/// use std::sync::{Arc, Mutex};
///
/// use conv_model::{Capacity, ConversationId, Mutation, Progress};
/// use conv_sync::{
///     Clock, Dispatch, Dispatcher, SendOptions, TokioClock,
///     testing::{MemoryView, ScriptedWriter},
/// };
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let alice = ConversationId::c2c("alice")?;
/// let cloud = Arc::new(ScriptedWriter::default());
/// cloud.add_row(alice.clone());
/// let view = Arc::new(Mutex::new(MemoryView::default()));
///
/// let pin = Mutation::Pin { id: alice.clone(), is_pinned: true };
/// view.lock().unwrap().outbox.enqueue(pin, None, |_| false, &Capacity::default())?;
///
/// let views = {
///     let view = Arc::clone(&view);
///     Arc::new(move || Arc::new(view.lock().unwrap().clone()) as _)
/// };
/// let clock = Arc::new(TokioClock::default());
/// let account = "user_0001".parse()?;
/// let mut dispatcher =
///     Dispatcher::new(cloud.clone(), clock.clone(), account, SendOptions::default(), views);
/// # tokio::time::pause();
/// while !view.lock().unwrap().outbox.is_empty() {
///     match dispatcher.next().await {
///         Dispatch::Progress(steps) => {
///             for (number, progress) in steps {
///                 view.lock().unwrap().outbox.progress(number, progress);
///             }
///             dispatcher.applied();
///         }
///         Dispatch::Pass => {
///             let began = clock.now();
///             view.lock().unwrap().read(&cloud);
///             dispatcher.pass_finished(began);
///         }
///         _ => {}
///     }
/// }
/// assert!(cloud.row(&alice).unwrap().listing.is_pinned);
/// # Ok(())
/// # }
/// ```
pub struct Dispatcher {
    writer: Arc<dyn ConversationWriter>,
    clock: Arc<dyn Clock>,
    account: AccountId,
    views: Views,
    sender: Sender,
    /// The first input of the sender.
    start: Option<SendInput>,
    calls: BTreeMap<SendId, Call>,
    /// Progress that was not reported as applied.
    progress: Option<Vec<(u64, Progress)>>,
    wants_pass: bool,
}

impl Dispatcher {
    /// A dispatcher of an account's outbox. It sends nothing before the first call of
    /// [`next`](Self::next).
    pub fn new(
        writer: Arc<dyn ConversationWriter>,
        clock: Arc<dyn Clock>,
        account: AccountId,
        options: SendOptions,
        views: Views,
    ) -> Self {
        let sender = Sender::new(options, &writer.write_capabilities());
        Self {
            writer,
            clock,
            account,
            views,
            sender,
            start: Some(SendInput::Changed),
            calls: BTreeMap::new(),
            progress: None,
            wants_pass: false,
        }
    }

    /// Goes on with the sender of an earlier dispatcher of the same account on the same clock.
    /// Mutations that were in flight there are uncertain.
    #[must_use]
    pub fn with_sender(self, sender: Sender) -> Self {
        Self { sender, start: Some(SendInput::Abandoned), ..self }
    }

    /// Returns the sender, for another dispatcher.
    pub fn into_sender(self) -> Sender {
        self.sender
    }

    /// Returns true if nothing is under way: no call, and no progress to store. Mutations may still
    /// pause, or wait for a pass.
    pub fn is_idle(&self) -> bool {
        self.sender.is_idle()
    }

    /// Returns why nothing is sent: the app's account is at fault, as an answer of the cloud said.
    pub fn held(&self) -> Option<&MutationFailure> {
        self.sender.held()
    }

    /// Returns true if progress has to be stored: until that is done, and reported as
    /// [`applied`](Self::applied), nothing is compared with a pass.
    pub fn is_storing(&self) -> bool {
        self.sender.is_storing()
    }

    /// Returns the next action, and waits for it. Cancel-safe: a dropped call loses nothing. It
    /// waits for ever while nothing is pending, so select it against what changes the outbox.
    ///
    /// Progress that was not reported as [`applied`](Self::applied) is returned again, for an owner
    /// whose store failed: taken twice, it changes nothing the second time.
    pub async fn next(&mut self) -> Dispatch {
        if let Some(start) = self.start.take() {
            self.step(start);
        }
        loop {
            if std::mem::take(&mut self.wants_pass) {
                return Dispatch::Pass;
            }
            if let Some(progress) = &self.progress {
                return Dispatch::Progress(progress.clone());
            }
            let input = poll_fn(|cx| self.poll_calls(cx)).await;
            self.step(input);
        }
    }

    /// Says that the progress which [`next`](Self::next) returned last is stored, and that the views
    /// show it.
    pub fn applied(&mut self) {
        if self.progress.take().is_some() {
            self.step(SendInput::Applied);
        }
    }

    /// Says that the outbox was changed by others: a mutation was accepted, taken back or retried.
    pub fn outbox_changed(&mut self) {
        self.step(SendInput::Changed);
    }

    /// Says that a pass is complete, and that the views show its rows. A moment of the dispatcher's
    /// clock is a pass that began then and named all conversation groups.
    pub fn pass_finished(&mut self, pass: impl Into<FinishedPass>) {
        self.step(SendInput::PassFinished(pass.into()));
    }

    /// Says that a pass, which began at a moment of the dispatcher's clock, stored the unread state of
    /// conversations. To be called before [`pass_finished`](Self::pass_finished).
    pub fn unread_read(&mut self, began: Duration, ids: Vec<ConversationId>) {
        self.step(SendInput::UnreadRead { began, ids });
    }

    /// Reports that the app's account is repaired: held mutations are sent again.
    pub fn release(&mut self) {
        self.step(SendInput::Release);
    }

    /// Reports that the device woke up, or that its network is back: pauses end now, except those
    /// that the cloud asked for.
    pub fn retry_now(&mut self) {
        self.step(SendInput::Retry);
    }

    fn step(&mut self, input: SendInput) {
        if let Some(start) = self.start.take() {
            self.step(start);
        }
        let view = (self.views)();
        let effects = self.sender.step(self.clock.now(), input, &*view);
        for effect in effects {
            self.carry_out(effect);
        }
    }

    fn carry_out(&mut self, effect: SendEffect) {
        match effect {
            SendEffect::Progress(progress) => self.progress = Some(progress),
            SendEffect::Pass => self.wants_pass = true,
            SendEffect::Call { call, write } => {
                let writer = Arc::clone(&self.writer);
                let mut request = WriteRequest::new(self.account.clone(), write);
                request.mutations = self.sent(&self.sender.numbers(call));
                self.start_call(call, async move {
                    let answer = writer.write(&request).await;
                    SendInput::Written { call, answer }
                });
            }
            SendEffect::Look { call } => {
                let (writer, account) = (Arc::clone(&self.writer), self.account.clone());
                self.start_call(call, async move {
                    let answer = writer.look(&account).await;
                    SendInput::Looked { call, answer }
                });
            }
            SendEffect::LookAtGroup { call, id } => {
                let writer = Arc::clone(&self.writer);
                self.start_call(call, async move {
                    let answer = writer.group_exists(&id).await;
                    SendInput::GroupLooked { call, answer }
                });
            }
            SendEffect::Wait { pause, delay } => {
                let clock = Arc::clone(&self.clock);
                let time = delay.least + delay.spread.mul_f64(clock.chance());
                self.start_call(pause, async move {
                    clock.sleep(time).await;
                    SendInput::Woke(pause)
                });
            }
        }
    }

    fn sent(&self, numbers: &[u64]) -> Vec<SentMutation> {
        let view = (self.views)();
        let pending = view.outbox().pending().filter(|one| numbers.contains(&one.number));
        pending.map(|one| SentMutation::of(one)).collect()
    }

    fn start_call(&mut self, id: SendId, answer: impl Future<Output = SendInput> + Send + 'static) {
        self.calls.insert(id, Box::pin(answer));
    }

    /// Returns the first answer of any call.
    fn poll_calls(&mut self, cx: &mut Context<'_>) -> Poll<SendInput> {
        let answer = self.calls.iter_mut().find_map(|(id, call)| match call.as_mut().poll(cx) {
            Poll::Ready(input) => Some((*id, input)),
            Poll::Pending => None,
        });
        let Some((id, input)) = answer else { return Poll::Pending };
        self.calls.remove(&id);
        Poll::Ready(input)
    }
}

impl fmt::Debug for Dispatcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dispatcher").field("sender", &self.sender).finish_non_exhaustive()
    }
}
