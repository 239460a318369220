//! Changes that are written together make what they make one after another.

use std::sync::Arc;

use conv_model::{Commit, ConversationId, Delta, Local, PassId, Prune, Seq, testing};
use conv_store::{
    ConversationStore, Engine, IndexedStore, MemoryEngine, Record, StoreError, Write,
    record::{self, StateRecord},
};
use proptest::{collection::vec, option, prelude::*};
use tokio::task::{JoinHandle, yield_now};

use crate::support::{Probe, begin, finish};

#[derive(Clone, Debug)]
enum Change {
    Apply(Box<Delta>),
    Put(ConversationId, Local),
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let unlisted = vec(testing::known_ids(), 0..6)
        .prop_map(|ids| Prune::Unlisted { keep: Arc::new(ids.into_iter().collect()) });
    let expired = (testing::timestamps(), 0..6_u64)
        .prop_map(|(now, retention)| Prune::Expired { now, retention });
    let prune = option::weighted(0.3, prop_oneof![unlisted, expired]);
    let pruned = (testing::deltas(), prune).prop_map(|(mut delta, prune)| {
        delta.prune = prune;
        delta
    });
    let of_pass = (pruned, option::of(1..4_u64)).prop_map(|(mut delta, pass)| {
        delta.pass = pass.map(PassId::new);
        delta
    });
    let delta = prop_oneof![
        6 => of_pass,
        1 => (1..4_u64).prop_map(begin),
        1 => (1..4_u64).prop_map(finish),
    ];
    let change = prop_oneof![
        4 => delta.prop_map(|delta| Change::Apply(Box::new(delta))),
        1 => (testing::known_ids(), testing::locals()).prop_map(|(id, local)| Change::Put(id, local)),
    ];
    vec(change, 2..40)
}

async fn change(store: IndexedStore, change: Change) -> Result<Commit, StoreError> {
    match change {
        Change::Apply(delta) => store.apply(*delta).await,
        Change::Put(id, local) => store.put_local(id, local).await,
    }
}

/// Returns everything visible of a store after these changes, the second half of them made at once
/// or one by one. At the start all its rows are damaged.
async fn made(mut changes: Vec<Change>, together: bool) -> String {
    let engine = MemoryEngine::new();
    let mut write = Write::new(Seq::ZERO, Seq::new(1));
    let rows = testing::few_ids().into_iter().map(Record::Row);
    write.put.extend(rows.map(|row| (row, Arc::from(*b"damaged"))));
    engine.commit(&[write]).await.unwrap();
    let probe = Probe::over(engine);
    let store = IndexedStore::open(probe.clone()).await.unwrap();
    let mut results = Vec::new();
    let rest = changes.split_off(changes.len() / 2);
    for one in changes {
        results.push(change(store.clone(), one).await);
    }
    if together {
        let before = probe.calls().len();
        probe.hold();
        let tasks = rest.into_iter().map(|one| tokio::spawn(change(store.clone(), one)));
        let tasks: Vec<_> = tasks.collect();
        while probe.calls().len() == before && !tasks.iter().all(JoinHandle::is_finished) {
            yield_now().await;
        }
        probe.release();
        for task in tasks {
            results.push(task.await.unwrap());
        }
        assert!(probe.calls().len() <= before + 2, "{} calls", probe.calls().len());
    } else {
        for one in rest {
            results.push(change(store.clone(), one).await);
        }
    }
    let snapshot = store.snapshot();
    let rows: Vec<_> = snapshot.rows().map(|row| snapshot.get(&row.id)).collect();
    let locals: Vec<_> = testing::few_ids().iter().map(|id| snapshot.local(id)).collect();
    let mut records = probe.records().await;
    records.sort();
    for (record, bytes) in &mut records {
        if *record == Record::State {
            let mut state = StateRecord::decode(bytes).unwrap();
            state.sync.epoch = None;
            *bytes = state.encode(record::seq(bytes).unwrap()).unwrap();
        }
    }
    let text = format!(
        "{results:#?} {rows:#?} {locals:#?} {:#?} {:#?} {:#?} {:#?} {records:#?}",
        snapshot.sync(),
        snapshot.totals(),
        snapshot.groups(),
        snapshot.changes_since(Seq::ZERO),
    );
    // It is random.
    snapshot.sync().epoch.map_or(text.clone(), |epoch| text.replace(&epoch.to_string(), "epoch"))
}

proptest! {
    #[test]
    fn together_as_one_after_another(changes in changes()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let together = runtime.block_on(made(changes.clone(), true));
        let one_by_one = runtime.block_on(made(changes, false));
        prop_assert_eq!(together, one_by_one);
    }
}
