//! Snapshots: of one instant, and sharing what did not change.

use std::{collections::HashSet, sync::Arc};

use conv_model::{
    All, Conversation, ConversationFilter, ConversationId, ConversationPatch, ConversationQuery,
    ConversationType, Delta, Facet, GroupNames, ListingPatch, Local, Profile, ProfileDetail, Seq,
    SyncState, Timestamp, Unread, UserDetail,
};
use conv_store::{
    ConversationDatabase, ConversationStore, IndexedStore, MemoryDatabase, MemoryStore, Snapshot,
};

fn user(number: usize) -> ConversationId {
    ConversationId::c2c(&format!("user_{number:04}")).unwrap()
}

fn at(number: usize, time: u64) -> ConversationPatch {
    let mut patch = ConversationPatch::new(user(number));
    patch.listing = Some(ListingPatch::at(Timestamp::from_secs(time)));
    patch
}

fn with_detail(number: usize, signature: &str) -> ConversationPatch {
    let mut detail = UserDetail::default();
    detail.self_signature = signature.to_owned();
    let mut patch = ConversationPatch::new(user(number));
    patch.profile.detail = Some(Arc::new(ProfileDetail::User(detail)));
    patch
}

async fn store_of(rows: usize) -> IndexedStore {
    let store = MemoryStore::open().await.unwrap();
    let rows = (0..rows).map(|number| at(number, 1_700_000_000 + number as u64));
    store.apply(Delta::listed(rows)).await.unwrap();
    store
}

fn all(snapshot: &Snapshot) -> Vec<Arc<Conversation>> {
    snapshot.list(&All.into())
}

#[tokio::test]
async fn neighbours_share_every_row_that_did_not_change() {
    let store = store_of(500).await;
    let before = all(&store.snapshot());
    store.apply(Delta::listed([at(250, 1_800_000_000)])).await.unwrap();
    let after = all(&store.snapshot());
    let shared = |row: &&Arc<Conversation>| before.iter().any(|old| Arc::ptr_eq(old, row));
    assert_eq!(after.iter().filter(shared).count(), 499);
    assert_eq!(after[0].id, user(250));
}

#[tokio::test]
async fn neighbours_share_the_rows_of_a_large_list_also_in_what_a_filter_finds() {
    let store = store_of(3000).await;
    let users = ConversationFilter::conversation_type(ConversationType::C2c).into();
    let before = store.snapshot().list(&users);
    store.apply(Delta::listed([at(7, 1_800_000_000)])).await.unwrap();
    let after = store.snapshot().list(&users);
    let old: HashSet<_> = before.iter().map(Arc::as_ptr).collect();
    assert_eq!((before.len(), after.len()), (3000, 3000));
    assert_eq!(after.iter().filter(|row| !old.contains(&Arc::as_ptr(row))).count(), 1);
    assert_eq!(after[0].id, user(7));
}

#[tokio::test]
async fn rows_share_the_names_of_their_groups_also_when_they_are_loaded() {
    let in_group = |number| {
        let mut patch = at(number, 1_700_000_000);
        let listing = patch.listing.as_mut().unwrap();
        listing.groups = Some(vec!["Suppliers".into()]);
        patch
    };
    let database = MemoryDatabase::new();
    let account = "a".parse().unwrap();
    let store = database.account(&account).await.unwrap();
    store.apply(Delta::listed([in_group(0), in_group(1)])).await.unwrap();
    store.apply(Delta::listed([in_group(2)])).await.unwrap();
    let shared = |snapshot: Snapshot| {
        let rows = all(&snapshot);
        let names: Vec<_> = rows.iter().map(|row| Arc::clone(&row.listing.groups[0])).collect();
        names.len() == 3 && names.iter().all(|name| Arc::ptr_eq(name, &names[0]))
    };
    assert!(shared(store.snapshot()));
    store.close().await.unwrap();
    assert!(shared(database.account(&account).await.unwrap().snapshot()));
}

#[tokio::test]
async fn a_change_of_the_detail_alone_leaves_the_listed_row_shared() {
    let store = store_of(2).await;
    store.apply(Delta::updates([with_detail(1, "hello")])).await.unwrap();
    let before = store.snapshot();
    let commit = store.apply(Delta::updates([with_detail(1, "good bye")])).await.unwrap();
    let after = store.snapshot();
    assert!(Arc::ptr_eq(&all(&before)[0], &all(&after)[0]));
    assert_ne!(before.get(&user(1)), after.get(&user(1)));
    assert_eq!(commit.changes.len(), 1);
}

#[tokio::test]
async fn lists_leave_out_the_detail_and_one_row_has_it() {
    let store = store_of(1).await;
    store.apply(Delta::updates([with_detail(0, "hello")])).await.unwrap();
    let snapshot = store.snapshot();
    assert!(all(&snapshot)[0].profile.detail.is_none());
    assert!(snapshot.list(&[&user(0)].into())[0].profile.detail.is_none());
    assert!(snapshot.get(&user(0)).unwrap().profile.detail.is_some());
}

