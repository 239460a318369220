//! The trait of a cloud, and the requests and answers of its calls.

use serde::{Deserialize, Serialize};
use std::{fmt::Debug, sync::Arc};

use async_trait::async_trait;
use conv_model::{
    AccountId, ConversationId, ConversationPatch, ConversationType, Coverage, Cursor, Facet,
    ListLimit, SkippedRow, Timestamp,
};

use crate::{RequestCounts, SourceError};

/// A cloud that holds the conversation lists of any number of accounts.
///
/// # Contract
/// * Every method is one round trip or a few, and waits for no other account's calls. Dropping a
///   future abandons the call and nothing else.
/// * A source keeps no state per account: requests carry all that it needs.
/// * An error says whether a retry may help, and the pull decides. A method itself may only repeat
///   a read whose kept connection broke before an answer: that is not a refusal by the cloud.
/// * A row that cannot be read is left out and listed in [`Page::skipped`]; a reply that cannot be
///   read at all is an error. Errors hold no secret.
#[async_trait]
pub trait ConversationSource: Debug + Send + Sync + 'static {
    /// Returns what this source can do and promises; the same every time.
    fn capabilities(&self) -> Capabilities;

    /// Reads one page of an account's list, in any order.
    ///
    /// # Errors
    /// [`SourceError::CursorExpired`] if the cursor is no longer valid; else the error of the call.
    async fn pull(&self, request: &PullRequest) -> Result<Page, SourceError>;

    /// Reads what changed in an account's list since a position, if
    /// [`offers_changes`](Capabilities::offers_changes) is set. A pass falls back to reading the whole
    /// list if it fails with one of the errors below, or with any that a retry does not help but one
    /// of the login.
    ///
    /// # Errors
    /// [`SourceError::CursorExpired`] if the changes since then are not known: the position is too
    /// old, or of another list. [`SourceError::Unsupported`] if there is no such call, as by default.
    async fn changes(&self, request: &ChangesRequest) -> Result<Changes, SourceError> {
        let _ = request;
        Err(SourceError::Unsupported { what: "changes since a position".into() })
    }

    /// Reads one facet of some conversations of one kind, at most [`batch`](Capabilities::batch) of
    /// them. A conversation that does not exist is among the failed.
    ///
    /// # Errors
    /// If the call as a whole failed.
    async fn hydrate(&self, request: &HydrateRequest) -> Result<Hydrated, SourceError>;

    /// Reads the full profile of one user or group, with [`detail`](conv_model::Profile::detail).
    ///
    /// # Errors
    /// [`SourceError::NotFound`] if it does not exist, was dissolved, or is not visible.
    async fn profile(&self, request: &ProfileRequest) -> Result<FullProfile, SourceError>;

    /// Reads the names of an account's conversation groups, by the numbers that rows carry.
    ///
    /// # Errors
    /// The error of the call.
    async fn groups(&self, account: &AccountId) -> Result<Groups, SourceError>;

    /// Returns the counts of the requests that this source sends to its cloud; `None`, as by default,
    /// if it does not count them. A source around another one returns those of the inner one.
    fn request_counts(&self) -> Option<RequestCounts> {
        None
    }
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

    async fn changes(&self, request: &ChangesRequest) -> Result<Changes, SourceError> {
        (**self).changes(request).await
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

    fn request_counts(&self) -> Option<RequestCounts> {
        (**self).request_counts()
    }
}

/// The abilities and promises of a source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Capabilities {
    /// The order of rows from page to page.
    pub order: ListingOrder,
    /// The meaning of a cursor.
    pub cursors: CursorPromise,
    /// The maximum number of users and groups per `hydrate` call.
    pub profile_batch: Batch,
    /// The facets that `hydrate` can read.
    pub facets: Vec<Facet>,
    /// The time that the cloud keeps a conversation after its last message, in seconds.
    pub retention: Option<u64>,
    /// True if [`changes`](ConversationSource::changes) can be asked. Such a source keeps the list
    /// itself, its pages say in what state ([`Page::upstream`]), and the plan's limit is that of its
    /// own list: a pass reads all of its rows. They should bring every facet and the names
    /// of their groups: a pass reads these only for rows among the changes.
    #[serde(default)]
    pub offers_changes: bool,
}

/// A source's promise about the order of its rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum ListingOrder {
    /// Nothing.
    #[default]
    Unordered,
    /// No row of a later page comes before a row of an earlier one in list order, so a pull may
    /// stop at its limit. A page that breaks the promise is reported, and the pass reads on.
    NewestFirst,
}

/// A source's promise about its cursors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum CursorPromise {
    /// No promise: a row may slip past a page boundary when rows before it come or go.
    #[default]
    Opaque,
    /// A cursor is a place in list order, not a number of rows: a row that does not move between
    /// two pages is on one of them. With [`ListingOrder::NewestFirst`], a pull whose first listing
    /// stayed below its limit reads only the head again. A page that breaks the promise is
    /// reported, and the pass reads the whole list again.
    Exact,
}

/// The maximum number of conversations of each kind per call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Batch {
    /// One-to-one conversations.
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
            offers_changes: false,
        }
    }
}

impl Capabilities {
    /// Returns the maximum number of conversations of a kind per `hydrate` call, at least 1.
    pub fn batch(&self, kind: ConversationType) -> usize {
        match kind {
            ConversationType::Group => self.profile_batch.groups.max(1),
            _ => self.profile_batch.users.max(1),
        }
    }
}

/// A request for one page.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct PullRequest {
    /// The account whose list is read.
    pub account: AccountId,
    /// The start of the page; `None` for the head of the list.
    pub cursor: Option<Cursor>,
    /// The number of rows wanted; a source may answer with fewer or more.
    pub limit: u32,
}

