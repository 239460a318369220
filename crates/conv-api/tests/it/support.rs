use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use conv_api::{
    AccountId, ConversationId, ConversationSource, Conversations, Event, Events, SourceError,
    SyncReport,
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

/// The next report of a list's events; `None` once they end.
pub async fn next_report(events: &mut Events) -> Option<SyncReport> {
    loop {
        if let Event::SyncReportUpdated(report) = events.next().await? {
            return Some(report);
        }
    }
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

/// The reaction of a [`Moody`] source to a call.
#[derive(Clone, Debug, Default)]
pub enum Mood {
    #[default]
    Well,
    Fails(SourceError),
    Panics,
    /// Never answers.
    Hangs,
}

/// A source whose calls of each kind fail, panic or hang for as long as the test wants.
#[derive(Debug)]
pub struct Moody {
    pub source: ScriptedSource,
    pub pulls: Mutex<Mood>,
    pub names: Mutex<Mood>,
    pub profiles: Mutex<Mood>,
    /// Calls of every kind, also those that did not end.
    pub calls: AtomicUsize,
}

impl Moody {
    pub fn new(rows: u32) -> Arc<Self> {
        Arc::new(Self {
            source: ScriptedSource::with_rows(rows),
            pulls: Mutex::default(),
            names: Mutex::default(),
            profiles: Mutex::default(),
            calls: AtomicUsize::new(0),
        })
    }

    pub fn set(mood: &Mutex<Mood>, to: Mood) {
        *mood.lock().unwrap() = to;
    }

    pub fn calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }

    async fn meet(&self, mood: &Mutex<Mood>) -> Result<(), SourceError> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        let mood = mood.lock().unwrap().clone();
        match mood {
            Mood::Well => Ok(()),
            Mood::Fails(error) => Err(error),
            Mood::Panics => panic!("the source panics, as the test wants"),
            Mood::Hangs => std::future::pending().await,
        }
    }
}

#[async_trait]
impl ConversationSource for Moody {
    fn capabilities(&self) -> Capabilities {
        self.source.capabilities()
    }

    async fn pull(&self, request: &PullRequest) -> Result<Page, SourceError> {
        self.meet(&self.pulls).await?;
        self.source.pull(request).await
    }

    async fn hydrate(&self, request: &HydrateRequest) -> Result<Hydrated, SourceError> {
        self.meet(&self.names).await?;
        self.source.hydrate(request).await
    }

    async fn profile(&self, request: &ProfileRequest) -> Result<FullProfile, SourceError> {
        self.meet(&self.profiles).await?;
        self.source.profile(request).await
    }

    async fn groups(&self, account: &AccountId) -> Result<Groups, SourceError> {
        self.source.groups(account).await
    }
}
