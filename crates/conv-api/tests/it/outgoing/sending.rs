//! Sending: in the background, in its time, as often as needed.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering::Relaxed},
    },
    time::Duration,
};

use async_trait::async_trait;
use conv_api::{
    Clock, ErrorClass, MarkType, OutcomeKind, PendingState, SledDatabase, SourceError, Timestamp,
    TokioClock,
    sync::{Retry, WriteCall, WriteCapabilities, WriteKind},
    testing::sync::{Script, ScriptedWriter},
};
use tokio::time::sleep;

use super::cloud::{Cloud, id};

const LONG: Duration = Duration::from_secs(3_600);

fn refused(code: i32, class: ErrorClass) -> SourceError {
    let retry = Retry::Never;
    SourceError::Cloud { code, class, retry, message: "no".into(), retry_after: None }
}

#[tokio::test(start_paused = true)]
async fn a_change_is_sent_and_is_over_once_a_pass_shows_it() {
    let cloud = Cloud::new(3);
    let list = cloud.list().await;
    let change = list.pin_conversation(&id(1), true).await.unwrap();
    assert_eq!(change.sent().await.unwrap(), None);
    assert!(cloud.is_pinned(1));
    assert_eq!(change.pending().unwrap().state, PendingState::Settling);

    assert_eq!(change.outcome().await.unwrap(), OutcomeKind::Done);
    assert!(list.pending().is_empty());
    let row = list.snapshot().get(&id(1)).unwrap();
    assert!(row.listing.is_pinned && row.pending.is_empty());
    assert!(list.snapshot().base(&id(1)).unwrap().listing.is_pinned);
}

#[tokio::test(start_paused = true)]
async fn a_burst_goes_out_in_one_call_and_settles_with_one_pass() {
    let cloud = Cloud::new(60);
    let list = cloud.list().await;
    cloud.set_offline(true);
    let ids: Vec<_> = (0..60).map(id).collect();
    let accepted = list.mark_conversation(&ids, MarkType::STAR, true).await.unwrap();
    sleep(Duration::from_secs(1)).await;
    cloud.set_offline(false);
    let pulls = cloud.source.pulls();
    list.retry_now().unwrap();
    for change in &accepted.changes {
        assert_eq!(change.outcome().await.unwrap(), OutcomeKind::Done);
    }
    assert_eq!(cloud.writer.calls().len(), 1);
    let one_pass = cloud.source.pulls() - pulls;
    list.sync().await.unwrap();
    assert_eq!(cloud.source.pulls() - pulls, one_pass * 2);
}

