//! Changes and commits: the only data between a pull and a store.

use std::{collections::BTreeSet, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::{
    Conversation, ConversationId, Facet, GroupNames, Known, LastMessage, Listing, Marks, Outcome,
    PassId, Profile, SyncState, SyncStep, Timestamp, Unread,
};

/// The number of a commit of one account's store: each greater than the one before. It belongs to one
/// process; a [`Position`](crate::Position) is what another one understands.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Seq(u64);

impl Seq {
    /// Of a store without any commit.
    pub const ZERO: Self = Self(0);

    /// From its number.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number.
    pub const fn as_u64(self) -> u64 {
        self.0
    }

    /// The next commit's number.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// One whole change of an account's list. A store applies it whole or not at all.
///
/// Changes serialise as plain data, so that traces of a pull can be kept; the form may change with
/// any version.
///
/// ```
/// use conv_model::{ConversationId, ConversationPatch, Delta, ListingPatch, Timestamp};
///
/// // A message came in, for example by a webhook.
/// let mut patch = ConversationPatch::new(ConversationId::c2c("alice")?);
/// patch.listing = Some(ListingPatch::at(Timestamp::from_secs(1_700_000_000)));
/// let delta = Delta::listed([patch]);
/// assert_eq!(delta.pass, None);
/// # Ok::<(), conv_model::ParseIdError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Delta {
    /// The pass this belongs to. It is refused as superseded once a later pass has begun; a change
    /// without a pass always merges.
    pub pass: Option<PassId>,
    /// Its effect on the state of the sync.
    pub step: Option<SyncStep>,
    /// Rows of a listing: made if absent.
    pub listed: Vec<ConversationPatch>,
    /// Facets learned elsewhere: ignored for rows that are absent, so that a late name does not bring
    /// a removed row back.
    pub updates: Vec<ConversationPatch>,
    /// Rows known to be gone.
    pub removed: Vec<ConversationId>,
    /// Rows to remove by a rule.
    pub prune: Option<Prune>,
    /// The names of the account's conversation groups, where they were read.
    pub groups: Option<GroupNames>,
    /// The numbers of conversation groups that had no name when a pass ended, where they are other than
    /// [known](GroupNames::unnamed).
    pub unnamed: Option<BTreeSet<u64>>,
    /// The number of the last stored write that was known when the question was sent that this
    /// change answers. A facet that another writer changed after that write stays as it is. `None`
    /// for a value of this moment, which no earlier write can be newer than.
    pub asked: Option<Seq>,
    /// The listed rows that the commit names in [`Commit::needs_profile`].
    pub profiles: ProfilesDue,
}

impl Delta {
    /// Returns a change that lists rows, without a pass.
    pub fn listed(rows: impl IntoIterator<Item = ConversationPatch>) -> Self {
        Self { listed: rows.into_iter().collect(), ..Self::default() }
    }

    /// Returns a change that updates existing rows, without a pass.
    pub fn updates(rows: impl IntoIterator<Item = ConversationPatch>) -> Self {
        Self { updates: rows.into_iter().collect(), ..Self::default() }
    }

    /// Returns a change that removes rows, without a pass.
    pub fn removed(ids: impl IntoIterator<Item = ConversationId>) -> Self {
        Self { removed: ids.into_iter().collect(), ..Self::default() }
    }

    /// A step of a pass.
    pub fn step(pass: PassId, step: SyncStep) -> Self {
        Self { pass: Some(pass), step: Some(step), ..Self::default() }
    }
}

/// The listed rows that need their profile read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum ProfilesDue {
    /// Those whose profile was never read.
    #[default]
    Missing,
    /// Those whose profile was never read, or not within a span of the cloud's time. A profile that
    /// was read later than `now`, by an odd clock, is due as well.
    Outside {
        /// Profiles read before this moment are due.
        since: Timestamp,
        /// The cloud's time.
        now: Timestamp,
    },
    /// All.
    All,
}

impl ProfilesDue {
    /// Returns true if a row's profile is due. One that is known, but was read at a moment that the
    /// cloud did not give, counts as read; with a time given it is due.
    pub fn is_due(self, profile: &Profile) -> bool {
        match (self, profile.read_at) {
            (Self::All, _) | (Self::Outside { .. }, None) => true,
            (Self::Missing, None) => !profile.is_known(),
            (Self::Missing, Some(_)) => false,
            (Self::Outside { since, now }, Some(read_at)) => read_at < since || read_at > now,
        }
    }
}

/// A rule for rows to remove.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Prune {
    /// Each row that no listing of the pass confirmed and whose listing no other writer changed since
    /// the pass began.
    Unlisted {
        /// The rows that a listing of the pass confirmed.
        keep: Arc<BTreeSet<ConversationId>>,
    },
    /// No row. Those that [`Unlisted`](Self::Unlisted) would remove are named in
    /// [`SyncState::unconfirmed`]: the pass met a row that it could not distinguish from them.
    Unconfirmed {
        /// The rows that a listing of the pass confirmed.
        keep: Arc<BTreeSet<ConversationId>>,
    },
    /// Each of these rows whose listing no other writer changed since the pass began: the source said
    /// that they left its list.
    Gone {
        /// The rows that left.
        ids: Arc<BTreeSet<ConversationId>>,
    },
    /// Each row whose retention ended after the last finished pass and by `now`. A row that the
    /// pass still returned stays, however old.
    Expired {
        /// The cloud's time.
        now: Timestamp,
        /// The time for which a row is kept after its last message, in seconds.
        retention: u64,
    },
}

