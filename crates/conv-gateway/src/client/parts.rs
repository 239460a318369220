//! The gateway's calls that make a change.

use std::sync::Arc;

use conv_model::{ConversationId, GroupName, GroupTarget, IfNewer, MarkType, Mutation, Timestamp};
use conv_sync::{MarkItem, SourceError, WriteCall};
use serde_json::{Value, json};

/// A call of the gateway that makes a change, or a part of one.
pub(super) struct Part {
    pub(super) path: &'static str,
    pub(super) body: Value,
    /// The mutations that the gateway makes of it.
    pub(super) mutations: Vec<Mutation>,
}

/// Returns the calls for a change.
///
/// # Errors
/// If the gateway has none for it.
pub(super) fn parts(call: &WriteCall) -> Result<Vec<Part>, SourceError> {
    Ok(match call {
        WriteCall::Delete { id, clears_history, seen, if_newer } => {
            vec![delete(id, *clears_history, *seen, *if_newer)]
        }
        WriteCall::Pin { ids, is_pinned } => ids.iter().map(|id| pin(id, *is_pinned)).collect(),
        WriteCall::Mark { items } => items.iter().flat_map(marks).collect(),
        WriteCall::CustomData { items } => {
            items.iter().map(|(id, text)| custom_data(id, text)).collect()
        }
        WriteCall::CreateGroup { ids, .. } if ids.is_empty() => {
            return Err(SourceError::Unsupported {
                what: "conversation groups without members".into(),
            });
        }
        WriteCall::CreateGroup { name, ids } => vec![create(name, ids)],
        WriteCall::RenameGroup { old, new } => {
            let body = json!({ "oldName": old.as_str(), "newName": new.as_str() });
            vec![group(old, GroupTarget::Named(new.clone()), "/groups/rename", body)]
        }
        WriteCall::DeleteGroup { name } => {
            vec![group(name, GroupTarget::Absent, "/groups/delete", json!(name.as_str()))]
        }
        WriteCall::Members { name, items } => {
            items.iter().map(|(id, is_member)| member(name, id, *is_member)).collect()
        }
        WriteCall::Read { id, until, .. } => {
            let body = json!({ "conversationID": id, "until": until.time });
            let read = Mutation::Read { id: id.clone(), until: *until, count: 0 };
            vec![Part { path: "/conversations/read", body, mutations: vec![read] }]
        }
        _ => return Err(SourceError::Unsupported { what: "this change".into() }),
    })
}

fn delete(
    id: &ConversationId,
    clears_history: bool,
    seen: Option<Timestamp>,
    if_newer: IfNewer,
) -> Part {
    let mut body = json!({ "conversationIDList": [id], "clearHistoryMessage": clears_history });
    if let Some(body) = body.as_object_mut() {
        if let Some(seen) = seen {
            body.insert("seen".to_owned(), json!({ id.as_str(): seen }));
        }
        // The default is left out, since a gateway that does not know the member refuses it.
        if if_newer != IfNewer::default() {
            body.insert("ifNewer".to_owned(), json!(if_newer));
        }
    }
    let delete = Mutation::Delete {
        id: id.clone(),
        seen: seen.unwrap_or_default(),
        clears_history,
        if_newer,
    };
    Part { path: "/conversations/delete", body, mutations: vec![delete] }
}

fn pin(id: &ConversationId, is_pinned: bool) -> Part {
    let body = json!({ "conversationID": id, "isPinned": is_pinned });
    let pin = Mutation::Pin { id: id.clone(), is_pinned };
    Part { path: "/conversations/pin", body, mutations: vec![pin] }
}

fn marks(item: &MarkItem) -> impl Iterator<Item = Part> {
    let set = item.set.iter().map(|mark| self::mark(&item.id, mark, true));
    set.chain(item.clear.iter().map(|mark| self::mark(&item.id, mark, false)))
}

fn mark(id: &ConversationId, mark_type: MarkType, is_set: bool) -> Part {
    let body = json!({ "conversationIDList": [id], "markType": mark_type, "enableMark": is_set });
    let mark = Mutation::Mark { id: id.clone(), mark_type, is_set };
    Part { path: "/conversations/mark", body, mutations: vec![mark] }
}

fn custom_data(id: &ConversationId, text: &Arc<str>) -> Part {
    let body = json!({ "conversationIDList": [id], "customData": text });
    let set = Mutation::CustomData { id: id.clone(), custom_data: Arc::clone(text) };
    Part { path: "/conversations/custom-data", body, mutations: vec![set] }
}

fn create(name: &GroupName, ids: &[ConversationId]) -> Part {
    let body = json!({ "conversationIDList": ids, "groupName": name.as_str() });
    let mut part = group(name, GroupTarget::Present, "/groups/create", body);
    let member = |id: &ConversationId| Mutation::Member {
        id: id.clone(),
        group_name: name.clone(),
        is_member: true,
    };
    part.mutations.extend(ids.iter().map(member));
    part
}

fn group(name: &GroupName, target: GroupTarget, path: &'static str, body: Value) -> Part {
    let mutations = vec![Mutation::Group { group_name: name.clone(), target }];
    Part { path, body, mutations }
}

fn member(name: &GroupName, id: &ConversationId, is_member: bool) -> Part {
    let path = if is_member { "/groups/add" } else { "/groups/remove" };
    let body = json!({ "conversationIDList": [id], "groupName": name.as_str() });
    let set = Mutation::Member { id: id.clone(), group_name: name.clone(), is_member };
    Part { path, body, mutations: vec![set] }
}
