//! A real source whose answers a test holds back, or which panics once.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use async_trait::async_trait;
use conv_api::{
    AccountId, ConversationSource, Facet, RestSource, SourceError,
    sync::{
        Capabilities, FullProfile, Groups, HydrateRequest, Hydrated, Page, ProfileRequest,
        PullRequest,
    },
};
use tokio::sync::{Notify, Semaphore};

use crate::clocks::Leaping;

#[derive(Debug)]
pub struct Relay {
    source: RestSource,
    /// The answer about this facet that comes next is held back.
    pub hold: Mutex<Option<Facet>>,
    /// Rings once an answer is held.
    pub held: Notify,
    /// One permit lets a held answer go.
    pub gate: Semaphore,
    /// True if the next page panics.
    pub panics: AtomicBool,
    /// A clock that each page takes so much time of.
    pub slow: Option<(Leaping, Duration)>,
}

impl Relay {
    pub fn new(source: RestSource) -> Self {
        Self {
            source,
            hold: Mutex::default(),
            held: Notify::new(),
            gate: Semaphore::new(0),
            panics: AtomicBool::new(false),
            slow: None,
        }
    }
}

#[async_trait]
impl ConversationSource for Relay {
    fn capabilities(&self) -> Capabilities {
        self.source.capabilities()
    }

    async fn pull(&self, request: &PullRequest) -> Result<Page, SourceError> {
        assert!(!self.panics.swap(false, Relaxed), "the source panics, as the test wants");
        if let Some((clock, time)) = &self.slow {
            clock.leap(*time);
        }
        self.source.pull(request).await
    }

    async fn hydrate(&self, request: &HydrateRequest) -> Result<Hydrated, SourceError> {
        let answer = self.source.hydrate(request).await;
        let is_held = self.hold.lock().unwrap().take_if(|facet| *facet == request.facet).is_some();
        if is_held {
            self.held.notify_one();
            self.gate.acquire().await.unwrap().forget();
        }
        answer
    }

    async fn profile(&self, request: &ProfileRequest) -> Result<FullProfile, SourceError> {
        self.source.profile(request).await
    }

    async fn groups(&self, account: &AccountId) -> Result<Groups, SourceError> {
        self.source.groups(account).await
    }
}
