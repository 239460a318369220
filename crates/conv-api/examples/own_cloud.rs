//! Another cloud: a team chat whose channels are the conversations. One trait makes it a source;
//! the cache, the pull, live lists and reports come with it.
//!
//! `cargo run --example own_cloud`

use std::{
    cmp::Reverse,
    error::Error,
    io::{self, Write},
};

use async_trait::async_trait;
use conv_api::{
    AccountId, All, ConversationId, ConversationPatch, ConversationSource, Conversations,
    ListingPatch, SourceError, Timestamp,
    model::{Cursor, GroupType},
    sync::{
        Capabilities, CursorPromise, FullProfile, Groups, HydrateRequest, Hydrated, ListingOrder,
        Page, ProfileRequest, PullRequest, SourceRow,
    },
};

/// The chat's own server would be asked over HTTP; this one has some channels in memory.
#[derive(Debug)]
struct TeamChat {
    /// Name, and second of the last post, in any order.
    channels: Vec<(&'static str, u64)>,
    now: u64,
}

/// The order of channels in the list: later posts first, and of the same second the smaller name. A
/// database gives the same by `ORDER BY last_post DESC, name ASC`, names compared byte by byte.
fn place<'a>(&(name, last_post): &(&'a str, u64)) -> (Reverse<u64>, &'a str) {
    (Reverse(last_post), name)
}

impl TeamChat {
    /// The channels after a cursor, which is a place in the list and not a number of rows: rows
    /// that come or go before it move nothing.
    fn after(&self, cursor: Option<&Cursor>) -> Result<Vec<(&'static str, u64)>, SourceError> {
        let mut channels = self.channels.clone();
        channels.sort_by(|a, b| place(a).cmp(&place(b)));
        let Some(cursor) = cursor else { return Ok(channels) };
        let (last_post, name) =
            cursor.as_str().split_once(':').ok_or(SourceError::CursorExpired)?;
        let last_post = last_post.parse().map_err(|_| SourceError::CursorExpired)?;
        channels.retain(|channel| place(channel) > place(&(name, last_post)));
        Ok(channels)
    }

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
        // Both are true of `place` and `after`. Without promises the pull makes sure for itself.
        let mut capabilities = Capabilities::default();
        capabilities.order = ListingOrder::NewestFirst;
        capabilities.cursors = CursorPromise::Exact;
        capabilities
    }

    /// A page of the list. The cursor is this source's own: the last row of the page before.
    async fn pull(&self, request: &PullRequest) -> Result<Page, SourceError> {
        let channels = self.after(request.cursor.as_ref())?;
        let page = channels.get(..2).unwrap_or(&channels); // two channels a page
        let mut rows = Vec::new();
        for (name, last_post) in page {
            let id = ConversationId::group(name)
                .map_err(|error| SourceError::Protocol { what: error.to_string() })?;
            let mut row = ConversationPatch::new(id);
            row.listing = Some(ListingPatch::at(Timestamp::from_secs(*last_post)));
            rows.push(SourceRow::new(row));
        }
        let last = page.last().filter(|_| page.len() < channels.len());
        let next = last.map(|(name, last_post)| Cursor::new(format!("{last_post}:{name}")));
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

const NOW: u64 = 1_775_000_060;

/// Four of them had their last post in the same second.
const CHANNELS: [(&str, u64); 6] = [
    ("releases", 1_774_990_000),
    ("lunch", 1_774_000_000),
    ("general", 1_775_000_000),
    ("support", 1_774_990_000),
    ("builds", 1_774_990_000),
    ("alerts", 1_774_990_000),
];

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    match run(&mut io::stdout()).await {
        Err(error) if is_unread(&*error) => Ok(()),
        ended => ended,
    }
}

async fn run(out: &mut io::Stdout) -> Result<(), Box<dyn Error>> {
    let chat = TeamChat { channels: CHANNELS.to_vec(), now: NOW };
    let conversations = Conversations::builder("alice").source(chat).build().await?;
    let report = conversations.sync().await?;
    writeln!(out, "complete: {}", report.is_sync_completed())?;
    for row in &conversations.get_conversation_list(All).await? {
        writeln!(out, "{}", row.show_name())?;
    }
    Ok(())
}

/// Returns true if the reader of the output went away, as `head` does: no failure of this program.
fn is_unread(error: &(dyn Error + 'static)) -> bool {
    let error = error.downcast_ref::<io::Error>();
    error.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    };

    use super::*;

    /// Counts the pages that the pull asks for.
    #[derive(Debug)]
    struct Counted(TeamChat, AtomicU32);

    #[async_trait]
    impl ConversationSource for Counted {
        fn capabilities(&self) -> Capabilities {
            self.0.capabilities()
        }

        async fn pull(&self, request: &PullRequest) -> Result<Page, SourceError> {
            self.1.fetch_add(1, Ordering::Relaxed);
            self.0.pull(request).await
        }

        async fn hydrate(&self, request: &HydrateRequest) -> Result<Hydrated, SourceError> {
            self.0.hydrate(request).await
        }

        async fn profile(&self, request: &ProfileRequest) -> Result<FullProfile, SourceError> {
            self.0.profile(request).await
        }

        async fn groups(&self, account: &AccountId) -> Result<Groups, SourceError> {
            self.0.groups(account).await
        }
    }

    #[tokio::test]
    async fn rows_of_one_second_break_no_promise_and_cost_no_second_listing() {
        let chat = TeamChat { channels: CHANNELS.to_vec(), now: NOW };
        let source = Arc::new(Counted(chat, AtomicU32::new(0)));
        let builder = Conversations::builder("alice").source(Arc::clone(&source));
        let conversations = builder.build().await.unwrap();
        let report = conversations.sync().await.unwrap();
        assert!(report.is_sync_completed());
        assert_eq!(report.broken_promises, [""; 0]);
        // Three pages, and the head again.
        assert_eq!(source.1.load(Ordering::Relaxed), 4);
        let list = conversations.get_conversation_list(All).await.unwrap();
        let names: Vec<_> = list.iter().map(|row| row.show_name()).collect();
        assert_eq!(names, ["#general", "#alerts", "#builds", "#releases", "#support", "#lunch"]);
    }
}
