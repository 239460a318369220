//! The steps that a live list yields for each event.

use std::sync::Arc;

use conv_api::{
    All, Conversation, ConversationFilter, ConversationPatch, ConversationStore, Conversations,
    IndexedStore, ListingPatch, LiveChange, LiveUpdate, MarkType, MemoryStore, Patch, Timestamp,
    model::{Delta, Marks},
};

use super::reader::{Reader, poll};
use crate::support::id;

/// A list of users, each with a time, over a store of its own.
async fn listed(rows: &[(&str, u64)]) -> (Conversations, Arc<IndexedStore>) {
    let store = Arc::new(MemoryStore::open().await.unwrap());
    let builder = Conversations::builder("user_0001").store(Arc::clone(&store));
    let conversations = builder.build().await.unwrap();
    for (name, time) in rows {
        say(&store, name, *time).await;
    }
    (conversations, store)
}

fn at(name: &str, time: u64) -> ConversationPatch {
    let mut patch = ConversationPatch::new(id(&format!("C2C{name}")));
    patch.listing = Some(ListingPatch::at(Timestamp::from_secs(time)));
    patch
}

async fn say(store: &IndexedStore, name: &str, time: u64) {
    store.apply(Delta::listed([at(name, time)])).await.unwrap();
}

/// The next steps of a reader that has read before, as words.
#[track_caller]
fn steps(reader: &mut Reader, conversations: &Conversations) -> Vec<String> {
    let std::task::Poll::Ready(Some(update)) = poll(&mut reader.live) else {
        return Vec::new();
    };
    update.apply(&mut reader.rows).unwrap();
    reader.totals = update.totals;
    reader.read(conversations);
    let LiveChange::Patch { patches } = &update.change else { panic!("{update:?}") };
    patches.iter().map(text).collect()
}

fn text(patch: &Patch) -> String {
    let name = patch.id().as_str().trim_start_matches("C2C");
    match patch {
        Patch::Insert { index, .. } => format!("{name} comes to {index}"),
        Patch::Move { from, to, .. } => format!("{name} moves {from} to {to}"),
        Patch::Update { index, .. } => format!("{name} changes at {index}"),
        Patch::Remove { index, reason, .. } => format!("{name} leaves {index}: {reason:?}"),
    }
}

fn window(conversations: &Conversations, rows: usize) -> Reader {
    let mut reader = Reader::new(conversations, All, Some(rows));
    reader.read(conversations);
    reader
}

#[tokio::test]
async fn a_new_message_is_one_move() {
    let (conversations, store) = listed(&[("a", 9), ("b", 8), ("c", 7)]).await;
    let mut reader = window(&conversations, 3);
    say(&store, "c", 10).await;
    assert_eq!(steps(&mut reader, &conversations), ["c moves 2 to 0"]);
    say(&store, "c", 11).await;
    assert_eq!(steps(&mut reader, &conversations), ["c changes at 0"]);
}

#[tokio::test]
async fn a_row_from_below_the_window_takes_the_place_of_the_last() {
    let (conversations, store) = listed(&[("a", 9), ("b", 8), ("c", 7), ("d", 6)]).await;
    let mut reader = window(&conversations, 2);
    say(&store, "d", 10).await;
    let expected = ["b leaves 1: BelowWindow", "d comes to 0"];
    assert_eq!(steps(&mut reader, &conversations), expected);
}

#[tokio::test]
async fn a_row_that_goes_is_replaced_from_below_the_window() {
    let (conversations, store) = listed(&[("a", 9), ("b", 8), ("c", 7), ("d", 6)]).await;
    let mut reader = window(&conversations, 2);
    store.apply(Delta::removed([id("C2Ca")])).await.unwrap();
    assert_eq!(steps(&mut reader, &conversations), ["a leaves 0: Deleted", "c comes to 1"]);
}

#[tokio::test]
async fn a_row_that_sinks_within_the_window_is_one_move_though_another_rises() {
    let (conversations, store) = listed(&[("a", 90), ("b", 80), ("c", 70)]).await;
    let mut reader = window(&conversations, 2);
    // Below b, which the window ends with, but above c.
    say(&store, "a", 75).await;
    assert_eq!(steps(&mut reader, &conversations), ["a moves 0 to 1"]);
    say(&store, "b", 60).await;
    let expected = ["b leaves 0: BelowWindow", "c comes to 1"];
    assert_eq!(steps(&mut reader, &conversations), expected);
}

#[tokio::test]
async fn changes_below_the_window_show_in_the_totals_alone() {
    let (conversations, store) = listed(&[("a", 9), ("b", 8), ("c", 7)]).await;
    let mut reader = window(&conversations, 1);
    say(&store, "c", 8).await;
    assert!(poll(&mut reader.live).is_pending(), "nothing to tell");
    say(&store, "d", 1).await;
    assert_eq!(steps(&mut reader, &conversations), [""; 0]);
    assert_eq!(reader.totals.conversations, 4);
}

