//! Messages that events state are shown over the cloud's rows, and ends.

use std::{collections::BTreeSet, ops::Range, sync::Arc, time::Duration};

use conv_model::{
    All, Conversation, ConversationId, ConversationPatch, Delta, IfNewer, Known, LastMessage,
    MessageKind, Mutation, OutboxChange, PassId, Payload, Progress, Prune, ReadMark, Suggestion,
    Timestamp,
};
use conv_store::{
    ConversationStore, IndexedStore, MemoryEngine, ResetReason, ResumeFrom, Since, Snapshot,
};

use crate::support::{Probe, at, begin, finish, named, user};

const START: u64 = 1_700_000_000;

fn secs(after: u64) -> Timestamp {
    Timestamp::from_secs(START + after)
}

fn row(name: &str, time: u64, unread: Option<u32>) -> ConversationPatch {
    let mut patch = at(name, time);
    patch.listing.as_mut().unwrap().time = Some(secs(time));
    patch.unread.count = unread;
    patch.last_message = Known::Value(message(time, "before"));
    patch
}

fn message(time: u64, text: &str) -> Arc<LastMessage> {
    let mut message = LastMessage::new(MessageKind::Text);
    (message.time, message.sequence) = (Some(secs(time)), time);
    message.payload = Some(Payload::of_text(text));
    Arc::new(message)
}

/// An unread message, with a text to show.
fn said(name: &str, time: u64) -> Suggestion {
    let text = format!("at {time}");
    let one = Suggestion::new(user(name), format!("key {time}"), secs(time)).unread();
    one.showing(message(time, &text))
}

fn page(pass: u64, row: ConversationPatch) -> Delta {
    let mut page = Delta::listed([row]);
    page.pass = Some(PassId::new(pass));
    page
}

/// Alice with three unread messages, above Bob, whose unread messages are unknown.
async fn store() -> IndexedStore {
    let store = IndexedStore::open(MemoryEngine::new()).await.unwrap();
    let rows = [row("alice", 10, Some(3)), row("bob", 5, None)];
    store.apply(Delta::listed(rows)).await.unwrap();
    store
}

/// Takes in a message, and waits until it shows.
async fn take(store: &IndexedStore, suggestion: Suggestion) -> Snapshot {
    let mut watcher = store.watch();
    assert!(store.suggest(suggestion));
    watcher.next().await.unwrap()
}

/// Takes in messages that change nothing.
async fn ignore(store: &IndexedStore, suggestion: Suggestion) {
    let before = store.snapshot();
    assert!(store.suggest(suggestion));
    settle().await;
    assert_eq!(store.snapshot().seq(), before.seq());
}

async fn settle() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

fn delete(name: &str) -> Mutation {
    let if_newer = IfNewer::default();
    Mutation::Delete { id: user(name), seen: secs(10), clears_history: false, if_newer }
}

type Shown = (u64, Option<u32>, String);

fn shown(store: &IndexedStore, name: &str) -> Shown {
    of(&store.snapshot().get(&user(name)).unwrap())
}

fn of(row: &Conversation) -> Shown {
    let text = row.last_message.value().and_then(|last| last.payload.as_ref()?.text());
    (row.listing.time.unwrap().as_secs() - START, row.unread.count, text.unwrap_or_default())
}

