//! Changes of conversation groups.

use std::sync::Arc;

use axum::{Extension, extract::State};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{answer, batch::Batch, conversations::each};
use crate::server::{
    answer::Answered,
    body::{Json, Options},
    caller::Caller,
    problem::Problem,
    shared::Shared,
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct MemberOptions {
    #[serde(rename = "conversationIDList")]
    ids: Vec<String>,
    group_name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RenameOptions {
    old_name: String,
    new_name: String,
}

/// `POST /groups/create`
pub(super) async fn create(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    Options(options): Options<MemberOptions>,
) -> Answered {
    each(&shared, &caller, &options.ids, Batch::CreateGroup(options.group_name)).await
}

/// `POST /groups/add`
pub(super) async fn add(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    Options(options): Options<MemberOptions>,
) -> Answered {
    each(&shared, &caller, &options.ids, Batch::AddToGroup(options.group_name)).await
}

/// `POST /groups/remove`
pub(super) async fn remove(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    Options(options): Options<MemberOptions>,
) -> Answered {
    each(&shared, &caller, &options.ids, Batch::RemoveFromGroup(options.group_name)).await
}

/// `POST /groups/delete`: as with the SDK, the body is the name, as a JSON string.
pub(super) async fn delete(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    Json(argument): Json,
) -> Answered {
    let Value::String(name) = argument else {
        return Err(Problem::invalid("expected the name of a conversation group"));
    };
    let conversations = shared.known(&caller).await?;
    conversations.delete_conversation_group(&name).await?;
    answer(&conversations, json!({ "groupName": name }))
}

/// `POST /groups/rename`
pub(super) async fn rename(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    Options(RenameOptions { old_name, new_name }): Options<RenameOptions>,
) -> Answered {
    let conversations = shared.known(&caller).await?;
    conversations.rename_conversation_group(&old_name, &new_name).await?;
    answer(&conversations, json!({ "groupName": new_name }))
}
