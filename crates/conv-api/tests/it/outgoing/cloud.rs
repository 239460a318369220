//! A cloud that is read and written, of one account.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering::Relaxed},
};

use async_trait::async_trait;
use conv_api::{
    AccountId, ConversationId, ConversationPatch, ConversationSource, ConversationWriter,
    Conversations, ConversationsBuilder, SourceError,
    sync::{
        Capabilities, FullProfile, Groups, HydrateRequest, Hydrated, Page, ProfileRequest,
        PullRequest, SourceRow, WriteCapabilities, WriteRequest, Written,
    },
    testing::{ScriptedSource, sync::ScriptedWriter},
};

/// A cloud whose list shows what was written to it.
#[derive(Debug)]
pub struct Cloud {
    pub writer: ScriptedWriter,
    pub source: ScriptedSource,
    is_offline: AtomicBool,
}

pub fn id(number: usize) -> ConversationId {
    ConversationId::c2c(&format!("peer_{number:04}")).unwrap()
}

impl Cloud {
    pub fn new(rows: usize) -> Arc<Self> {
        Self::with_writer(rows, ScriptedWriter::default())
    }

    pub fn with_writer(rows: usize, writer: ScriptedWriter) -> Arc<Self> {
        (0..rows).for_each(|number| writer.add_row(id(number)));
        let source = ScriptedSource::new([]);
        Arc::new(Self { writer, source, is_offline: AtomicBool::new(false) })
    }

    pub fn set_offline(&self, is_offline: bool) {
        self.is_offline.store(is_offline, Relaxed);
    }

    fn check(&self) -> Result<(), SourceError> {
        match self.is_offline.load(Relaxed) {
            true => Err(SourceError::TimedOut),
            false => Ok(()),
        }
    }

    /// A list that is pulled from it and sent to it.
    pub fn builder(self: &Arc<Self>) -> ConversationsBuilder {
        let builder = Conversations::builder("user_0001").plan_limit(500);
        builder.source(Arc::clone(self)).writer(Arc::clone(self))
    }

    pub async fn list(self: &Arc<Self>) -> Conversations {
        let list = self.builder().build().await.unwrap();
        list.sync().await.unwrap();
        list
    }

    pub fn is_pinned(&self, number: usize) -> bool {
        self.writer.row(&id(number)).is_some_and(|row| row.listing.is_pinned)
    }
}

#[async_trait]
impl ConversationSource for Cloud {
    fn capabilities(&self) -> Capabilities {
        self.source.capabilities()
    }

    async fn pull(&self, request: &PullRequest) -> Result<Page, SourceError> {
        self.check()?;
        let rows = self.writer.rows().into_iter().map(|row| {
            let mut patch = ConversationPatch::new(row.id.clone());
            patch.listing = Some(row.listing.into());
            SourceRow::new(patch)
        });
        self.source.set_rows(rows);
        self.source.pull(request).await
    }

    async fn hydrate(&self, request: &HydrateRequest) -> Result<Hydrated, SourceError> {
        self.check()?;
        self.source.hydrate(request).await
    }

    async fn profile(&self, request: &ProfileRequest) -> Result<FullProfile, SourceError> {
        self.source.profile(request).await
    }

    async fn groups(&self, account: &AccountId) -> Result<Groups, SourceError> {
        self.writer.look(account).await
    }
}

#[async_trait]
impl ConversationWriter for Cloud {
    fn write_capabilities(&self) -> WriteCapabilities {
        self.writer.write_capabilities()
    }

    async fn write(&self, request: &WriteRequest) -> Result<Written, SourceError> {
        self.check()?;
        self.writer.write(request).await
    }

    async fn look(&self, account: &AccountId) -> Result<Groups, SourceError> {
        self.check()?;
        self.writer.look(account).await
    }
}