/// New values of one conversation, at one instant. A field that is `None` or [`Known::Unknown`]
/// keeps the stored value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ConversationPatch {
    /// The ID of the conversation.
    pub id: ConversationId,
    /// The listing's values.
    pub listing: Option<ListingPatch>,
    /// Names and pictures.
    pub profile: Profile,
    /// Unread state.
    pub unread: Unread,
    /// The newest message; `Nothing` takes it away.
    pub last_message: Known<Arc<LastMessage>>,
}

impl ConversationPatch {
    /// A patch that changes nothing yet.
    pub fn new(id: ConversationId) -> Self {
        Self {
            id,
            listing: None,
            profile: Profile::default(),
            unread: Unread::default(),
            last_message: Known::Unknown,
        }
    }
}

/// A listing's values of a conversation; each is optional.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ListingPatch {
    /// Time of the last message; zero means no message.
    pub time: Option<Timestamp>,
    /// True if it is pinned.
    pub is_pinned: Option<bool>,
    /// Its marks.
    pub marks: Option<Marks>,
    /// Names of its conversation groups.
    pub groups: Option<Vec<Arc<str>>>,
    /// The app's own text.
    pub custom_data: Option<Arc<str>>,
    /// The source's version.
    pub version: Option<u64>,
}

impl ListingPatch {
    /// A new time; the rest stays.
    pub fn at(time: Timestamp) -> Self {
        Self { time: Some(time), ..Self::default() }
    }
}

impl From<Listing> for ListingPatch {
    fn from(listing: Listing) -> Self {
        Self {
            time: Some(listing.time.unwrap_or_default()),
            is_pinned: Some(listing.is_pinned),
            marks: Some(listing.marks),
            groups: Some(listing.groups),
            custom_data: Some(listing.custom_data),
            version: listing.version,
        }
    }
}

/// The result of a change.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Commit {
    /// Its number.
    pub seq: Seq,
    /// The rows that changed, in order of their IDs.
    pub changes: Vec<RowChange>,
    /// The listed rows whose profile was never read, or is older than [`Delta::profiles`] allows.
    pub needs_profile: Vec<ConversationId>,
    /// The state of the sync after it.
    pub sync: Arc<SyncState>,
    /// The number of the last stored write: the answer to a question asked from now on may reflect
    /// it.
    pub written: Seq,
    /// Rows and facets that were too large to store, and were left out while the rest was stored.
    pub refused: Vec<Refused>,
    /// The outcomes of the mutations that a change of the outbox ended, in their order.
    pub outcomes: Vec<Outcome>,
    /// The numbers of the accepted mutations, in their order; `None` if the cloud's list has the
    /// value already.
    pub numbers: Vec<Option<u64>>,
}

/// A row, or a facet of one, that was too large to store: it stays as it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Refused {
    /// The ID of the conversation.
    pub id: ConversationId,
    /// The facet; `None` for the whole row.
    pub facet: Option<Facet>,
}

impl Refused {
    /// A facet of a conversation, or with `None` the whole row.
    pub fn new(id: ConversationId, facet: Option<Facet>) -> Self {
        Self { id, facet }
    }
}

impl Commit {
    /// A commit that changed no row, and is the last stored write.
    pub fn new(seq: Seq, sync: Arc<SyncState>) -> Self {
        Self {
            seq,
            changes: Vec::new(),
            needs_profile: Vec::new(),
            sync,
            written: seq,
            refused: Vec::new(),
            outcomes: Vec::new(),
            numbers: Vec::new(),
        }
    }
}

/// One row before and after a commit; one of the two is there.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RowChange {
    /// As it was; `None` if it is new.
    pub before: Option<Arc<Conversation>>,
    /// As it is; `None` if it is gone.
    pub after: Option<Arc<Conversation>>,
    /// The reason it was removed, if it was.
    pub removal: Option<Removal>,
}

impl RowChange {
    /// A new or changed row.
    pub fn set(before: Option<Arc<Conversation>>, after: Arc<Conversation>) -> Self {
        Self { before, after: Some(after), removal: None }
    }

    /// A row that is gone.
    pub fn removed(before: Arc<Conversation>, removal: Removal) -> Self {
        Self { before: Some(before), after: None, removal: Some(removal) }
    }

    /// Returns the ID of the row.
    pub fn id(&self) -> Option<&ConversationId> {
        self.after.as_ref().or(self.before.as_ref()).map(|row| &row.id)
    }
}

/// The reason a row left the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Removal {
    /// A finished pass did not find it in the cloud.
    NotInCloud,
    /// Its retention ended.
    Expired,
    /// A change said that it is gone.
    Deleted,
}
