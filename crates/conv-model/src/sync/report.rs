//! The report of a list's completeness, for users.

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{ConversationId, ErrorClass, Timestamp};

/// The report of a list: its completeness, the limits that cut it, and the pass under way.
///
/// ```
/// use conv_model::{Coverage, SyncReport};
///
/// let report = SyncReport::default();
/// assert_eq!(report.coverage, Coverage::Empty);
/// assert!(!report.is_sync_completed());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SyncReport {
    /// The part of the cloud's list that is held.
    pub coverage: Coverage,
    /// The limits that may make the list shorter than the user's history.
    pub limit: Vec<ListLimit>,
    /// The cloud's time to which `Complete` refers: when the last head read began. `None` if no pass
    /// ever finished, or if the cloud gave no time.
    pub as_of: Option<Timestamp>,
    /// The status of the newest pass.
    pub pass: PassStatus,
    /// Rows that the newest pass could not read or the store could not keep.
    pub skipped: Vec<SkippedRow>,
    /// Rows that no listing of the last finished pass confirmed, and that are kept all the same: the
    /// pass met a row that it could not distinguish from them.
    pub unconfirmed: Vec<ConversationId>,
    /// Promises that the source made and the newest pass saw it break, in words.
    pub broken_promises: Vec<String>,
    /// Facets that the newest pass asked for and did not get, row by row. The next pass asks again
    /// for those that may come.
    pub failed: Vec<FailedFacet>,
    /// Facets that at least one row lacks: filters on them match only rows that have them.
    pub not_fetched: Vec<Facet>,
}

impl SyncReport {
    /// The SDK's `isSyncCompleted`: exactly [`Coverage::Complete`].
    pub fn is_sync_completed(&self) -> bool {
        self.coverage == Coverage::Complete
    }
}

/// The part of the cloud's list that is held.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Coverage {
    /// Nothing: no rows, and no pass has ever finished.
    #[default]
    Empty,
    /// The rows of earlier passes: none has finished since the store was opened, or the newest one
    /// failed.
    CacheOnly,
    /// Not yet all: a pass is under way, the first since the store was opened, the first after a
    /// failed one, or the first with another [`SyncScope`](crate::SyncScope).
    Partial,
    /// All: every conversation among the cloud's newest, up to the limit, that did not change
    /// between the pass's start and `as_of` is held with its value; and every row held was in the
    /// cloud at some moment of the pass.
    Complete,
}

/// A limit that may make a list shorter than the user's history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum ListLimit {
    /// The plan gives this many conversations, and the list has reached it.
    Capped(u32),
    /// The cloud keeps a conversation this long after its last message, in seconds.
    Retention(u64),
}

impl fmt::Display for ListLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Capped(rows) => write!(f, "Capped({rows})"),
            Self::Retention(seconds) => write!(f, "Retention({} days)", seconds / 86_400),
        }
    }
}

/// The status of the newest pass.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum PassStatus {
    /// None is under way, and the last one did not fail.
    #[default]
    Idle,
    /// One is under way.
    #[non_exhaustive]
    Running {
        /// Its phase.
        phase: Phase,
        /// Rows listed so far in this phase.
        done: u32,
        /// Rows expected, where that is known.
        total: Option<u32>,
    },
    /// The newest one failed.
    Failed(PassFailure),
}

/// The phase of a running pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Phase {
    /// It shows the rest of a listing that an earlier run began.
    Resuming,
    /// It lists for the first time.
    Listing,
    /// It lists again, until two listings agree.
    Relisting,
}

impl PassStatus {
    /// A pass under way.
    pub fn running(phase: Phase, done: u32, total: Option<u32>) -> Self {
        Self::Running { phase, done, total }
    }
}

/// The reason a pass failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PassFailure {
    /// The kind of error.
    pub class: ErrorClass,
    /// The number of the error, the same that the error has which the pass's callers get: the web
    /// SDK's where it has one, else the cloud's, else one of ours from 990001 to 990099. 0 only if
    /// whatever made the report gave none, as versions before this rule did.
    pub code: i32,
    /// The time to wait before the next try, if the cloud gave one.
    pub retry_after: Option<Duration>,
    /// The error in words. Holds no secret and no row's content.
    pub message: String,
}

impl PassFailure {
    /// A failure without a number.
    pub fn new(class: ErrorClass, message: impl Into<String>) -> Self {
        Self { class, code: 0, retry_after: None, message: message.into() }
    }
}

/// A row that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SkippedRow {
    /// The conversation, if its ID could be read.
    #[serde(rename = "conversationID")]
    pub id: Option<ConversationId>,
    /// The reason, in words. Holds no content of the row.
    pub reason: String,
}

impl SkippedRow {
    /// A row skipped for a reason.
    pub fn new(id: Option<ConversationId>, reason: impl Into<String>) -> Self {
        Self { id, reason: reason.into() }
    }
}

/// A facet of a row that was asked for and did not come. The row is shown without it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct FailedFacet {
    /// Of which conversation.
    #[serde(rename = "conversationID")]
    pub id: ConversationId,
    /// The facet.
    pub facet: Facet,
    /// The kind of error.
    pub class: ErrorClass,
    /// The number of the error, as in [`PassFailure::code`]. 0 only if no call failed: the facet came
    /// and was too large to store.
    pub code: i32,
}

impl FailedFacet {
    /// A facet that failed, with the number of its error, else 0.
    pub fn new(id: ConversationId, facet: Facet, class: ErrorClass, code: i32) -> Self {
        Self { id, facet, class, code }
    }
}

/// A part of a conversation that comes from a call of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Facet {
    /// Name and avatar.
    Profile,
    /// Unread count, mentions, remind type.
    Unread,
    /// The last message.
    LastMessage,
}
