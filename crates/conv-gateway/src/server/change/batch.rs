//! Changes of several conversations in one call.

use conv_api::{
    Accepted, ConversationId, Conversations, Error, FailedConversation, MarkType, MutationError,
};

/// The change of each conversation.
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
            Err(error) if is_of_one(&error) => self.run_each(conversations, ids).await,
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
        let mut rest = ids.iter();
        while let Some(id) = rest.next() {
            match self.accept(conversations, std::slice::from_ref(id)).await {
                Ok(mut accepted) => {
                    all.success_conversation_id_list.push(id.clone());
                    all.changes.append(&mut accepted.changes);
                }
                Err(error) if is_of_one(&error) => {
                    all.failure_conversation_id_list.push(failure(id, &error));
                }
                Err(error) if all.changes.is_empty() => return Err(error),
                // It would refuse the others, too.
                Err(error) => {
                    let failed = [id].into_iter().chain(rest.by_ref());
                    all.failure_conversation_id_list.extend(failed.map(|id| failure(id, &error)));
                }
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

/// Returns true if an error is about a conversation, and others may be changed all the same.
fn is_of_one(error: &Error) -> bool {
    matches!(error, Error::Refused(refused) if !matches!(refused, MutationError::OutboxFull { .. }))
}

fn failure(id: &ConversationId, error: &Error) -> FailedConversation {
    FailedConversation::of(id.clone(), error)
}
