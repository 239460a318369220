//! The web SDK's JSON of a conversation, out and in.
//!
//! Keys, spelling and defaults are those of `@tencentcloud/chat` 3.6.6 as observed at run time. A
//! few keys of our own are added where a row would otherwise not survive the round trip.

mod not_fetched;
mod number;
mod profile;

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

pub(super) use self::number::{as_digits, or_blank};
use self::profile::{GroupProfileJson, UserProfileJson};
use super::{
    Conversation, GroupAtInfo, LastMessage, Payload, PendingFacets, ProvisionalFacets, RemindType,
    Unread,
};
use crate::{ConversationId, ConversationType, Known, Listing, Local, Marks, Timestamp};

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ConversationJson {
    #[serde(rename = "conversationID")]
    id: ConversationId,
    #[serde(rename = "type")]
    kind: ConversationType,
    #[serde(default)]
    sub_type: Arc<str>,
    #[serde(default, deserialize_with = "some")]
    unread_count: Option<u32>,
    #[serde(default, deserialize_with = "some")]
    last_message: Option<LastMessageJson>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    group_profile: Option<GroupProfileJson>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user_profile: Option<UserProfileJson>,
    #[serde(default, deserialize_with = "some")]
    group_at_info_list: Option<Vec<GroupAtInfo>>,
    #[serde(default, deserialize_with = "some")]
    remark: Option<Arc<str>>,
    #[serde(default)]
    is_pinned: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    message_remind_type: Option<RemindType>,
    #[serde(default)]
    mark_list: Marks,
    #[serde(default)]
    custom_data: Arc<str>,
    #[serde(default)]
    conversation_group_list: Vec<Arc<str>>,
    #[serde(default)]
    draft_text: Arc<str>,
    #[serde(default, deserialize_with = "some")]
    peer_read_time: Option<Timestamp>,
    /// Ours, beside the SDK's keys: which of them show a default because nothing is known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    not_fetched: Vec<Arc<str>>,
    /// Ours: the source's version of the listing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    listing_version: Option<u64>,
    /// Ours: when name and avatar were read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    profile_read_at: Option<Timestamp>,
    /// Ours: what the cloud has yet to confirm.
    #[serde(default, skip_serializing_if = "PendingFacets::is_empty")]
    pending_changes: PendingFacets,
    /// Ours: what an event stated and no pass has read.
    #[serde(default, skip_serializing_if = "ProvisionalFacets::is_empty")]
    provisional: ProvisionalFacets,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct LastMessageJson {
    #[serde(skip_serializing_if = "Option::is_none")]
    last_time: Option<Timestamp>,
    /// Ours: when the message was sent, where that is not the row's time.
    #[serde(skip_serializing_if = "Option::is_none")]
    message_time: Option<Timestamp>,
    last_sequence: u64,
    from_account: Arc<str>,
    #[serde(rename = "type")]
    kind: Option<Arc<str>>,
    payload: Option<Payload>,
    #[serde(skip_deserializing)]
    message_for_show: String,
    cloud_custom_data: Arc<str>,
    is_revoked: bool,
    revoker: Option<Arc<str>>,
    online_only_flag: bool,
    nick: Arc<str>,
    name_card: Arc<str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_peer_read: Option<bool>,
    version: u64,
}

/// A field that is there is known, even where it has the default's value.
fn some<'de, D: Deserializer<'de>, T: Deserialize<'de>>(d: D) -> Result<Option<T>, D::Error> {
    T::deserialize(d).map(Some)
}

impl From<&Conversation> for ConversationJson {
    fn from(row: &Conversation) -> Self {
        let kind = row.conversation_type();
        let is_c2c = kind == ConversationType::C2c;
        let is_group = kind == ConversationType::Group;
        Self {
            id: row.id.clone(),
            kind,
            sub_type: match &row.profile.group_type {
                Some(group_type) if is_group => group_type.as_str().into(),
                _ => Arc::default(),
            },
            unread_count: Some(row.unread.count.unwrap_or_default()),
            last_message: Some(LastMessageJson::of(row)),
            group_profile: is_group.then(|| GroupProfileJson::of(row)),
            user_profile: is_c2c.then(|| UserProfileJson::of(row)),
            group_at_info_list: Some(row.group_at_info().unwrap_or_default().to_vec()),
            remark: Some(row.profile.remark.clone().filter(|_| is_c2c).unwrap_or_default()),
            is_pinned: row.listing.is_pinned,
            message_remind_type: row.unread.remind_type.clone(),
            mark_list: row.listing.marks,
            custom_data: row.listing.custom_data.clone(),
            conversation_group_list: row.listing.groups.clone(),
            draft_text: row.local.draft_text().cloned().unwrap_or_default(),
            peer_read_time: Some(row.unread.peer_read_time.filter(|_| is_c2c).unwrap_or_default()),
            not_fetched: not_fetched::of(row),
            listing_version: row.listing.version,
            profile_read_at: row.profile.read_at,
            pending_changes: row.pending,
            provisional: row.provisional,
        }
    }
}

