//! Changes of several conversations in one call.

use conv_api::{Accepted, ConversationId, Conversations, Error, FailedConversation, MarkType};

/// What is done to each conversation.
#[derive(Clone, Debug)]
pub(super) enum Batch {
    Mark { mark_type: MarkType, enable_mark: bool },
    CustomData(String),
    CreateGroup(String),
    AddToGroup(String),
    RemoveFromGroup(String),
}

impl Batch {
    /// Changes what can be changed. As with the SDK, conversations that cannot be are no error, not
    /// even if none can.
    pub(super) async fn run(
        &self,
        conversations: &Conversations,
        ids: &[ConversationId],
    ) -> Result<Accepted, Error> {
        match self.accept(conversations, ids).await {
            Err(Error::Refused(_)) => self.run_each(conversations, ids).await,
            accepted => accepted,
        }
    }

    /// Nothing was accepted, and the error is the first one's: finds those of the others.
    async fn run_each(
        &self,
        conversations: &Conversations,
        ids: &[ConversationId],
    ) -> Result<Accepted, Error> {
        let mut all = Accepted::of([])?;
        for id in ids {
            match self.accept(conversations, std::slice::from_ref(id)).await {
                Ok(mut accepted) => {
                    all.success_conversation_id_list.push(id.clone());
                    all.changes.append(&mut accepted.changes);
                }
                Err(error @ Error::Refused(_)) => {
                    all.failure_conversation_id_list.push(failure(id, &error));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(all)
    }

    async fn accept(
        &self,
        conversations: &Conversations,
        ids: &[ConversationId],
    ) -> Result<Accepted, Error> {
        match self {
            Self::Mark { mark_type, enable_mark } => {
                conversations.mark_conversation(ids, *mark_type, *enable_mark).await
            }
            Self::CustomData(text) => conversations.set_conversation_custom_data(ids, text).await,
            Self::CreateGroup(name) => conversations.create_conversation_group(ids, name).await,
            Self::AddToGroup(name) => conversations.add_conversations_to_group(ids, name).await,
            Self::RemoveFromGroup(name) => {
                conversations.delete_conversations_from_group(ids, name).await
            }
        }
    }
}

fn failure(id: &ConversationId, error: &Error) -> FailedConversation {
    FailedConversation::of(id.clone(), error)
}
