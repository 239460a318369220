//! Changing a list through a gateway.

use std::{fmt::Write, sync::Arc};

use async_trait::async_trait;
use conv_model::{AccountId, ConversationId, Marks};
use conv_sync::{
    ConversationSource, ConversationWriter, Groups, SourceError, WriteCall, WriteCapabilities,
    WriteKind, WriteRequest, Written,
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{GatewaySource, http::Call};

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

/// A call of the gateway that makes a change, or a part of one.
struct Part {
    path: &'static str,
    body: Value,
}

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
        for part in parts(&request.call)? {
            let mut call = Call::post(part.path, &part.body);
            call.key = key(request, &call);
            let answer = self.shared.call(&request.account, &call).await?;
            accepted(&answer.body)?;
        }
        self.shared.ended(&request.account, &request.call).await?;
        Ok(Written::whole())
    }

    async fn look(&self, account: &AccountId) -> Result<Groups, SourceError> {
        self.groups(account).await
    }
}

/// Returns the key by which the gateway knows an attempt again: made from the change, so that it is the
/// same after a restart, and of no other change.
fn key(request: &WriteRequest, call: &Call<'_>) -> Option<String> {
    if request.numbers.is_empty() {
        return None;
    }
    let mut digest = Sha256::new();
    let queued_at = request.queued_at.unwrap_or_default().as_secs();
    for number in request.numbers.iter().chain([&queued_at]) {
        digest.update(number.to_be_bytes());
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

/// Checks that the gateway took the change of each conversation.
fn accepted(body: &[u8]) -> Result<(), SourceError> {
    #[derive(serde::Deserialize)]
    struct Data {
        #[serde(default, rename = "failureConversationIDList")]
        failed: Vec<Failed>,
    }
    #[derive(serde::Deserialize)]
    struct Failed {
        #[serde(default)]
        code: i32,
    }
    let data: Data = super::wire::data(body)?;
    match data.failed.first() {
        Some(failed) => Err(super::ended::failed(failed.code)),
        None => Ok(()),
    }
}

fn parts(call: &WriteCall) -> Result<Vec<Part>, SourceError> {
    let part = |path, body| vec![Part { path, body }];
    Ok(match call {
        WriteCall::Delete { id, clears_history } => part(
            "/conversations/delete",
            json!({ "conversationIDList": [id], "clearHistoryMessage": clears_history }),
        ),
        WriteCall::Pin { ids, is_pinned } => {
            let pin = |id: &ConversationId| Part {
                path: "/conversations/pin",
                body: json!({ "conversationID": id, "isPinned": is_pinned }),
            };
            ids.iter().map(pin).collect()
        }
        WriteCall::Mark { items } => {
            let of = |id: &ConversationId, marks: Marks, enable| {
                let id = id.clone();
                marks.iter().map(move |mark| Part {
                    path: "/conversations/mark",
                    body: json!({
                        "conversationIDList": [id],
                        "markType": mark,
                        "enableMark": enable,
                    }),
                })
            };
            let marks = |item: &conv_sync::MarkItem| {
                of(&item.id, item.set, true)
                    .chain(of(&item.id, item.clear, false))
                    .collect::<Vec<_>>()
            };
            items.iter().flat_map(marks).collect()
        }
        WriteCall::CustomData { items } => {
            let set = |(id, text): &(ConversationId, Arc<str>)| Part {
                path: "/conversations/custom-data",
                body: json!({ "conversationIDList": [id], "customData": text }),
            };
            items.iter().map(set).collect()
        }
        WriteCall::CreateGroup { ids, .. } if ids.is_empty() => {
            return Err(SourceError::Unsupported {
                what: "conversation groups without members".into(),
            });
        }
        WriteCall::CreateGroup { name, ids } => {
            part("/groups/create", json!({ "conversationIDList": ids, "groupName": name.as_str() }))
        }
        WriteCall::RenameGroup { old, new } => {
            part("/groups/rename", json!({ "oldName": old.as_str(), "newName": new.as_str() }))
        }
        WriteCall::DeleteGroup { name } => part("/groups/delete", json!(name.as_str())),
        WriteCall::Members { name, items } => {
            let set = |(id, is_member): &(ConversationId, bool)| Part {
                path: if *is_member { "/groups/add" } else { "/groups/remove" },
                body: json!({ "conversationIDList": [id], "groupName": name.as_str() }),
            };
            items.iter().map(set).collect()
        }
        WriteCall::Read { id, .. } => part("/conversations/read", json!({ "conversationID": id })),
        _ => return Err(SourceError::Unsupported { what: "this change".into() }),
    })
}
