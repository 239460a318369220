//! The end of streams, and that nothing is left behind.

use std::{task::Poll, time::Duration};

use conv_api::{
    All, ConversationPatch, Conversations, ListingPatch, Timestamp, testing::ScriptedSource,
};
use tokio::{runtime::Handle, task::yield_now};

use super::reader::poll;
use crate::support::{id, over};

async fn say(conversations: &Conversations, name: &str) {
    let mut patch = ConversationPatch::new(id(name));
    patch.listing = Some(ListingPatch::at(Timestamp::from_secs(1_700_000_000)));
    conversations.merge(patch).await.unwrap();
}

async fn no_task_is_left() {
    let mut yields = 0;
    while Handle::current().metrics().num_alive_tasks() > 0 {
        assert!(yields < 1_000, "a task is left");
        yields += 1;
        yield_now().await;
    }
}

#[tokio::test]
async fn dropping_the_last_handle_ends_every_stream_and_leaves_no_task() {
    let conversations = over(ScriptedSource::with_rows(3)).await;
    conversations.sync().await.unwrap();
    let another = conversations.clone();
    let mut waiting = conversations.subscribe(All);
    let mut events = conversations.events();
    waiting.next().await.unwrap();
    let ends = tokio::spawn(async move {
        assert_eq!(waiting.next().await, None);
        assert_eq!(events.next().await, None);
    });
    yield_now().await;
    drop(conversations);
    yield_now().await;
    assert!(!ends.is_finished(), "a handle is left");
    drop(another);
    ends.await.unwrap();
    no_task_is_left().await;
}

#[tokio::test]
async fn a_stream_that_is_not_polled_keeps_nothing_open() {
    let conversations = over(ScriptedSource::with_rows(3)).await;
    let mut live = conversations.subscribe(All);
    let mut events = conversations.events();
    assert!(poll(&mut live).is_ready() && poll(&mut live).is_pending());
    assert!(poll(&mut events).is_pending());
    drop(conversations);
    no_task_is_left().await;
    assert_eq!(poll(&mut live), Poll::Ready(None));
    assert_eq!(poll(&mut events), Poll::Ready(None));
}

#[tokio::test]
async fn closing_ends_every_stream_after_the_last_change() {
    let conversations = over(ScriptedSource::with_rows(3)).await;
    let mut live = conversations.subscribe(All);
    let mut events = conversations.events();
    live.next().await.unwrap();
    say(&conversations, "C2Calice").await;
    conversations.close().await.unwrap();
    assert_eq!(live.next().await.unwrap().totals.conversations, 1);
    assert_eq!(live.next().await, None);
    assert!(events.next().await.is_some());
    while events.next().await.is_some() {}
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_coalesces_ends_at_once_too() {
    let conversations = over(ScriptedSource::with_rows(3)).await;
    let mut live = conversations.subscribe(All).coalesce(Duration::from_secs(3_600));
    live.next().await.unwrap();
    let end = tokio::spawn(async move { live.next().await });
    yield_now().await;
    let start = tokio::time::Instant::now();
    drop(conversations);
    assert_eq!(end.await.unwrap(), None);
    assert_eq!(start.elapsed(), Duration::ZERO);
}
