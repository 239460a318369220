//! Every answer carries the last stored write that was known as its question went out.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use async_trait::async_trait;
use conv_model::{AccountId, ConversationId, Seq, SyncStep};
use conv_sync::{
    Capabilities, ConversationSource, FullProfile, Groups, HydrateRequest, Hydrated, Page,
    ProfileRequest, PullRequest, SourceError,
    testing::{NOW, ScriptedSource, row},
};

use crate::support::{Cache, plan, puller};

/// A source during each of whose calls another writer stores something.
#[derive(Debug)]
struct Overtaken {
    source: ScriptedSource,
    written: Arc<AtomicU64>,
}

impl Overtaken {
    fn write(&self) {
        self.written.fetch_add(100, Relaxed);
    }
}

#[async_trait]
impl ConversationSource for Overtaken {
    fn capabilities(&self) -> Capabilities {
        self.source.capabilities()
    }

    async fn pull(&self, request: &PullRequest) -> Result<Page, SourceError> {
        self.write();
        self.source.pull(request).await
    }

    async fn hydrate(&self, request: &HydrateRequest) -> Result<Hydrated, SourceError> {
        self.write();
        self.source.hydrate(request).await
    }

    async fn profile(&self, request: &ProfileRequest) -> Result<FullProfile, SourceError> {
        self.source.profile(request).await
    }

    async fn groups(&self, account: &AccountId) -> Result<Groups, SourceError> {
        self.write();
        self.source.groups(account).await
    }
}

fn source() -> ScriptedSource {
    let mut row = row(ConversationId::c2c("alice").unwrap(), NOW);
    row.group_ids = Some(vec![1]);
    let source = ScriptedSource::new([row]);
    source.set_groups(&[(1, "Friends")]);
    source
}

#[tokio::test]
async fn values_stored_during_a_call_are_newer_than_its_answer() {
    let written = Arc::new(AtomicU64::new(7));
    let source = Arc::new(Overtaken { source: source(), written: Arc::clone(&written) });
    let mut cache = Cache::default();
    let now = Arc::clone(&written);
    let mut puller = puller(&source, plan(500), &cache.state)
        .with_written(Arc::new(move || Seq::new(now.load(Relaxed))));
    let mut asked = Vec::new();
    while let Some(delta) = puller.next().await.unwrap() {
        let answers = !delta.listed.is_empty() || !delta.updates.is_empty();
        asked.extend(delta.asked.filter(|_| answers).map(Seq::as_u64));
        puller.applied(&cache.apply(&delta));
    }
    // The page; then group names and profile, asked for side by side once it was applied or in.
    assert_eq!(asked.len(), 3);
    assert_eq!(asked[0], 7, "not 107, when it was answered");
    assert!(asked[1..].iter().all(|asked| *asked == 107 || *asked == 207), "{asked:?}");
    assert_eq!(written.load(Relaxed), 307);
}

#[tokio::test]
async fn without_more_knowledge_the_newest_commit_of_the_pass_counts() {
    let source = Arc::new(source());
    let mut cache = Cache::default();
    let mut puller = puller(&source, plan(500), &cache.state);
    let mut newest = Seq::ZERO;
    while let Some(delta) = puller.next().await.unwrap() {
        if let Some(asked) = delta.asked {
            assert!(asked <= newest && asked > Seq::ZERO, "{asked:?} of {newest:?}");
        } else {
            assert!(matches!(delta.step, Some(SyncStep::Begin { .. })), "{delta:?}");
        }
        let commit = cache.apply(&delta);
        newest = commit.written;
        puller.applied(&commit);
    }
}
