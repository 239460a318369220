//! Random changes, reopening included: sled holds what memory holds.

use std::sync::Arc;

use conv_model::{Conversation, ConversationPatch, Delta, Local};
use conv_store::{ConversationStore, Durability, IndexedStore, MemoryEngine, SledDatabase};
use proptest::{collection::vec, prelude::*};
use tempfile::TempDir;

use crate::sled_support::{account, listed, user};

#[derive(Clone, Debug)]
enum Step {
    List(u64, Vec<usize>),
    Name(usize, u64),
    Remove(Vec<usize>),
    Draft(usize, u64),
    Data(usize, usize),
    Reopen,
}

const USERS: usize = 12;

fn step() -> impl Strategy<Value = Step> {
    let one = 0..USERS;
    let some = vec(0..USERS, 0..6);
    prop_oneof![
        4 => (0..4_u64, some.clone()).prop_map(|(time, users)| Step::List(time, users)),
        2 => (one.clone(), any::<u64>()).prop_map(|(user, name)| Step::Name(user, name)),
        2 => some.prop_map(Step::Remove),
        2 => (one.clone(), 0..3_u64).prop_map(|(user, text)| Step::Draft(user, text)),
        1 => (one, 0..30_000_usize).prop_map(|(user, length)| Step::Data(user, length)),
        1 => Just(Step::Reopen),
    ]
}

fn name(number: usize) -> String {
    format!("user{number}")
}

async fn take(store: &dyn ConversationStore, step: &Step) {
    let delta = match step {
        Step::List(time, users) => {
            let names: Vec<_> = users.iter().map(|number| name(*number)).collect();
            listed(*time, names.iter().map(String::as_str))
        }
        Step::Name(number, text) => {
            let mut patch = ConversationPatch::new(user(&name(*number)));
            patch.profile.name = Some(text.to_string().into());
            Delta::updates([patch])
        }
        Step::Remove(users) => Delta::removed(users.iter().map(|number| user(&name(*number)))),
        Step::Draft(number, 0) => return put(store, *number, Local::draft("")).await,
        Step::Draft(number, text) => {
            return put(store, *number, Local::draft(text.to_string())).await;
        }
        Step::Data(number, length) => {
            return put(store, *number, Local::data(vec![7; *length])).await;
        }
        Step::Reopen => return,
    };
    store.apply(delta).await.unwrap();
}

async fn put(store: &dyn ConversationStore, number: usize, local: Local) {
    store.put_local(user(&name(number)), local).await.unwrap();
}

/// Rows, and the local state of every user, listed or not.
fn shown(store: &dyn ConversationStore) -> (Vec<Arc<Conversation>>, Vec<Option<Local>>) {
    let snapshot = store.snapshot();
    let rows = snapshot.rows().cloned().collect();
    let locals = (0..USERS).map(|number| snapshot.local(&user(&name(number)))).collect();
    (rows, locals)
}

async fn open(folder: &TempDir, durability: Durability) -> IndexedStore {
    let options = SledDatabase::options().durability(durability);
    options.open_store(folder.path(), &account("a")).await.unwrap()
}

async fn run(steps: Vec<Step>, durability: Durability) {
    let folder = TempDir::new().unwrap();
    let engine = MemoryEngine::new();
    let mut model = IndexedStore::open(engine.clone()).await.unwrap();
    let mut store = open(&folder, durability).await;
    for step in &steps {
        if let Step::Reopen = step {
            store.close().await.unwrap();
            model.close().await.unwrap();
            store = open(&folder, durability).await;
            model = IndexedStore::open(engine.clone()).await.unwrap();
        }
        take(&store, step).await;
        take(&model, step).await;
        assert_eq!(shown(&store), shown(&model), "after {step:?}");
        assert_eq!(store.snapshot().seq(), model.snapshot().seq(), "after {step:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn sled_holds_what_memory_holds(
        steps in vec(step(), 1..40),
        durability in prop_oneof![
            Just(Durability::WriteBehind),
            Just(Durability::Process),
            Just(Durability::Disk),
        ],
    ) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(run(steps, durability));
    }
}
