//! The user's changes are shown over the cloud's rows.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use conv_model::{
    All, ConversationId, Delta, Enqueue, ErrorClass, GroupTarget, ListingPatch, Mutation,
    MutationError, MutationFailure, Outbox, OutboxChange, PendingState, Progress, Seq, Timestamp,
    testing,
};
use conv_store::{
    ConversationStore, Engine, IndexedStore, Loaded, MemoryEngine, Record, StoreError, Write,
    record::{OutboxRecord, PendingRecord},
};
use proptest::prelude::*;

use crate::support::{Probe, at, begin, named, user};

async fn open(engine: &MemoryEngine) -> IndexedStore {
    IndexedStore::open(engine.clone()).await.unwrap()
}

fn pin(name: &str) -> Mutation {
    Mutation::Pin { id: user(name), is_pinned: true }
}

fn custom(name: &str, text: &str) -> Mutation {
    Mutation::CustomData { id: user(name), custom_data: text.into() }
}

async fn put(store: &IndexedStore, mutation: Mutation) -> u64 {
    let commit = store.mutate(OutboxChange::enqueue([mutation])).await.unwrap();
    commit.numbers[0].unwrap()
}

async fn step(store: &IndexedStore, number: u64, step: Progress) {
    store.mutate(OutboxChange::progress(number, step)).await.unwrap();
}

fn refused() -> Progress {
    Progress::Failed(MutationFailure::new(ErrorClass::Cloud, Some(50002), "no"))
}

#[tokio::test]
async fn a_failure_uncovers_what_the_cloud_said_meanwhile() {
    let store = open(&MemoryEngine::new()).await;
    store.apply(Delta::listed([at("alice", 1)])).await.unwrap();
    let number = put(&store, pin("alice")).await;
    store.apply(Delta::listed([at("alice", 7)])).await.unwrap();
    store.apply(Delta::updates([named("alice", "Alice")])).await.unwrap();
    step(&store, number, Progress::Sending).await;
    step(&store, number, refused()).await;
    let row = store.snapshot().get(&user("alice")).unwrap();
    assert!(!row.listing.is_pinned);
    assert_eq!(row.pending.pin, Some(PendingState::Failed));
    assert_eq!(row.show_name(), "Alice");
    assert_eq!(row.listing.time, at("alice", 7).listing.unwrap().time);
}

#[tokio::test]
async fn the_oldest_failure_leaves_in_the_write_that_stores_one_too_many() {
    let engine = MemoryEngine::new();
    let store = open(&engine).await;
    let names: Vec<_> = (0..=Outbox::MAX_FAILED).map(|n| format!("u{n}")).collect();
    store.apply(Delta::listed(names.iter().map(|name| at(name, 1)))).await.unwrap();
    let texts = names.iter().map(|name| custom(name, "text"));
    let commit = store.mutate(OutboxChange::enqueue(texts)).await.unwrap();
    let mut numbers: Vec<_> = commit.numbers.into_iter().map(Option::unwrap).collect();
    let sending = numbers.iter().map(|number| (*number, Progress::Sending)).collect();
    store.mutate(OutboxChange::Progress(sending)).await.unwrap();
    let last = numbers.pop().unwrap();
    let failed = numbers.iter().map(|number| (*number, refused())).collect();
    store.mutate(OutboxChange::Progress(failed)).await.unwrap();
    let row = |store: &IndexedStore| store.snapshot().get(&user("u0")).unwrap();
    assert_eq!(row(&store).pending.custom_data, Some(PendingState::Failed));

    let before = store.snapshot().written();
    let commit = store.mutate(OutboxChange::progress(last, refused())).await.unwrap();
    assert_eq!(commit.written, before.next(), "one write");
    assert!(commit.changes.iter().any(|change| change.id() == Some(&user("u0"))));
    let check = |store: &IndexedStore| {
        assert!(row(store).pending.is_empty());
        let snapshot = store.snapshot();
        assert!(snapshot.outbox().get(numbers[0]).is_none());
        assert_eq!(snapshot.outbox().pending().count(), Outbox::MAX_FAILED);
    };
    check(&store);
    store.close().await.unwrap();
    check(&open(&engine).await);
}

