//! Changes: the SDK's calls that write. Each is shown and durable when it is answered, and sent to the
//! cloud in the background.

mod batch;
mod conversations;
mod groups;

use axum::routing::post;
use conv_api::{ConversationId, Conversations, Error, ErrorClass, FailedConversation};
use serde::Serialize;
use serde_json::{Map, Value};

use super::{
    answer::{Answer, Answered},
    position,
    problem::Problem,
    routes::Call,
};

/// The maximum number of conversations in one call, as with the SDK.
pub(super) const MAX_IDS: usize = 100;

pub(super) fn calls() -> Vec<Call> {
    vec![
        ("/conversations/delete", post(conversations::delete)),
        ("/conversations/pin", post(conversations::pin)),
        ("/conversations/read", post(conversations::read)),
        ("/conversations/mark", post(conversations::mark)),
        ("/conversations/custom-data", post(conversations::custom_data)),
        ("/conversations/draft", post(conversations::draft)),
        ("/groups/create", post(groups::create)),
        ("/groups/delete", post(groups::delete)),
        ("/groups/rename", post(groups::rename)),
        ("/groups/add", post(groups::add)),
        ("/groups/remove", post(groups::remove)),
    ]
}

fn id(text: &str) -> Result<ConversationId, Problem> {
    Ok(text.parse().map_err(Error::Id)?)
}

fn ids(texts: &[String]) -> Result<Vec<ConversationId>, Problem> {
    match texts.len() {
        0 => Err(Problem::no_ids()),
        1..=MAX_IDS => texts.iter().map(|text| id(text)).collect(),
        _ => Err(Problem::invalid(format!("expected at most {MAX_IDS} conversation IDs"))),
    }
}

/// Answers with the SDK's data, and the position from which the list shows the change.
fn answer(conversations: &Conversations, data: impl Serialize) -> Answered {
    let mut data = match serde_json::to_value(data) {
        Ok(Value::Object(data)) => data,
        _ => Map::new(),
    };
    let position = serde_json::to_value(position::stored(&conversations.snapshot()));
    data.insert("position".to_owned(), position.unwrap_or_default());
    Answer::of(&data)
}

/// Answers as [`answer`] does, with conversations that stay as they are.
fn answer_each(
    conversations: &Conversations,
    data: impl Serialize,
    failed: &[FailedConversation],
) -> Answered {
    let is_passing = failed.iter().any(|failure| !is_final(failure.class));
    Ok(answer(conversations, data)?.passing(is_passing))
}

/// Returns true if the same call will be refused again.
pub(super) fn is_final(class: ErrorClass) -> bool {
    matches!(class, ErrorClass::InvalidArgument | ErrorClass::NotFound | ErrorClass::Unsupported)
}
