use std::sync::Arc;

use async_trait::async_trait;
use conv_api::{
    AccountId, ConversationId, ConversationSource, Conversations, SourceError,
    sync::{
        Capabilities, FullProfile, Groups, HydrateRequest, Hydrated, Page, ProfileRequest,
        PullRequest,
    },
    testing::ScriptedSource,
};
use tokio::sync::Semaphore;

pub fn id(text: &str) -> ConversationId {
    text.parse().unwrap()
}

pub async fn over(source: impl ConversationSource) -> Conversations {
    Conversations::builder("user_0001").source(source).plan_limit(500).build().await.unwrap()
}

/// A source whose answers wait until the test lets them through, one permit a call.
#[derive(Debug)]
pub struct Gated {
    pub source: ScriptedSource,
    pub gate: Semaphore,
}

impl Gated {
    pub fn new(source: ScriptedSource) -> Arc<Self> {
        Arc::new(Self { source, gate: Semaphore::new(0) })
    }

    async fn pass(&self) {
        self.gate.acquire().await.unwrap().forget();
    }
}

#[async_trait]
impl ConversationSource for Gated {
    fn capabilities(&self) -> Capabilities {
        self.source.capabilities()
    }

    async fn pull(&self, request: &PullRequest) -> Result<Page, SourceError> {
        self.pass().await;
        self.source.pull(request).await
    }

    async fn hydrate(&self, request: &HydrateRequest) -> Result<Hydrated, SourceError> {
        self.pass().await;
        self.source.hydrate(request).await
    }

    async fn profile(&self, request: &ProfileRequest) -> Result<FullProfile, SourceError> {
        self.pass().await;
        self.source.profile(request).await
    }

    async fn groups(&self, account: &AccountId) -> Result<Groups, SourceError> {
        self.pass().await;
        self.source.groups(account).await
    }
}
