//! The end of a page of a list.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use thiserror::Error;

use crate::{Conversation, ConversationId, ParseIdError, Rank};

/// Begins each key. Version 1 held the ID as it is, and a `#` of an ID cut it in a URL.
const VERSION: &str = "v2-";

/// A place in the list: pages go on after it, whether or not there still is a row.
///
/// As text and in JSON it is opaque: it may be handed to a client and taken back, and says nothing
/// that one may rely on. The text has only `a–z`, `0–9` and `-`, so it needs no escapes in a URL, at
/// most 300 bytes long. It carries a checksum: a text that was cut or altered is refused. It is not
/// signed: who knows the form can make one, and learns nothing by it that a list would not show.
/// Keys are ordered as the list is.
///
/// ```
/// use conv_model::{Conversation, ConversationId, PageKey, PageKeyError};
///
/// let key = PageKey::of(&Conversation::new(ConversationId::group("@TGS#1NVTZEAE4")?));
/// let text = key.to_string();
/// assert_eq!(text.parse(), Ok(key));
/// assert_eq!(text[..text.len() - 1].parse::<PageKey>(), Err(PageKeyError::Damaged));
/// # Ok::<(), conv_model::ParseIdError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PageKey {
    rank: Rank,
    id: ConversationId,
}

/// The reason a string is not a valid page key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum PageKeyError {
    /// It does not begin with a known version. Keys of version 1 are of an earlier release; read
    /// the list again from its first page.
    #[error("expected a page key of version 2; read from the first page")]
    UnknownVersion,
    /// It was cut or altered on its way.
    #[error("page key is damaged: it was cut or altered")]
    Damaged,
    /// It is whole, yet holds no conversation ID: it was not made here.
    #[error("page key does not hold a conversation ID")]
    BadId(#[source] ParseIdError),
}

impl PageKey {
    /// Returns the place of a row.
    pub fn of(row: &Conversation) -> Self {
        Self { rank: Rank::of(&row.listing), id: row.id.clone() }
    }

    /// Returns the rank there.
    pub fn rank(&self) -> Rank {
        self.rank
    }

    /// Returns the ID of the conversation that the page ended with.
    pub fn id(&self) -> &ConversationId {
        &self.id
    }
}

impl fmt::Display for PageKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = format!("{VERSION}{:016x}", self.rank.as_u64());
        self.id.as_str().bytes().try_for_each(|byte| push(&mut text, byte))?;
        write!(f, "{text}{:08x}", checksum(text.as_bytes()))
    }
}

impl FromStr for PageKey {
    type Err = PageKeyError;

    fn from_str(text: &str) -> Result<Self, PageKeyError> {
        if !text.starts_with(VERSION) {
            return Err(PageKeyError::UnknownVersion);
        }
        // The checksum covers the text itself, so one key has one text: no capitals, no signs.
        let end = text.len().saturating_sub(8);
        let (key, check) = text.split_at_checked(end).ok_or(PageKeyError::Damaged)?;
        if format!("{:08x}", checksum(key.as_bytes())) != check {
            return Err(PageKeyError::Damaged);
        }
        let bytes = key.strip_prefix(VERSION).and_then(unhex).ok_or(PageKeyError::Damaged)?;
        let (rank, id) = bytes.split_first_chunk().ok_or(PageKeyError::Damaged)?;
        let id = std::str::from_utf8(id).map_err(|_| PageKeyError::Damaged)?;
        let id = id.parse().map_err(PageKeyError::BadId)?;
        Ok(Self { rank: Rank::from_u64(u64::from_be_bytes(*rank)), id })
    }
}

fn push(text: &mut String, byte: u8) -> fmt::Result {
    use fmt::Write;

    write!(text, "{byte:02x}")
}

/// The bytes of digits as [`Display`](fmt::Display) writes them, and of no others.
fn unhex(digits: &str) -> Option<Vec<u8>> {
    let value = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    let pairs = digits.as_bytes().chunks(2).map(|pair| match pair {
        [high, low] => Some((value(*high)? << 4) | value(*low)?),
        _ => None,
    });
    pairs.collect()
}

/// CRC-32 as zlib computes it: any change of up to four neighbouring characters shows, and of
/// longer ones all but one in four billion. Once per page, it needs no table.
fn checksum(bytes: &[u8]) -> u32 {
    let rest = bytes.iter().fold(u32::MAX, |rest, byte| {
        (0..8).fold(rest ^ u32::from(*byte), |rest, _| {
            if rest & 1 == 1 { (rest >> 1) ^ 0xEDB8_8320 } else { rest >> 1 }
        })
    });
    !rest
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_zlibs() {
        assert_eq!(checksum(b"123456789"), 0xCBF4_3926);
    }
}
