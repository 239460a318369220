//! Changes to conversation groups.

use conv_model::{AccountId, ConversationId, GroupName};

use super::items::Items;
use crate::{
    SourceError, Written,
    rest::{
        RestSource, unsupported,
        wire::{
            contact::{Contact, GroupField},
            create_group, delete_group,
            update_group::{self, Member},
        },
    },
};

impl RestSource {
    pub(super) async fn create_group(
        &self,
        account: &AccountId,
        name: &GroupName,
        ids: &[ConversationId],
    ) -> Result<Written, SourceError> {
        let contact = |id| (id, Contact::new(id, GroupField::ToGroupId).map(Some));
        let (contacts, items) = Items::sort(ids.iter().map(contact));
        if contacts.is_empty() {
            return Err(unsupported("conversation groups that are created without a member"));
        }
        let command = create_group::Request::new(account, name, contacts);
        let (outcomes, _) = self.caller.call(&command).await?;
        Ok(items.answered(outcomes))
    }

    pub(super) async fn rename_group(
        &self,
        account: &AccountId,
        old: &GroupName,
        new: &GroupName,
    ) -> Result<Written, SourceError> {
        self.caller.call(&update_group::Request::rename(account, old, new)).await?;
        Ok(Written::whole())
    }

    pub(super) async fn change_members(
        &self,
        account: &AccountId,
        name: &GroupName,
        items: &[(ConversationId, bool)],
    ) -> Result<Written, SourceError> {
        let (members, items) = Items::sort(items.iter().map(|(id, is_member)| {
            let contact = Contact::new(id, GroupField::ToGroupId);
            (id, contact.map(|contact| Some(Member::new(contact, *is_member))))
        }));
        if members.is_empty() {
            return items.unsent();
        }
        let command = update_group::Request::members(account, name, members);
        let (outcomes, _) = self.caller.call(&command).await?;
        Ok(items.answered(outcomes))
    }

    pub(super) async fn delete_group(
        &self,
        account: &AccountId,
        name: &GroupName,
    ) -> Result<Written, SourceError> {
        self.whole(&delete_group::Request::new(account, name)).await
    }
}
