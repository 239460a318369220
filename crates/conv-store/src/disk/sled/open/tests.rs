//! Rows that only sled itself can be made to write.

use conv_model::{ConversationId, ConversationPatch, Delta, ListingPatch, Local, Timestamp};
use tempfile::TempDir;

use super::*;
use crate::{
    ConversationDatabase, ConversationStore, IndexedStore, SledDatabase, SledStore,
    disk::inside::SCHEMA,
};

fn alice() -> ConversationId {
    ConversationId::c2c("alice").unwrap()
}

async fn fill(store: &IndexedStore) {
    let mut patch = ConversationPatch::new(alice());
    patch.listing = Some(ListingPatch::at(Timestamp::from_secs(1_700_000_000)));
    store.apply(Delta::listed([patch])).await.unwrap();
    store.put_local(alice(), Local::draft("Dear Alice")).await.unwrap();
}

async fn open_store(folder: &TempDir) -> IndexedStore {
    SledStore::open(folder.path(), &"a".parse().unwrap()).await.unwrap()
}

async fn filled() -> TempDir {
    let folder = TempDir::new().unwrap();
    let store = open_store(&folder).await;
    fill(&store).await;
    store.close().await.unwrap();
    folder
}

/// Makes damage that no repair helps against: sled reads it, and it makes no sense.
fn break_beyond_repair(folder: &TempDir) {
    let db = sled(&folder.path().join(ROWS)).unwrap();
    db.insert(SCHEMA, &[]).unwrap();
    db.insert("round", "this one").unwrap();
    db.flush().unwrap();
}

#[tokio::test]
async fn rows_beyond_repair_are_quarantined_and_drafts_stay() {
    let folder = filled().await;
    let mut kept = Vec::new();
    for round in 0..4 {
        break_beyond_repair(&folder);
        let database = SledDatabase::open(folder.path()).await.unwrap();
        let aside = database.recovery().quarantined.unwrap();
        database.close().await.unwrap();
        assert_eq!(sled(&aside).unwrap().get("round").unwrap().unwrap(), "this one");
        kept.push(aside);

        let store = open_store(&folder).await;
        // The loss is reported until the account's rows are written again.
        let recovery = store.recovery();
        assert_eq!((recovery.lost_accounts, recovery.lost_rows), (1, 1), "round {round}");
        assert_eq!(recovery.quarantined, None, "round {round}");
        assert!(store.snapshot().is_empty());
        assert_eq!(store.snapshot().local(&alice()), Some(Local::draft("Dear Alice")));
        fill(&store).await;
        store.close().await.unwrap();
        let store = open_store(&folder).await;
        assert_eq!(store.snapshot().len(), 1);
        assert!(store.recovery().is_clean(), "round {round}");
        store.close().await.unwrap();
    }
    let exist: Vec<_> = kept.iter().map(|path| path.exists()).collect();
    assert_eq!(exist, [false, false, true, true]);
}

#[tokio::test]
async fn overgrown_rows_are_rewritten() {
    let folder = filled().await;
    let ballast = folder.path().join("rows/ballast");
    std::fs::File::create(&ballast).unwrap().set_len(33 << 20).unwrap();
    let store = open_store(&folder).await;
    assert!(store.recovery().rebuilt && store.recovery().is_clean());
    assert!(!ballast.exists());
    assert_eq!(store.snapshot().len(), 1);
    fill(&store).await;
    store.close().await.unwrap();
    let store = open_store(&folder).await;
    assert!(!store.recovery().rebuilt);
    assert_eq!(store.snapshot().get(&alice()).unwrap().local, Local::draft("Dear Alice"));
}
