//! The SDK's calls that change conversation groups.

use std::sync::Arc;

use conv_model::{ConversationId, GroupName, GroupTarget, Mutation};

use super::{Accepted, Change};
use crate::{Conversations, Error};

/// # Conversation groups
///
/// Groups are addressed by name. A group that was created here can be filled, renamed and deleted
/// before the cloud knows of it.
impl Conversations {
    /// Creates a conversation group with conversations in it; adds them if it exists. The cloud takes
    /// no group without conversations.
    ///
    /// # Errors
    /// [`Error::GroupName`] if the name is empty or longer than 32 bytes; [`Error::Refused`] if 20
    /// groups exist (51010), or if none of the conversations can be added; else as of
    /// [`mark_conversation`](Self::mark_conversation).
    #[doc(alias = "createConversationGroup")]
    pub async fn create_conversation_group(
        &self,
        ids: &[ConversationId],
        group_name: &str,
    ) -> Result<Accepted, Error> {
        let group_name: GroupName = group_name.parse()?;
        let snapshot = self.snapshot();
        if !ids.iter().any(|id| snapshot.get(id).is_some()) {
            // Nothing would be in the group: no change is accepted.
            return self.add(ids, &group_name).await;
        }
        let group =
            Mutation::Group { group_name: group_name.clone(), target: GroupTarget::Present };
        let group = self.accept_one(group).await?;
        match self.add(ids, &group_name).await {
            Ok(mut accepted) => {
                accepted.changes.insert(0, group);
                Ok(accepted)
            }
            Err(error) => {
                // If it is on its way already, it stays: the cloud may refuse it for its emptiness.
                let _ = group.cancel().await;
                Err(error)
            }
        }
    }

    /// Adds conversations to a conversation group.
    ///
    /// # Errors
    /// As of [`create_conversation_group`](Self::create_conversation_group); 51009 if there is no such
    /// group.
    #[doc(alias = "addConversationsToGroup")]
    pub async fn add_conversations_to_group(
        &self,
        ids: &[ConversationId],
        group_name: &str,
    ) -> Result<Accepted, Error> {
        self.add(ids, &group_name.parse()?).await
    }

    /// Removes conversations from a conversation group.
    ///
    /// # Errors
    /// As of [`add_conversations_to_group`](Self::add_conversations_to_group).
    #[doc(alias = "deleteConversationsFromGroup")]
    pub async fn delete_conversations_from_group(
        &self,
        ids: &[ConversationId],
        group_name: &str,
    ) -> Result<Accepted, Error> {
        let group_name: GroupName = group_name.parse()?;
        self.accept_each(ids, |id| member(id, &group_name, false)).await
    }

    /// Deletes a conversation group. Its conversations stay.
    ///
    /// # Errors
    /// As of [`add_conversations_to_group`](Self::add_conversations_to_group).
    #[doc(alias = "deleteConversationGroup")]
    pub async fn delete_conversation_group(&self, group_name: &str) -> Result<Change, Error> {
        let group_name = group_name.parse()?;
        self.accept_one(Mutation::Group { group_name, target: GroupTarget::Absent }).await
    }

    /// Renames a conversation group.
    ///
    /// # Errors
    /// As of [`add_conversations_to_group`](Self::add_conversations_to_group); also if another group
    /// has the new name.
    #[doc(alias = "renameConversationGroup")]
    pub async fn rename_conversation_group(
        &self,
        old_name: &str,
        new_name: &str,
    ) -> Result<Change, Error> {
        let target = GroupTarget::Named(new_name.parse()?);
        self.accept_one(Mutation::Group { group_name: old_name.parse()?, target }).await
    }

    /// Returns the names of the conversation groups as the list shows them, ascending.
    #[doc(alias = "getConversationGroupList")]
    pub fn get_conversation_group_list(&self) -> Vec<Arc<str>> {
        self.snapshot().groups()
    }

    async fn add(&self, ids: &[ConversationId], group_name: &GroupName) -> Result<Accepted, Error> {
        self.accept_each(ids, |id| member(id, group_name, true)).await
    }
}

fn member(id: &ConversationId, group_name: &GroupName, is_member: bool) -> Mutation {
    Mutation::Member { id: id.clone(), group_name: group_name.clone(), is_member }
}
