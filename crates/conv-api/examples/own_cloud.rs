//! Another cloud: a team chat whose channels are the conversations. One trait makes it a source;
//! the cache, the pull, live lists and reports come with it.
//!
//! `cargo run --example own_cloud`

use async_trait::async_trait;
use conv_api::{
    AccountId, All, ConversationId, ConversationPatch, ConversationSource, Conversations,
    ListingPatch, SourceError, Timestamp,
    model::{Cursor, GroupType},
    sync::{
        Capabilities, FullProfile, Groups, HydrateRequest, Hydrated, Page, ProfileRequest,
        PullRequest, SourceRow,
    },
};

/// The chat's own server would be asked over HTTP; this one has three channels in memory.
#[derive(Debug)]
struct TeamChat {
    /// Name, and second of the last post.
    channels: [(&'static str, u64); 3],
    now: u64,
}

impl TeamChat {
    fn channel(&self, id: &ConversationId) -> Option<ConversationPatch> {
        let (name, _) =
            self.channels.iter().find(|(name, _)| id.as_str() == format!("GROUP{name}"))?;
        let mut patch = ConversationPatch::new(id.clone());
        patch.profile.name = Some(format!("#{name}").into());
        patch.profile.group_type = Some(GroupType::Public);
        patch.profile.read_at = Some(Timestamp::from_secs(self.now));
        Some(patch)
    }
}

#[async_trait]
impl ConversationSource for TeamChat {
    fn capabilities(&self) -> Capabilities {
        Capabilities::default() // no promises: the pull makes sure for itself
    }

    /// A page of the list. The cursor is this source's own: here, where the next page begins.
    async fn pull(&self, request: &PullRequest) -> Result<Page, SourceError> {
        let start: usize = match &request.cursor {
            None => 0,
            Some(cursor) => cursor.as_str().parse().map_err(|_| SourceError::CursorExpired)?,
        };
        let end = start.saturating_add(2); // two channels a page
        let mut rows = Vec::new();
        for (name, last_post) in self.channels.iter().take(end).skip(start) {
            let id = ConversationId::group(name)
                .map_err(|error| SourceError::Protocol { what: error.to_string() })?;
            let mut row = ConversationPatch::new(id);
            row.listing = Some(ListingPatch::at(Timestamp::from_secs(*last_post)));
            rows.push(SourceRow::new(row));
        }
        let next = (end < self.channels.len()).then(|| Cursor::new(end.to_string()));
        Ok(Page::new(rows, next, Some(Timestamp::from_secs(self.now))))
    }

    /// Names for many rows at once.
    async fn hydrate(&self, request: &HydrateRequest) -> Result<Hydrated, SourceError> {
        Ok(Hydrated::new(
            request.ids.iter().filter_map(|id| self.channel(id)).collect(),
            Vec::new(),
        ))
    }

    /// All that is known of one.
    async fn profile(&self, request: &ProfileRequest) -> Result<FullProfile, SourceError> {
        self.channel(&request.id).map(FullProfile::new).ok_or(SourceError::NotFound)
    }

    /// This chat has no conversation groups.
    async fn groups(&self, _: &AccountId) -> Result<Groups, SourceError> {
        Ok(Groups::default())
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let channels =
        [("general", 1_775_000_000), ("releases", 1_774_990_000), ("lunch", 1_774_000_000)];
    let chat = TeamChat { channels, now: 1_775_000_060 };
    let conversations = Conversations::builder("alice").source(chat).build().await?;
    let report = conversations.sync().await?;
    println!("complete: {}", report.is_sync_completed());
    for row in &conversations.get_conversation_list(All).await? {
        println!("{}", row.show_name());
    }
    Ok(())
}
