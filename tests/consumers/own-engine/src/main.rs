//! A store and a database over an engine of one's own.

use consumer_own_engine::{Journal, Journals};
use conv_model::{ConversationId, ConversationPatch, Delta, ListingPatch, Timestamp};
use conv_store::{
    ConversationDatabase, ConversationStore, EngineDatabase, IndexedStore, Recovery,
};

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
    std::fs::remove_file(&path)?;

    std::fs::create_dir(&path)?;
    let database = EngineDatabase::over(Journals::new(&path));
    for name in ["user_0001", "../user_0002"] {
        let store = database.account(&name.parse()?).await?;
        store.apply(Delta::listed([ConversationPatch::new(ConversationId::c2c("bob")?)])).await?;
        println!("{name}: {} rows", store.snapshot().len());
    }
    database.forget(&"user_0001".parse()?).await?;
    database.close().await?;
    Ok(std::fs::remove_dir_all(path)?)
}