impl PullRequest {
    /// Makes a request for a page of an account's list.
    pub fn new(account: AccountId, cursor: Option<Cursor>, limit: u32) -> Self {
        Self { account, cursor, limit }
    }
}

/// One page of a list.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Page {
    /// The rows.
    pub rows: Vec<SourceRow>,
    /// The start of the next page; `None` if this is the last.
    pub next: Option<Cursor>,
    /// The cloud's time of the answer; `None` if the cloud gave none.
    pub server_time: Option<Timestamp>,
    /// Rows that could not be read. One without an ID may be any row, so the pass then removes no
    /// row that it did not see. A page that lacks its list of rows has one such entry.
    pub skipped: Vec<SkippedRow>,
    /// The state of the list at the source, of the same instant as the rows, if the source keeps the
    /// list itself; `None` for a cloud.
    #[serde(default)]
    pub upstream: Option<Upstream>,
}

impl Page {
    /// Makes a page in which every row could be read.
    pub fn new(rows: Vec<SourceRow>, next: Option<Cursor>, server_time: Option<Timestamp>) -> Self {
        Self { rows, next, server_time, skipped: Vec::new(), upstream: None }
    }
}

/// The state of a list at a source that keeps it itself, as a gateway keeps that of a cloud.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Upstream {
    /// The part of the cloud's list that it holds. A list read from it is complete only if this is.
    pub coverage: Coverage,
    /// The cloud's time to which `Complete` refers.
    pub as_of: Option<Timestamp>,
    /// The limits of its list.
    pub limit: Vec<ListLimit>,
    /// The rows that it could not read, for the report. They may be any; its list has what it kept of
    /// them.
    pub skipped: Vec<SkippedRow>,
    /// The number of rows in its list, if it counts them.
    pub conversations: Option<u64>,
    /// Where changes go on from; `None` while the list has no position.
    pub position: Option<Cursor>,
}

/// A request for the changes of a list since a position.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct ChangesRequest {
    /// The account whose list is read.
    pub account: AccountId,
    /// A [position](Upstream::position) that the source gave.
    pub since: Cursor,
}

impl ChangesRequest {
    /// Makes a request for the changes of an account's list since a position.
    pub fn new(account: AccountId, since: Cursor) -> Self {
        Self { account, since }
    }
}

/// The changes of a list since a position.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Changes {
    /// The rows that came or changed, as they are now.
    pub rows: Vec<SourceRow>,
    /// The rows that left. One that is among `rows` as well is there.
    pub removed: Vec<ConversationId>,
    /// Rows among the changes that could not be read.
    pub skipped: Vec<SkippedRow>,
    /// The state of the list; `None` if it still is where it was, and is complete without a skipped
    /// row.
    pub upstream: Option<Upstream>,
    /// The cloud's time of the answer; `None` if the source gave none.
    pub server_time: Option<Timestamp>,
}

impl Changes {
    /// Makes an answer of changed rows and IDs of rows that left.
    pub fn new(rows: Vec<SourceRow>, removed: Vec<ConversationId>, upstream: Upstream) -> Self {
        Self { rows, removed, upstream: Some(upstream), ..Self::default() }
    }
}

/// One row of a page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SourceRow {
    /// The row's content, with its listing set.
    pub patch: ConversationPatch,
    /// The row's conversation groups by number, if the row does not name them itself;
    /// [`ConversationSource::groups`] reads the names.
    pub group_ids: Option<Vec<u64>>,
}

impl SourceRow {
    /// Makes a row that names its groups itself, or has none.
    pub fn new(patch: ConversationPatch) -> Self {
        Self { patch, group_ids: None }
    }
}

/// A request for one facet of some conversations of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct HydrateRequest {
    /// The account whose list is read.
    pub account: AccountId,
    /// The facet to read.
    pub facet: Facet,
    /// The conversations: all one-to-one, or all groups.
    pub ids: Vec<ConversationId>,
}

impl HydrateRequest {
    /// Makes a request for one facet of some conversations.
    pub fn new(account: AccountId, facet: Facet, ids: Vec<ConversationId>) -> Self {
        Self { account, facet, ids }
    }
}

/// The answer of `hydrate`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Hydrated {
    /// The facet of each conversation that was found, with
    /// [`read_at`](conv_model::Profile::read_at) set for profiles.
    pub found: Vec<ConversationPatch>,
    /// The other conversations, each with its error.
    pub failed: Vec<(ConversationId, SourceError)>,
}

impl Hydrated {
    /// Makes an answer from the found and the failed conversations.
    pub fn new(found: Vec<ConversationPatch>, failed: Vec<(ConversationId, SourceError)>) -> Self {
        Self { found, failed }
    }
}

/// A request for one full profile.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct ProfileRequest {
    /// The account that asks.
    pub account: AccountId,
    /// The user or group whose profile is read.
    pub id: ConversationId,
}

impl ProfileRequest {
    /// Makes a request by an account for the profile of a user or group.
    pub fn new(account: AccountId, id: ConversationId) -> Self {
        Self { account, id }
    }
}

/// One full profile.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct FullProfile {
    /// The profile, with its detail and its read time.
    pub patch: ConversationPatch,
}

impl FullProfile {
    /// Wraps a profile.
    pub fn new(patch: ConversationPatch) -> Self {
        Self { patch }
    }
}

/// The names of conversation groups by their numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Groups {
    /// The number and name of each group.
    pub names: Vec<(u64, Arc<str>)>,
    /// The cloud's time of the answer; `None` if the cloud gave none.
    pub server_time: Option<Timestamp>,
}

impl Groups {
    /// Makes an answer from names and the cloud's time.
    pub fn new(names: Vec<(u64, Arc<str>)>, server_time: Option<Timestamp>) -> Self {
        Self { names, server_time }
    }
}