#[tokio::test]
async fn a_retry_without_room_is_refused_and_changes_nothing() {
    let store = open(&MemoryEngine::new()).await;
    let names: Vec<_> = (0..=1_000).map(|n| format!("u{n}")).collect();
    store.apply(Delta::listed(names.iter().map(|name| at(name, 1)))).await.unwrap();
    let failed = put(&store, custom("u0", "text")).await;
    step(&store, failed, Progress::Sending).await;
    step(&store, failed, refused()).await;
    let texts = names.iter().skip(1).map(|name| custom(name, "text"));
    let numbers = store.mutate(OutboxChange::enqueue(texts)).await.unwrap().numbers;
    let before = store.snapshot();
    for retry in [Progress::Retry, Progress::RetryAt(Timestamp::from_secs(9))] {
        // All or nothing, also of the other steps.
        let steps = vec![(numbers[0].unwrap(), Progress::Sending), (failed, retry)];
        let refused = store.mutate(OutboxChange::Progress(steps)).await.unwrap_err();
        let is_full = |it: &StoreError| {
            matches!(it, StoreError::Refused(MutationError::OutboxFull { pending: 1_000, .. }))
        };
        assert!(is_full(&refused), "{refused:?}");
        assert_eq!(store.snapshot().seq(), before.seq());
        assert_eq!(store.snapshot().outbox(), before.outbox());
    }
    step(&store, numbers[0].unwrap(), Progress::Drop).await;
    step(&store, failed, Progress::Retry).await;
    assert_eq!(store.snapshot().outbox().get(failed).unwrap().state, PendingState::Queued);
}

#[tokio::test]
async fn what_settles_for_another_app_answers_for_no_change_of_this_one() {
    let engine = MemoryEngine::new();
    let store = open(&engine).await;
    store.apply(Delta::listed([at("alice", 1)])).await.unwrap();
    let put_for = async |store: &IndexedStore, app| {
        let mut enqueue = Enqueue::new([pin("alice")]);
        enqueue.app = Some(app);
        store.mutate(enqueue.into()).await.unwrap().numbers[0].unwrap()
    };
    let other = put_for(&store, 1).await;
    step(&store, other, Progress::Sending).await;
    step(&store, other, Progress::Acknowledged).await;
    store.close().await.unwrap();
    // The app is another one from the opening on, and nothing was sent yet.
    let store = open(&engine).await;
    let own = put_for(&store, 2).await;
    assert_ne!(own, other);
    step(&store, other, Progress::Settled).await;
    let pending = Arc::clone(store.snapshot().outbox().get(own).unwrap());
    assert_eq!((pending.state, pending.app), (PendingState::Queued, Some(2)));
}

#[tokio::test]
async fn a_deletion_hides_the_row_until_there_is_news() {
    let store = open(&MemoryEngine::new()).await;
    store.apply(Delta::listed([at("alice", 5), at("bob", 4)])).await.unwrap();
    let seen = store.snapshot().get(&user("alice")).unwrap().listing.time.unwrap();
    let (clears_history, if_newer) = (false, Default::default());
    let id = user("alice");
    let number = put(&store, Mutation::Delete { id, seen, clears_history, if_newer }).await;
    let hidden = |store: &IndexedStore| {
        let snapshot = store.snapshot();
        assert_eq!(snapshot.list(&All.into()).len(), 1);
        assert_eq!((snapshot.len(), snapshot.totals().conversations), (1, 1));
        assert_eq!(snapshot.get(&user("alice")), None);
    };
    hidden(&store);
    // A pass that read the list before the deletion neither brings it back nor speaks of it.
    store.apply(begin(1)).await.unwrap();
    let mut page = Delta::listed([at("alice", 5), named("bob", "Bob")]);
    page.pass = Some(conv_model::PassId::new(1));
    let commit = store.apply(page).await.unwrap();
    assert!(commit.changes.iter().all(|change| change.id() != Some(&user("alice"))));
    hidden(&store);
    let base = store.snapshot().base(&user("alice")).unwrap();
    assert_eq!(base.listing.time, Some(seen));
    let keep = [user("bob")].into_iter().collect();
    let mut unsure = Delta::default();
    unsure.pass = Some(conv_model::PassId::new(1));
    unsure.prune = Some(conv_model::Prune::Unconfirmed { keep: Arc::new(keep) });
    store.apply(unsure).await.unwrap();
    assert_eq!(store.snapshot().sync().unconfirmed, Vec::<ConversationId>::new());

    let commit = store.apply(Delta::listed([at("alice", 6)])).await.unwrap();
    assert!(commit.changes[0].before.is_none() && commit.changes[0].after.is_some());
    assert_eq!(store.snapshot().len(), 2);
    step(&store, number, Progress::Sending).await;
    step(&store, number, Progress::Acknowledged).await;
    step(&store, number, Progress::Settled).await;
    assert!(store.snapshot().outbox().is_empty());
}

