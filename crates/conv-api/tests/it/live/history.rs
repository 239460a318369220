//! Any history, any queries, readers fast and slow: each ends with the list.

use std::sync::Arc;

use conv_api::{
    ConversationId, ConversationPatch, ConversationQuery, ConversationStore, Conversations,
    MemoryStore, Timestamp,
    model::{Delta, Local, Prune, testing},
    sync::{Capabilities, SourceRow},
    testing::ScriptedSource,
};
use proptest::{collection::vec, option, prelude::*};

use super::reader::Reader;

#[derive(Clone, Debug)]
enum Operation {
    Apply(Box<Delta>),
    Pass(Vec<ConversationPatch>),
    Put(ConversationId, Local),
    Expire(u64),
    /// More commits than the store remembers.
    Flood(ConversationId),
    /// Slow readers read only here.
    Read(usize),
    Resubscribe(usize),
}

fn operations() -> impl Strategy<Value = Operation> {
    prop_oneof![
        24 => testing::deltas().prop_map(|delta| Operation::Apply(Box::new(delta))),
        8 => vec(testing::patches(), 0..8).prop_map(Operation::Pass),
        6 => (testing::known_ids(), testing::locals()).prop_map(|(id, put)| Operation::Put(id, put)),
        3 => (0..10_u64).prop_map(Operation::Expire),
        1 => testing::known_ids().prop_map(Operation::Flood),
        8 => (0..8_usize).prop_map(Operation::Read),
        3 => (0..8_usize).prop_map(Operation::Resubscribe),
    ]
}

type Subscription = (ConversationQuery, Option<usize>);

fn subscriptions() -> impl Strategy<Value = Vec<Subscription>> {
    vec((testing::queries(), option::weighted(0.7, 0..6_usize)), 1..5)
}

/// Two readers per subscription: one reads after each commit, the other at times.
struct Readers {
    subscriptions: Vec<Subscription>,
    fast: Vec<Reader>,
    slow: Vec<Reader>,
}

impl Readers {
    fn new(conversations: &Conversations, subscriptions: Vec<Subscription>) -> Self {
        let readers = || {
            let each = subscriptions.iter().cloned();
            each.map(|(query, window)| Reader::new(conversations, query, window)).collect()
        };
        let (fast, slow) = (readers(), readers());
        Self { subscriptions, fast, slow }
    }

    fn read(&mut self, conversations: &Conversations) {
        for reader in &mut self.fast {
            reader.read(conversations);
            assert_eq!(reader.resets, 1, "who keeps up never sees a second one");
        }
    }

    fn resubscribe(&mut self, conversations: &Conversations, at: usize) {
        let at = at % self.subscriptions.len();
        let (query, window) = self.subscriptions[at].clone();
        self.slow[at] = Reader::new(conversations, query, window);
    }
}

async fn agree(subscriptions: Vec<Subscription>, operations: Vec<Operation>) {
    let mut capabilities = Capabilities::default();
    capabilities.retention = Some(3);
    let source = Arc::new(ScriptedSource::new([]).with_capabilities(capabilities));
    let store = Arc::new(MemoryStore::open().await.unwrap());
    let conversations = Conversations::builder("user_0001")
        .store(Arc::clone(&store))
        .source(Arc::clone(&source))
        .plan_limit(500)
        .build()
        .await
        .unwrap();
    let mut readers = Readers::new(&conversations, subscriptions);
    for operation in operations {
        match operation {
            Operation::Apply(delta) => drop(store.apply(*delta).await.unwrap()),
            Operation::Pass(rows) => {
                source.set_rows(rows.into_iter().map(SourceRow::new));
                // A list that names one row twice or moves under the pass may fail it.
                let _ = conversations.sync().await;
            }
            Operation::Put(id, local) => drop(store.put_local(id, local).await.unwrap()),
            Operation::Expire(after) => {
                let now = Timestamp::from_secs(1_700_000_000 + after);
                let mut delta = Delta::default();
                delta.prune = Some(Prune::Expired { now, retention: 3 });
                store.apply(delta).await.unwrap();
            }
            Operation::Flood(id) => flood(&conversations, &mut readers, &id).await,
            Operation::Read(at) => {
                let at = at % readers.slow.len();
                readers.slow[at].read(&conversations);
            }
            Operation::Resubscribe(at) => readers.resubscribe(&conversations, at),
        }
        readers.read(&conversations);
    }
    for (slow, fast) in readers.slow.iter_mut().zip(&readers.fast) {
        slow.read(&conversations);
        let mut both = slow.rows.iter().zip(&fast.rows);
        assert!(both.all(|(a, b)| Arc::ptr_eq(a, b)), "readers of a query share its rows");
    }
}

async fn flood(conversations: &Conversations, readers: &mut Readers, id: &ConversationId) {
    for n in 0..300 {
        conversations.set_draft(id, &n.to_string()).await.unwrap();
        if n % 50 == 0 {
            readers.read(conversations);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn patches_lead_to_the_list(
        subscriptions in subscriptions(),
        operations in vec(operations(), 1..30),
    ) {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_all().start_paused(true).build().unwrap();
        runtime.block_on(agree(subscriptions, operations));
    }
}
