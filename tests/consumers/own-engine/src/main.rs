//! A store over an engine of one's own.

use consumer_own_engine::Journal;
use conv_model::{ConversationId, ConversationPatch, Delta, ListingPatch, Timestamp};
use conv_store::{ConversationStore, IndexedStore, Recovery};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::temp_dir().join(format!("conv-own-engine-{}", std::process::id()));
    for round in 1..=2 {
        let store = IndexedStore::open(Journal::open(&path)?).await?;
        assert_eq!(*store.recovery(), Recovery::default());
        println!("opening {round}: {} rows", store.snapshot().len());
        let mut alice = ConversationPatch::new(ConversationId::c2c("alice")?);
        alice.listing = Some(ListingPatch::at(Timestamp::from_secs(1_700_000_000 + round)));
        store.apply(Delta::listed([alice])).await?;
        store.close().await?;
    }
    Ok(std::fs::remove_file(path)?)
}
