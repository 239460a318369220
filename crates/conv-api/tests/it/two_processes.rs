//! Passes that another process makes, by a store and leases that do as the test says.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use conv_api::{
    AccountId, All, Conversation, ConversationDatabase, ConversationId, ConversationStore,
    Conversations, Coverage, Error, ErrorClass, Event, PassStatus, Snapshot, StoreError, Timestamp,
    model::{Commit, Delta, Finished, Local, PassId, Seq, SyncScope, SyncState},
    store::{Holder, Lease, LeaseGrant, Leases, Publisher, Watcher},
};
use tokio::{sync::watch, task::JoinHandle};

use crate::support::{Moody, id};

/// The list as the test has other processes make it. It refuses to be written.
#[derive(Debug)]
struct Followed(Publisher);

#[async_trait]
impl ConversationStore for Followed {
    fn snapshot(&self) -> Snapshot {
        self.0.snapshot()
    }

    fn watch(&self) -> Watcher {
        self.0.watch()
    }

    async fn apply(&self, _: Delta) -> Result<Commit, StoreError> {
        Err(StoreError::io("writing", std::io::Error::other("no space left on device")))
    }

    async fn put_local(&self, _: ConversationId, _: Local) -> Result<Commit, StoreError> {
        self.apply(Delta::default()).await
    }

