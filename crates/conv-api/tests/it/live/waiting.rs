//! Waking up: no change is missed, whatever else waits or is cancelled.

use std::{sync::Arc, time::Duration};

use conv_api::{
    All, ConversationPatch, Conversations, ListingPatch, LiveList, MemoryStore, Timestamp,
    model::Seq,
};
use tokio::{
    task::yield_now,
    time::{Instant, advance, timeout},
};

use super::reader::{Reader, poll};
use crate::support::id;

/// In paused time: over as soon as nothing else is to be done.
const NEVER: Duration = Duration::from_secs(1_000_000);

async fn in_memory() -> Conversations {
    let store = MemoryStore::open().await.unwrap();
    Conversations::builder("user_0001").store(store).build().await.unwrap()
}

async fn say(conversations: &Conversations, name: &str) {
    let mut patch = ConversationPatch::new(id(name));
    let time = 1_700_000_000 + conversations.snapshot().seq().as_u64();
    patch.listing = Some(ListingPatch::at(Timestamp::from_secs(time)));
    conversations.merge(patch).await.unwrap();
}

async fn next(live: &mut LiveList) -> u64 {
    let start = Instant::now();
    let update = timeout(NEVER, live.next()).await.unwrap();
    assert_eq!(start.elapsed(), Duration::ZERO, "it is woken, and not by the timeout");
    update.unwrap().totals.conversations
}

#[tokio::test(start_paused = true)]
async fn a_call_may_be_cancelled_at_any_time_and_nothing_is_lost() {
    let conversations = in_memory().await;
    let mut reader = Reader::new(&conversations, All, Some(3));
    reader.read(&conversations);
    for n in 0..50 {
        // Waits, and is dropped where it waits.
        let cancelled = timeout(Duration::from_secs(1), reader.live.next()).await;
        assert!(cancelled.is_err());
        say(&conversations, &format!("C2Cuser{}", n % 7)).await;
        if n % 3 == 0 {
            // Never polled at all.
            drop(reader.live.next());
        }
        reader.read(&conversations);
        assert_eq!(reader.resets, 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_reader_is_woken_though_another_one_is_gone() {
    let conversations = in_memory().await;
    let (mut goes, mut waits) = (conversations.subscribe(All), conversations.subscribe(All));
    next(&mut goes).await;
    next(&mut waits).await;
    let woken = tokio::spawn(async move { next(&mut waits).await });
    yield_now().await;
    assert!(poll(&mut goes).is_pending());
    drop(goes);
    say(&conversations, "C2Calice").await;
    assert_eq!(woken.await.unwrap(), 1);
}

#[tokio::test(start_paused = true)]
async fn commits_within_the_interval_are_one_update_and_the_first_comes_at_once() {
    let conversations = in_memory().await;
    let mut live = conversations.subscribe(All).coalesce(Duration::from_millis(100));
    assert_eq!(next(&mut live).await, 0);
    say(&conversations, "C2Ca").await;
    assert!(poll(&mut live).is_pending(), "too early");
    advance(Duration::from_millis(99)).await;
    assert!(poll(&mut live).is_pending(), "still too early");
    say(&conversations, "C2Cb").await;
    advance(Duration::from_millis(1)).await;
    assert_eq!(next(&mut live).await, 2);
    assert!(poll(&mut live).is_pending(), "nothing is left to report");

    advance(Duration::from_millis(200)).await;
    say(&conversations, "C2Cc").await;
    assert!(poll(&mut live).is_ready(), "after a quiet time at once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_reader_on_any_thread_misses_the_last_change() {
    const COMMITS: u64 = 2_000;
    let conversations = in_memory().await;
    let readers: Vec<_> = (0..8)
        .map(|_| {
            let mut live = conversations.subscribe(All).window(5);
            tokio::spawn(async move {
                let mut rows = Vec::new();
                while let Some(update) = live.next().await {
                    update.apply(&mut rows).unwrap();
                    if update.seq == Seq::new(COMMITS) {
                        break;
                    }
                }
                rows
            })
        })
        .collect();
    for n in 0..COMMITS {
        say(&conversations, &format!("C2Cuser{}", n % 7)).await;
    }
    let list = conversations.get_conversation_list(All).await.unwrap();
    let top = list.conversation_list.get(..5).unwrap();
    for reader in readers {
        let rows = timeout(Duration::from_secs(60), reader).await.unwrap().unwrap();
        assert!(rows.iter().zip(top).all(|(a, b)| Arc::ptr_eq(a, b)) && rows.len() == 5);
    }
}
