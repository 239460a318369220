//! Databases that were written by the first version of each layout are read for ever.
//!
//! The folders of `tests/data` are named for their engine and layout, and are never rewritten.

use std::{fs, path::Path};

use conv_model::{
    Checkpoint, ConversationFilter, ConversationId, ConversationPatch, Coverage, Cursor, Delta,
    Known, Local, MarkType, Marks, MessageKind, PassId,
};
use conv_store::{ConversationDatabase, RedbDatabase, SledDatabase, Snapshot};
use tempfile::TempDir;

use crate::sled_support::{account, user};

/// A copy of a committed folder, to be opened.
fn copy(name: &str) -> TempDir {
    let to = TempDir::new().unwrap();
    copy_all(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name), to.path());
    to
}

fn copy_all(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_all(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

async fn check(database: &dyn ConversationDatabase) {
    let store = database.account(&account("user_0001")).await.unwrap();
    check_first(&store.snapshot(), 1_700_000_005);
    check_other(database).await;
}

/// Layout three, whose records are of version 1: a later time and a draft came with it.
async fn check_third(database: &dyn ConversationDatabase) {
    let store = database.account(&account("user_0001")).await.unwrap();
    let snapshot = store.snapshot();
    check_first(&snapshot, 1_700_000_006);
    assert_eq!(snapshot.local(&user("new")), Some(Local::draft("hi")));
    check_other(database).await;

    // A row that changes is written in the present version, beside those of the old one.
    let mut patch = ConversationPatch::new(user("alice"));
    patch.last_message = Known::Nothing;
    store.apply(Delta::updates([patch])).await.unwrap();
}

async fn check_other(database: &dyn ConversationDatabase) {
    let other = database.account(&account("a/b")).await.unwrap();
    let bob = other.snapshot().get(&user("bob")).unwrap();
    assert_eq!(bob.listing.time.unwrap().as_secs(), 1_700_000_009);
    assert_eq!(other.snapshot().len(), 1);
}

fn check_first(snapshot: &Snapshot, time: u64) {
    let ids: Vec<_> = snapshot.rows().map(|row| row.id.to_string()).collect();
    assert_eq!(ids, ["C2Calice", "GROUP@TGS#1", "@TIM#SYSTEM"]);
    let alice = snapshot.get(&user("alice")).unwrap();
    assert_eq!(alice.show_name(), "Alice 李");
    assert_eq!(alice.profile.avatar.as_deref(), Some("https://example.com/a.png"));
    assert_eq!(alice.profile.read_at.unwrap().as_secs(), 1_700_000_006);
    assert_eq!(alice.listing.time.unwrap().as_secs(), time);
    assert_eq!(alice.listing.version, Some(7));
    assert_eq!(alice.listing.marks, [MarkType::STAR].into_iter().collect::<Marks>());
    assert_eq!(&*alice.listing.custom_data, "custom");
    assert!(alice.listing.is_pinned);
    assert_eq!(alice.unread.count, Some(3));
    let message = alice.last_message.value().unwrap();
    assert_eq!((message.sequence, &message.kind), (7, &MessageKind::Image));
    assert_eq!(alice.local, Local::draft("Dear Alice"));
    let suppliers = ConversationFilter::group_name("Suppliers");
    assert_eq!(snapshot.list(&suppliers.into()).len(), 1);
    let group = snapshot.get(&ConversationId::group("@TGS#1").unwrap()).unwrap();
    assert_eq!((group.profile.name.clone(), group.unread.count), (None, None));
    assert_eq!(snapshot.local(&user("not listed")), Some(Local::data(*b"bytes")));
    assert_eq!(snapshot.sync().pass, PassId::new(1));
    assert_eq!(snapshot.sync().coverage, Coverage::CacheOnly);
    assert_eq!(snapshot.sync().checkpoint, Some(Checkpoint::new(Cursor::new("v1:next"), 3)));
}

#[tokio::test]
async fn sled_with_layout_one_is_read() {
    let folder = copy("sled-schema-1");
    let database = SledDatabase::open(folder.path()).await.unwrap();
    check(&database).await;
    assert!(database.recovery().is_clean());
}

#[tokio::test]
async fn redb_with_layout_one_is_read() {
    let folder = copy("redb-schema-1");
    let database = RedbDatabase::open(folder.path()).await.unwrap();
    check(&database).await;
    assert!(database.recovery().is_clean());
}

#[tokio::test]
async fn sled_with_layout_three_is_read_and_written_on() {
    let folder = copy("sled-schema-3");
    let database = SledDatabase::open(folder.path()).await.unwrap();
    check_third(&database).await;
    assert!(database.recovery().is_clean());
    database.close().await.unwrap();
    check_again(&SledDatabase::open(folder.path()).await.unwrap()).await;
}

#[tokio::test]
async fn redb_with_layout_three_is_read_and_written_on() {
    let folder = copy("redb-schema-3");
    let database = RedbDatabase::open(folder.path()).await.unwrap();
    check_third(&database).await;
    assert!(database.recovery().is_clean());
    database.close().await.unwrap();
    check_again(&RedbDatabase::open(folder.path()).await.unwrap()).await;
}

async fn check_again(database: &dyn ConversationDatabase) {
    let store = database.account(&account("user_0001")).await.unwrap();
    let snapshot = store.snapshot();
    assert_eq!(snapshot.len(), 3);
    assert_eq!(snapshot.get(&user("alice")).unwrap().last_message, Known::Nothing);
}