    async fn close(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

/// Another process has the lease, and gives it back when the test says.
#[derive(Clone, Debug)]
struct Theirs {
    store: Arc<Followed>,
    ended: watch::Sender<Option<End>>,
}

/// The end of a pass: its last write, if it is known.
type End = Option<Seq>;

#[derive(Debug)]
struct Given;

#[async_trait]
impl Lease for Given {
    async fn give_back(self: Box<Self>, _: Option<Seq>) {}
}

#[async_trait]
impl Leases for Theirs {
    async fn take(&self, _: &AccountId) -> Result<LeaseGrant, StoreError> {
        Ok(match *self.ended.borrow() {
            None => LeaseGrant::Theirs(Holder::new("another")),
            Some(_) => LeaseGrant::Ours(Box::new(Given)),
        })
    }

    async fn ended(&self, _: &AccountId, _: &Holder) -> Result<Option<Seq>, StoreError> {
        Ok(self.ended.subscribe().wait_for(Option::is_some).await.unwrap().unwrap())
    }
}

#[async_trait]
impl ConversationDatabase for Theirs {
    async fn account(&self, _: &AccountId) -> Result<Arc<dyn ConversationStore>, StoreError> {
        Ok(Arc::clone(&self.store) as _)
    }

    async fn forget(&self, _: &AccountId) -> Result<(), StoreError> {
        Ok(())
    }

    async fn close(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn pass_leases(&self) -> Option<Arc<dyn Leases>> {
        Some(Arc::new(self.clone()))
    }
}

/// A list that a pass of another process finished at a time, of so many rows.
fn finished(pass: u64, at: u64, rows: usize) -> Snapshot {
    let mut state = SyncState::default();
    state.pass = PassId::new(pass);
    state.coverage = Coverage::Complete;
    let at = Timestamp::from_secs(at);
    state.finished = Some(Finished::new(Some(at), Vec::new(), SyncScope::default()));
    let rows = (0..rows).map(|n| Conversation::new(id(&format!("C2Cuser_{n}"))));
    Snapshot::of(rows, state).at(Seq::new(pass))
}

async fn follow(first: Snapshot) -> (Conversations, Arc<Followed>, watch::Sender<Option<End>>) {
    let store = Arc::new(Followed(Publisher::new(first)));
    let ended = watch::Sender::new(None);
    let database = Theirs { store: Arc::clone(&store), ended: ended.clone() };
    let building = Conversations::builder("user_0001").database(database);
    let conversations = building.source(Moody::new(3)).build().await.unwrap();
    (conversations, store, ended)
}

/// Joins the pass of the other process. Returns how many rows the list has once that is done.
async fn joined(conversations: &Conversations) -> JoinHandle<Result<usize, Error>> {
    let conversations = conversations.clone();
    let caller =
        tokio::spawn(
            async move { conversations.sync().await.map(|_| conversations.snapshot().len()) },
        );
    tokio::task::yield_now().await;
    caller
}

fn ended_with(write: u64) -> Option<End> {
    Some(Some(Seq::new(write)))
}

#[tokio::test(start_paused = true)]
async fn sync_is_done_once_the_list_shows_the_pass_that_another_process_made() {
    let (conversations, store, ended) = follow(finished(1, 100, 1)).await;
    let caller = joined(&conversations).await;
    ended.send_replace(ended_with(2));
    // The list is complete all the while, by an earlier pass.
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(!caller.is_finished());
    store.0.publish(finished(2, 200, 2));
    assert_eq!(caller.await.unwrap().unwrap(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_earlier_pass_that_is_shown_late_is_not_taken_for_the_one_that_was_joined() {
    let (conversations, store, ended) = follow(finished(1, 100, 1)).await;
    let caller = joined(&conversations).await;
    ended.send_replace(ended_with(3));
    store.0.publish(finished(2, 200, 2));
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(!caller.is_finished());
    store.0.publish(finished(3, 300, 3));
    assert_eq!(caller.await.unwrap().unwrap(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_pass_that_finished_just_like_the_one_before_is_joined() {
    let (conversations, store, ended) = follow(finished(1, 100, 1)).await;
    let caller = joined(&conversations).await;
    ended.send_replace(ended_with(2));
    store.0.publish(finished(2, 100, 1));
    assert_eq!(caller.await.unwrap().unwrap(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_write_that_changes_nothing_to_show_is_seen_all_the_same() {
    let (conversations, store, ended) = follow(finished(1, 100, 1)).await;
    let caller = joined(&conversations).await;
    ended.send_replace(ended_with(2));
    tokio::time::sleep(Duration::from_secs(1)).await;
    // The same commit number: no watcher wakes.
    store.0.publish(finished(2, 100, 1));
    assert_eq!(caller.await.unwrap().unwrap(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_pass_that_is_never_shown_or_of_which_nothing_is_known_is_not_taken_for_done() {
    for end in [ended_with(2), Some(None)] {
        let (conversations, _store, ended) = follow(finished(1, 100, 1)).await;
        let caller = joined(&conversations).await;
        ended.send_replace(end);
        // It makes a pass of its own then, which this store refuses.
        assert_eq!(caller.await.unwrap().unwrap_err().class(), ErrorClass::Store);
    }
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_the_store_could_not_take_in_reaches_the_streams_and_ends_with_a_newer_pass()
{
    let (conversations, store, ended) = follow(finished(1, 100, 1)).await;
    ended.send_replace(ended_with(2));
    let mut events = conversations.events();
    let watching = tokio::spawn(async move {
        let Some(Event::SyncReportUpdated(report)) = events.next().await else { panic!() };
        (report, events)
    });
    tokio::task::yield_now().await;
    assert_eq!(conversations.sync().await.unwrap_err().class(), ErrorClass::Store);
    // In paused time: over as soon as nothing else is to be done.
    let watching = tokio::time::timeout(Duration::from_secs(3_600), watching).await;
    let (report, mut events) = watching.unwrap().unwrap();
    assert!(matches!(&report.pass, PassStatus::Failed(failure)
        if failure.class == ErrorClass::Store && failure.code == 990_001));
    assert_eq!(report.coverage, Coverage::CacheOnly);

    // Another process could write.
    store.0.publish(finished(2, 200, 1));
    assert!(conversations.get_conversation_list(All).await.unwrap().is_sync_completed());
    // This store keeps no history, so that the rows may be others.
    assert_eq!(events.next().await, Some(Event::ConversationListUpdated));
    assert!(matches!(events.next().await, Some(Event::SyncReportUpdated(report))
        if report.is_sync_completed()));
}
