//! The pull alone: another cloud, and rows that go where the embedder wants them.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use conv_model::{
    AccountId, Commit, ConversationId, ConversationPatch, Cursor, ListingPatch, Prune, Seq,
    SyncState, Timestamp,
};
use conv_sync::{
    Capabilities, ConversationSource, FullProfile, Groups, HydrateRequest, Hydrated, Page,
    ProfileRequest, PullOptions, PullRequest, Puller, SourceError, SourceRow, TokioClock,
};

const NOW: Timestamp = Timestamp::from_secs(1_775_000_000);

/// A cloud of our own: 120 users, 50 a page.
#[derive(Debug)]
struct OurCloud;

#[async_trait]
impl ConversationSource for OurCloud {
    fn capabilities(&self) -> Capabilities {
        Capabilities::default()
    }

    async fn pull(&self, request: &PullRequest) -> Result<Page, SourceError> {
        let start: u64 = match &request.cursor {
            None => 0,
            Some(cursor) => cursor.as_str().parse().map_err(|_| SourceError::CursorExpired)?,
        };
        let end = (start + 50).min(120);
        let rows = (start..end).filter_map(|n| {
            let mut patch = ConversationPatch::new(ConversationId::c2c(&format!("u{n}")).ok()?);
            patch.listing = Some(ListingPatch::at(Timestamp::from_secs(NOW.as_secs() - n)));
            Some(SourceRow::new(patch))
        });
        let next = (end < 120).then(|| Cursor::new(end.to_string()));
        Ok(Page::new(rows.collect(), next, Some(NOW)))
    }

    async fn hydrate(&self, request: &HydrateRequest) -> Result<Hydrated, SourceError> {
        let named = request.ids.iter().map(|id| {
            let mut patch = ConversationPatch::new(id.clone());
            patch.profile.name = Some(format!("User {id}").into());
            patch.profile.read_at = Some(NOW);
            patch
        });
        Ok(Hydrated::new(named.collect(), Vec::new()))
    }

    async fn profile(&self, _: &ProfileRequest) -> Result<FullProfile, SourceError> {
        Err(SourceError::NotFound)
    }

    async fn groups(&self, _: &AccountId) -> Result<Groups, SourceError> {
        Ok(Groups::default())
    }
}

/// Pulls into a plain map. A real embedder would hand the changes to a database.
async fn pull() -> Result<BTreeMap<ConversationId, ConversationPatch>, Box<dyn std::error::Error>> {
    let clock = Arc::new(TokioClock::default());
    let options = PullOptions::default().with_plan_limit(500);
    let state = SyncState::default();
    let account = "user_0001".parse()?;
    let mut puller = Puller::new(Arc::new(OurCloud), clock, account, options, &state);
    let mut rows = BTreeMap::new();
    while let Some(delta) = puller.next().await? {
        rows.extend(delta.listed.into_iter().map(|row| (row.id.clone(), row)));
        if let Some(Prune::Unlisted { keep }) = delta.prune {
            rows.retain(|id, _| keep.contains(id));
        }
        puller.applied(&Commit::new(Seq::ZERO, Arc::default()));
    }
    Ok(rows)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("{} rows pulled", pull().await?.len());
    Ok(())
}

#[tokio::test]
async fn every_row_of_the_cloud_is_pulled() {
    assert_eq!(pull().await.unwrap().len(), 120);
}
