//! Answers that are on their way while something newer is merged.

mod mirrored;

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

use async_trait::async_trait;
use conv_api::{
    AccountId, ConversationPatch, ConversationSource, Conversations, Facet, SourceError, Timestamp,
    model::{Known, LastMessage, ListingPatch, MessageKind},
    sync::{
        Capabilities, FullProfile, Groups, HydrateRequest, Hydrated, Page, ProfileRequest,
        PullRequest,
        testing::{NOW, ScriptedSource},
    },
};
use tokio::sync::Semaphore;

use crate::support::id;

const ALICE: &str = "C2Cuser_0000";
const LATER: Timestamp = Timestamp::from_secs(NOW.as_secs() + 5);

/// A cloud where one conversation has five unread messages, the last one at [`NOW`]. Unread counts
/// wait until the test lets them through; the first ones asked for fail.
#[derive(Debug)]
struct Slow {
    source: ScriptedSource,
    fails: AtomicUsize,
    asked: Semaphore,
    gate: Semaphore,
}

impl Slow {
    fn new(fails: usize) -> Arc<Self> {
        let mut capabilities = Capabilities::default();
        capabilities.facets.push(Facet::Unread);
        let source = ScriptedSource::with_rows(1).with_capabilities(capabilities);
        let (asked, gate) = (Semaphore::new(0), Semaphore::new(0));
        Arc::new(Self { source, fails: AtomicUsize::new(fails), asked, gate })
    }

    async fn is_asked(&self) {
        self.asked.acquire().await.unwrap().forget();
    }
}

fn patch(unread: u32, last_message: Timestamp) -> ConversationPatch {
    let mut patch = ConversationPatch::new(id(ALICE));
    patch.unread.count = Some(unread);
    let mut message = LastMessage::new(MessageKind::Text);
    message.time = Some(last_message);
    patch.last_message = Known::Value(Arc::new(message));
    patch
}

#[async_trait]
impl ConversationSource for Slow {
    fn capabilities(&self) -> Capabilities {
        self.source.capabilities()
    }

    async fn pull(&self, request: &PullRequest) -> Result<Page, SourceError> {
        self.source.pull(request).await
    }

    async fn hydrate(&self, request: &HydrateRequest) -> Result<Hydrated, SourceError> {
        if request.facet != Facet::Unread {
            return self.source.hydrate(request).await;
        }
        self.asked.add_permits(1);
        self.gate.acquire().await.unwrap().forget();
        match self.fails.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1)) {
            Ok(_) => Err(SourceError::TimedOut),
            Err(_) => Ok(Hydrated::new(vec![patch(5, NOW)], Vec::new())),
        }
    }

    async fn profile(&self, request: &ProfileRequest) -> Result<FullProfile, SourceError> {
        self.source.profile(request).await
    }

    async fn groups(&self, account: &AccountId) -> Result<Groups, SourceError> {
        self.source.groups(account).await
    }
}

async fn over(source: &Arc<Slow>) -> Conversations {
    let building = Conversations::builder("user_0001").source(Arc::clone(source));
    building.facet(Facet::Unread).build().await.unwrap()
}

/// The user reads everything, and one more message comes.
async fn merge_news(conversations: &Conversations) {
    let mut news = patch(0, LATER);
    news.listing = Some(ListingPatch::at(LATER));
    conversations.merge(news).await.unwrap();
}

fn shown(conversations: &Conversations) -> (Option<u32>, Option<Timestamp>) {
    let row = conversations.snapshot().get(&id(ALICE)).unwrap();
    (row.unread.count, row.last_message.value().and_then(|message| message.time))
}

#[tokio::test(start_paused = true)]
async fn facts_merged_while_an_answer_is_on_its_way_stay() {
    let source = Slow::new(0);
    let conversations = over(&source).await;
    let merged = async {
        source.is_asked().await;
        merge_news(&conversations).await;
        source.gate.add_permits(1);
    };
    let (done, ()) = tokio::join!(conversations.sync(), merged);
    done.unwrap();
    assert_eq!(shown(&conversations), (Some(0), Some(LATER)));

    // The next pass asks after it, and the cloud has the last word.
    source.gate.add_permits(1);
    conversations.sync().await.unwrap();
    assert_eq!(shown(&conversations), (Some(5), Some(NOW)));
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_was_asked_for_again_knows_what_was_merged_before() {
    let source = Slow::new(1);
    let conversations = over(&source).await;
    let merged = async {
        source.is_asked().await;
        merge_news(&conversations).await;
        // It fails, and is asked for again after a pause, in the same pass.
        source.gate.add_permits(2);
    };
    let (done, ()) = tokio::join!(conversations.sync(), merged);
    done.unwrap();
    assert_eq!(source.asked.available_permits(), 1);
    assert_eq!(shown(&conversations).0, Some(5));
}
