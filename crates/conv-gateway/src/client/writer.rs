//! Changing a list through a gateway.

use std::fmt::Write;

use async_trait::async_trait;
use conv_model::{AccountId, ErrorClass, Mutation, Position};
use conv_sync::{
    ConversationSource, ConversationWriter, Groups, SourceError, WriteCapabilities, WriteKind,
    WriteRequest, Written,
};
use sha2::{Digest, Sha256};

use super::{
    GatewaySource,
    http::Call,
    parts::{Part, parts},
};

/// The kinds of changes that a gateway takes.
const KINDS: [WriteKind; 10] = [
    WriteKind::Delete,
    WriteKind::Pin,
    WriteKind::Mark,
    WriteKind::CustomData,
    WriteKind::CreateGroup,
    WriteKind::RenameGroup,
    WriteKind::DeleteGroup,
    WriteKind::Members,
    WriteKind::Read,
    WriteKind::ReadGroup,
];

#[async_trait]
impl ConversationWriter for GatewaySource {
    fn write_capabilities(&self) -> WriteCapabilities {
        let mut capabilities = WriteCapabilities::of(KINDS);
        // A row brings its unread count, and no pass asks for it by itself.
        capabilities.listed.remove(&WriteKind::Read);
        // The gateway says per conversation how far its change came.
        (capabilities.pins, capabilities.items, capabilities.members) = (1, 1, 1);
        capabilities
    }

    async fn write(&self, request: &WriteRequest) -> Result<Written, SourceError> {
        let parts = parts(&request.call)?;
        let mut position = None;
        for part in &parts {
            let mut call = Call::post(part.path, &part.body);
            call.key = key(request, part, &call);
            let answer = self.shared.call(&request.account, &call).await?;
            position = accepted(&answer.body)?.or(position);
        }
        let mutations: Vec<_> = parts.into_iter().flat_map(|part| part.mutations).collect();
        self.shared.ended(&request.account, &mutations, position).await?;
        Ok(Written::whole())
    }

    async fn look(&self, account: &AccountId) -> Result<Groups, SourceError> {
        self.groups(account).await
    }
}

/// Returns the key by which the gateway knows an attempt of a part again: made from the part's own
/// mutations, so that it is the same after a restart and whatever goes with it, and of no other change.
fn key(request: &WriteRequest, part: &Part, call: &Call<'_>) -> Option<String> {
    let slots: Vec<_> = part.mutations.iter().map(Mutation::slot).collect();
    let own = request.mutations.iter().filter(|sent| slots.contains(&sent.slot));
    let mut digest = Sha256::new();
    let mut is_sent = false;
    for sent in own {
        is_sent = true;
        digest.update(sent.number.to_be_bytes());
        digest.update(sent.queued_at.unwrap_or_default().as_secs().to_be_bytes());
    }
    if !is_sent {
        return None;
    }
    for part in [request.account.as_str().as_bytes(), call.path.as_bytes()] {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    digest.update(call.body.as_deref().unwrap_or_default());
    let mut key = String::from("conv-");
    for byte in digest.finalize().iter().take(16) {
        // Writing to a `String` cannot fail.
        let _ = write!(key, "{byte:02x}");
    }
    Some(key)
}

/// Checks that the gateway took the change of each conversation; returns the position from which its list
/// shows the change.
fn accepted(body: &[u8]) -> Result<Option<Position>, SourceError> {
    #[derive(serde::Deserialize)]
    struct Data {
        #[serde(default, rename = "failureConversationIDList")]
        failed: Vec<Failed>,
        #[serde(default)]
        position: Option<String>,
    }
    #[derive(serde::Deserialize)]
    struct Failed {
        #[serde(default)]
        code: i32,
    }
    let data: Data = super::wire::data(body)?;
    match data.failed.first() {
        Some(failed) => Err(super::ended::failed(failed.code, ErrorClass::Cloud)),
        None => Ok(data.position.and_then(|text| text.parse().ok())),
    }
}
