//! The driver of a sender, on tokio's clock.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use conv_model::{AccountId, Capacity, Mutation, OutcomeKind, PendingState};
use conv_sync::{
    Clock, ConversationWriter, Dispatch, Dispatcher, Groups, SendOptions, SourceError, TokioClock,
    Views, WriteCall, WriteCapabilities, WriteRequest, Written,
    testing::{MemoryView, Script, ScriptedWriter, Sender},
};
use mockall::mock;
use tokio::time::{sleep, timeout};

use crate::send_support::{
    MINUTE, SECOND, create, delete, member, permanent, pin, star, user, wrong_key,
};

mock! {
    #[derive(Debug)]
    Writer {}

    #[async_trait]
    impl ConversationWriter for Writer {
        fn write_capabilities(&self) -> WriteCapabilities;
        async fn write(&self, request: &WriteRequest) -> Result<Written, SourceError>;
        async fn look(&self, account: &AccountId) -> Result<Groups, SourceError>;
    }
}

/// A writer whose every call takes a second.
#[derive(Debug)]
struct Slow(Arc<ScriptedWriter>);

#[async_trait]
impl ConversationWriter for Slow {
    fn write_capabilities(&self) -> WriteCapabilities {
        self.0.write_capabilities()
    }

    async fn write(&self, request: &WriteRequest) -> Result<Written, SourceError> {
        sleep(SECOND).await;
        self.0.write(request).await
    }

    async fn look(&self, account: &AccountId) -> Result<Groups, SourceError> {
        sleep(SECOND).await;
        self.0.look(account).await
    }
}

struct Owner {
    cloud: Arc<ScriptedWriter>,
    clock: Arc<TokioClock>,
    view: Arc<Mutex<MemoryView>>,
}

impl Owner {
    fn new(names: &[&str]) -> Self {
        let cloud = Arc::new(ScriptedWriter::default());
        names.iter().for_each(|name| cloud.add_row(user(name)));
        let mut view = MemoryView::default();
        view.read(&cloud);
        let clock = Arc::new(TokioClock::default());
        Self { cloud, clock, view: Arc::new(Mutex::new(view)) }
    }

    fn views(&self) -> Views {
        let view = Arc::clone(&self.view);
        Arc::new(move || Arc::new(view.lock().unwrap().clone()))
    }

    fn dispatcher(&self) -> Dispatcher {
        self.dispatcher_of(Arc::new(Slow(Arc::clone(&self.cloud))))
    }

    fn dispatcher_of(&self, writer: Arc<dyn ConversationWriter>) -> Dispatcher {
        let account = "user_0001".parse().unwrap();
        let clock = Arc::clone(&self.clock) as Arc<dyn Clock>;
        Dispatcher::new(writer, clock, account, SendOptions::default(), self.views())
    }

    fn enqueue(&self, mutation: Mutation) -> u64 {
        let outbox = &mut self.view.lock().unwrap().outbox;
        let enqueued = outbox.enqueue(mutation, None, |_| false, &Capacity::default());
        enqueued.unwrap().number.unwrap()
    }

    fn state(&self, number: u64) -> Option<PendingState> {
        self.view.lock().unwrap().outbox.get(number).map(|pending| pending.state)
    }

    /// Does what a dispatcher asks for, for a time.
    async fn run(&self, dispatcher: &mut Dispatcher, time: Duration) {
        let run = async {
            loop {
                match dispatcher.next().await {
                    Dispatch::Progress(progress) => {
                        self.view.lock().unwrap().store(&progress);
                        dispatcher.applied();
                    }
                    Dispatch::Pass => {
                        let began = self.clock.now();
                        self.view.lock().unwrap().read(&self.cloud);
                        dispatcher.pass_finished(began);
                    }
                    _ => {}
                }
            }
        };
        let _: Result<(), _> = timeout(time, run).await;
    }
}

#[tokio::test(start_paused = true)]
async fn it_sends_what_is_pending_and_settles_it() {
    let owner = Owner::new(&["alice", "bob"]);
    owner.enqueue(pin("alice"));
    owner.enqueue(create("Family"));
    owner.enqueue(member("bob", "Family", true));
    owner.enqueue(delete("bob", true, conv_model::IfNewer::GiveUp));
    owner.cloud.script(Script::LoseAnswer);
    let mut dispatcher = owner.dispatcher();
    owner.run(&mut dispatcher, 10 * MINUTE).await;
    assert!(owner.view.lock().unwrap().outbox.is_empty());
    assert!(dispatcher.is_idle());
    assert!(owner.cloud.row(&user("alice")).unwrap().listing.is_pinned);
    assert!(owner.cloud.row(&user("bob")).is_none());
    let outcomes = owner.view.lock().unwrap().outcomes.clone();
    assert!(outcomes.iter().all(|outcome| outcome.kind == OutcomeKind::Done), "{outcomes:?}");
}

