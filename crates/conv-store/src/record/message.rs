//! A last message on disk.

use std::sync::Arc;

use conv_model::{LastMessage, MessageKind, Payload, Timestamp};
use serde::{Deserialize, Serialize};

use super::corrupt;
use crate::StoreError;

#[derive(Serialize, Deserialize)]
pub(super) struct Body<'a> {
    time: Option<u64>,
    sequence: u64,
    from_account: &'a str,
    nick: &'a str,
    name_card: &'a str,
    kind: &'a str,
    /// JSON.
    #[serde(borrow)]
    payload: Option<&'a str>,
    cloud_custom_data: &'a str,
    is_revoked: bool,
    #[serde(borrow)]
    revoker: Option<&'a str>,
    online_only: bool,
    version: u64,
}

impl<'a> Body<'a> {
    pub(super) fn of(message: &'a LastMessage) -> Self {
        Self {
            time: message.time.map(Timestamp::as_secs),
            sequence: message.sequence,
            from_account: &message.from_account,
            nick: &message.nick,
            name_card: &message.name_card,
            kind: message.kind.as_str(),
            payload: message.payload.as_ref().map(Payload::as_json),
            cloud_custom_data: &message.cloud_custom_data,
            is_revoked: message.is_revoked,
            revoker: message.revoker.as_deref(),
            online_only: message.online_only,
            version: message.version,
        }
    }

    /// Returns true if reading it leaves out what a recalled message had said.
    pub(super) fn holds_recalled_content(&self) -> bool {
        self.is_revoked && (self.payload.is_some() || !self.cloud_custom_data.is_empty())
    }

    pub(super) fn read(self) -> Result<LastMessage, StoreError> {
        let mut message = LastMessage::new(MessageKind::from(self.kind));
        message.time = self.time.map(Timestamp::from_secs);
        message.sequence = self.sequence;
        message.from_account = text(self.from_account);
        message.nick = text(self.nick);
        message.name_card = text(self.name_card);
        // Earlier versions kept what a recalled message had said.
        if !self.is_revoked {
            let payload = self.payload.map(Payload::from_kept_json).transpose();
            message.payload = payload.map_err(|_| corrupt("the payload of a message"))?;
            message.cloud_custom_data = text(self.cloud_custom_data);
        }
        message.is_revoked = self.is_revoked;
        message.revoker = self.revoker.map(Arc::from);
        message.online_only = self.online_only;
        message.version = self.version;
        Ok(message)
    }
}

/// Empty texts are many, and all the same one.
fn text(text: &str) -> Arc<str> {
    if text.is_empty() { Arc::default() } else { text.into() }
}
