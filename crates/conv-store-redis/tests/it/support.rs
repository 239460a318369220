//! Servers that all tests share, and accounts of their own on them.

use std::{
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use conv_model::{
    AccountId, ConversationId, ConversationPatch, Delta, Finished, ListingPatch, PassId, SyncScope,
    SyncStep, Timestamp,
};
use conv_store::{ConversationStore, Loaded, Record, Snapshot, StoreError};
use conv_store_redis::{
    RedisDatabase, RedisError, RedisOptions,
    testing::{self, NodeOptions, TestCluster, TestNode},
};
use tokio::time::timeout;

/// One server; no test harms it.
pub(crate) static SINGLE: LazyLock<Option<TestNode>> =
    LazyLock::new(|| testing::is_there().then(|| TestNode::start(NodeOptions::default()).unwrap()));

/// Three masters; no test harms them.
pub(crate) static CLUSTER: LazyLock<Option<TestCluster>> =
    LazyLock::new(|| testing::is_there().then(|| TestCluster::start(3, 0).unwrap()));

/// The server that a test runs against.
#[derive(Clone, Copy, Debug)]
pub(crate) enum On {
    Single,
    Cluster,
}

impl On {
    /// The addresses; none without servers.
    pub(crate) fn urls(self) -> Vec<String> {
        match self {
            Self::Single => SINGLE.iter().map(TestNode::url).collect(),
            Self::Cluster => CLUSTER.iter().flat_map(TestCluster::urls).collect(),
        }
    }

    pub(crate) fn is_there(self) -> bool {
        !self.urls().is_empty()
    }

    /// A database; `None` without servers.
    pub(crate) async fn database(self, options: RedisOptions) -> Option<RedisDatabase> {
        let urls = self.urls();
        if urls.is_empty() {
            return None;
        }
        // Nothing here is about time, and the machine may be busy.
        let options = options.answer_within(Duration::from_secs(30));
        Some(options.open(urls).await.unwrap())
    }
}

/// Options of a database that hears of other's writes by news alone.
pub(crate) fn by_news() -> RedisOptions {
    RedisDatabase::options().check_every(Duration::from_secs(24 * 3600))
}

/// An account that no other test has.
pub(crate) fn account() -> AccountId {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("user {{{}}}", NEXT.fetch_add(1, Ordering::Relaxed)).parse().unwrap()
}

pub(crate) fn user(name: &str) -> ConversationId {
    ConversationId::c2c(name).unwrap()
}

/// A patch that lists a conversation with a time alone.
pub(crate) fn at(name: &str, time: u64) -> ConversationPatch {
    let mut patch = ConversationPatch::new(user(name));
    patch.listing = Some(ListingPatch::at(Timestamp::from_secs(1_700_000_000 + time)));
    patch
}

/// The first snapshot of a store that has what a test waits for.
pub(crate) async fn until(
    store: &dyn ConversationStore,
    is_there: impl Fn(&Snapshot) -> bool,
) -> Snapshot {
    let waiting = async {
        let mut seen = store.snapshot();
        while !is_there(&seen) {
            seen = store.watch().newer_than(seen.seq()).await.unwrap();
        }
        seen
    };
    soon(waiting).await
}

/// Returns the output of a future, or fails if it takes too long.
pub(crate) async fn soon<T>(future: impl Future<Output = T>) -> T {
    timeout(Duration::from_secs(60), future).await.expect("it takes for ever")
}

/// The fault that an error has as its source.
pub(crate) fn fault(error: &StoreError) -> &RedisError {
    RedisError::of(error).expect("an error of another kind")
}

/// The number of records beside that of the sync's state, which the first write makes.
pub(crate) fn records(loaded: &Loaded) -> usize {
    loaded.records.iter().filter(|(record, _)| *record != Record::State).count()
}

pub(crate) fn begin(pass: u64) -> Delta {
    let step = SyncStep::Begin { scope: SyncScope::new(100, 1), resume: false };
    Delta::step(PassId::new(pass), step)
}

pub(crate) fn page(pass: u64, rows: impl IntoIterator<Item = ConversationPatch>) -> Delta {
    let mut delta = Delta::listed(rows);
    delta.pass = Some(PassId::new(pass));
    delta
}

pub(crate) fn finish(pass: u64) -> Delta {
    let finished = Finished::new(Some(Timestamp::from_secs(1)), Vec::new(), SyncScope::new(100, 1));
    Delta::step(
        PassId::new(pass),
        SyncStep::Finish { finished, upstream: None, skipped: Vec::new(), broken: Vec::new() },
    )
}
