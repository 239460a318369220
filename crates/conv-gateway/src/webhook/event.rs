//! Events.

use std::sync::Arc;

use conv_model::{AccountId, ConversationId, GroupType, Timestamp};

use super::{Call, Command, Message, Oddity, Platform, SeenKey, fields::Fields, read, seen};

/// One event, as its call states it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Event {
    /// The app.
    pub app: u32,
    /// The command; of a body that could not be read, the one in the query.
    pub command: Command,
    /// The platform on which it began.
    pub platform: Platform,
    /// The user who did it, where the event names one.
    pub operator: Option<AccountId>,
    /// The cloud's time of the event, in milliseconds; `None` if it has none, or an invalid one.
    pub time_ms: Option<u64>,
    /// The kind of event, with its values.
    pub kind: EventKind,
    /// The number of entries of lists that were dropped: invalid IDs, and those beyond
    /// [`MAX_ITEMS`](super::MAX_ITEMS).
    pub dropped: usize,
    /// The key under which [`Seen`](super::Seen) knows it.
    pub key: SeenKey,
}

/// The kind of an event. Rows are named by their ID in a list: in a one-to-one conversation each
/// user's row has the other's name.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the fields are named in the text of each variant")]
pub enum EventKind {
    /// A one-to-one message. It may not be `delivered`; `online_only` ones are in no list.
    C2cSent { from: AccountId, to: AccountId, message: Message, delivered: bool, online_only: bool },
    /// A one-to-one message was changed.
    C2cEdited { from: AccountId, to: AccountId, message: Message },
    /// The one-to-one message with this `key` was recalled.
    C2cRecalled { from: AccountId, to: AccountId, key: Option<Arc<str>> },
    /// A user read a one-to-one conversation up to a time. Our own calls cause it, too.
    C2cRead { reader: AccountId, peer: AccountId, read_to: Option<Timestamp> },
    /// A user read all one-to-one conversations, and these groups.
    ReadAll { reader: AccountId, groups: Vec<GroupRead> },
    /// A message to a group. `online_only` ones are in no list.
    GroupSent {
        row: ConversationId,
        from: Option<AccountId>,
        group_type: Option<GroupType>,
        message: Message,
        online_only: bool,
    },
    /// A group's message was changed.
    GroupEdited { row: ConversationId, message: Message },
    /// The messages of a group with these `sequences` were recalled.
    GroupRecalled { row: ConversationId, sequences: Vec<u64> },
    /// A group was created with these members, its owner among them.
    GroupCreated { row: ConversationId, members: Vec<AccountId> },
    /// These users joined a group.
    MembersJoined { row: ConversationId, members: Vec<AccountId> },
    /// These users left a group, or were removed.
    MembersLeft { row: ConversationId, members: Vec<AccountId> },
    /// A group was dissolved; these were its members, its owner among them.
    GroupDestroyed { row: ConversationId, members: Vec<AccountId> },
    /// The `name` or `avatar` of a group or topic was set; `None`: not that.
    GroupChanged { row: ConversationId, name: Option<Arc<str>>, avatar: Option<Arc<str>> },
    /// A topic was created in a community.
    TopicCreated { row: ConversationId, community: ConversationId },
    /// Topics were deleted.
    TopicsDestroyed { rows: Vec<ConversationId> },
    /// A user set the `name` or `avatar` of his own; `None`: not that.
    ProfileChanged { user: AccountId, name: Option<Arc<str>>, avatar: Option<Arc<str>> },
    /// A user logged in (`is_login`), logged out or was disconnected. These come in floods.
    StateChanged { user: AccountId, is_login: bool },
    /// A call of this app went over the cloud's `limit` per second: slow that command down.
    OverLimit { service: Arc<str>, command: Arc<str>, limit: Option<u64> },
    /// A known event that changes no list: read receipts, friends, roles in a group, failures to send.
    NoList,
    /// An event that asks for leave. Its answer decides if a message goes out, so answer
    /// [`ANSWER`](super::ANSWER) at once; or untick it in the console.
    Before,
    /// An event that this version cannot read.
    Unknown(Oddity),
}

/// The message up to which a user read a group.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct GroupRead {
    /// The group's row.
    pub row: ConversationId,
    /// The sequence of the last message that was read; 0 if the event has none.
    pub sequence: u64,
}

impl Event {
    /// Parses the body of a call. Never fails: unknown commands, fields and types, and bodies that are
    /// not JSON give [`EventKind::Unknown`].
    pub fn parse(call: &Call, body: &[u8]) -> Self {
        let fields = Fields::of_body(body);
        let named = fields.as_ref().ok().and_then(|fields| fields.text("CallbackCommand"));
        let word = call.command.as_deref().or(named.as_deref());
        let command = word.map_or(Command::Other, Command::of);
        let differ = word.is_some() && named.is_some() && named.as_deref() != word;
        let mut event = Self {
            app: call.app,
            command,
            platform: call.platform,
            operator: None,
            time_ms: None,
            kind: EventKind::Before,
            dropped: 0,
            key: SeenKey::default(),
        };
        match fields {
            // Also with an odd body: its answer decides about a user's message.
            _ if command == Command::Before => {}
            _ if word.is_none() => event.kind = EventKind::Unknown(Oddity::NoCommand),
            _ if differ => event.kind = EventKind::Unknown(Oddity::CommandsDiffer),
            _ if command == Command::Other => event.kind = EventKind::Unknown(Oddity::Command),
            Ok(ref fields) => read::event(&mut event, fields),
            Err(oddity) => event.kind = EventKind::Unknown(oddity),
        }
        event.key = seen::key(&event, fields.as_ref().ok(), body);
        event
    }

    /// Returns the cloud's time of the event.
    pub fn time(&self) -> Option<Timestamp> {
        self.time_ms.map(|ms| Timestamp::from_secs(ms / 1000))
    }
}
