//! A cloud, as a pull sees it.

use serde::{Deserialize, Serialize};
use std::{fmt::Debug, sync::Arc};

use async_trait::async_trait;
use conv_model::{
    AccountId, ConversationId, ConversationPatch, ConversationType, Cursor, Facet, SkippedRow,
    Timestamp,
};

use crate::SourceError;

/// A cloud that has conversation lists, of any number of accounts.
///
/// # Contract
/// * Every method is one round trip or a few; none waits for another account's. Dropping a future
///   abandons the call and nothing else.
/// * A source keeps no state of an account: requests carry all that is needed.
/// * An error says whether trying again may help, and the pull decides. A method itself may only
///   send a read once more where a kept connection broke before an answer: that is no refusal by
///   the cloud.
/// * A row that cannot be read is left out and named in [`Page::skipped`]; a reply that cannot be
///   read at all is an error. Errors hold no secret.
#[async_trait]
pub trait ConversationSource: Debug + Send + Sync + 'static {
    /// What this source can do and promises. The same answer every time.
    fn capabilities(&self) -> Capabilities;

    /// One page of an account's list, in any order.
    ///
    /// # Errors
    /// [`SourceError::CursorExpired`] if the cursor no longer serves; else what the call met.
    async fn pull(&self, request: &PullRequest) -> Result<Page, SourceError>;

    /// One facet of some conversations of one kind, at most
    /// [`batch`](Capabilities::batch) of them. What does not exist is among the failed.
    ///
    /// # Errors
    /// If the call as a whole failed.
    async fn hydrate(&self, request: &HydrateRequest) -> Result<Hydrated, SourceError>;

    /// The full profile of one user or group, with
    /// [`detail`](conv_model::Profile::detail).
    ///
    /// # Errors
    /// [`SourceError::NotFound`] if it does not exist, was dissolved, or is not visible.
    async fn profile(&self, request: &ProfileRequest) -> Result<FullProfile, SourceError>;

    /// The names of an account's conversation groups by the numbers that rows carry.
    ///
    /// # Errors
    /// What the call met.
    async fn groups(&self, account: &AccountId) -> Result<Groups, SourceError>;
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl<T: ConversationSource + ?Sized> ConversationSource for Arc<T> {
    fn capabilities(&self) -> Capabilities {
        (**self).capabilities()
    }

    async fn pull(&self, request: &PullRequest) -> Result<Page, SourceError> {
        (**self).pull(request).await
    }

    async fn hydrate(&self, request: &HydrateRequest) -> Result<Hydrated, SourceError> {
        (**self).hydrate(request).await
    }

    async fn profile(&self, request: &ProfileRequest) -> Result<FullProfile, SourceError> {
        (**self).profile(request).await
    }

    async fn groups(&self, account: &AccountId) -> Result<Groups, SourceError> {
        (**self).groups(account).await
    }
}

/// What a source can do and promises.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Capabilities {
    /// The order of rows from page to page.
    pub order: ListingOrder,
    /// What a cursor stands for.
    pub cursors: CursorPromise,
    /// The most users and groups of one `hydrate` call for profiles.
    pub profile_batch: Batch,
    /// Facets that `hydrate` brings.
    pub facets: Vec<Facet>,
    /// How long the cloud keeps a conversation after its last message, in seconds.
    pub retention: Option<u64>,
}

/// What a source promises about the order of its rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum ListingOrder {
    /// Nothing.
    #[default]
    Unordered,
    /// No row of a later page stands before a row of an earlier one in list order: a pull may
    /// stop at its limit. A page that breaks the promise is reported, and the pass reads on.
    NewestFirst,
}

/// What a source promises about its cursors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum CursorPromise {
    /// Nothing: a row may slip past a page boundary when rows before it come or go.
    #[default]
    Opaque,
    /// A cursor is a place in list order, not a number of rows: a row that stands still between
    /// two pages is on one of them. With [`ListingOrder::NewestFirst`], a pull whose first listing
    /// stayed below its limit reads only the head again. A page that breaks the promise is
    /// reported, and the pass reads the whole list again.
    Exact,
}

/// The most conversations of each kind in one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Batch {
    /// One to one.
    pub users: usize,
    /// Groups.
    pub groups: usize,
}

