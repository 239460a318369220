//! Reading a list to its end while it moves.

use std::{
    collections::{BTreeMap, BTreeSet},
    num::NonZeroUsize,
};

use conv_model::{All, Conversation, ConversationId, ConversationQuery, Delta, SyncState, testing};
use conv_store::{ConversationStore, MemoryStore, Scan, Snapshot};
use proptest::{collection::vec, prelude::*};

use crate::support::{at, user};

type Rows = BTreeMap<ConversationId, Conversation>;

/// Lists show rows without the detail of their profiles.
fn rows() -> impl Strategy<Value = Conversation> {
    testing::conversations().prop_map(|mut row| {
        row.profile.detail = None;
        row
    })
}

/// A row that is set, or with its bit one that goes.
fn changes() -> impl Strategy<Value = Vec<(Conversation, bool)>> {
    vec((rows(), proptest::bool::weighted(0.3)), 0..5)
}

fn change(rows: &mut Rows, changes: Vec<(Conversation, bool)>) {
    for (row, goes) in changes {
        if goes {
            rows.remove(&row.id);
        } else {
            rows.insert(row.id.clone(), row);
        }
    }
}

fn snapshot(rows: &Rows) -> Snapshot {
    Snapshot::of(rows.values().cloned(), SyncState::default())
}

fn matching(rows: &Rows, query: &ConversationQuery) -> BTreeSet<ConversationId> {
    rows.values().filter(|row| query.matches(row)).map(|row| row.id.clone()).collect()
}

proptest! {
    #[test]
    fn every_row_that_matches_throughout_is_given_once(
        first in vec(rows(), 0..20),
        mut meanwhile in vec(changes(), 20),
        query in testing::queries(),
        limit in 1..5_usize,
    ) {
        let mut rows: Rows = first.into_iter().map(|row| (row.id.clone(), row)).collect();
        let mut scan = Scan::new(snapshot(&rows), query.clone(), NonZeroUsize::new(limit).unwrap());
        let mut throughout = matching(&rows, &query);
        let mut given = BTreeSet::new();
        while let Some(page) = scan.next(&snapshot(&rows)) {
            prop_assert!((1..=limit).contains(&page.len()));
            for row in page {
                prop_assert!(query.matches(&row));
                prop_assert_eq!(Some(&*row), rows.get(&row.id), "not the newest");
                prop_assert!(given.insert(row.id.clone()), "{} comes twice", row.id);
            }
            change(&mut rows, meanwhile.pop().unwrap_or_default());
            let now = matching(&rows, &query);
            // One that was given may leave afterwards.
            throughout.retain(|id| now.contains(id) || given.contains(id));
        }
        prop_assert!(throughout.is_subset(&given), "{throughout:?} {given:?}");
        prop_assert!(scan.next(&snapshot(&rows)).is_none());
    }
}

#[tokio::test]
async fn a_row_that_moves_to_the_top_meanwhile_is_not_missed() {
    let store = MemoryStore::open().await.unwrap();
    store.apply(Delta::listed([at("a", 3), at("b", 2), at("c", 1)])).await.unwrap();
    let mut scan = Scan::new(store.snapshot(), All, NonZeroUsize::MIN);
    let mut ids = Vec::new();
    while let Some(rows) = scan.next(&store.snapshot()) {
        ids.extend(rows.iter().map(|row| row.id.clone()));
        store.apply(Delta::listed([at("c", 9), at("d", 0)])).await.unwrap();
    }
    assert_eq!(ids, [user("a"), user("b"), user("c")]);
}