#[tokio::test]
async fn a_snapshot_that_is_held_never_changes() {
    let store = store_of(3).await;
    let held = store.snapshot();
    let (rows, totals, seq) = (all(&held), held.totals(), held.seq());
    store.apply(Delta::removed([user(0), user(1)])).await.unwrap();
    store.put_local(user(2), Local::draft("hello")).await.unwrap();
    assert_eq!((all(&held), held.totals(), held.seq()), (rows, totals, seq));
    assert_eq!(held.local(&user(2)), None);
}

#[tokio::test]
async fn rows_totals_and_sync_state_are_always_of_the_same_commit() {
    let store = Arc::new(store_of(0).await);
    let writer = Arc::clone(&store);
    let writing = tokio::spawn(async move {
        for number in 0..200 {
            let mut delta = Delta::listed([at(number, 1_700_000_000)]);
            let name = (0, format!("{}", number + 1).into());
            delta.groups = Some(GroupNames::new([name], None));
            writer.apply(delta).await.unwrap();
        }
    });
    let mut seen = Seq::ZERO;
    while !writing.is_finished() {
        let snapshot = store.snapshot();
        assert!(snapshot.seq() >= seen);
        seen = snapshot.seq();
        assert_eq!(snapshot.len() as u64, snapshot.totals().conversations);
        let names = snapshot.groups();
        let rows: usize = names.first().map_or(0, |name| name.parse().unwrap());
        assert_eq!(all(&snapshot).len(), rows);
        tokio::task::yield_now().await;
    }
    writing.await.unwrap();
}

#[tokio::test]
async fn changes_since_a_number_lead_from_that_list_to_this_one() {
    let store = store_of(5).await;
    let old = store.snapshot();
    store.apply(Delta::listed([at(7, 1_700_000_007)])).await.unwrap();
    store.apply(Delta::removed([user(0)])).await.unwrap();
    let commits = store.snapshot().changes_since(old.seq()).unwrap();
    assert_eq!(commits.iter().map(|commit| commit.changes.len()).collect::<Vec<_>>(), [1, 1]);
    assert!(store.snapshot().changes_since(store.snapshot().seq()).unwrap().is_empty());
}

#[tokio::test]
async fn a_reader_far_behind_must_read_all_rows() {
    let store = store_of(1).await;
    let old = store.snapshot().seq();
    for round in 0..300 {
        store.apply(Delta::listed([at(0, 1_700_000_100 + round)])).await.unwrap();
    }
    assert!(store.snapshot().changes_since(old).is_none());
    assert!(store.snapshot().changes_since(Seq::new(old.as_u64() + 290)).is_some());
}

#[test]
fn ids_come_in_list_order_each_once_and_those_not_cached_are_left_out() {
    let rows = [(0, 5), (1, 9), (2, 7)].map(|(number, time)| {
        let mut row = Conversation::new(user(number));
        row.listing.time = Some(Timestamp::from_secs(time));
        row
    });
    let snapshot = Snapshot::of(rows, SyncState::default());
    let asked = [&user(2), &user(0), &user(9), &user(1), &user(2)];
    let ids: Vec<_> = snapshot.list(&asked.into()).iter().map(|row| row.id.clone()).collect();
    assert_eq!(ids, [user(1), user(2), user(0)]);
}

#[test]
fn totals_leave_out_muted_conversations_and_what_was_never_fetched() {
    let mut rows: Vec<Conversation> = (0..3).map(|n| Conversation::new(user(n))).collect();
    rows[0].unread.count = Some(4);
    rows[1].unread.count = Some(9);
    rows[1].unread.remind_type = Some("AcceptNotNotify".into());
    let totals = Snapshot::of(rows, SyncState::default()).totals();
    assert_eq!((totals.conversations, totals.unread, totals.unread_conversations), (3, 4, 1));
}

#[test]
fn groups_are_those_read_and_those_that_rows_are_in() {
    let mut row = Conversation::new(user(0));
    row.listing.groups = vec!["b".into(), "c".into()];
    let mut state = SyncState::default();
    state.groups = GroupNames::new([(1, "c".into()), (2, "a".into())], None);
    let groups = Snapshot::of([row], state).groups();
    assert_eq!(groups.iter().map(AsRef::as_ref).collect::<Vec<&str>>(), ["a", "b", "c"]);
}

#[tokio::test]
async fn the_report_names_facets_that_a_row_lacks() {
    let store = store_of(1).await;
    let lacking = [Facet::Profile, Facet::Unread, Facet::LastMessage];
    assert_eq!(store.snapshot().report().not_fetched, lacking);
    let mut patch = ConversationPatch::new(user(0));
    patch.profile = Profile::default();
    patch.profile.name = Some("Alice".into());
    patch.unread = Unread::default();
    patch.unread.count = Some(0);
    store.apply(Delta::updates([patch])).await.unwrap();
    assert_eq!(store.snapshot().report().not_fetched, [Facet::LastMessage]);
    let query: ConversationQuery = ConversationFilter::has_unread_count(false).into();
    assert_eq!(store.snapshot().list(&query).len(), 1);
}
