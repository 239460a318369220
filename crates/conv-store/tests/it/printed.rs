//! `{:?}` of a store or a database shows nothing of the stored data.

use conv_model::Local;
use conv_store::{ConversationDatabase, MemoryDatabase, RedbDatabase};
use tempfile::TempDir;

use crate::sled_support::{account, listed, open, user};

/// Neither as text nor as the numbers of its bytes.
fn assert_silent(what: &impl std::fmt::Debug) {
    let shown = format!("{what:?} {what:#?}");
    for (text, bytes) in [("alice", "97, 108, 105, 99, 101"), ("Dear", "68, 101, 97, 114")] {
        let is_shown = shown.contains(text) || shown.contains(bytes);
        assert!(!is_shown, "{text} is in {} bytes", shown.len());
    }
}

#[tokio::test]
async fn stored_values_are_not_printed() {
    let folders = [TempDir::new().unwrap(), TempDir::new().unwrap()];
    let sled = open(folders[0].path()).await;
    let redb = RedbDatabase::open(folders[1].path()).await.unwrap();
    let memory = MemoryDatabase::new();
    for database in [&sled as &dyn ConversationDatabase, &redb, &memory] {
        let store = database.account(&account("a")).await.unwrap();
        store.apply(listed(1, ["alice"])).await.unwrap();
        store.put_local(user("alice"), Local::draft("Dear Alice")).await.unwrap();
        assert_silent(&store);
        assert_silent(&database);
    }
}