impl TryFrom<ConversationJson> for Conversation {
    type Error = &'static str;

    fn try_from(json: ConversationJson) -> Result<Self, Self::Error> {
        if json.kind != json.id.conversation_type() {
            return Err("conversation type and conversation ID disagree");
        }
        let mut row = Self::new(json.id);
        row.listing = Listing {
            time: json.last_message.as_ref().and_then(|message| message.last_time),
            is_pinned: json.is_pinned,
            marks: json.mark_list,
            groups: json.conversation_group_list,
            custom_data: json.custom_data,
            version: json.listing_version,
        };
        row.listing.groups.sort_unstable();
        row.listing.groups.dedup();
        let is_c2c = json.kind == ConversationType::C2c;
        let is_group = json.kind == ConversationType::Group;
        match json.kind {
            ConversationType::C2c => {
                row.profile = json.user_profile.map(Into::into).unwrap_or_default();
                row.profile.remark = json.remark;
            }
            ConversationType::Group => {
                row.profile = json.group_profile.map(Into::into).unwrap_or_default();
                if !json.sub_type.is_empty() {
                    row.profile.group_type = Some((*json.sub_type).into());
                }
            }
            ConversationType::System => {}
        }
        row.profile.read_at = json.profile_read_at;
        row.unread = Unread {
            count: json.unread_count,
            group_at_info: json.group_at_info_list.filter(|_| is_group).map(Into::into),
            remind_type: json.message_remind_type,
            peer_read_time: json.peer_read_time.filter(|_| is_c2c),
        };
        row.last_message = json.last_message.map(Known::from).unwrap_or_default();
        row.local = Local::new(Some(json.draft_text).filter(|d| !d.is_empty()), None);
        row.pending = json.pending_changes;
        row.provisional = json.provisional;
        not_fetched::take_away(&mut row, &json.not_fetched);
        row.clear_hidden();
        Ok(row)
    }
}

impl LastMessageJson {
    fn of(row: &Conversation) -> Self {
        let is_c2c = row.conversation_type() == ConversationType::C2c;
        let place = Self {
            last_time: row.listing.time,
            kind: Some(Arc::default()),
            is_peer_read: is_c2c.then_some(false),
            ..Self::default()
        };
        let Some(message) = row.last_message.value() else {
            return place;
        };
        Self {
            message_time: message.time.filter(|_| message.time != row.listing.time),
            last_sequence: message.sequence,
            from_account: message.from_account.clone(),
            kind: Some(message.kind.as_str().into()),
            payload: message.payload.clone().filter(|_| !message.is_revoked),
            message_for_show: message.preview().to_string(),
            cloud_custom_data: match message.is_revoked {
                true => Arc::default(),
                false => message.cloud_custom_data.clone(),
            },
            is_revoked: message.is_revoked,
            revoker: message.revoker.clone(),
            online_only_flag: message.online_only,
            nick: message.nick.clone(),
            name_card: message.name_card.clone(),
            is_peer_read: is_c2c.then(|| is_peer_read(row, message)),
            version: message.version,
            ..place
        }
    }
}

/// One to one: the message is the account's own and the other user has read as far. A message
/// whose sender is unknown is from no account.
fn is_peer_read(row: &Conversation, message: &LastMessage) -> bool {
    let from = &*message.from_account;
    let is_own = !from.is_empty() && row.id.user_id().is_some_and(|user| user.as_str() != from);
    let read = row.unread.peer_read_time.unwrap_or_default();
    is_own && row.listing.time.is_some_and(|time| !time.is_zero() && time <= read)
}

/// The SDK shows a conversation without a message as one whose message has no type.
impl From<LastMessageJson> for Known<Arc<LastMessage>> {
    fn from(json: LastMessageJson) -> Self {
        let Some(kind) = json.kind.filter(|kind| !kind.is_empty()) else { return Self::Nothing };
        Self::Value(Arc::new(LastMessage {
            time: json.message_time.or(json.last_time),
            sequence: json.last_sequence,
            from_account: json.from_account,
            nick: json.nick,
            name_card: json.name_card,
            kind: (*kind).into(),
            payload: json.payload,
            cloud_custom_data: json.cloud_custom_data,
            is_revoked: json.is_revoked,
            revoker: json.revoker,
            online_only: json.online_only_flag,
            version: json.version,
        }))
    }
}

impl Serialize for Conversation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        ConversationJson::from(self).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Conversation {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = ConversationJson::deserialize(deserializer)?;
        Self::try_from(json).map_err(de::Error::custom)
    }
}
