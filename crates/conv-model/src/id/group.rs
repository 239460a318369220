//! groupIDs, communities and topics.

use std::fmt;

use super::{ParseIdError, printable::printable};

const ASSIGNED: &str = "@TGS#";
const COMMUNITY: &str = "@TGS#_";
pub(super) const TOPIC_INFIX: &str = "@TOPIC#_";

/// The kind of group, as the shape of its ID shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum GroupIdKind {
    /// Chosen by the app.
    Custom,
    /// Assigned by the cloud: `@TGS#…`.
    Assigned,
    /// A community: `@TGS#_…`.
    Community,
    /// A topic of a community: community ID, `@TOPIC#_`, topic part.
    Topic,
}

/// A groupID: 1–48 bytes of printable ASCII (cloud error 8501), or a topic ID, whose community
/// part and topic part have 1–48 bytes each.
///
/// ```
/// use conv_model::{GroupId, GroupIdKind};
///
/// let topic = GroupId::parse("@TGS#_123@TOPIC#_news")?;
/// assert_eq!(topic.kind(), GroupIdKind::Topic);
/// assert_eq!(topic.community(), Some("@TGS#_123"));
/// assert_eq!(GroupId::parse("@TGS#1NVTZEAE4")?.kind(), GroupIdKind::Assigned);
/// # Ok::<(), conv_model::ParseIdError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupId<'a>(&'a str);

impl<'a> GroupId<'a> {
    /// The most bytes a groupID, or each part of a topic ID, may have.
    pub const MAX_LEN: usize = 48;

    /// Checks a groupID.
    ///
    /// # Errors
    /// [`ParseIdError::EmptyGroupId`], [`ParseIdError::GroupIdTooLong`],
    /// [`ParseIdError::EmptyTopic`], [`ParseIdError::TopicTooLong`] or
    /// [`ParseIdError::NotPrintable`].
    #[inline]
    pub fn parse(text: &'a str) -> Result<Self, ParseIdError> {
        let (group, topic) = split(text);
        if group.is_empty() {
            return Err(ParseIdError::EmptyGroupId);
        }
        if group.len() > Self::MAX_LEN {
            return Err(ParseIdError::GroupIdTooLong);
        }
        match topic {
            Some("") => return Err(ParseIdError::EmptyTopic),
            Some(topic) if topic.len() > Self::MAX_LEN => return Err(ParseIdError::TopicTooLong),
            _ => {}
        }
        printable(text)?;
        Ok(Self(text))
    }

    /// For a text that was checked before.
    pub(super) const fn trusted(text: &'a str) -> Self {
        Self(text)
    }

    /// The text.
    pub const fn as_str(self) -> &'a str {
        self.0
    }

    /// Returns the kind that its shape shows.
    pub fn kind(self) -> GroupIdKind {
        if self.topic().is_some() {
            GroupIdKind::Topic
        } else if self.0.starts_with(COMMUNITY) {
            GroupIdKind::Community
        } else if self.0.starts_with(ASSIGNED) {
            GroupIdKind::Assigned
        } else {
            GroupIdKind::Custom
        }
    }

    /// The community's ID: of a community its own, of a topic everything before `@TOPIC#_`.
    pub fn community(self) -> Option<&'a str> {
        self.0.starts_with(COMMUNITY).then(|| split(self.0).0)
    }

    /// The topic part, of a topic ID: everything after the first `@TOPIC#_`.
    pub fn topic(self) -> Option<&'a str> {
        split(self.0).1
    }
}

impl AsRef<str> for GroupId<'_> {
    fn as_ref(&self) -> &str {
        self.0
    }
}

impl fmt::Display for GroupId<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// Only a community has topics: in a custom ID `@TOPIC#_` is text like any other.
fn split(text: &str) -> (&str, Option<&str>) {
    if !text.starts_with(COMMUNITY) {
        return (text, None);
    }
    // IDs are so short that a searcher takes longer to make than to look at each place.
    let infix = TOPIC_INFIX.as_bytes();
    let place = text.as_bytes().windows(infix.len()).position(|bytes| bytes == infix);
    let (community, rest) =
        text.split_at_checked(place.unwrap_or(text.len())).unwrap_or((text, ""));
    (community, rest.strip_prefix(TOPIC_INFIX))
}
