//! The record of a conversation as the cloud knows it.

mod version1;

use std::sync::Arc;

use conv_model::{
    AtType, Conversation, ConversationId, GroupAtInfo, Known, LastMessage, Listing, Marks, PassId,
    RemindType, Seq, Timestamp, Unread,
};
use serde::{Deserialize, Serialize};

use super::{Kind, check, corrupt, encode, message, open, profile};
use crate::StoreError;

/// A conversation without its local state, with the stamps of its facets.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RowRecord {
    /// The conversation. Its local state is not part of the record.
    pub row: Arc<Conversation>,
    /// The last change of each facet.
    pub stamps: Stamps,
}

/// The last change of each facet of a row. An answer that was requested before it may not overwrite the
/// facet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Stamps {
    /// The last change of the listing, which also decides whether a pass may remove the row.
    pub listing: Stamp,
    /// The number of the last change of the profile; zero if there was none.
    pub profile: Seq,
    /// The number of the last change of the unread state; zero if there was none.
    pub unread: Seq,
    /// The number of the last change of the last message; zero if there was none.
    pub last_message: Seq,
}

impl Stamps {
    /// Returns the stamps of a row of which only the listing ever changed.
    pub fn new(listing: Stamp) -> Self {
        Self { listing, ..Self::default() }
    }
}

/// The last change of a row's listing. It decides if a pass may touch the row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Stamp {
    /// The number of that change.
    pub seq: Seq,
    /// The pass it belonged to; [`PassId::NONE`] if to none.
    pub pass: PassId,
}

impl Stamp {
    /// Returns the stamp of a change of a pass, or with [`PassId::NONE`] of no pass.
    pub fn new(seq: Seq, pass: PassId) -> Self {
        Self { seq, pass }
    }
}

#[derive(Serialize, Deserialize)]
struct Body<'a> {
    stamp_seq: u64,
    stamp_pass: u64,
    #[serde(borrow)]
    listing: ListingBody<'a>,
    #[serde(borrow)]
    profile: profile::Body<'a>,
    #[serde(borrow)]
    unread: UnreadBody<'a>,
    #[serde(borrow)]
    last_message: MessageBody<'a>,
    profile_seq: u64,
    unread_seq: u64,
    last_message_seq: u64,
}

/// Boxed, since all rows pass through the structures of this module and many have no message.
#[derive(Serialize, Deserialize)]
enum MessageBody<'a> {
    Unknown,
    Nothing,
    #[serde(borrow)]
    Value(Box<message::Body<'a>>),
}

#[derive(Serialize, Deserialize)]
struct ListingBody<'a> {
    time: Option<u64>,
    is_pinned: bool,
    marks: u64,
    #[serde(borrow)]
    groups: Vec<&'a str>,
    custom_data: &'a str,
    version: Option<u64>,
}

#[derive(Serialize, Deserialize)]
struct UnreadBody<'a> {
    count: Option<u32>,
    #[serde(borrow)]
    mentions: Option<Vec<Mention<'a>>>,
    #[serde(borrow)]
    remind_type: Option<&'a str>,
    peer_read_time: Option<u64>,
}

#[derive(Serialize, Deserialize)]
struct Mention<'a> {
    from: &'a str,
    group_id: &'a str,
    #[serde(borrow)]
    topic_id: Option<&'a str>,
    message_sequence: u64,
    at_type: u8,
}

impl RowRecord {
    /// Builds the record of a row.
    pub fn new(row: Arc<Conversation>, stamps: Stamps) -> Self {
        Self { row, stamps }
    }

    /// Encodes it as part of the write with this number.
    ///
    /// # Errors
    /// [`StoreError::TooLarge`].
    pub fn encode(&self, seq: Seq) -> Result<Arc<[u8]>, StoreError> {
        encode_row(&self.row, self.stamps, seq)
    }

    /// Decodes the bytes under the key of a conversation.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], [`StoreError::NewerSchema`].
    pub fn decode(id: &ConversationId, record: &[u8]) -> Result<Self, StoreError> {
        let decoded = decode_row(id, record)?;
        Ok(Self { row: Arc::new(decoded.row), stamps: decoded.stamps })
    }
}

pub(crate) fn encode_row(
    row: &Conversation,
    stamps: Stamps,
    seq: Seq,
) -> Result<Arc<[u8]>, StoreError> {
    encode(Kind::Row, seq, &Body::of(row, stamps))
}

/// Checks that a row fits into a record, without encoding it.
pub(crate) fn check_row(row: &Conversation, stamps: Stamps) -> Result<(), StoreError> {
    check(&Body::of(row, stamps))
}

/// The content of a record.
pub(crate) struct DecodedRow {
    pub(crate) row: Conversation,
    pub(crate) stamps: Stamps,
    /// True if the record holds the content of a recalled message, which the row does not.
    pub(crate) is_redacted: bool,
}

