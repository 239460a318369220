//! Random changes, passes, local state and reopening: every store does what a naive one does.

mod naive;
mod operations;

use std::collections::BTreeMap;

use conv_model::{ConversationId, Delta, Local, RowChange, testing::few_ids};
use conv_store::{
    ConversationStore, SledStore, Snapshot, StoreError,
    testing::{MemoryFixture, OverEngine, StoreFixture},
};
use proptest::{collection::vec, prelude::*};
use tempfile::TempDir;

use self::{
    naive::{Naive, Rows},
    operations::{Operation, operations},
};
use crate::sled_support::account;

/// Does the operations on a store and on the naive one, and compares the two after each.
async fn agree<F: StoreFixture>(fixture: &F, operations: Vec<Operation>) {
    let mut store = fixture.open().await.unwrap();
    let mut naive = Naive::default();
    for operation in operations {
        let told = format!("{operation:?}");
        let before = naive.rows();
        match operation {
            Operation::Apply(make) => {
                let delta = make.delta(naive.sync.pass, &before);
                apply(&store, &mut naive, delta).await;
            }
            Operation::Put(id, local) => {
                let commit = store.put_local(id.clone(), local.clone()).await.unwrap();
                naive.put(id, local);
                check_changes(&before, &commit.changes, &naive.rows());
            }
            Operation::Reopen => {
                store.close().await.unwrap();
                drop(store);
                store = fixture.open().await.unwrap();
                naive.reopen();
            }
        }
        check(&store.snapshot(), &naive, &told);
    }
}

async fn apply(store: &impl ConversationStore, naive: &mut Naive, delta: Delta) {
    let (since, before) = (store.snapshot().seq(), naive.rows());
    let expected = naive.apply(&delta);
    match store.apply(delta).await {
        Ok(commit) => {
            assert_eq!(Some(&commit.wanting), expected.as_ref());
            assert_eq!(commit.seq, store.snapshot().seq());
            check_changes(&before, &commit.changes, &naive.rows());
            // The naive one counts its own commits.
            if commit.seq > since && naive.begins {
                naive.sync.begun = commit.seq;
            }
        }
        Err(StoreError::Superseded(_)) => assert_eq!(expected, None),
        Err(error) => panic!("{error:?}"),
    }
}

fn check(snapshot: &Snapshot, naive: &Naive, told: &str) {
    let rows: Vec<_> = snapshot.rows().map(|row| snapshot.get(&row.id).unwrap()).collect();
    let expected = naive.list();
    assert!(rows.iter().map(AsRef::as_ref).eq(&expected), "{rows:#?}\n{expected:#?}\n{told}");
    assert_eq!(*snapshot.sync(), naive.sync, "{told}");
    assert_eq!(snapshot.report().not_fetched, naive.not_fetched(), "{told}");
    let totals = snapshot.totals();
    let sums = [totals.conversations, totals.unread, totals.unread_conversations, totals.mentioned];
    assert_eq!(sums, naive.totals(), "{told}");
    for id in few_ids() {
        assert_eq!(snapshot.local(&id).as_ref(), naive.locals.get(&id), "{told}");
    }
}

/// What a commit says leads from the rows before to those after, and says nothing else.
fn check_changes(before: &Rows, changes: &[RowChange], after: &Rows) {
    let thin = |rows: &Rows| -> Rows {
        let thin = rows.clone().into_iter().map(|(id, mut row)| {
            row.profile.detail = None;
            (id, row)
        });
        thin.collect()
    };
    let mut rows = thin(before);
    let mut seen: BTreeMap<ConversationId, Local> = BTreeMap::new();
    for change in changes {
        let id = change.id().unwrap();
        assert!(seen.insert(id.clone(), Local::default()).is_none(), "{id} changes twice");
        assert_ne!(before.get(id), after.get(id), "{id} did not change");
        assert_eq!(rows.get(id), change.before.as_deref());
        assert_eq!(change.removal.is_some(), change.after.is_none());
        match change.after.as_deref() {
            Some(row) => rows.insert(id.clone(), row.clone()),
            None => rows.remove(id),
        };
    }
    assert_eq!(rows, thin(after));
}

struct Folder(TempDir);

impl StoreFixture for Folder {
    type Store = SledStore;

    async fn open(&self) -> Result<SledStore, StoreError> {
        SledStore::open(self.0.path(), &account("a")).await
    }
}

fn run(future: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn memory_does_what_the_naive_store_does(operations in vec(operations(), 1..40)) {
        run(agree(&OverEngine(MemoryFixture::default()), operations));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn sled_does_what_the_naive_store_does(operations in vec(operations(), 1..40)) {
        run(agree(&Folder(TempDir::new().unwrap()), operations));
    }
}