impl Default for Capabilities {
    fn default() -> Self {
        Self {
            order: ListingOrder::Unordered,
            cursors: CursorPromise::Opaque,
            profile_batch: Batch { users: 100, groups: 50 },
            facets: vec![Facet::Profile],
            retention: None,
        }
    }
}

impl Capabilities {
    /// The most conversations of a kind in one `hydrate` call, at least 1.
    pub fn batch(&self, kind: ConversationType) -> usize {
        match kind {
            ConversationType::Group => self.profile_batch.groups.max(1),
            _ => self.profile_batch.users.max(1),
        }
    }
}

/// Asks for one page.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct PullRequest {
    /// Whose list.
    pub account: AccountId,
    /// Where the page begins; `None`: at the head.
    pub cursor: Option<Cursor>,
    /// The most rows that are wanted; a source may answer with fewer or more.
    pub limit: u32,
}

impl PullRequest {
    /// A page of an account's list.
    pub fn new(account: AccountId, cursor: Option<Cursor>, limit: u32) -> Self {
        Self { account, cursor, limit }
    }
}

/// One page of a list.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Page {
    /// Its rows.
    pub rows: Vec<SourceRow>,
    /// Where the next page begins; `None`: this was the last.
    pub next: Option<Cursor>,
    /// The cloud's time as the page was answered; `None` if the cloud gave none.
    pub server_time: Option<Timestamp>,
    /// Rows that could not be read. One without an ID stands for any row: the pass then removes
    /// none that it did not see. A page whose rows are missing as a whole names one of that kind.
    pub skipped: Vec<SkippedRow>,
}

impl Page {
    /// A page of rows.
    pub fn new(rows: Vec<SourceRow>, next: Option<Cursor>, server_time: Option<Timestamp>) -> Self {
        Self { rows, next, server_time, skipped: Vec::new() }
    }
}

/// One row of a page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SourceRow {
    /// What the row says; its listing is set.
    pub patch: ConversationPatch,
    /// Conversation groups by number, where the row does not name them itself:
    /// [`ConversationSource::groups`] does.
    pub group_ids: Option<Vec<u64>>,
}

impl SourceRow {
    /// A row that names its groups itself, or has none.
    pub fn new(patch: ConversationPatch) -> Self {
        Self { patch, group_ids: None }
    }
}

/// Asks for one facet of some conversations of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct HydrateRequest {
    /// Whose list.
    pub account: AccountId,
    /// Which facet.
    pub facet: Facet,
    /// Which conversations: all one to one, or all groups.
    pub ids: Vec<ConversationId>,
}

impl HydrateRequest {
    /// One facet of some conversations.
    pub fn new(account: AccountId, facet: Facet, ids: Vec<ConversationId>) -> Self {
        Self { account, facet, ids }
    }
}

/// What `hydrate` found.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Hydrated {
    /// The facet of each conversation that was found, with
    /// [`read_at`](conv_model::Profile::read_at) set for profiles.
    pub found: Vec<ConversationPatch>,
    /// The others, each with its reason.
    pub failed: Vec<(ConversationId, SourceError)>,
}

impl Hydrated {
    /// What was found and what failed.
    pub fn new(found: Vec<ConversationPatch>, failed: Vec<(ConversationId, SourceError)>) -> Self {
        Self { found, failed }
    }
}

/// Asks for one full profile.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct ProfileRequest {
    /// Who asks.
    pub account: AccountId,
    /// Of whom: a user or a group.
    pub id: ConversationId,
}

impl ProfileRequest {
    /// The profile of a user or group, as an account asks for it.
    pub fn new(account: AccountId, id: ConversationId) -> Self {
        Self { account, id }
    }
}

/// One full profile.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct FullProfile {
    /// The profile, with its detail and the time it was read.
    pub patch: ConversationPatch,
}

impl FullProfile {
    /// A profile.
    pub fn new(patch: ConversationPatch) -> Self {
        Self { patch }
    }
}

/// The names of conversation groups by their numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Groups {
    /// Number and name of each.
    pub names: Vec<(u64, Arc<str>)>,
    /// The cloud's time as it was answered; `None` if the cloud gave none.
    pub server_time: Option<Timestamp>,
}

impl Groups {
    /// Names at a moment.
    pub fn new(names: Vec<(u64, Arc<str>)>, server_time: Option<Timestamp>) -> Self {
        Self { names, server_time }
    }
}
