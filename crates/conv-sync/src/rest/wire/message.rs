//! One message, in the shape that the two commands for message history share.
//!
//! After Tencent's documentation of admin_getroammsg, group_msg_get_simple and the message format.

use std::sync::Arc;

use conv_model::{LastMessage, MessageKind, Payload, Timestamp};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{MAX_NAME, lenient::Lenient, object::object, reply::protocol, short};
use crate::SourceError;

/// The maximum bytes of a message's content, and of the app's own text beside it: the cloud accepts
/// messages of 12 KB (its code 93000).
const MAX_CONTENT: usize = 16 * 1024;
/// `MsgFlagBits` of a recalled message.
const RECALLED: u64 = 8;

#[derive(Deserialize)]
struct Item<'a> {
    #[serde(rename = "From_Account", default)]
    from: Lenient<String>,
    #[serde(rename = "MsgSeq", default)]
    sequence: Lenient<u64>,
    #[serde(rename = "MsgTimeStamp", default)]
    time: Lenient<i64>,
    /// One to one: 0, or 8 if it was recalled.
    #[serde(rename = "MsgFlagBits", default)]
    flags: Lenient<u64>,
    /// In groups: 0, 1 if it was deleted or has expired, or 2 if it was recalled.
    #[serde(rename = "IsPlaceMsg", default)]
    place: Lenient<i64>,
    #[serde(rename = "MsgBody", default, borrow)]
    body: Option<&'a RawValue>,
    #[serde(rename = "CloudCustomData", default)]
    custom: Lenient<String>,
}

#[derive(Deserialize)]
struct Element<'a> {
    #[serde(rename = "MsgType", default)]
    kind: Lenient<String>,
    #[serde(rename = "MsgContent", default, borrow)]
    content: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Text {
    #[serde(rename = "Text", default)]
    text: Lenient<String>,
}

/// A place in a conversation's history.
pub(super) struct Message {
    pub(super) sequence: u64,
    pub(super) time: Timestamp,
    /// The message; `None` if it was deleted, or has expired.
    pub(super) content: Option<LastMessage>,
}

/// Reads all readable messages of a reply. `is_end` states that the reply is complete: without a
/// message, it alone distinguishes an empty history from a reply that lost its messages.
///
/// # Errors
/// If there are messages but none can be read, or none came and the reply may be incomplete.
pub(super) fn read(
    items: Option<Vec<&RawValue>>,
    is_end: Lenient<i64>,
) -> Result<Vec<Message>, SourceError> {
    let is_whole = match (&items, is_end) {
        (Some(_), Lenient::Absent) | (_, Lenient::Given(1)) => true,
        (_, _) => false,
    };
    let items = items.unwrap_or_default();
    let messages: Vec<_> = items.iter().filter_map(|item| message(item.get())).collect();
    match (items.is_empty(), messages.is_empty()) {
        (true, _) if !is_whole => Err(protocol("a reply without messages that is not the last")),
        (false, true) => Err(protocol("a message that cannot be read")),
        _ => Ok(messages),
    }
}

/// Reads a message; `None` if it cannot be read, or its state cannot: it may have been recalled.
fn message(json: &str) -> Option<Message> {
    let item: Item<'_> = object(json)?;
    let sequence = item.sequence.any()?;
    let time = Timestamp::from_cloud(item.time.any()?).ok().filter(|time| !time.is_zero())?;
    let flags = item.flags.get("MsgFlagBits").ok()?.unwrap_or_default();
    let is_revoked = match item.place.get("IsPlaceMsg").ok()?.unwrap_or_default() {
        0 => flags & RECALLED != 0,
        1 => return Some(Message { sequence, time, content: None }),
        2 => true,
        _ => return None,
    };
    let (kind, payload) = match item.body.and_then(first) {
        Some(first) => first,
        // A recalled message may have no content left.
        None if is_revoked => (MessageKind::from(""), None),
        None => return None,
    };
    let mut content = LastMessage::new(kind);
    content.time = Some(time);
    content.sequence = sequence;
    content.from_account = short(&item.from.any().unwrap_or_default(), MAX_NAME);
    content.is_revoked = is_revoked;
    // The cloud still sends the text of a recalled message. Dropped here, it reaches no list, no
    // log and no disk.
    if !is_revoked {
        content.payload = payload;
        content.cloud_custom_data = custom(&item.custom.any().unwrap_or_default());
    }
    Some(Message { sequence, time, content: Some(content) })
}

/// Returns the kind of a message's first element, and its payload for a list.
fn first(body: &RawValue) -> Option<(MessageKind, Option<Payload>)> {
    let elements: Vec<&RawValue> = serde_json::from_str(body.get()).ok()?;
    let element: Element<'_> = object(elements.first()?.get())?;
    let kind = MessageKind::from(&*short(&element.kind.any()?, MAX_NAME));
    let payload = element.content.and_then(|content| payload(&kind, content.get()));
    Some((kind, payload))
}

/// Returns a payload: text in the SDK's shape, other kinds in the cloud's message format.
fn payload(kind: &MessageKind, json: &str) -> Option<Payload> {
    if *kind == MessageKind::Text {
        let content: Text = object(json)?;
        return Some(Payload::of_text(&short(&content.text.any()?, MAX_CONTENT)));
    }
    let is_sound = json.starts_with('{') && json.len() <= MAX_CONTENT;
    is_sound.then(|| Payload::from_json(json).ok())?
}

/// Returns the app's text, or an empty one if it is too long: cut JSON would be useless.
fn custom(text: &str) -> Arc<str> {
    if text.len() > MAX_CONTENT { Arc::default() } else { text.into() }
}
