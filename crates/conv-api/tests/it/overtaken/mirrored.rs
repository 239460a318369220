//! Over a source that keeps the list itself, such as a gateway, and says each change once.

use std::sync::Arc;

use async_trait::async_trait;
use conv_api::{
    AccountId, Conversation, ConversationPatch, ConversationSource, Conversations, Coverage,
    OutcomeKind, SourceError,
    model::Cursor,
    sync::{
        Capabilities, Changes, ChangesRequest, CursorPromise, FullProfile, Groups, HydrateRequest,
        Hydrated, ListingOrder, Page, ProfileRequest, PullRequest, SourceRow, Upstream,
        WriteCapabilities, WriteKind,
        testing::{NOW, ScriptedWriter},
    },
};
use tokio::sync::Semaphore;

use super::ALICE;
use crate::support::id;

/// A gateway where one conversation has five unread messages at first. Then they are read, and another
/// one comes: its changes since wait until the test lets them through.
#[derive(Debug)]
struct Gateway {
    asked: Semaphore,
    gate: Semaphore,
}

fn row(seconds: u64, unread: u32) -> SourceRow {
    let mut row = Conversation::new(id(ALICE));
    row.listing.time = Some(NOW.plus_secs(seconds));
    let mut patch = ConversationPatch::new(id(ALICE));
    (patch.listing, patch.unread.count) = (Some(row.listing.into()), Some(unread));
    SourceRow::new(patch)
}

fn at(position: &str) -> Upstream {
    let mut upstream = Upstream::default();
    upstream.coverage = Coverage::Complete;
    upstream.conversations = Some(1);
    upstream.position = Some(Cursor::new(position));
    upstream
}

#[async_trait]
impl ConversationSource for Gateway {
    fn capabilities(&self) -> Capabilities {
        let mut capabilities = Capabilities::default();
        capabilities.order = ListingOrder::NewestFirst;
        capabilities.cursors = CursorPromise::Exact;
        capabilities.offers_changes = true;
        capabilities
    }

    async fn pull(&self, _: &PullRequest) -> Result<Page, SourceError> {
        let mut page = Page::new(vec![row(0, 5)], None, None);
        page.upstream = Some(at("first"));
        Ok(page)
    }

    async fn changes(&self, request: &ChangesRequest) -> Result<Changes, SourceError> {
        if request.since.as_str() != "first" {
            return Ok(Changes::default());
        }
        self.asked.add_permits(1);
        self.gate.acquire().await.unwrap().forget();
        Ok(Changes::new(vec![row(20, 1)], Vec::new(), at("second")))
    }

    async fn hydrate(&self, _: &HydrateRequest) -> Result<Hydrated, SourceError> {
        Err(SourceError::Unsupported { what: "facets".into() })
    }

    async fn profile(&self, _: &ProfileRequest) -> Result<FullProfile, SourceError> {
        Err(SourceError::NotFound)
    }

    async fn groups(&self, _: &AccountId) -> Result<Groups, SourceError> {
        Ok(Groups::default())
    }
}

#[tokio::test]
async fn changes_that_a_reading_overtook_come_again() {
    let mut capabilities = WriteCapabilities::default();
    capabilities.listed.remove(&WriteKind::Read);
    let writer = ScriptedWriter::with_capabilities(capabilities);
    writer.add_row(id(ALICE));
    let gateway = Arc::new(Gateway { asked: Semaphore::new(0), gate: Semaphore::new(0) });
    let builder = Conversations::builder("user_0001").source(Arc::clone(&gateway)).writer(writer);
    let list = builder.build().await.unwrap();
    list.sync().await.unwrap();
    let pass = {
        let list = list.clone();
        tokio::spawn(async move { list.sync().await.map(drop) })
    };
    gateway.asked.acquire().await.unwrap().forget();
    let change = list.set_message_read(&id(ALICE)).await.unwrap();
    assert_eq!(change.outcome().await.unwrap(), OutcomeKind::Done);
    gateway.gate.add_permits(9);
    pass.await.unwrap().unwrap();
    list.sync().await.unwrap();
    let row = list.snapshot().get(&id(ALICE)).unwrap();
    assert_eq!((row.listing.time, row.unread.count), (Some(NOW.plus_secs(20)), Some(1)));
}
