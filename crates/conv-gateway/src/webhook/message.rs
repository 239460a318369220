//! The message in an event, as far as a list shows it.

use std::sync::Arc;

use conv_model::{LastMessage, MessageKind, Payload, Timestamp};

use super::fields::{Fields, text};

/// The maximum bytes of a message's content, and of the app's own text beside it: the cloud accepts
/// messages of 12 KB.
const MAX_CONTENT: usize = 16 << 10;
/// The maximum bytes of a message's key.
const MAX_KEY: usize = 128;
/// The maximum bytes of the name of a kind.
const MAX_KIND: usize = 64;

/// A message in an event. Its values are the caller's word: provisional until a pass read them.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Message {
    /// The cloud's time of it; `None` if the event has none, or one outside 2010–2100.
    pub time: Option<Timestamp>,
    /// Its number, one to one or in the group; 0 if the event has none.
    pub sequence: u64,
    /// The cloud's key of it, one to one; `None` if the event has none.
    pub key: Option<Arc<str>>,
    /// The message as a row would show it; `None` if it cannot be read.
    pub content: Option<Arc<LastMessage>>,
}

impl Message {
    pub(super) fn of(fields: &Fields<'_>) -> Self {
        let time = fields.number("MsgTime").and_then(|time| time.try_into().ok());
        let time = time.and_then(|time| Timestamp::from_cloud(time).ok());
        let time = time.filter(|time| !time.is_zero());
        let sequence = fields.number("MsgSeq").unwrap_or_default();
        let content = content(fields).map(|mut content| {
            content.time = time;
            content.sequence = sequence;
            Arc::new(content)
        });
        Self { time, sequence, key: key(fields), content }
    }
}

/// Returns the cloud's key of the message in an event.
pub(super) fn key(fields: &Fields<'_>) -> Option<Arc<str>> {
    let key = fields.text("MsgKey").filter(|key| !key.is_empty() && key.len() <= MAX_KEY);
    key.map(Into::into)
}

fn content(fields: &Fields<'_>) -> Option<LastMessage> {
    let body = fields.list("MsgBody");
    let element = Fields::of_item(body.items.first()?)?;
    let kind = element.text("MsgType").filter(|kind| kind.len() <= MAX_KIND)?;
    let mut message = LastMessage::new(MessageKind::from(&*kind));
    message.payload = payload(&message.kind, &element);
    message.from_account = fields.text("From_Account").unwrap_or_default().into();
    let custom = fields.raw("CloudCustomData").and_then(text);
    // A part of an app's text would be useless: it is JSON as a rule.
    let custom = custom.filter(|custom| custom.len() <= MAX_CONTENT);
    message.cloud_custom_data = custom.unwrap_or_default().into();
    Some(message)
}

/// Returns a payload: text in the SDK's shape, other kinds in the cloud's message format.
fn payload(kind: &MessageKind, element: &Fields<'_>) -> Option<Payload> {
    if *kind == MessageKind::Text {
        let content = element.object("MsgContent")?;
        return Some(Payload::of_text(head(&content.text("Text")?)));
    }
    let json = element.raw("MsgContent")?.get();
    let is_sound = json.starts_with('{') && json.len() <= MAX_CONTENT;
    is_sound.then(|| Payload::from_json(json).ok())?
}

/// Returns the beginning of a text that is too long.
fn head(text: &str) -> &str {
    if text.len() <= MAX_CONTENT {
        return text;
    }
    let end = (0..=MAX_CONTENT).rev().find(|end| text.is_char_boundary(*end));
    text.get(..end.unwrap_or_default()).unwrap_or_default()
}