#[tokio::test(start_paused = true)]
async fn offline_changes_arrive_when_the_cloud_is_back() {
    let cloud = Cloud::new(3);
    let list = cloud.list().await;
    cloud.set_offline(true);
    list.pin_conversation(&id(0), true).await.unwrap();
    list.mark_conversation(&[id(1)], MarkType::FOLD, true).await.unwrap();
    let left = list.flush(Duration::from_secs(30)).await.unwrap();
    assert_eq!(left.len(), 2);
    assert!(left.iter().all(|pending| pending.attempts > 0 && pending.failure.is_some()));

    cloud.set_offline(false);
    assert!(list.flush(LONG).await.unwrap().is_empty());
    assert!(cloud.is_pinned(0));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_shows_the_clouds_value_again_and_is_reported() {
    let cloud = Cloud::new(3);
    let list = cloud.list().await;
    let mut outcomes = list.outcomes();
    cloud.writer.script(Script::Refuse(refused(50_002, ErrorClass::InvalidArgument)));
    let change = list.pin_conversation(&id(0), true).await.unwrap();

    let outcome = outcomes.next().await.unwrap();
    assert_eq!(Some(outcome.number), change.number());
    assert!(matches!(&outcome.kind, OutcomeKind::Failed(f) if f.code == Some(50_002)));
    let row = list.snapshot().get(&id(0)).unwrap();
    assert!(!row.listing.is_pinned && !row.pending.is_empty());
    assert_eq!(change.outcome().await.unwrap(), outcome.kind);
    assert_eq!(list.changes_report().failed, 1);

    change.retry().await.unwrap();
    assert_eq!(change.outcome().await.unwrap(), OutcomeKind::Done);
    assert_eq!(outcomes.next().await.unwrap().kind, OutcomeKind::Done);
    assert!(change.retry().await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_fault_of_the_apps_account_holds_everything_until_it_is_mended() {
    let cloud = Cloud::new(3);
    let list = cloud.list().await;
    cloud.writer.script(Script::Refuse(refused(70_003, ErrorClass::Auth)));
    list.pin_conversation(&id(0), true).await.unwrap();
    sleep(Duration::from_secs(60)).await;
    assert_eq!(list.changes_report().held, 1);
    assert!(list.snapshot().get(&id(0)).unwrap().listing.is_pinned);
    list.mark_conversation(&[id(1)], MarkType::STAR, true).await.unwrap();
    sleep(LONG).await;
    assert_eq!(cloud.writer.calls().len(), 1);

    list.retry_now().unwrap();
    assert!(list.flush(Duration::from_secs(5)).await.unwrap().is_empty());
    assert!(cloud.is_pinned(0));
}

#[tokio::test(start_paused = true)]
async fn a_waiting_caller_hears_at_once_that_the_key_is_wrong() {
    let cloud = Cloud::new(3);
    let list = cloud.list().await;
    let begun = tokio::time::Instant::now();
    cloud.writer.script(Script::Refuse(refused(70_003, ErrorClass::Auth)));
    let change = list.pin_conversation(&id(0), true).await.unwrap();
    let error = change.sent().await.unwrap_err();
    assert_eq!((error.code(), error.class()), (70_003, ErrorClass::Auth));
    let other = list.mark_conversation(&[id(1)], MarkType::STAR, true).await.unwrap();
    let left = list.flush(LONG).await.unwrap();
    assert!(left.len() == 2 && left.iter().all(|one| one.state == PendingState::Held));
    assert_eq!(other.changes[0].outcome().await.unwrap_err().code(), 70_003);
    assert_eq!(list.sending_failure().unwrap().code, Some(70_003));
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());

    list.retry_now().unwrap();
    assert!(list.flush(LONG).await.unwrap().is_empty());
    assert_eq!(change.outcome().await.unwrap(), OutcomeKind::Done);
    assert_eq!(list.sending_failure(), None);
}

#[tokio::test(start_paused = true)]
async fn a_value_that_the_list_shows_is_sent_unless_it_was_just_read() {
    let cloud = Cloud::new(3);
    let list = cloud.list().await;
    let change = list.pin_conversation(&id(0), false).await.unwrap();
    assert!(change.is_unchanged());
    assert_eq!(change.outcome().await.unwrap(), OutcomeKind::Unchanged);
    let accepted = list.mark_conversation(&[id(1)], MarkType::STAR, false).await.unwrap();
    assert!(accepted.is_unchanged());

    // Another device pinned it since.
    sleep(LONG).await;
    cloud.writer.change(&WriteCall::Pin { ids: vec![id(0)], is_pinned: true }).unwrap();
    let change = list.pin_conversation(&id(0), false).await.unwrap();
    assert!(!change.is_unchanged());
    change.sent().await.unwrap();
    assert!(!cloud.is_pinned(0));
    let accepted = list.mark_conversation(&[id(1)], MarkType::STAR, false).await.unwrap();
    assert!(!accepted.is_unchanged());
}

/// A clock whose date can be set, and goes on while the device is suspended.
#[derive(Clone, Debug, Default)]
struct Dated {
    clock: TokioClock,
    set_by: Arc<AtomicI64>,
}

#[async_trait]
impl Clock for Dated {
    fn now(&self) -> Duration {
        self.clock.now()
    }

    async fn sleep(&self, time: Duration) {
        self.clock.sleep(time).await;
    }

    fn chance(&self) -> f64 {
        self.clock.chance()
    }

    fn wall_time(&self) -> Option<Timestamp> {
        let time = 1_775_000_000_u64.checked_add_signed(self.set_by.load(Relaxed));
        time.map(|time| Timestamp::from_secs(time + self.now().as_secs()))
    }
}

#[tokio::test(start_paused = true)]
async fn a_list_from_before_a_suspension_is_not_believed() {
    for seconds in [3 * 3_600, 86_400, -86_400] {
        let (cloud, clock) = (Cloud::new(1), Dated::default());
        let list = cloud.builder().clock(clock.clone()).build().await.unwrap();
        list.sync().await.unwrap();
        assert!(list.pin_conversation(&id(0), false).await.unwrap().is_unchanged());
        cloud.writer.change(&WriteCall::Pin { ids: vec![id(0)], is_pinned: true }).unwrap();
        clock.set_by.store(seconds, Relaxed);
        let change = list.pin_conversation(&id(0), false).await.unwrap();
        assert!(!change.is_unchanged(), "by {seconds} s");
        change.sent().await.unwrap();
        assert!(!cloud.is_pinned(0));
    }
}

#[tokio::test]
async fn changes_for_one_app_are_not_sent_to_another() {
    let folder = tempfile::tempdir().unwrap();
    let of_app = |app| {
        let mut capabilities = WriteCapabilities::default();
        capabilities.app = Some(app);
        Cloud::with_writer(1, ScriptedWriter::with_capabilities(capabilities))
    };
    let first = of_app(1);
    first.writer.script(Script::Refuse(refused(70_003, ErrorClass::Auth)));
    let database = SledDatabase::open(folder.path()).await.unwrap();
    let list = first.builder().database(database).build().await.unwrap();
    list.sync().await.unwrap();
    let change = list.pin_conversation(&id(0), true).await.unwrap();
    change.sent().await.unwrap_err();
    drop(change);
    list.close().await.unwrap();

    let second = of_app(2);
    let database = SledDatabase::open(folder.path()).await.unwrap();
    let list = second.builder().database(database).build().await.unwrap();
    let left = list.flush(LONG).await.unwrap();
    let failure = left[0].failure.clone().unwrap();
    assert!(left.len() == 1 && failure.message.contains("app 1"), "{failure:?}");
    assert_eq!(second.writer.calls(), []);

    // This app's list shows nothing of it, and a change of its own leaves it alone.
    let row = list.snapshot().get(&id(0)).unwrap();
    assert!(!row.listing.is_pinned);
    assert_eq!(row.pending.pin, Some(PendingState::Held));
    list.sync().await.unwrap();
    let change = list.pin_conversation(&id(0), true).await.unwrap();
    change.sent().await.unwrap();
    assert!(second.is_pinned(0));
    drop(change);
    list.close().await.unwrap();

    let database = SledDatabase::open(folder.path()).await.unwrap();
    let list = first.builder().database(database).build().await.unwrap();
    assert!(!first.is_pinned(0));
    while !first.is_pinned(0) {
        assert!(list.pending().iter().any(|one| one.app == Some(1)), "it is gone");
        sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_is_asked_again_and_ends_the_same() {
    let cloud = Cloud::new(3);
    let list = cloud.list().await;
    for script in [Script::LoseAnswer, Script::ApplyLater] {
        cloud.writer.script(script);
    }
    let change = list.pin_conversation(&id(0), true).await.unwrap();
    assert_eq!(change.outcome().await.unwrap(), OutcomeKind::Done);
    cloud.writer.deliver();
    assert!(cloud.is_pinned(0));
    assert_eq!(cloud.writer.calls().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn another_device_has_the_last_word() {
    let cloud = Cloud::new(3);
    let list = cloud.list().await;
    let change = list.pin_conversation(&id(0), true).await.unwrap();
    change.sent().await.unwrap();
    sleep(Duration::from_secs(1)).await;
    cloud.writer.change(&WriteCall::Pin { ids: vec![id(0)], is_pinned: false }).unwrap();
    assert_eq!(change.outcome().await.unwrap(), OutcomeKind::Overridden);
    assert!(!list.snapshot().get(&id(0)).unwrap().listing.is_pinned);
    assert!(!cloud.is_pinned(0));
}

#[tokio::test(start_paused = true)]
async fn a_deleted_conversation_stays_hidden_and_is_gone_in_the_end() {
    let cloud = Cloud::new(3);
    let list = cloud.list().await;
    let deleted = list.delete_conversation(&[id(1)], true).await.unwrap();
    assert_eq!(list.snapshot().len(), 2);
    list.sync().await.unwrap();
    assert_eq!(list.snapshot().len(), 2);
    assert_eq!(deleted.changes[0].outcome().await.unwrap(), OutcomeKind::Done);
    assert_eq!((list.snapshot().len(), cloud.writer.rows().len()), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn a_deletion_gives_up_when_a_newer_message_came() {
    let cloud = Cloud::new(2);
    let list = cloud.list().await;
    cloud.set_offline(true);
    let deleted = list.delete_conversation(&[id(0)], true).await.unwrap();
    sleep(LONG).await;
    let later = conv_api::testing::sync::NOW.plus_secs(60);
    cloud.writer.add_message(&id(0), later);
    cloud.set_offline(false);
    let outcome = deleted.changes[0].outcome().await.unwrap();
    assert!(matches!(outcome, OutcomeKind::Failed(_)), "{outcome:?}");
    assert_eq!((list.snapshot().len(), cloud.writer.rows().len()), (2, 2));
    assert!(!cloud.writer.calls().iter().any(|call| call.kind() == WriteKind::Delete));
}

#[tokio::test(start_paused = true)]
async fn a_writer_that_panics_is_as_one_that_does_not_answer() {
    #[derive(Debug)]
    struct Panics(std::sync::Arc<Cloud>, std::sync::atomic::AtomicUsize);

    #[async_trait::async_trait]
    impl conv_api::ConversationWriter for Panics {
        fn write_capabilities(&self) -> conv_api::sync::WriteCapabilities {
            self.0.write_capabilities()
        }

        async fn write(
            &self,
            request: &conv_api::sync::WriteRequest,
        ) -> Result<conv_api::sync::Written, SourceError> {
            let calls = self.1.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            assert!(calls > 0, "the writer panics, as the test wants");
            self.0.write(request).await
        }

        async fn look(
            &self,
            account: &conv_api::AccountId,
        ) -> Result<conv_api::sync::Groups, SourceError> {
            self.0.look(account).await
        }
    }

    let cloud = Cloud::new(1);
    let list = cloud.builder().writer(Panics(cloud.clone(), 0.into())).build().await.unwrap();
    list.sync().await.unwrap();
    let change = list.pin_conversation(&id(0), true).await.unwrap();
    assert_eq!(change.outcome().await.unwrap(), OutcomeKind::Done);
    assert!(cloud.is_pinned(0));
}

#[tokio::test(start_paused = true)]
async fn a_group_is_created_with_its_first_members() {
    let cloud = Cloud::new(3);
    cloud.writer.set_habits({
        let mut habits = conv_api::testing::sync::Habits::default();
        habits.creates_empty = false;
        habits
    });
    let list = cloud.list().await;
    let created = list.create_conversation_group(&[id(0), id(1)], "Press").await.unwrap();
    for change in &created.changes {
        assert_eq!(change.outcome().await.unwrap(), OutcomeKind::Done);
    }
    let calls = cloud.writer.calls();
    assert!(matches!(&calls[..], [WriteCall::CreateGroup { ids, .. }] if ids.len() == 2));
}
