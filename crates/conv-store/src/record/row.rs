//! The record of a conversation as the cloud knows it.

use std::sync::Arc;

use conv_model::{
    AtType, Conversation, ConversationId, GroupAtInfo, Listing, Marks, PassId, RemindType, Seq,
    Timestamp, Unread,
};
use serde::{Deserialize, Serialize};

use super::{Kind, check, corrupt, decode, encode, message, profile};
use crate::StoreError;

/// A conversation without its local state, and who last changed its listing.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RowRecord {
    /// The conversation. Its local state is not part of the record.
    pub row: Arc<Conversation>,
    /// The last change of its listing.
    pub stamp: Stamp,
}

/// The last change of a row's listing: what decides whether a pass may touch it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Stamp {
    /// The number of that change.
    pub seq: Seq,
    /// The pass it belonged to; [`PassId::NONE`] if to none.
    pub pass: PassId,
}

impl Stamp {
    /// A change of a pass, or with [`PassId::NONE`] of none.
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
    last_message: Option<message::Body<'a>>,
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
    /// Of a row.
    pub fn new(row: Arc<Conversation>, stamp: Stamp) -> Self {
        Self { row, stamp }
    }

    /// The bytes, as part of the write of a number.
    ///
    /// # Errors
    /// [`StoreError::TooLarge`].
    pub fn encode(&self, seq: Seq) -> Result<Arc<[u8]>, StoreError> {
        encode_row(&self.row, self.stamp, seq)
    }

    /// Reads the bytes kept under the key of a conversation.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], [`StoreError::NewerSchema`].
    pub fn decode(id: &ConversationId, record: &[u8]) -> Result<Self, StoreError> {
        let (row, stamp) = decode_row(id, record)?;
        Ok(Self { row: Arc::new(row), stamp })
    }
}

pub(crate) fn encode_row(
    row: &Conversation,
    stamp: Stamp,
    seq: Seq,
) -> Result<Arc<[u8]>, StoreError> {
    encode(Kind::Row, seq, &Body::of(row, stamp))
}

/// Whether it can be encoded.
pub(crate) fn check_row(row: &Conversation, stamp: Stamp) -> Result<(), StoreError> {
    check(&Body::of(row, stamp))
}

pub(crate) fn decode_row(
    id: &ConversationId,
    record: &[u8],
) -> Result<(Conversation, Stamp), StoreError> {
    let body: Body<'_> = decode(Kind::Row, record)?;
    let mut row = Conversation::new(id.clone());
    row.listing = body.listing.into();
    row.profile = body.profile.into();
    row.unread = body.unread.read()?;
    if let Some(message) = body.last_message {
        row.last_message = Some(Arc::new(message.read()?));
    }
    Ok((row, Stamp::new(Seq::new(body.stamp_seq), PassId::new(body.stamp_pass))))
}

impl<'a> Body<'a> {
    fn of(row: &'a Conversation, stamp: Stamp) -> Self {
        Self {
            stamp_seq: stamp.seq.as_u64(),
            stamp_pass: stamp.pass.as_u64(),
            listing: ListingBody::of(&row.listing),
            profile: profile::Body::of(&row.profile),
            unread: UnreadBody::of(&row.unread),
            last_message: row.last_message.as_deref().map(message::Body::of),
        }
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
