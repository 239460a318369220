//! Where a page of a list ends.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use thiserror::Error;

use crate::{Conversation, ConversationId, ParseIdError, Rank};

const VERSION: &str = "v1:";

/// A place in the list: pages go on after it, whether or not there still is a row.
///
/// As text and in JSON it is opaque: it may be handed to a client and taken back, and says nothing
/// that one may rely on. Keys are ordered as the list is.
///
/// ```
/// use conv_model::{Conversation, ConversationId, PageKey};
///
/// let key = PageKey::of(&Conversation::new(ConversationId::c2c("alice")?));
/// let text = key.to_string();
/// assert_eq!(text.parse(), Ok(key));
/// # Ok::<(), conv_model::ParseIdError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PageKey {
    rank: Rank,
    id: ConversationId,
}

/// Why a text is no page key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum PageKeyError {
    /// It does not begin with a version that is known.
    #[error("expected a page key of version 1")]
    UnknownVersion,
    /// The place is not the one number that a key has.
    #[error("page key has no place in the list")]
    BadPlace,
    /// The rest is no conversation ID.
    #[error("page key does not end with a conversation ID")]
    BadId(#[source] ParseIdError),
}

impl PageKey {
    /// The place of a row.
    pub fn of(row: &Conversation) -> Self {
        Self { rank: Rank::of(&row.listing), id: row.id.clone() }
    }

    /// The rank there.
    pub fn rank(&self) -> Rank {
        self.rank
    }

    /// The conversation that stood there.
    pub fn id(&self) -> &ConversationId {
        &self.id
    }
}

impl fmt::Display for PageKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{VERSION}{:016x}:{}", self.rank.as_u64(), self.id)
    }
}

impl FromStr for PageKey {
    type Err = PageKeyError;

    fn from_str(text: &str) -> Result<Self, PageKeyError> {
        let key = text.strip_prefix(VERSION).ok_or(PageKeyError::UnknownVersion)?;
        let (rank, id) = key.split_once(':').ok_or(PageKeyError::BadPlace)?;
        // One key has one text: no sign, no capitals, no fewer digits.
        let is_digit = |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if rank.len() != 16 || !rank.bytes().all(is_digit) {
            return Err(PageKeyError::BadPlace);
        }
        let rank = u64::from_str_radix(rank, 16).map_err(|_| PageKeyError::BadPlace)?;
        let id = id.parse().map_err(PageKeyError::BadId)?;
        Ok(Self { rank: Rank::from_u64(rank), id })
    }
}

impl Serialize for PageKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PageKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}
