//! Readers of one query share its work.

use std::{collections::HashSet, sync::Arc};

use conv_api::{
    All, Condition, ConversationFilter, ConversationPatch, ConversationQuery, Conversations,
    ListingPatch, LiveChange, LiveUpdate, MarkType, Patch, Timestamp, testing::ScriptedSource,
};

use super::reader::Reader;
use crate::support::{id, over};

async fn list_of(rows: u32) -> Conversations {
    let conversations = over(ScriptedSource::with_rows(rows)).await;
    conversations.sync().await.unwrap();
    conversations
}

async fn say(conversations: &Conversations, name: &str, time: u64) {
    let mut patch = ConversationPatch::new(id(name));
    patch.listing = Some(ListingPatch::at(Timestamp::from_secs(time)));
    conversations.merge(patch).await.unwrap();
}

#[track_caller]
fn patches(update: Option<LiveUpdate>) -> Arc<[Patch]> {
    match update.unwrap().change {
        LiveChange::Patch { patches } => patches,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_hundred_readers_of_a_query_work_it_out_once() {
    let conversations = list_of(200).await;
    let subscribe = |_| conversations.subscribe(All).window(50);
    let mut readers: Vec<_> = (0..100).map(subscribe).collect();
    for live in &mut readers {
        live.next().await.unwrap();
    }
    say(&conversations, "C2Cuser_0100", 1_800_000_000).await;
    let mut steps = HashSet::new();
    for live in &mut readers {
        steps.insert(patches(live.next().await).as_ptr());
    }
    assert_eq!(steps.len(), 1, "all hold the very same steps");
}

#[tokio::test]
async fn equal_queries_in_other_words_are_one() {
    let conversations = list_of(20).await;
    let filter = ConversationFilter::mark_type(MarkType::STAR);
    let condition = !!Condition::Mark(MarkType::STAR.into());
    let mut one = conversations.subscribe(filter);
    let mut other = conversations.subscribe(ConversationQuery::condition(condition).unwrap());
    one.next().await.unwrap();
    other.next().await.unwrap();

    let mut starred = ConversationPatch::new(id("C2Cuser_0003"));
    let mut listing = ListingPatch::default();
    listing.marks = Some([MarkType::STAR].into_iter().collect());
    starred.listing = Some(listing);
    conversations.merge(starred).await.unwrap();
    assert!(Arc::ptr_eq(&patches(one.next().await), &patches(other.next().await)));
}

#[tokio::test]
async fn a_slow_reader_ends_where_the_fast_one_does() {
    let conversations = list_of(30).await;
    let mut fast = Reader::new(&conversations, All, Some(10));
    let mut slow = Reader::new(&conversations, All, Some(10));
    fast.read(&conversations);
    slow.read(&conversations);
    for n in 0..100 {
        say(&conversations, &format!("C2Cuser_{:04}", n * 7 % 30), 1_800_000_000 + n).await;
        fast.read(&conversations);
    }
    slow.read(&conversations);
    assert_eq!(fast.rows, slow.rows);
    assert_eq!((fast.resets, slow.resets), (1, 1), "the steps were still known");
}

#[tokio::test]
async fn a_reader_that_is_too_slow_gets_all_rows_anew_once() {
    let conversations = list_of(30).await;
    let mut fast = Reader::new(&conversations, All, Some(10));
    let mut slow = Reader::new(&conversations, All, Some(10));
    let mut asleep = Reader::new(&conversations, ConversationFilter::default(), None);
    fast.read(&conversations);
    slow.read(&conversations);
    asleep.read(&conversations);
    for n in 0..1_500 {
        say(&conversations, &format!("C2Cuser_{:04}", n * 7 % 30), 1_800_000_000 + n).await;
        fast.read(&conversations);
    }
    slow.read(&conversations);
    asleep.read(&conversations);
    assert_eq!((fast.resets, slow.resets, asleep.resets), (1, 2, 2));
}
