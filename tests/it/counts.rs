//! The calls and bytes of a pass, counted.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use async_trait::async_trait;
use conv_api::{
    All, ConversationId, ConversationSource, Conversations, ConversationsBuilder, Facet,
    SourceError,
    model::{AccountId, Seq},
    store::{Engine, IndexedStore, Loaded, MemoryEngine, Record, StoreError, Write},
    sync::{
        Capabilities, FullProfile, Groups, HydrateRequest, Hydrated, Page, ProfileRequest,
        PullRequest,
    },
};
use conv_tests::online::{ACCOUNT, builder, emulator, source, unnamed};

const LIST: &str = "recentcontact/get_list";
const GROUPS: &str = "recentcontact/get_contact_group";

/// Counts the bytes of keys and records that are handed to an engine.
#[derive(Debug)]
struct Counting {
    engine: MemoryEngine,
    bytes: Arc<AtomicUsize>,
}

fn length(record: &Record) -> usize {
    match record {
        Record::Row(id) | Record::Local(id) => 1 + id.as_str().len(),
        _ => 1,
    }
}

#[async_trait]
impl Engine for Counting {
    async fn load(&self) -> Result<Loaded, StoreError> {
        self.engine.load().await
    }

    async fn commit(&self, writes: &[Write]) -> Result<(), StoreError> {
        for write in writes {
            let put = write.put.iter().map(|(record, bytes)| length(record) + bytes.len());
            let deleted = write.delete.iter().map(length);
            self.bytes.fetch_add(put.chain(deleted).sum(), Relaxed);
        }
        self.engine.commit(writes).await
    }

    async fn follow(&self, since: Seq) -> Result<(), StoreError> {
        self.engine.follow(since).await
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.engine.close().await
    }
}

async fn counted(builder: ConversationsBuilder) -> (Conversations, Arc<AtomicUsize>) {
    let bytes = Arc::new(AtomicUsize::new(0));
    let engine = Counting { engine: MemoryEngine::new(), bytes: Arc::clone(&bytes) };
    let store = IndexedStore::open(engine).await.unwrap();
    (builder.store(store).build().await.unwrap(), bytes)
}

#[tokio::test]
async fn a_pass_that_finds_nothing_new_lists_alone_and_writes_next_to_nothing() {
    let cloud = emulator(500).page_size(100).start().await.unwrap();
    let (conversations, bytes) = counted(builder(&cloud)).await;
    conversations.sync().await.unwrap();
    let list = conversations.get_conversation_list(All).await.unwrap();
    assert_eq!((list.len(), unnamed(&list)), (500, 0));
    let first = bytes.swap(0, Relaxed);
    assert!(first > 500 * 40, "each row and its name: {first}");

    cloud.reset_calls();
    conversations.sync().await.unwrap();
    let second = bytes.load(Relaxed);
    assert!(second > 0, "the pass itself is a commit");
    assert!(second * 50 <= first, "{second} bytes of {first}");
    let calls = cloud.calls();
    // In addition, names of conversation groups are read once: no other call shows a new name.
    assert_eq!((calls.of(LIST), calls.total - calls.of(GROUPS)), (10, 10), "{calls:?}");
    assert!(calls.of(GROUPS) <= 2, "one reading of two pages: {calls:?}");
}

/// Notes whose profiles a source is asked for.
#[derive(Debug)]
struct Noting<S> {
    source: S,
    asked: Arc<Mutex<Vec<ConversationId>>>,
}

#[async_trait]
impl<S: ConversationSource> ConversationSource for Noting<S> {
    fn capabilities(&self) -> Capabilities {
        self.source.capabilities()
    }

    async fn pull(&self, request: &PullRequest) -> Result<Page, SourceError> {
        self.source.pull(request).await
    }

    async fn hydrate(&self, request: &HydrateRequest) -> Result<Hydrated, SourceError> {
        assert_eq!(request.facet, Facet::Profile);
        self.asked.lock().unwrap().extend(request.ids.iter().cloned());
        self.source.hydrate(request).await
    }

    async fn profile(&self, request: &ProfileRequest) -> Result<FullProfile, SourceError> {
        self.source.profile(request).await
    }

    async fn groups(&self, account: &AccountId) -> Result<Groups, SourceError> {
        self.source.groups(account).await
    }
}

#[tokio::test]
async fn a_pass_asks_for_each_profile_once_in_full_batches() {
    let cloud = emulator(500).page_size(20).start().await.unwrap();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let noting = Noting { source: source(&cloud), asked: Arc::clone(&asked) };
    let (conversations, _) = counted(builder(&cloud).source(noting)).await;
    conversations.sync().await.unwrap();

    let mut times = BTreeMap::<_, usize>::new();
    for id in asked.lock().unwrap().drain(..) {
        *times.entry(id).or_default() += 1;
    }
    assert!(times.values().all(|times| *times == 1));
    let list = conversations.get_conversation_list(All).await.unwrap();
    let rows = list.iter().filter(|row| row.id != ConversationId::system());
    let expected: BTreeMap<_, _> = rows.map(|row| (row.id.clone(), 1)).collect();
    assert_eq!(times, expected);

    // Topics have no command for their names.
    let named = list.iter().filter(|row| row.profile.is_known());
    let (users, groups): (Vec<_>, Vec<_>) = named.partition(|row| row.id.user_id().is_some());
    let calls = cloud.calls();
    // One more of each kind for the names of the first screen, which go first.
    let full = |rows: usize, batch: usize| rows.div_ceil(batch) as u64;
    assert!(calls.of("profile/portrait_get") <= full(users.len(), 100) + 1, "{calls:?}");
    assert!(
        calls.of("group_open_http_svc/get_group_info") <= full(groups.len(), 50) + 2,
        "{calls:?}"
    );
}

#[tokio::test]
async fn a_quiet_list_takes_two_listings_and_one_page_takes_one_call() {
    for (rows, page_size, expected) in
        [(100, 20, 10), (100, 50, 4), (100, 100, 1), (500, 20, 50), (500, 50, 20), (500, 100, 10)]
    {
        let cloud = emulator(rows).page_size(page_size).start().await.unwrap();
        let (conversations, _) = counted(builder(&cloud)).await;
        conversations.sync().await.unwrap();
        assert_eq!(cloud.calls().of(LIST), expected, "{rows} rows, pages of {page_size}");
        assert_eq!(cloud.world().listing(ACCOUNT).unwrap().len(), rows);
    }
}