#[tokio::test]
async fn pages_and_filters_go_on_by_what_is_shown() {
    let store = open(&MemoryEngine::new()).await;
    let rows = ["alice", "bob", "carol", "dave"].into_iter().zip([9, 8, 7, 6]);
    store.apply(Delta::listed(rows.map(|(name, time)| at(name, time)))).await.unwrap();
    let two = std::num::NonZeroUsize::new(2).unwrap();
    let names = |rows: &[Arc<conv_model::Conversation>]| {
        rows.iter().map(|row| row.id.to_string()).collect::<Vec<_>>()
    };
    let first = store.snapshot().page(&All.into(), two, None);
    assert_eq!(names(&first.rows), ["C2Calice", "C2Cbob"]);
    put(&store, pin("dave")).await;
    let mark_type = conv_model::MarkType::STAR;
    put(&store, Mutation::Mark { id: user("bob"), mark_type, is_set: true }).await;
    let snapshot = store.snapshot();
    let second = snapshot.page(&All.into(), two, first.next.as_ref());
    assert_eq!((names(&second.rows), second.next.is_none()), (vec!["C2Ccarol".to_owned()], true));
    assert_eq!(names(&snapshot.page(&All.into(), two, None).rows), ["C2Cdave", "C2Calice"]);
    let starred = conv_model::ConversationFilter::mark_type(mark_type);
    assert_eq!(names(&snapshot.list(&starred.clone().into())), ["C2Cbob"]);
    assert_eq!(snapshot.totals_of(&starred.into()).conversations, 1);
}

#[tokio::test]
async fn a_value_that_no_listing_will_say_is_not_undone_by_a_pass_that_began_before() {
    let engine = MemoryEngine::new();
    let store = open(&engine).await;
    store.apply(Delta::listed([at("alice", 1)])).await.unwrap();
    store.apply(begin(1)).await.unwrap();
    let number = put(&store, pin("alice")).await;
    step(&store, number, Progress::Sending).await;
    step(&store, number, Progress::SettledUnseen).await;
    let mut old = at("alice", 1);
    let mut listing = ListingPatch::at(Timestamp::from_secs(1));
    listing.is_pinned = Some(false);
    old.listing = Some(listing);
    let mut page = Delta::listed([old]);
    page.pass = Some(conv_model::PassId::new(1));
    store.apply(page).await.unwrap();
    for store in [store, open(&engine).await] {
        assert!(store.snapshot().get(&user("alice")).unwrap().listing.is_pinned);
        assert!(store.snapshot().base(&user("alice")).unwrap().listing.is_pinned);
        assert!(store.snapshot().outbox().is_empty());
    }
}

#[tokio::test]
async fn each_mutation_is_checked_after_those_before_it() {
    let store = open(&MemoryEngine::new()).await;
    let names: Vec<String> = (0..51).map(|number| format!("u{number}")).collect();
    store.apply(Delta::listed(names.iter().map(|name| at(name, 1)))).await.unwrap();
    let pins = OutboxChange::enqueue(names.iter().map(|name| pin(name)));
    let error = store.mutate(pins).await.unwrap_err();
    assert!(matches!(error, StoreError::Refused(MutationError::TooManyPinned(50))), "{error:?}");
    assert_eq!(error.class(), ErrorClass::InvalidArgument);
    assert!(store.snapshot().outbox().is_empty());
    // A group and its first members are made together.
    let group_name: conv_model::GroupName = "Team".parse().unwrap();
    let make = Mutation::Group { group_name: group_name.clone(), target: GroupTarget::Present };
    let member = Mutation::Member { id: user("u1"), group_name, is_member: true };
    store.mutate(OutboxChange::enqueue([make, member])).await.unwrap();
    assert_eq!(store.snapshot().groups(), ["Team".into()]);
}

#[tokio::test]
async fn a_group_that_is_renamed_is_renamed_in_every_row() {
    let store = open(&MemoryEngine::new()).await;
    let mut alice = at("alice", 1);
    alice.listing.as_mut().unwrap().groups = Some(vec!["Work".into()]);
    store.apply(Delta::listed([alice, at("bob", 1)])).await.unwrap();
    let target = GroupTarget::Named("Team".parse().unwrap());
    let rename = Mutation::Group { group_name: "Work".parse().unwrap(), target };
    let commit = store.mutate(OutboxChange::enqueue([rename])).await.unwrap();
    assert_eq!(commit.changes.len(), 1);
    let team = conv_model::ConversationFilter::group_name("Team").into();
    assert_eq!(store.snapshot().list(&team).len(), 1);
    assert_eq!(store.snapshot().groups(), ["Team".into()]);
}

