//! Changes to a list, by the documented commands.

mod edition;
mod groups;
mod items;
mod mark_base;
mod marks;

use async_trait::async_trait;
use conv_model::{AccountId, ConversationId, Peer, ReadMark, RemindType};

use self::items::Items;
pub(super) use self::{edition::Edition, mark_base::MarkBase};
use super::{
    RestSource, check, unsupported,
    wire::{
        Command, Depth,
        contact::{Contact, GroupField},
        delete, msg_flag, msg_read, set_unread, top,
    },
};
use crate::{
    ConversationWriter, Groups, RequestCounts, SourceError, WriteCall, WriteCapabilities,
    WriteKind, WriteRequest, Written,
};

#[async_trait]
impl ConversationWriter for RestSource {
    /// Pins, custom data, deletions, reading of users and remind types always; marks and groups
    /// unless [`marks_and_groups`](crate::RestSourceBuilder::marks_and_groups) is off; reading of
    /// groups if [`read_groups`](crate::RestSourceBuilder::read_groups) is on.
    fn write_capabilities(&self) -> WriteCapabilities {
        let offered = WriteKind::ALL.into_iter().filter(|kind| self.offers(*kind).is_ok());
        let mut capabilities = WriteCapabilities::of(offered);
        capabilities.app = Some(self.caller.sdk_app_id.into());
        if !self.options.labels {
            // Such a pass does not ask for them.
            capabilities.listed.remove(&WriteKind::CustomData);
        }
        capabilities
    }

    async fn write(&self, request: &WriteRequest) -> Result<Written, SourceError> {
        check(&request.account)?;
        let kind = request.call.kind();
        self.offers(kind)?;
        if !needs_edition(kind) {
            return self.send(&request.account, &request.call).await;
        }
        self.edition.check()?;
        let result = self.send(&request.account, &request.call).await;
        self.edition.note(&result);
        result
    }

    async fn look(&self, account: &AccountId) -> Result<Groups, SourceError> {
        check(account)?;
        self.offers(WriteKind::CreateGroup)?;
        self.edition.check()?;
        let groups = self.group_names(account).await;
        if let Err(error) = &groups {
            self.edition.note_error(error);
        }
        groups
    }

    async fn group_exists(&self, id: &ConversationId) -> Result<Option<bool>, SourceError> {
        let Some(group) = id.group_id() else { return Ok(None) };
        let group = group.as_str();
        let answer = match self.group_infos(&[group], Depth::Thin).await {
            Ok((profiles, _)) => profiles.get(group).cloned(),
            Err(error) => Some(Err(error)),
        };
        match answer {
            Some(Ok(_)) => Ok(Some(true)),
            // Other codes say that it may not be seen, or nothing.
            Some(Err(error)) if matches!(error.code(), Some(10010 | 10015)) => Ok(Some(false)),
            Some(Err(error)) => Err(error),
            None => Ok(None),
        }
    }

    fn write_request_counts(&self) -> Option<RequestCounts> {
        Some(self.caller.requests.clone())
    }
}

/// Standard marks and conversation groups need the Pro edition or a higher one; pins and custom data
/// do not (doc 53438).
fn needs_edition(kind: WriteKind) -> bool {
    kind == WriteKind::Mark || is_of_groups(kind)
}

fn is_of_groups(kind: WriteKind) -> bool {
    matches!(
        kind,
        WriteKind::CreateGroup
            | WriteKind::RenameGroup
            | WriteKind::DeleteGroup
            | WriteKind::Members
    )
}

impl RestSource {
    /// # Errors
    /// [`SourceError::Unsupported`] for a kind of calls that the builder's options leave out.
    fn offers(&self, kind: WriteKind) -> Result<(), SourceError> {
        match kind {
            WriteKind::Mark if !self.options.labels => Err(unsupported("marks")),
            kind if is_of_groups(kind) && !self.options.labels => {
                Err(unsupported("conversation groups"))
            }
            WriteKind::ReadGroup if !self.options.read_groups => {
                Err(unsupported("marking groups as read"))
            }
            _ => Ok(()),
        }
    }

    async fn send(&self, account: &AccountId, call: &WriteCall) -> Result<Written, SourceError> {
        match call {
            WriteCall::Delete { id, clears_history, .. } => {
                let contact = Contact::new(id, GroupField::ToGroupid)?;
                self.whole(&delete::Request::new(account, contact, *clears_history)).await
            }
            WriteCall::Pin { ids, is_pinned } => self.pin(account, ids, *is_pinned).await,
            WriteCall::Mark { items } => self.mark(account, items).await,
            WriteCall::CustomData { items } => self.set_custom_data(account, items).await,
            WriteCall::CreateGroup { name, ids } => self.create_group(account, name, ids).await,
            WriteCall::RenameGroup { old, new } => self.rename_group(account, old, new).await,
            WriteCall::DeleteGroup { name } => self.delete_group(account, name).await,
            WriteCall::Members { name, items } => self.change_members(account, name, items).await,
            WriteCall::Read { id, until, unread } => self.read(account, id, *until, *unread).await,
            WriteCall::Remind { id, remind_type } => self.remind(account, id, remind_type).await,
        }
    }

    /// A call whose answer counts for all of it.
    async fn whole<C: Command<Answer = ()>>(&self, command: &C) -> Result<Written, SourceError> {
        self.caller.call(command).await?;
        Ok(Written::whole())
    }

    async fn pin(
        &self,
        account: &AccountId,
        ids: &[ConversationId],
        is_pinned: bool,
    ) -> Result<Written, SourceError> {
        let contact = |id| (id, Contact::new(id, GroupField::GroupId).map(Some));
        let (contacts, items) = Items::sort(ids.iter().map(contact));
        if contacts.is_empty() {
            return items.unsent();
        }
        self.caller.call(&top::Request::new(account, contacts, is_pinned)).await?;
        Ok(items.all_done())
    }

    async fn read(
        &self,
        account: &AccountId,
        id: &ConversationId,
        until: ReadMark,
        unread: Option<u32>,
    ) -> Result<Written, SourceError> {
        match id.peer() {
            // The cloud may take a time of 0 for none, and none for now.
            Peer::User(_) if until.time.is_zero() => Err(invalid("reading up to an unknown time")),
            Peer::User(user) => {
                self.whole(&msg_read::Request::new(account, user.as_str(), until.time)).await
            }
            Peer::Group(group) => {
                let count =
                    unread.ok_or_else(|| invalid("an unknown number of unread messages"))?;
                self.whole(&set_unread::Request::new(account, group.as_str(), count)).await
            }
            Peer::System => Err(unsupported("changes of the system conversation")),
        }
    }

    async fn remind(
        &self,
        account: &AccountId,
        id: &ConversationId,
        remind_type: &RemindType,
    ) -> Result<Written, SourceError> {
        let Peer::Group(group) = id.peer() else {
            return Err(unsupported("setting how a user's messages are announced"));
        };
        self.whole(&msg_flag::Request::new(account, group.as_str(), remind_type)?).await
    }
}

fn invalid(what: &str) -> SourceError {
    SourceError::InvalidArgument { what: what.to_owned() }
}
