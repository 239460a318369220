//! The peers of conversations.

use std::{fmt, str::FromStr, sync::Arc};

use crate::Error;

const USER_PREFIX: &str = "C2C";
const GROUP_PREFIX: &str = "GROUP";

/// The peer of a conversation.
///
/// The derived order is the order of the ID texts: `C2C…` before `GROUP…`, then byte by byte.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Peer {
    User(Arc<str>),
    Group(Arc<str>),
}

impl Peer {
    pub(crate) fn user(id: &str) -> Self {
        Self::User(Arc::from(id))
    }

    pub(crate) fn group(id: &str) -> Self {
        Self::Group(Arc::from(id))
    }

    /// Returns the user or group ID, without the conversation prefix.
    pub(crate) fn id(&self) -> &str {
        match self {
            Self::User(id) | Self::Group(id) => id,
        }
    }

    /// Returns the wire's `Type`.
    pub(crate) fn wire_type(&self) -> u8 {
        match self {
            Self::User(_) => 1,
            Self::Group(_) => 2,
        }
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let prefix = match self {
            Self::User(_) => USER_PREFIX,
            Self::Group(_) => GROUP_PREFIX,
        };
        write!(f, "{prefix}{}", self.id())
    }
}

impl FromStr for Peer {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        // Strips only the first prefix: `C2CGROUPy` is the user `GROUPy`.
        let peer = if let Some(user) = text.strip_prefix(USER_PREFIX) {
            Self::user(user)
        } else if let Some(group) = text.strip_prefix(GROUP_PREFIX) {
            Self::group(group)
        } else {
            return Err(Error::BadConversationId(text.to_owned()));
        };
        if peer.id().is_empty() {
            return Err(Error::BadConversationId(text.to_owned()));
        }
        Ok(peer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_prefix_is_stripped() {
        assert_eq!("C2CGROUPy".parse::<Peer>().unwrap(), Peer::user("GROUPy"));
        assert_eq!("C2CC2Cq".parse::<Peer>().unwrap(), Peer::user("C2Cq"));
        assert_eq!("GROUPC2Cz".parse::<Peer>().unwrap(), Peer::group("C2Cz"));
    }

    #[test]
    fn text_without_a_prefix_or_an_id_is_refused() {
        for text in ["", "alice", "c2calice", "C2C", "GROUP", "@TIM#SYSTEM"] {
            assert!(text.parse::<Peer>().is_err(), "{text}");
        }
    }

    #[test]
    fn peers_sort_as_their_texts_do() {
        let mut peers = ["GROUPa", "C2Cz", "GROUP@TGS#1", "C2CA", "C2Ca"]
            .map(|text| text.parse::<Peer>().unwrap());
        peers.sort();
        let texts = peers.map(|peer| peer.to_string());
        assert!(texts.is_sorted());
    }
}
