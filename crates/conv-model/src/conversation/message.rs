//! The last-message facet.

use std::{fmt, sync::Arc};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, IgnoredAny},
};
use serde_json::Value;
use thiserror::Error;

use crate::{Timestamp, open_enum::open_enum};

open_enum! {
    /// The kind of a message's first element.
    pub enum MessageKind {
        /// Text.
        Text = "TIMTextElem",
        /// A picture.
        Image = "TIMImageElem",
        /// A voice message.
        Sound = "TIMSoundElem",
        /// A video.
        Video = "TIMVideoFileElem",
        /// A file.
        File = "TIMFileElem",
        /// A sticker.
        Face = "TIMFaceElem",
        /// A place.
        Location = "TIMLocationElem",
        /// The app's own kind.
        Custom = "TIMCustomElem",
        /// A bundle of forwarded messages.
        Merged = "TIMRelayElem",
        /// A notice in a group.
        GroupTip = "TIMGroupTipElem",
        /// A system notice about a group.
        GroupSystemNotice = "TIMGroupSystemNoticeElem",
    }
}

/// The newest message of a conversation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LastMessage {
    /// The time at which it was sent. The row's place in the list follows the listing's time.
    pub time: Option<Timestamp>,
    /// Its number: the group's sequence, or one to one a 32-bit sequence.
    pub sequence: u64,
    /// userID of the sender.
    pub from_account: Arc<str>,
    /// The sender's nickname (groups only).
    pub nick: Arc<str>,
    /// The sender's name in the group (groups only).
    pub name_card: Arc<str>,
    /// Kind of the first element.
    pub kind: MessageKind,
    /// The first element, as the cloud's JSON.
    pub payload: Option<Payload>,
    /// The app's own text beside the message.
    pub cloud_custom_data: Arc<str>,
    /// True if it was recalled; a row then holds neither its payload nor its custom data.
    pub is_revoked: bool,
    /// userID of the user who recalled it.
    pub revoker: Option<Arc<str>>,
    /// True if it was sent only to users who are online.
    pub online_only: bool,
    /// The source's version of it.
    pub version: u64,
}

impl LastMessage {
    /// A message of a kind, everything else empty.
    pub fn new(kind: MessageKind) -> Self {
        Self {
            time: None,
            sequence: 0,
            from_account: Arc::default(),
            nick: Arc::default(),
            name_card: Arc::default(),
            kind,
            payload: None,
            cloud_custom_data: Arc::default(),
            is_revoked: false,
            revoker: None,
            online_only: false,
            version: 0,
        }
    }

    /// Returns true if it was recalled and still carries its content.
    pub(super) fn has_recalled_content(&self) -> bool {
        self.is_revoked && (self.payload.is_some() || !self.cloud_custom_data.is_empty())
    }

    /// Returns true if a row that takes this message in holds `shown`.
    pub(super) fn is_shown_as(&self, shown: &Self) -> bool {
        if !self.has_recalled_content() {
            return self == shown;
        }
        let mut cleared = self.clone();
        cleared.clear_content();
        cleared == *shown
    }

    pub(super) fn clear_content(&mut self) {
        self.payload = None;
        self.cloud_custom_data = Arc::default();
    }

    /// Returns the part that a list shows; the wording of all but text is the embedder's.
    pub fn preview(&self) -> Preview<'_> {
        if self.is_revoked {
            return Preview::Recalled;
        }
        let text = || self.payload.as_ref().and_then(Payload::text).unwrap_or_default();
        match &self.kind {
            MessageKind::Text => Preview::Text(text()),
            other => Preview::Other(other),
        }
    }
}

/// The part of a message that a list shows. `Display` gives a default wording in English; the SDK's
/// `messageForShow` has the same places, in Chinese.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Preview<'a> {
    /// The text itself.
    Text(String),
    /// A message that was recalled.
    Recalled,
    /// A value that is not text.
    Other(&'a MessageKind),
}

impl fmt::Display for Preview<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self {
            Self::Text(text) => return f.write_str(text),
            Self::Recalled => return f.write_str("[Message recalled]"),
            Self::Other(kind) => kind,
        };
        f.write_str(match kind {
            MessageKind::Image => "[Image]",
            MessageKind::Sound => "[Voice]",
            MessageKind::Video => "[Video]",
            MessageKind::File => "[File]",
            MessageKind::Face => "[Sticker]",
            MessageKind::Location => "[Location]",
            MessageKind::Merged => "[Chat history]",
            MessageKind::GroupTip => "[Group notice]",
            MessageKind::GroupSystemNotice => "[System notice]",
            _ => "[Custom message]",
        })
    }
}

/// The first element of a message: a JSON value, kept as its text.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Payload(Box<str>);

/// The text is not JSON.
#[derive(Debug, Error)]
#[error("expected a message payload in JSON")]
pub struct PayloadError(#[source] serde_json::Error);

impl Payload {
    /// From JSON. Its values are kept, but neither spaces between tokens nor the order of members;
    /// integers of more than 64 bits become floating-point numbers.
    ///
    /// # Errors
    /// If `json` is not a JSON value.
    pub fn from_json(json: &str) -> Result<Self, PayloadError> {
        let value: Value = serde_json::from_str(json).map_err(PayloadError)?;
        Ok(Self::from_value(&value))
    }

    /// From the text that [`as_json`](Self::as_json) gave, as a store kept it. Of any other JSON
    /// the form stays as it is, and two payloads of the same values may differ.
    ///
    /// # Errors
    /// If `json` is not a JSON value.
    pub fn from_kept_json(json: &str) -> Result<Self, PayloadError> {
        // Values are not built: that and writing them again is most of `from_json`.
        serde_json::from_str::<IgnoredAny>(json).map_err(PayloadError)?;
        Ok(Self(json.into()))
    }

    /// The payload of a text message: `{"text": …}`.
    pub fn of_text(text: &str) -> Self {
        Self::from_value(&serde_json::json!({ "text": text }))
    }

    /// The JSON text.
    pub fn as_json(&self) -> &str {
        &self.0
    }

    /// The member `text`, of a text message.
    pub fn text(&self) -> Option<String> {
        #[derive(Deserialize)]
        struct Text {
            text: String,
        }
        serde_json::from_str::<Text>(&self.0).ok().map(|payload| payload.text)
    }

    fn from_value(value: &Value) -> Self {
        Self(value.to_string().into())
    }
}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Payload {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let value: Value = serde_json::from_str(&self.0).map_err(serde::ser::Error::custom)?;
        value.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Payload {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::Null => Err(de::Error::custom("expected a message payload, got null")),
            value => Ok(Self::from_value(&value)),
        }
    }
}