pub(crate) fn decode_row(id: &ConversationId, record: &[u8]) -> Result<DecodedRow, StoreError> {
    let envelope = open(Kind::Row, record)?;
    let body: Body<'_> = match envelope.version {
        1 => envelope.read::<version1::Body<'_>>()?.into(),
        _ => envelope.read()?,
    };
    let mut row = Conversation::new(id.clone());
    row.listing = body.listing.into();
    row.profile = body.profile.into();
    row.unread = body.unread.read()?;
    let is_redacted = body.last_message.holds_recalled_content();
    row.last_message = body.last_message.read()?;
    let listing = Stamp::new(Seq::new(body.stamp_seq), PassId::new(body.stamp_pass));
    let stamps = Stamps {
        listing,
        profile: Seq::new(body.profile_seq),
        unread: Seq::new(body.unread_seq),
        last_message: Seq::new(body.last_message_seq),
    };
    Ok(DecodedRow { row, stamps, is_redacted })
}

impl<'a> Body<'a> {
    fn of(row: &'a Conversation, stamps: Stamps) -> Self {
        Self {
            stamp_seq: stamps.listing.seq.as_u64(),
            stamp_pass: stamps.listing.pass.as_u64(),
            listing: ListingBody::of(&row.listing),
            profile: profile::Body::of(&row.profile),
            unread: UnreadBody::of(&row.unread),
            last_message: MessageBody::of(&row.last_message),
            profile_seq: stamps.profile.as_u64(),
            unread_seq: stamps.unread.as_u64(),
            last_message_seq: stamps.last_message.as_u64(),
        }
    }
}

impl<'a> MessageBody<'a> {
    fn of(known: &'a Known<Arc<LastMessage>>) -> Self {
        match known {
            Known::Unknown => Self::Unknown,
            Known::Nothing => Self::Nothing,
            Known::Value(message) => Self::Value(Box::new(message::Body::of(message))),
        }
    }

    fn holds_recalled_content(&self) -> bool {
        matches!(self, Self::Value(message) if message.holds_recalled_content())
    }

    fn read(self) -> Result<Known<Arc<LastMessage>>, StoreError> {
        Ok(match self {
            Self::Unknown => Known::Unknown,
            Self::Nothing => Known::Nothing,
            Self::Value(message) => Known::Value(Arc::new(message.read()?)),
        })
    }
}

impl<'a> ListingBody<'a> {
    fn of(listing: &'a Listing) -> Self {
        Self {
            time: listing.time.map(Timestamp::as_secs),
            is_pinned: listing.is_pinned,
            marks: listing.marks.bits(),
            groups: listing.groups.iter().map(AsRef::as_ref).collect(),
            custom_data: &listing.custom_data,
            version: listing.version,
        }
    }
}

impl From<ListingBody<'_>> for Listing {
    fn from(body: ListingBody<'_>) -> Self {
        let mut listing = Self::default();
        listing.time = body.time.map(Timestamp::from_secs);
        listing.is_pinned = body.is_pinned;
        listing.marks = Marks::from_bits(body.marks);
        listing.groups = body.groups.into_iter().map(Arc::from).collect();
        if !body.custom_data.is_empty() {
            listing.custom_data = body.custom_data.into();
        }
        listing.version = body.version;
        listing
    }
}

impl<'a> UnreadBody<'a> {
    fn of(unread: &'a Unread) -> Self {
        let mentions = unread.group_at_info.as_deref();
        Self {
            count: unread.count,
            mentions: mentions.map(|infos| infos.iter().map(Mention::of).collect()),
            remind_type: unread.remind_type.as_ref().map(RemindType::as_str),
            peer_read_time: unread.peer_read_time.map(Timestamp::as_secs),
        }
    }

    fn read(self) -> Result<Unread, StoreError> {
        let mut unread = Unread::default();
        unread.count = self.count;
        if let Some(mentions) = self.mentions {
            let mentions: Result<Arc<[_]>, _> = mentions.into_iter().map(Mention::read).collect();
            unread.group_at_info = Some(mentions?);
        }
        unread.remind_type = self.remind_type.map(RemindType::from);
        unread.peer_read_time = self.peer_read_time.map(Timestamp::from_secs);
        Ok(unread)
    }
}

impl<'a> Mention<'a> {
    fn of(info: &'a GroupAtInfo) -> Self {
        let [at_type] = info.at_type.into();
        Self {
            from: &info.from,
            group_id: &info.group_id,
            topic_id: info.topic_id.as_deref(),
            message_sequence: info.message_sequence,
            at_type,
        }
    }

    fn read(self) -> Result<GroupAtInfo, StoreError> {
        let at_type =
            AtType::try_from([self.at_type]).map_err(|error| corrupt(&error.to_string()))?;
        let mut info = GroupAtInfo::new(self.from, self.group_id, self.message_sequence, at_type);
        info.topic_id = self.topic_id.map(Arc::from);
        Ok(info)
    }
}
