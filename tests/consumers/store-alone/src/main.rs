//! A conversation cache without any cloud: rows come from the embedder's own events.

use conv_model::{
    Conversation, ConversationFilter, ConversationId, ConversationPatch, ConversationQuery, Delta,
    ListingPatch, Local, MarkType, Timestamp,
};
use conv_store::{ConversationStore, MemoryStore};

type Error = Box<dyn std::error::Error>;

async fn on_message(store: &impl ConversationStore, user: &str, at: u64) -> Result<(), Error> {
    let mut patch = ConversationPatch::new(ConversationId::c2c(user)?);
    patch.listing = Some(ListingPatch::at(Timestamp::from_secs(at)));
    store.apply(Delta::listed([patch])).await?;
    Ok(())
}

async fn inbox() -> Result<Vec<String>, Error> {
    let store = MemoryStore::open().await?;
    on_message(&store, "alice", 1_700_000_000).await?;
    on_message(&store, "bob", 1_700_000_009).await?;
    store.put_local(ConversationId::c2c("alice")?, Local::draft("On my way")).await?;

    let show = |row: &Conversation| match row.local.draft_text() {
        Some(draft) => format!("{} (draft: {draft})", row.show_name()),
        None => row.show_name().to_owned(),
    };
    let snapshot = store.snapshot();
    let starred = ConversationFilter::mark_type(MarkType::STAR);
    assert!(snapshot.list(&starred.into()).is_empty());
    Ok(snapshot.list(&ConversationQuery::All).iter().map(|row| show(row)).collect())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    for row in inbox().await? {
        println!("{row}");
    }
    Ok(())
}

#[tokio::test]
async fn the_newest_conversation_stands_first_and_drafts_are_kept() {
    assert_eq!(inbox().await.unwrap(), ["bob", "alice (draft: On my way)"]);
}