fn order(store: &IndexedStore) -> Vec<ConversationId> {
    store.snapshot().rows().map(|row| row.id.clone()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_message_shows_at_once_and_is_not_stored() {
    let engine = MemoryEngine::new();
    let store = IndexedStore::open(engine.clone()).await.unwrap();
    let rows = [row("alice", 10, Some(3)), row("bob", 5, None)];
    store.apply(Delta::listed(rows)).await.unwrap();
    let before = store.snapshot();
    let after = take(&store, said("bob", 20)).await;
    assert_eq!(order(&store), [user("bob"), user("alice")]);
    assert_eq!(shown(&store, "bob"), (20, None, "at 20".into()));
    let said_so = after.get(&user("bob")).unwrap().provisional;
    assert!(said_so.time && said_so.last_message && !said_so.unread);
    assert_eq!(of(&after.base(&user("bob")).unwrap()), (5, None, "before".into()));
    assert!(after.base(&user("bob")).unwrap().provisional.is_empty());
    // Readers see a commit; the last stored write is that of before.
    assert!(after.seq() > before.seq());
    assert_eq!(after.written(), before.written());
    let commits = after.changes_since(before.seq()).unwrap();
    assert_eq!((commits.len(), commits[0].changes.len()), (1, 1));
    take(&store, said("alice", 21)).await;
    assert_eq!(shown(&store, "alice"), (21, Some(4), "at 21".into()));
    assert_eq!(store.snapshot().totals().unread, 4);
    // A row that is written meanwhile is written as the cloud has it, and a restart shows that.
    store.apply(Delta::updates([named("alice", "Alice")])).await.unwrap();
    assert_eq!(shown(&store, "alice"), (21, Some(4), "at 21".into()));
    store.close().await.unwrap();
    let again = IndexedStore::open(engine).await.unwrap();
    assert_eq!(shown(&again, "alice"), (10, Some(3), "before".into()));
    assert_eq!(again.snapshot().get(&user("alice")).unwrap().show_name(), "Alice");
    assert_eq!(order(&again), [user("alice"), user("bob")]);
}

#[tokio::test(start_paused = true)]
async fn a_message_counts_once_and_lowers_nothing() {
    let store = store().await;
    take(&store, said("alice", 20)).await;
    ignore(&store, said("alice", 20)).await;
    ignore(&store, said("alice", 20)).await;
    assert_eq!(shown(&store, "alice"), (20, Some(4), "at 20".into()));
    // Earlier ones that come later.
    take(&store, said("alice", 15)).await;
    assert_eq!(shown(&store, "alice"), (20, Some(5), "at 20".into()));
    // The cloud has this one.
    take(&store, said("alice", 10)).await;
    assert_eq!(shown(&store, "alice"), (20, Some(5), "at 20".into()));
}

#[tokio::test(start_paused = true)]
async fn no_row_is_made_and_no_deleted_one_comes_back() {
    let store = store().await;
    ignore(&store, said("carol", 20)).await;
    store.mutate(OutboxChange::enqueue([delete("alice")])).await.unwrap();
    ignore(&store, said("alice", 20)).await;
    assert_eq!(order(&store), [user("bob")]);
    // Nor one that is deleted after the event.
    take(&store, said("bob", 20)).await;
    store.mutate(OutboxChange::enqueue([delete("bob")])).await.unwrap();
    assert!(order(&store).is_empty());
    // A row that left and comes again is as the cloud has it.
    store.apply(Delta::removed([user("bob")])).await.unwrap();
    store.apply(Delta::listed([row("bob", 30, None)])).await.unwrap();
    assert_eq!(shown(&store, "bob"), (30, None, "before".into()));
}

#[tokio::test(start_paused = true)]
async fn reading_a_message_that_an_event_stated_is_a_change() {
    let store = store().await;
    store.apply(Delta::listed([row("alice", 10, Some(0))])).await.unwrap();
    let read = |time| Mutation::Read {
        id: user("alice"),
        until: ReadMark::new(secs(time), time),
        count: 1,
    };
    let commit = store.mutate(OutboxChange::enqueue([read(10)])).await.unwrap();
    assert_eq!(commit.numbers, [None], "the cloud has none that is unread");
    take(&store, said("alice", 20)).await;
    let commit = store.mutate(OutboxChange::enqueue([read(20)])).await.unwrap();
    assert!(commit.numbers[0].is_some());
}

#[tokio::test(start_paused = true)]
async fn the_pass_that_begins_after_it_ends_it() {
    let store = store().await;
    store.apply(begin(1)).await.unwrap();
    take(&store, said("alice", 20)).await;
    // A page that was read too early, and the end of a pass that began before.
    store.apply(page(1, row("alice", 12, Some(3)))).await.unwrap();
    let end = store.apply(finish(1)).await.unwrap();
    assert!(end.changes.is_empty());
    assert_eq!(shown(&store, "alice").0, 20);
    // One that fails ends nothing.
    store.apply(begin(2)).await.unwrap();
    store.apply(begin(3)).await.unwrap();
    assert_eq!(shown(&store, "alice").0, 20);
    take(&store, said("alice", 21)).await;
    let end = store.apply(finish(3)).await.unwrap();
    assert_eq!(end.changes.len(), 1);
    // The later message came after the third had begun.
    assert_eq!(shown(&store, "alice"), (21, Some(4), "at 21".into()));
    store.apply(begin(4)).await.unwrap();
    store.apply(finish(4)).await.unwrap();
    let row = store.snapshot().get(&user("alice")).unwrap();
    assert_eq!(of(&row), (12, Some(3), "before".into()));
    assert!(row.provisional.is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_the_pass_found_takes_its_place_without_a_step_back() {
    let store = store().await;
    take(&store, said("alice", 20)).await;
    store.apply(begin(1)).await.unwrap();
    let mut patch = row("alice", 20, Some(4));
    patch.last_message = Known::Value(message(20, "at 20"));
    store.apply(page(1, patch)).await.unwrap();
    assert_eq!(shown(&store, "alice"), (20, Some(4), "at 20".into()));
    let end = store.apply(finish(1)).await.unwrap();
    assert!(end.changes.len() <= 1);
    assert_eq!(shown(&store, "alice"), (20, Some(4), "at 20".into()));
    assert!(store.snapshot().get(&user("alice")).unwrap().provisional.is_empty());
}

#[tokio::test(start_paused = true)]
async fn without_a_pass_it_ends_after_a_minute() {
    let store = store().await;
    take(&store, said("alice", 20)).await;
    tokio::time::advance(Duration::from_secs(30)).await;
    take(&store, said("alice", 21)).await;
    tokio::time::advance(Duration::from_millis(29_900)).await;
    settle().await;
    assert_eq!(shown(&store, "alice").1, Some(5));
    let mut watcher = store.watch();
    tokio::time::advance(Duration::from_millis(200)).await;
    watcher.next().await.unwrap();
    assert_eq!(shown(&store, "alice"), (21, Some(4), "at 21".into()));
    tokio::time::advance(Duration::from_secs(31)).await;
    watcher.next().await.unwrap();
    assert_eq!(shown(&store, "alice"), (10, Some(3), "before".into()));
}

#[tokio::test(start_paused = true)]
async fn a_recall_takes_the_text_back_in_either_order() {
    let store = store().await;
    take(&store, said("alice", 20)).await;
    take(&store, said("alice", 21)).await;
    take(&store, Suggestion::recall(user("alice"), "key 21")).await;
    assert_eq!(shown(&store, "alice"), (21, Some(4), "before".into()));
    ignore(&store, Suggestion::recall(user("alice"), "key 21")).await;
    ignore(&store, said("alice", 21)).await;
    take(&store, Suggestion::recall(user("alice"), "key 25")).await;
    ignore(&store, said("alice", 25)).await;
    assert_eq!(shown(&store, "alice"), (21, Some(4), "before".into()));
}

#[tokio::test(start_paused = true)]
async fn no_recalled_text_shows_however_many_messages_came() {
    let store = store().await;
    let recall = |time: u64| Suggestion::recall(user("alice"), format!("key {time}"));
    // It comes before its message.
    take(&store, recall(99)).await;
    for time in 20..60 {
        take(&store, said("alice", time)).await;
    }
    take(&store, said("alice", 15)).await;
    assert_eq!(shown(&store, "alice"), (59, Some(3 + 41), "at 59".into()));
    take(&store, recall(59)).await;
    assert_eq!(shown(&store, "alice"), (59, Some(3 + 40), "before".into()));
    ignore(&store, said("alice", 99)).await;
    // One that is counted with others shows no text, and no other message goes with it.
    take(&store, recall(20)).await;
    assert_eq!(shown(&store, "alice"), (59, Some(3 + 40), "before".into()));
    take(&store, said("alice", 60)).await;
    assert_eq!(shown(&store, "alice"), (60, Some(3 + 41), "at 60".into()));
}

#[tokio::test(start_paused = true)]
async fn the_newest_text_stays_in_whatever_order_messages_come() {
    let store = store().await;
    take(&store, said("alice", 90)).await;
    for time in 20..60 {
        take(&store, said("alice", time)).await;
    }
    assert_eq!(shown(&store, "alice"), (90, Some(3 + 41), "at 90".into()));
}

/// The base takes a value over that no pass has read.
#[tokio::test(start_paused = true)]
async fn what_was_read_is_not_unread_again_when_that_settles() {
    let engine = MemoryEngine::new();
    let open = async || IndexedStore::open(engine.clone()).await.unwrap();
    let store = open().await;
    store.apply(Delta::listed([row("alice", 10, Some(3)), row("bob", 10, Some(1))])).await.unwrap();
    let other = open().await;
    for (name, left) in [("alice", 0), ("bob", 1)] {
        for store in [&store, &other] {
            take(store, said(name, 20)).await;
            if left > 0 {
                take(store, said(name, 21)).await;
            }
        }
        let until = ReadMark::new(secs(20), 20);
        let read = Mutation::Read { id: user(name), until, count: 4 };
        let commit = store.mutate(OutboxChange::enqueue([read])).await.unwrap();
        let number = commit.numbers[0].unwrap();
        for step in [Progress::Sending, Progress::SettledUnseen] {
            store.mutate(OutboxChange::progress(number, step)).await.unwrap();
        }
        settle().await;
        for store in [&store, &other] {
            assert!(store.snapshot().outbox().is_empty());
            assert_eq!(shown(store, name).1, Some(left), "{name}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_follows_no_other_loads_nothing_for_what_events_state() {
    let probe = Probe::new();
    let store = IndexedStore::open(probe.clone()).await.unwrap();
    store.apply(Delta::listed([row("alice", 10, Some(3))])).await.unwrap();
    probe.fail_follows(usize::MAX);
    // Another store writes, and this one fails to hear of the next.
    let other = IndexedStore::open(probe.memory()).await.unwrap();
    other.apply(Delta::listed([row("bob", 5, None)])).await.unwrap();
    settle().await;
    let before = probe.loads();
    for time in 20..40 {
        take(&store, said("alice", time)).await;
    }
    assert_eq!(shown(&store, "alice"), (39, Some(23), "at 39".into()));
    assert_eq!(probe.loads(), before);
    // Any other change does.
    store.apply(Delta::updates([named("alice", "Alice")])).await.unwrap();
    assert_eq!(probe.loads(), before + 1);
    assert_eq!(shown(&store, "alice").1, Some(23));
}

#[tokio::test(start_paused = true)]
async fn a_facet_that_was_read_is_newer_than_the_event() {
    let store = store().await;
    take(&store, said("alice", 20)).await;
    let mut read = ConversationPatch::new(user("alice"));
    read.unread.count = Some(0);
    store.apply(Delta::updates([read.clone()])).await.unwrap();
    assert_eq!(shown(&store, "alice"), (20, Some(0), "at 20".into()));
    // The same answer as what is known says so, too.
    take(&store, said("alice", 21)).await;
    assert_eq!(shown(&store, "alice").1, Some(1));
    store.apply(Delta::updates([read])).await.unwrap();
    assert_eq!(shown(&store, "alice").1, Some(0));
}

#[tokio::test(start_paused = true)]
async fn a_flood_stays_small() {
    let store = store().await;
    let names: Vec<_> = (0..400).map(|number| format!("user{number:03}")).collect();
    store.apply(Delta::listed(names.iter().map(|name| row(name, 1, Some(0))))).await.unwrap();
    let flood = async |numbers: Range<u64>, text: &str| {
        for number in numbers {
            let one = said("alice", 20 + number).showing(message(20 + number, text));
            while !store.suggest(one.clone()) {
                tokio::task::yield_now().await;
            }
        }
        settle().await;
        store.snapshot().heap_bytes()
    };
    // The commits that the list remembers, all of one row.
    let before = flood(0..300, "x").await;
    // Of sixteen messages that are held, one is shown and kept.
    let after = flood(300..10_000, &"x".repeat(10_000)).await;
    assert_eq!(shown(&store, "alice").1, Some(10_003));
    assert!(after < before + 40_000, "{before}, {after}");
    for name in &names {
        while !store.suggest(said(name, 20)) {
            tokio::task::yield_now().await;
        }
    }
    settle().await;
    let raised = store.snapshot().rows().filter(|row| !row.provisional.is_empty()).count();
    assert_eq!(raised, 128);
    tokio::time::advance(Duration::from_secs(61)).await;
    settle().await;
    assert!(store.snapshot().rows().all(|row| row.provisional.is_empty()));
    assert_eq!(shown(&store, "alice").1, Some(3));
}

#[tokio::test(start_paused = true)]
async fn a_position_is_of_the_stored_rows_or_of_this_store_alone() {
    let engine = MemoryEngine::new();
    let store = IndexedStore::open(engine.clone()).await.unwrap();
    store.apply(Delta::listed([row("alice", 10, Some(3)), row("bob", 5, None)])).await.unwrap();
    let stored = store.snapshot().position().unwrap();
    let shown = take(&store, said("bob", 20)).await;
    let provisional = shown.position().unwrap();
    assert_ne!(provisional.epoch, stored.epoch);
    let since =
        |snapshot: &Snapshot, from| snapshot.since(&All.into(), Some(5), ResumeFrom::from(from));
    // A reader of the stored rows gets the step, also if a pass has written meanwhile.
    assert!(matches!(since(&shown, stored), Since::Changes(commits) if commits.len() == 1));
    assert!(matches!(since(&shown, provisional), Since::Same));
    store.apply(begin(1)).await.unwrap();
    store.apply(finish(1)).await.unwrap();
    let after = store.snapshot();
    assert_eq!(after.position().unwrap().epoch, stored.epoch);
    assert!(matches!(since(&after, stored), Since::Changes(commits) if commits.len() == 3));
    assert!(matches!(since(&after, provisional), Since::Changes(commits) if commits.len() == 2));
    // What was shown is known nowhere else.
    store.close().await.unwrap();
    let again = IndexedStore::open(engine).await.unwrap().snapshot();
    assert!(matches!(since(&again, provisional), Since::Reset(ResetReason::OtherEpoch)));
    assert!(matches!(since(&again, after.position().unwrap()), Since::Same));
}

/// A pass of another process covers it.
#[tokio::test(start_paused = true)]
async fn a_pass_of_another_store_ends_it() {
    let engine = MemoryEngine::new();
    let store = IndexedStore::open(engine.clone()).await.unwrap();
    store.apply(Delta::listed([row("alice", 10, Some(3))])).await.unwrap();
    let other = IndexedStore::open(engine).await.unwrap();
    take(&store, said("alice", 20)).await;
    other.apply(begin(1)).await.unwrap();
    settle().await;
    assert_eq!(shown(&store, "alice").0, 20);
    let prune = Prune::Unlisted { keep: Arc::new(BTreeSet::from([user("alice")])) };
    let mut end = finish(1);
    end.prune = Some(prune);
    other.apply(end).await.unwrap();
    settle().await;
    assert_eq!(shown(&store, "alice"), (10, Some(3), "before".into()));
    assert_eq!(shown(&other, "alice").0, 10);
}
