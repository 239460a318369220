//! A conversation: a join of facets that come from different calls at different times.

mod json;
mod local;
mod merge;
mod message;
mod pending;
mod profile;
mod provisional;
mod unread;
mod visible;

use std::sync::Arc;

use crate::{ConversationId, ConversationType, Known, Marks, Peer, Timestamp};

pub use self::{
    local::Local,
    merge::merge,
    message::{LastMessage, MessageKind, Payload, PayloadError, Preview},
    pending::PendingFacets,
    profile::{CustomField, GroupDetail, GroupType, Profile, ProfileDetail, SelfInfo, UserDetail},
    provisional::ProvisionalFacets,
    unread::{AtType, AtTypeError, GroupAtInfo, RemindType, Unread},
};

/// One row of the list.
///
/// A row is a join of *facets*: the [listing](Listing) that makes it a row, the [profile](Profile),
/// the [unread state](Unread), the [last message](LastMessage), and [local state](Local) that no
/// cloud knows. Each comes from its own call. A facet that was never fetched is `None`, which means
/// *unknown, not zero*: JSON shows the SDK's default for it, and no filter matches it.
///
/// `serde` reads and writes the JSON of the web SDK's `Conversation`. Beside the SDK's keys are
/// `notFetched`, which names those that show a default because nothing is known, `listingVersion`,
/// `profileReadAt`, `pendingChanges`, which names what the cloud has yet to confirm, and `provisional`,
/// which names what an event stated; a key that is there and not named in `notFetched` is read as
/// known. [`Local::data_bytes`] is left out: it is the embedder's own, and rows are sent to devices.
///
/// ```
/// use conv_model::{Conversation, ConversationId};
///
/// let row = Conversation::new(ConversationId::c2c("alice")?);
/// assert_eq!(row.unread.count, None);
/// assert_eq!(row.show_name(), "alice");
/// assert_eq!(serde_json::to_value(&row).unwrap()["unreadCount"], 0);
/// # Ok::<(), conv_model::ParseIdError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Conversation {
    /// The ID of the conversation.
    pub id: ConversationId,
    /// Time, pin, marks, groups: what makes the order and the filters.
    pub listing: Listing,
    /// Name and avatar; in the answer of a profile call the detail too.
    pub profile: Profile,
    /// Unread count, mentions, and how new messages are announced.
    pub unread: Unread,
    /// The last message; `Nothing` where the cloud has none to show: the history was cleared, the
    /// message deleted or expired, or the account may not see it.
    pub last_message: Known<Arc<LastMessage>>,
    /// The draft and the embedder's own bytes.
    pub local: Local,
    /// The parts that show what the user set, and that the cloud has yet to confirm.
    pub pending: PendingFacets,
    /// The parts that show what an event stated, and that no pass has read yet.
    pub provisional: ProvisionalFacets,
}

/// The facet of a conversation that comes with the cloud's listing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Listing {
    /// Time of the last message; `None` if the cloud gave no time, zero if there is no message.
    pub time: Option<Timestamp>,
    /// True if the user pinned it.
    pub is_pinned: bool,
    /// The marks on it.
    pub marks: Marks,
    /// Names of the conversation groups it is in, ascending, each once.
    pub groups: Vec<Arc<str>>,
    /// The SDK's `customData`: the app's own text, kept by the cloud, at most 256 bytes there.
    pub custom_data: Arc<str>,
    /// The source's version of this listing, if it has versions: greater is newer.
    pub version: Option<u64>,
}

impl Conversation {
    /// A bare row: nothing is known but the ID.
    pub fn new(id: ConversationId) -> Self {
        Self {
            id,
            listing: Listing::default(),
            profile: Profile::default(),
            unread: Unread::default(),
            last_message: Known::Unknown,
            local: Local::default(),
            pending: PendingFacets::default(),
            provisional: ProvisionalFacets::default(),
        }
    }

    /// The kind, from the ID.
    pub fn conversation_type(&self) -> ConversationType {
        self.id.conversation_type()
    }

    /// Returns what to show as its name: remark, then name, then the ID without its prefix. A remark
    /// or name of which nothing would be seen, such as blanks or zero-width characters, is passed
    /// over.
    pub fn show_name(&self) -> &str {
        [&self.profile.remark, &self.profile.name]
            .into_iter()
            .flatten()
            .map(|name| name.as_ref())
            .find(|name| visible::is_visible(name))
            .unwrap_or_else(|| self.peer_text())
    }

    /// Returns true if the conversation counts unread messages; `None` for a group whose profile
    /// was never read, and which may be of a type that does not.
    pub fn counts_unread(&self) -> Option<bool> {
        match &self.profile.group_type {
            Some(kind) => Some(kind.counts_unread()),
            None if self.conversation_type() != ConversationType::Group => Some(true),
            // A cloud that gave a name and no type has none to give.
            None => self.profile.is_known().then_some(true),
        }
    }

    /// The @-mentions of the user; one-to-one conversations have none by nature, in a group
    /// `None` is unknown.
    pub fn group_at_info(&self) -> Option<&[GroupAtInfo]> {
        match self.conversation_type() {
            ConversationType::Group => self.unread.group_at_info.as_deref(),
            _ => Some(&[]),
        }
    }

    /// The row as a list shows it: without the profile's detail. Shares the row if it has none.
    pub fn listed(self: &Arc<Self>) -> Arc<Self> {
        if self.profile.detail.is_none() {
            return Arc::clone(self);
        }
        let mut thin = Self::clone(self);
        thin.profile.detail = None;
        Arc::new(thin)
    }

    /// Takes out what must not be shown, whatever a cloud says: counts of groups whose type counts
    /// no unread messages, and the content of a message that was recalled.
    pub(crate) fn clear_hidden(&mut self) {
        if self.profile.group_type.as_ref().is_some_and(|kind| !kind.counts_unread()) {
            self.unread.count = Some(0);
        }
        if let Known::Value(message) = &mut self.last_message {
            if message.has_recalled_content() {
                Arc::make_mut(message).clear_content();
            }
        }
    }

    /// The ID without its prefix.
    fn peer_text(&self) -> &str {
        match self.id.peer() {
            Peer::User(user) => user.as_str(),
            Peer::Group(group) => group.as_str(),
            Peer::System => self.id.as_str(),
        }
    }
}
