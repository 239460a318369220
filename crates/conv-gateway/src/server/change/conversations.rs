//! Changes of conversations.

use std::{collections::BTreeMap, sync::Arc};

use axum::{Extension, extract::State};
use conv_api::{
    Conversation, ConversationId, Conversations, FailedConversation, IfNewer, MarkType, ReadMark,
    Timestamp,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{answer, answer_each, batch::Batch, id, ids};
use crate::server::{
    answer::Answered,
    body::{Json, Options, value_of},
    caller::Caller,
    problem::Problem,
    shared::Shared,
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct DeleteOptions {
    #[serde(rename = "conversationIDList")]
    ids: Vec<String>,
    #[serde(default = "yes")]
    clear_history_message: bool,
    /// Per conversation the time of the newest message that the user saw.
    #[serde(default)]
    seen: BTreeMap<String, Timestamp>,
    #[serde(default)]
    if_newer: IfNewer,
}

/// The SDK's default.
fn yes() -> bool {
    true
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct PinOptions {
    #[serde(rename = "conversationID")]
    id: String,
    is_pinned: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReadOptions {
    #[serde(rename = "conversationID")]
    id: String,
    /// The time of the newest message that the user saw.
    until: Option<Timestamp>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct MarkOptions {
    #[serde(rename = "conversationIDList")]
    ids: Vec<String>,
    mark_type: MarkType,
    enable_mark: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct CustomDataOptions {
    #[serde(rename = "conversationIDList")]
    ids: Vec<String>,
    custom_data: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct DraftOptions {
    #[serde(rename = "conversationID")]
    id: String,
    draft_text: String,
}

#[derive(Serialize)]
struct Deleted<'a> {
    #[serde(rename = "conversationIDList")]
    ids: Vec<ConversationId>,
    #[serde(rename = "failureConversationIDList")]
    failed: &'a [FailedConversation],
}

/// `POST /conversations/delete`: an ID, or several with options.
pub(super) async fn delete(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    Json(argument): Json,
) -> Answered {
    let conversations = shared.known(&caller).await?;
    if let Value::String(text) = argument {
        let id = id(&text)?;
        conversations.delete_conversation(std::slice::from_ref(&id), true).await?;
        return answer(&conversations, json!({ "conversationID": id }));
    }
    let options = delete_options(argument)?;
    let ids = ids(&options.ids)?;
    let seen = seen(&options.seen, &ids)?;
    let (clears, if_newer) = (options.clear_history_message, options.if_newer);
    let accepted = conversations.delete_conversation_seen(&ids, clears, if_newer, &seen).await?;
    let (ids, failed) =
        (accepted.success_conversation_id_list, accepted.failure_conversation_id_list);
    answer_each(&conversations, Deleted { ids, failed: &failed }, &failed)
}

fn delete_options(argument: Value) -> Result<DeleteOptions, Problem> {
    if !argument.is_object() {
        return Err(Problem::invalid("expected a conversation ID or an object"));
    }
    value_of(argument)
}

fn seen(
    texts: &BTreeMap<String, Timestamp>,
    ids: &[ConversationId],
) -> Result<BTreeMap<ConversationId, Timestamp>, Problem> {
    let mut seen = BTreeMap::new();
    for (text, time) in texts {
        let id = id(text)?;
        if !ids.contains(&id) {
            return Err(Problem::invalid("seen names a conversation that is not to be deleted"));
        }
        seen.insert(id, *time);
    }
    Ok(seen)
}

/// `POST /conversations/pin`
pub(super) async fn pin(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    Options(options): Options<PinOptions>,
) -> Answered {
    let (id, conversations) = (id(&options.id)?, shared.known(&caller).await?);
    conversations.pin_conversation(&id, options.is_pinned).await?;
    answer(&conversations, json!({ "conversationID": id }))
}

/// `POST /conversations/read`: up to the newest message that the list shows, or the user saw.
pub(super) async fn read(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    Options(options): Options<ReadOptions>,
) -> Answered {
    let (id, conversations) = (id(&options.id)?, shared.known(&caller).await?);
    match options.until {
        Some(until) => conversations.set_message_read_until(&id, ReadMark::new(until, 0)).await?,
        None => conversations.set_message_read(&id).await?,
    };
    answer(&conversations, json!({}))
}

/// `POST /conversations/mark`
pub(super) async fn mark(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    Options(options): Options<MarkOptions>,
) -> Answered {
    let MarkOptions { mark_type, enable_mark, .. } = options;
    each(&shared, &caller, &options.ids, Batch::Mark { mark_type, enable_mark }).await
}

/// `POST /conversations/custom-data`
pub(super) async fn custom_data(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    Options(options): Options<CustomDataOptions>,
) -> Answered {
    each(&shared, &caller, &options.ids, Batch::CustomData(options.custom_data)).await
}

pub(super) async fn each(
    shared: &Shared,
    caller: &Caller,
    texts: &[String],
    batch: Batch,
) -> Answered {
    let (ids, conversations) = (ids(texts)?, shared.known(caller).await?);
    let accepted = batch.run(&conversations, &ids).await?;
    answer_each(&conversations, &accepted, &accepted.failure_conversation_id_list)
}

/// `POST /conversations/draft`: kept here, and sent to no cloud.
pub(super) async fn draft(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    Options(options): Options<DraftOptions>,
) -> Answered {
    let (id, conversations) = (id(&options.id)?, shared.known(&caller).await?);
    // Or a user could fill the store with drafts of conversations that do not exist.
    listed(&conversations, &id)?;
    conversations.set_draft(&id, &options.draft_text).await.map_err(Problem::from)?;
    // The SDK has a code inside of the data here.
    answer(&conversations, json!({ "code": 0, "conversation": listed(&conversations, &id)? }))
}

fn listed(
    conversations: &Conversations,
    id: &ConversationId,
) -> Result<Arc<Conversation>, Problem> {
    conversations.snapshot().get(id).ok_or_else(Problem::not_listed)
}