#[tokio::test]
async fn a_number_is_never_given_twice() {
    let engine = MemoryEngine::new();
    let store = open(&engine).await;
    store.apply(Delta::listed([at("alice", 1)])).await.unwrap();
    let first = put(&store, pin("alice")).await;
    step(&store, first, Progress::Drop).await;
    store.close().await.unwrap();
    let store = open(&engine).await;
    assert!(store.snapshot().outbox().is_empty());
    assert!(put(&store, pin("alice")).await > first);
}

#[tokio::test]
async fn a_mutation_that_was_being_sent_is_uncertain_after_reopening() {
    let engine = MemoryEngine::new();
    let store = open(&engine).await;
    store.apply(Delta::listed([at("alice", 1)])).await.unwrap();
    let number = put(&store, pin("alice")).await;
    step(&store, number, Progress::Sending).await;
    store.close().await.unwrap();
    let store = open(&engine).await;
    let pending = store.snapshot().outbox().get(number).cloned().unwrap();
    assert_eq!((pending.state, pending.is_uncertain), (PendingState::Queued, true));
    assert_eq!(store.snapshot().get(&user("alice")).unwrap().pending.pin, Some(pending.state));
}

#[tokio::test]
async fn a_mutation_that_does_not_decode_is_skipped_and_blocks_nothing() {
    for harm in [cut, flipped, newer] {
        let probe = Probe::new();
        let store = IndexedStore::open(probe.clone()).await.unwrap();
        store.apply(Delta::listed([at("alice", 1), at("bob", 1)])).await.unwrap();
        put(&store, pin("alice")).await;
        put(&store, custom("bob", "hello")).await;
        store.close().await.unwrap();
        let is_hit = |record: &Record| record.to_key() == "pending pinned C2Calice";
        probe
            .damage(|record, bytes| if is_hit(record) { harm(bytes) } else { bytes.to_vec() })
            .await;
        let before = probe.records().await;
        let store = IndexedStore::open(probe.clone()).await.unwrap();
        assert_eq!(store.recovery().dropped_pending, 1);
        assert!(!store.recovery().is_clean());
        let snapshot = store.snapshot();
        assert!(!snapshot.get(&user("alice")).unwrap().listing.is_pinned);
        assert_eq!(&*snapshot.get(&user("bob")).unwrap().listing.custom_data, "hello");
        assert_eq!(snapshot.outbox().pending().count(), 1);
        // Its bytes are left for a repair, whatever else is written.
        put(&store, custom("alice", "x")).await;
        store.apply(Delta::listed([at("bob", 2)])).await.unwrap();
        let hit = |records: &[(Record, Arc<[u8]>)]| {
            records.iter().find(|(record, _)| is_hit(record)).map(|(_, bytes)| Arc::clone(bytes))
        };
        assert_eq!(hit(&probe.records().await), hit(&before));
        assert!(hit(&before).is_some());
    }
}

fn cut(bytes: &[u8]) -> Vec<u8> {
    bytes[..bytes.len() - 1].to_vec()
}

fn flipped(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 4;
    bytes
}

/// The record as a later version would seal it.
fn newer(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[0] = conv_store::record::VERSION + 1;
    let body = bytes.split_off(18);
    let check = crc32fast::hash(&[&bytes[..14], &body].concat());
    bytes.splice(14.., check.to_le_bytes());
    [bytes, body].concat()
}

#[tokio::test]
async fn another_process_is_followed_and_an_answer_is_for_its_number_alone() {
    let engine = MemoryEngine::new();
    let (a, b) = (open(&engine).await, open(&engine).await);
    a.apply(Delta::listed([at("alice", 1)])).await.unwrap();
    let first = put(&a, custom("alice", "one")).await;
    step(&a, first, Progress::Sending).await;
    // The other store's change loads the new state, and waits behind the one being sent.
    let second = put(&b, custom("alice", "two")).await;
    assert!(second > first);
    assert_eq!(b.snapshot().outbox().get(first).unwrap().state, PendingState::Sending);
    step(&a, first, Progress::Acknowledged).await;
    step(&a, first, Progress::Settled).await;
    let snapshot = a.snapshot();
    assert_eq!(&*snapshot.get(&user("alice")).unwrap().listing.custom_data, "two");
    assert_eq!(snapshot.outbox().pending().count(), 1);
    b.mutate(OutboxChange::progress(first, refused())).await.unwrap();
    assert_eq!(b.snapshot().outbox().get(second).unwrap().state, PendingState::Queued);
    assert_eq!(b.snapshot().get(&user("alice")), snapshot.get(&user("alice")));
}