#[tokio::test(start_paused = true)]
async fn a_dropped_next_loses_nothing() {
    let owner = Owner::new(&["alice"]);
    let number = owner.enqueue(pin("alice"));
    let mut dispatcher = owner.dispatcher();
    for _ in 0..40 {
        owner.run(&mut dispatcher, Duration::from_millis(100)).await;
    }
    assert_eq!(owner.state(number), Some(PendingState::Settling));
    assert_eq!(owner.cloud.calls().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn progress_is_given_again_until_it_is_stored() {
    let owner = Owner::new(&["alice"]);
    owner.enqueue(pin("alice"));
    let mut dispatcher = owner.dispatcher();
    let first = dispatcher.next().await;
    assert_eq!(dispatcher.next().await, first, "the store failed");
    assert_eq!(owner.cloud.calls().len(), 0);
    let Dispatch::Progress(progress) = first else { panic!("progress") };
    owner.view.lock().unwrap().store(&progress);
    dispatcher.applied();
    // Said twice, it changes nothing.
    dispatcher.applied();
    owner.run(&mut dispatcher, 2 * SECOND).await;
    assert_eq!(owner.cloud.calls().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_dispatcher_after_a_dropped_one_sends_again_what_was_in_flight() {
    for keeps_sender in [false, true] {
        let owner = Owner::new(&["alice"]);
        let number = owner.enqueue(pin("alice"));
        let mut dispatcher = owner.dispatcher();
        owner.run(&mut dispatcher, SECOND / 2).await;
        assert_eq!(owner.state(number), Some(PendingState::Sending));
        let mut next = owner.dispatcher();
        if keeps_sender {
            next = next.with_sender(dispatcher.into_sender());
        } else {
            drop(dispatcher);
        }
        owner.run(&mut next, 2 * SECOND).await;
        assert_eq!(owner.state(number), Some(PendingState::Settling));
        assert!(owner.view.lock().unwrap().outbox.get(number).unwrap().is_uncertain);
    }
}

#[tokio::test(start_paused = true)]
async fn a_later_mutation_is_sent_once_the_dispatcher_is_notified() {
    let owner = Owner::new(&["alice"]);
    let mut dispatcher = owner.dispatcher();
    owner.run(&mut dispatcher, SECOND).await;
    let number = owner.enqueue(pin("alice"));
    dispatcher.outbox_changed();
    owner.run(&mut dispatcher, 2 * SECOND).await;
    assert_eq!(owner.state(number), Some(PendingState::Settling));
}

#[tokio::test(start_paused = true)]
async fn waking_up_ends_pauses_and_releasing_sends_what_is_held() {
    let owner = Owner::new(&["alice"]);
    for _ in 0..8 {
        owner.cloud.script(Script::Refuse(SourceError::TimedOut));
    }
    owner.cloud.script(Script::Refuse(wrong_key()));
    let number = owner.enqueue(pin("alice"));
    let mut dispatcher = owner.dispatcher();
    for _ in 0..9 {
        owner.run(&mut dispatcher, 1_100 * Duration::from_millis(1)).await;
        dispatcher.retry_now();
    }
    owner.run(&mut dispatcher, MINUTE).await;
    assert_eq!(owner.state(number), Some(PendingState::Held));
    dispatcher.release();
    owner.run(&mut dispatcher, 2 * SECOND).await;
    assert_eq!(owner.state(number), Some(PendingState::Settling));
}

#[tokio::test(start_paused = true)]
async fn each_call_is_for_the_own_account() {
    let owner = Owner::new(&["alice"]);
    let mut writer = MockWriter::new();
    writer.expect_write_capabilities().returning(WriteCapabilities::default);
    writer
        .expect_write()
        .withf(|request| {
            request.account.as_str() == "user_0001"
                && matches!(request.call, WriteCall::Mark { .. })
        })
        .times(1)
        .returning(|_| Err(permanent()));
    writer.expect_look().never();
    let number = owner.enqueue(star("alice"));
    let mut dispatcher = owner.dispatcher_of(Arc::new(writer));
    owner.run(&mut dispatcher, SECOND).await;
    assert_eq!(owner.state(number), Some(PendingState::Failed));
}

#[test]
fn machine_and_driver_move_between_threads() {
    fn moves_between_threads<T: Send + Unpin + std::fmt::Debug + 'static>() {}
    fn crosses_threads<T: Sync>() {}
    moves_between_threads::<Sender>();
    crosses_threads::<Sender>();
    moves_between_threads::<Dispatcher>();
}

#[test]
fn writers_are_object_safe_and_shared() {
    let writer: Arc<dyn ConversationWriter> = Arc::new(Arc::new(ScriptedWriter::default()));
    assert_eq!(writer.write_capabilities(), WriteCapabilities::default());
}
