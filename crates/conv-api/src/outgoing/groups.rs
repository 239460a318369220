//! The SDK's calls that change conversation groups.

use std::sync::Arc;

use conv_model::{ConversationId, GroupName, GroupTarget, Mutation};

use super::{
    Accepted, Change,
    accept::{Accepting, Wanted},
};
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
        let name: GroupName = group_name.parse()?;
        let (known, unknown) = self.split_known(ids, |id| member(id, &name, true))?;
        let (group, mut results) = self.create(name, known).await?;
        results.extend(unknown);
        let mut accepted = Accepted::of(results)?;
        accepted.changes.insert(0, group);
        Ok(accepted)
    }

    /// Accepts a group and its first conversations in one write, since the cloud takes no group without
    /// any; then the others.
    async fn create(
        &self,
        group_name: GroupName,
        members: Vec<Wanted>,
    ) -> Result<(Change, Vec<Accepting>), Error> {
        let group = Mutation::Group { group_name, target: GroupTarget::Present };
        let mut first = members.len();
        let changes = loop {
            let head = members.iter().take(first).map(|(_, member)| member.clone());
            match self.accept([group.clone()].into_iter().chain(head).collect()).await {
                Err(Error::Refused(_)) if first > 1 => first /= 2,
                changes => break changes?,
            }
        };
        let mut changes = changes.into_iter();
        let created = changes.next().ok_or(Error::Stopped)?;
        let mut members = members.into_iter();
        let heads = members.by_ref().take(first).map(|(id, _)| id);
        let mut results: Vec<_> = heads.zip(changes.map(Ok)).collect();
        results.extend(self.accept_parts(members.collect()).await?);
        Ok((created, results))
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
