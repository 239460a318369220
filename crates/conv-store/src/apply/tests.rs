//! What is seen from inside alone.

use conv_model::{ConversationId, ConversationPatch, Delta};
use tokio::task::yield_now;

use super::IndexedStore;
use crate::{ConversationStore, MemoryEngine};

/// So many rows that a copy of the list is changed, and then shown at once.
fn page() -> Delta {
    let ids = (0..200).map(|number| ConversationId::c2c(&format!("user_{number}")).unwrap());
    Delta::listed(ids.map(ConversationPatch::new))
}

#[tokio::test]
async fn what_was_replaced_is_let_go_of_when_nobody_asks() {
    let store = IndexedStore::open(MemoryEngine::new()).await.unwrap();
    let replaced = store.snapshot().watched();
    store.apply(page()).await.unwrap();
    for _ in 0..10 {
        yield_now().await;
    }
    assert!(replaced.upgrade().is_none());
}
