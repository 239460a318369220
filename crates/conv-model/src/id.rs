//! Conversation IDs: one pure function decides, and everything else goes through it.

mod doubled;
mod error;
mod group;
mod native;
mod printable;
mod topic;
mod user;

use std::{borrow::Borrow, fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

pub use self::{
    error::ParseIdError,
    group::{GroupId, GroupIdKind},
    user::UserId,
};

const C2C: &str = "C2C";
const GROUP: &str = "GROUP";
const SYSTEM: &str = "@TIM#SYSTEM";

/// The kind of a conversation, as the SDK's `type` field spells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum ConversationType {
    /// One to one: `"C2C"`.
    #[serde(rename = "C2C")]
    C2c,
    /// A group, a community or one of its topics: `"GROUP"`.
    #[serde(rename = "GROUP")]
    Group,
    /// The system notifications: `"@TIM#SYSTEM"`.
    #[serde(rename = "@TIM#SYSTEM")]
    System,
}

impl ConversationType {
    /// The SDK's spelling: `C2C`, `GROUP` or `@TIM#SYSTEM`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::C2c => C2C,
            Self::Group => GROUP,
            Self::System => SYSTEM,
        }
    }
}

impl fmt::Display for ConversationType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The other party of a conversation: the ID without its prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Peer<'a> {
    /// The other user of a one-to-one conversation.
    User(UserId<'a>),
    /// The group, community or topic.
    Group(GroupId<'a>),
    /// The system conversation has no peer.
    System,
}

/// A borrowed conversation ID: parsed without allocating.
///
/// ```
/// use conv_model::{ConversationIdRef, Peer};
///
/// let id = ConversationIdRef::parse("GROUP@TGS#_123@TOPIC#_news")?;
/// let Peer::Group(group) = id.peer() else { unreachable!() };
/// assert_eq!(group.topic(), Some("news"));
/// # Ok::<(), conv_model::ParseIdError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConversationIdRef<'a>(&'a str);

impl<'a> ConversationIdRef<'a> {
    /// Reads a conversation ID in the web SDK's spelling.
    ///
    /// # Errors
    /// One [`ParseIdError`] variant for each rule of the grammar.
    #[inline]
    pub fn parse(text: &'a str) -> Result<Self, ParseIdError> {
        // Only the first prefix counts: `C2CGROUPy` is the user `GROUPy`.
        if let Some(user) = text.strip_prefix(C2C) {
            UserId::parse(user)?;
        } else if let Some(group) = text.strip_prefix(GROUP) {
            GroupId::parse(group)?;
        } else if text != SYSTEM {
            return Err(ParseIdError::of_unknown_prefix(text));
        }
        Ok(Self(text))
    }

    /// The whole ID, byte for byte as it was given.
    pub const fn as_str(self) -> &'a str {
        self.0
    }

    /// Returns the other party of the conversation.
    pub fn peer(self) -> Peer<'a> {
        if let Some(user) = self.0.strip_prefix(C2C) {
            Peer::User(UserId::trusted(user))
        } else if let Some(group) = self.0.strip_prefix(GROUP) {
            Peer::Group(GroupId::trusted(group))
        } else {
            Peer::System
        }
    }

    /// Its kind.
    pub const fn conversation_type(self) -> ConversationType {
        // The text was checked when the ID was made; its first byte distinguishes the three.
        match self.0.as_bytes() {
            [b'C', ..] => ConversationType::C2c,
            [b'G', ..] => ConversationType::Group,
            _ => ConversationType::System,
        }
    }

    /// An owned copy.
    pub fn to_owned(self) -> ConversationId {
        ConversationId(Arc::from(self.0))
    }
}

impl AsRef<str> for ConversationIdRef<'_> {
    fn as_ref(&self) -> &str {
        self.0
    }
}

impl fmt::Display for ConversationIdRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// A conversation ID: `C2C` and a userID, `GROUP` and a groupID, or `@TIM#SYSTEM`.
///
/// An ID that exists is valid. Its text is kept byte for byte; comparing and hashing are those of
/// the text, so a map keyed by `ConversationId` can be searched with a `&str`. Cloning copies a
/// pointer.
///
/// ```
/// use conv_model::{ConversationId, ConversationType, ParseIdError};
///
/// let alice: ConversationId = "C2Calice".parse()?;
/// assert_eq!(alice.conversation_type(), ConversationType::C2c);
/// assert_eq!(alice.user_id().map(|user| user.as_str()), Some("alice"));
/// assert_eq!(alice.to_string(), "C2Calice");
///
/// assert_eq!("c2calice".parse::<ConversationId>(), Err(ParseIdError::WrongCase));
/// # Ok::<(), ParseIdError>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConversationId(Arc<str>);

impl ConversationId {
    /// The one-to-one conversation with a user. `user` is the userID without a prefix: `C2Calice`
    /// would be a user of that name; see [`doubled_prefix`](Self::doubled_prefix).
    ///
    /// # Errors
    /// If `user` breaks a rule of userIDs: 1–32 bytes of printable ASCII.
    pub fn c2c(user: &str) -> Result<Self, ParseIdError> {
        UserId::parse(user)?;
        Ok(Self([C2C, user].concat().into()))
    }

    /// The conversation of a group, community or topic. `group` is the groupID without a prefix;
    /// see [`doubled_prefix`](Self::doubled_prefix).
    ///
    /// # Errors
    /// If `group` breaks a rule of groupIDs; see [`GroupId`].
    pub fn group(group: &str) -> Result<Self, ParseIdError> {
        GroupId::parse(group)?;
        Ok(Self([GROUP, group].concat().into()))
    }

    /// The system conversation, `@TIM#SYSTEM`.
    pub fn system() -> Self {
        Self(Arc::from(SYSTEM))
    }

    /// The whole ID.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its kind.
    pub fn conversation_type(&self) -> ConversationType {
        self.borrowed().conversation_type()
    }

    /// Returns the other party of the conversation.
    pub fn peer(&self) -> Peer<'_> {
        self.borrowed().peer()
    }

    /// The other user, of a one-to-one conversation.
    pub fn user_id(&self) -> Option<UserId<'_>> {
        match self.peer() {
            Peer::User(user) => Some(user),
            _ => None,
        }
    }

    /// The group, of a group's conversation.
    pub fn group_id(&self) -> Option<GroupId<'_>> {
        match self.peer() {
            Peer::Group(group) => Some(group),
            _ => None,
        }
    }

    /// Returns the same ID, borrowed.
    pub fn borrowed(&self) -> ConversationIdRef<'_> {
        ConversationIdRef(&self.0)
    }
}

impl fmt::Display for ConversationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ConversationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl FromStr for ConversationId {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        ConversationIdRef::parse(text).map(ConversationIdRef::to_owned)
    }
}

impl TryFrom<&str> for ConversationId {
    type Error = ParseIdError;

    fn try_from(text: &str) -> Result<Self, ParseIdError> {
        text.parse()
    }
}

impl TryFrom<String> for ConversationId {
    type Error = ParseIdError;

    fn try_from(text: String) -> Result<Self, ParseIdError> {
        text.parse()
    }
}

impl From<ConversationIdRef<'_>> for ConversationId {
    fn from(id: ConversationIdRef<'_>) -> Self {
        id.to_owned()
    }
}

impl From<ConversationId> for String {
    fn from(id: ConversationId) -> Self {
        id.as_str().to_owned()
    }
}

impl AsRef<str> for ConversationId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for ConversationId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl Serialize for ConversationId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for ConversationId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::try_from(text).map_err(de::Error::custom)
    }
}