/// An engine that fails at the so-manieth call from now.
#[derive(Clone, Debug)]
struct Failing {
    engine: MemoryEngine,
    calls_left: Arc<AtomicUsize>,
}

#[async_trait]
impl Engine for Failing {
    async fn load(&self) -> Result<Loaded, StoreError> {
        self.engine.load().await
    }

    async fn commit(&self, writes: &[Write]) -> Result<(), StoreError> {
        if self.calls_left.fetch_sub(1, Ordering::SeqCst) == 1 {
            return Err(StoreError::io("writing", std::io::Error::other("no space left")));
        }
        self.engine.commit(writes).await
    }

    async fn follow(&self, since: Seq) -> Result<(), StoreError> {
        self.engine.follow(since).await
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.engine.close().await
    }
}

#[tokio::test]
async fn a_mutation_does_not_end_before_the_cloud_s_row_has_its_value() {
    for failing in [1, 2] {
        let calls_left = Arc::new(AtomicUsize::new(usize::MAX));
        let engine = Failing { engine: MemoryEngine::new(), calls_left };
        let store = IndexedStore::open(engine.clone()).await.unwrap();
        store.apply(Delta::listed([at("alice", 1)])).await.unwrap();
        let number = put(&store, pin("alice")).await;
        step(&store, number, Progress::Sending).await;
        engine.calls_left.store(failing, Ordering::SeqCst);
        let settled = OutboxChange::progress(number, Progress::SettledUnseen);
        store.mutate(settled.clone()).await.unwrap_err();
        // A crash here: the mutation is there, and ends once more.
        let after = open(&engine.engine).await.snapshot();
        assert!(after.outbox().get(number).is_some(), "failing at {failing}");
        assert_eq!(after.base(&user("alice")).unwrap().listing.is_pinned, failing == 2);
        store.mutate(settled).await.unwrap();
        let after = open(&engine.engine).await.snapshot();
        assert!(after.outbox().is_empty());
        assert!(after.base(&user("alice")).unwrap().listing.is_pinned);
    }
}

proptest! {
    #[test]
    fn mutations_survive_the_way_to_a_record_and_back(outbox in testing::outboxes()) {
        for pending in outbox.pending() {
            let slot = pending.mutation.slot();
            let all: Vec<_> = outbox.of_slot(&slot).map(|one| one.as_ref().clone()).collect();
            let bytes = PendingRecord::new(all.clone()).encode(Seq::new(3)).unwrap();
            prop_assert_eq!(PendingRecord::decode(&bytes).unwrap().pending, all);
            prop_assert_eq!(conv_store::record::seq(&bytes).unwrap(), Seq::new(3));
            let key = Record::Pending(slot.clone()).to_key();
            prop_assert!(key.len() <= 255);
            prop_assert_eq!(Record::from_key(&key), Record::Pending(slot));
        }
        let record = OutboxRecord::new(outbox.last_number());
        prop_assert_eq!(OutboxRecord::decode(&record.encode(Seq::new(1)).unwrap()).unwrap(), record);
    }

    #[test]
    fn every_key_is_of_one_record(id in testing::conversation_ids(), text in "[ -~]{0,60}") {
        for record in [Record::Row(id.clone()), Record::Local(id), Record::State, Record::Outbox] {
            prop_assert_eq!(Record::from_key(&record.to_key()), record);
        }
        prop_assert_eq!(Record::from_key(&text).to_key(), text);
    }
}

#[test]
fn keys_of_members_are_told_apart_whatever_their_names() {
    let key = |id: &str, name: &str| {
        let slot = conv_model::Slot::Conversation(
            id.parse().unwrap(),
            conv_model::Aspect::Member(name.parse().unwrap()),
        );
        Record::Pending(slot).to_key()
    };
    assert_ne!(key("C2Ca b", "c"), key("C2Ca", " bc"));
    assert_eq!(
        Record::from_key("pending member 99 C2Ca"),
        Record::Other("pending member 99 C2Ca".into())
    );
}
