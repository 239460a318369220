//! Profiles: `getConversationProfile`.

use std::sync::Arc;

use axum::{Extension, extract::State};
use conv_api::{Conversation, ConversationId, ConversationType, Conversations, Error};
use serde::{Deserialize, Serialize};

use super::{
    answer::{Answer, Answered},
    body::Options,
    caller::Caller,
    problem::Problem,
    shared::Shared,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProfileOptions {
    #[serde(rename = "conversationID")]
    id: String,
}

#[derive(Serialize)]
struct Data {
    conversation: Arc<Conversation>,
}

/// `POST /conversations/profile`
pub(super) async fn post(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    Options(ProfileOptions { id }): Options<ProfileOptions>,
) -> Answered {
    let id: ConversationId = id.parse().map_err(Error::Id)?;
    let conversations = shared.accounts.open(&caller.account).await?;
    if !may_ask(&shared, &conversations, &id) {
        shared.known(&caller).await?;
        return Err(Problem::not_listed());
    }
    let conversation = ask(&shared, &caller, &conversations, &id).await?;
    Answer::of(&Data { conversation })
}

/// The gateway asks as an administrator, who sees everything. So a user may ask for entries of his
/// list, and for other users if the embedder allows it; never for a group that he is not in.
fn may_ask(shared: &Shared, conversations: &Conversations, id: &ConversationId) -> bool {
    let is_user = id.conversation_type() == ConversationType::C2c;
    conversations.snapshot().get(id).is_some() || (shared.any_user && is_user)
}

async fn ask(
    shared: &Shared,
    caller: &Caller,
    conversations: &Conversations,
    id: &ConversationId,
) -> Result<Arc<Conversation>, Problem> {
    // A user who was unknown may be in the list by now.
    let listed = || conversations.snapshot().get(id);
    if shared.unknown.contains(&caller.account, id, shared.now()) && listed().is_none() {
        return Err(Problem::unknown());
    }
    shared.spend(caller)?;
    match conversations.get_conversation_profile(id).await {
        Ok(conversation) => Ok(conversation),
        Err(Error::NotFound(_)) => listed().ok_or_else(|| {
            shared.unknown.insert(&caller.account, id, shared.now());
            Problem::unknown()
        }),
        Err(error) => Err(error.into()),
    }
}