#[tokio::test]
async fn a_window_of_no_rows_tells_the_totals() {
    let (conversations, store) = listed(&[("a", 9)]).await;
    let mut reader = window(&conversations, 0);
    assert_eq!((reader.rows.len(), reader.totals.conversations), (0, 1));
    say(&store, "b", 8).await;
    reader.read(&conversations);
    assert_eq!((reader.rows.len(), reader.totals.conversations), (0, 2));
}

#[tokio::test(start_paused = true)]
async fn a_removal_says_why() {
    use conv_api::{
        sync::{
            Capabilities,
            testing::{NOW, row},
        },
        testing::ScriptedSource,
    };

    let mut capabilities = Capabilities::default();
    capabilities.retention = Some(1_000);
    let ago = |name: &str, age: u64| row(id(name), Timestamp::from_secs(NOW.as_secs() - age));
    let rows = [ago("C2Ca", 10), ago("C2Cb", 20), ago("C2Cc", 999)];
    let source = Arc::new(ScriptedSource::new(rows).with_capabilities(capabilities));
    let conversations = crate::support::over(Arc::clone(&source)).await;
    conversations.sync().await.unwrap();
    let unmarked = ConversationFilter::mark_type(conv_api::MarkFilter::Unmarked);
    let mut reader = Reader::new(&conversations, unmarked, None);
    reader.read(&conversations);

    let mut marked = ConversationPatch::new(id("C2Ca"));
    let mut listing = ListingPatch::default();
    listing.marks = Some(Marks::NONE.with(MarkType::STAR));
    marked.listing = Some(listing);
    conversations.merge(marked).await.unwrap();
    assert_eq!(steps(&mut reader, &conversations), ["a leaves 0: LeftFilter"]);

    tokio::time::advance(std::time::Duration::from_secs(100)).await;
    source.answer(Err(conv_api::SourceError::NotFound));
    conversations.sync().await.unwrap_err();
    assert_eq!(steps(&mut reader, &conversations), ["c leaves 1: Expired"]);

    source.set_rows([]);
    conversations.sync().await.unwrap();
    assert_eq!(steps(&mut reader, &conversations), ["b leaves 0: NotInCloud"]);
}

#[tokio::test]
async fn another_window_is_given_whole() {
    let (conversations, _store) = listed(&[("a", 9), ("b", 8), ("c", 7)]).await;
    let mut live = conversations.subscribe(All).window(1);
    let mut rows: Vec<Arc<Conversation>> = Vec::new();
    live.next().await.unwrap().apply(&mut rows).unwrap();
    assert_eq!(rows.len(), 1);
    live.set_window(2);
    live.next().await.unwrap().apply(&mut rows).unwrap();
    assert_eq!(rows.len(), 2);
}

#[tokio::test]
async fn a_patch_that_does_not_fit_is_an_error_and_changes_nothing() {
    let (conversations, store) = listed(&[("a", 9), ("b", 8)]).await;
    let mut reader = window(&conversations, 2);
    store.apply(Delta::removed([id("C2Ca")])).await.unwrap();
    let update = reader.live.next().await.unwrap();
    let mut others = vec![reader.rows[1].clone(), reader.rows[0].clone()];
    let before = others.clone();
    let error = update.apply(&mut others).unwrap_err();
    assert_eq!((error.index, error.len), (0, 2));
    assert_eq!(others, before);
}

#[tokio::test]
async fn updates_are_lines_of_json() {
    let (conversations, store) = listed(&[("a", 9)]).await;
    let mut live = conversations.subscribe(All).window(1);
    let json = |update: LiveUpdate| serde_json::to_value(update).unwrap();
    let reset = json(live.next().await.unwrap());
    assert_eq!((&reset["type"], &reset["seq"]), (&"reset".into(), &1.into()));
    assert_eq!(reset["rows"][0]["conversationID"], "C2Ca");
    assert_eq!(reset["totals"]["unreadConversations"], 0);

    say(&store, "b", 10).await;
    let patch = json(live.next().await.unwrap());
    assert_eq!(patch["type"], "patch");
    let expected = serde_json::json!({
        "type": "remove", "index": 0, "conversationID": "C2Ca", "reason": "belowWindow",
    });
    assert_eq!(patch["patches"][0], expected);
    assert_eq!(patch["patches"][1]["type"], "insert");
    assert_eq!(patch["patches"][1]["row"]["conversationID"], "C2Cb");
    assert_eq!(patch["totals"]["conversations"], 2);
}
