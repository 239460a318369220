//! The levers that change a list as another device of the account does.
//!
//! Beside these, [`World::pin`], [`World::unpin`], [`World::mark`], [`World::set_custom_mark`],
//! [`World::group`], [`World::ungroup`] and [`World::rename_conversation_group`]. None of them
//! knows a limit, an edition or an unknown, and none is logged.

use std::sync::Arc;

use super::{Account, MsgFlag, Peer, World, unknown};
use crate::{Error, ReadBack};

impl World {
    /// Deletes a conversation as another device does. Marks and groups stay. A new message makes
    /// the row again, without its pin, and with its history unless that was cleared.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownAccount`], [`Error::UnknownConversation`], [`Error::BadConversationId`].
    pub fn delete_conversation(
        &self,
        account: &str,
        conversation: &str,
        clear_history: bool,
    ) -> Result<(), Error> {
        let peer: Peer = conversation.parse()?;
        self.change_account(account, |account, _| {
            let removed = account.delete(&peer, clear_history);
            removed.then_some(()).ok_or_else(|| Error::UnknownConversation(conversation.into()))
        })
    }

    /// Reads a conversation up to this second: later messages stay unread. A time before one of an
    /// earlier call changes nothing.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownAccount`], [`Error::UnknownConversation`], [`Error::BadConversationId`].
    pub fn read(&self, account: &str, conversation: &str, until: u64) -> Result<(), Error> {
        self.change_row(account, conversation, |row| {
            row.read(until, ReadBack::Ignored);
        })
    }

    /// Creates a conversation group without members, unless there is one of this name.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownAccount`].
    pub fn create_conversation_group(&self, account: &str, name: &str) -> Result<(), Error> {
        self.change_account(account, |account, _| {
            account.create_group(name);
            Ok(())
        })
    }

    /// Deletes a conversation group. Its members stay in the list.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownAccount`], [`Error::UnknownGroup`].
    pub fn delete_conversation_group(&self, account: &str, name: &str) -> Result<(), Error> {
        self.change_account(account, |account, now| {
            let id = account.group_id(name).ok_or_else(|| Error::UnknownGroup(name.into()))?;
            account.drop_group(id, now);
            Ok(())
        })
    }

    /// Returns the names of an account's conversation groups, sorted, empty ones among them.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownAccount`].
    pub fn conversation_groups(&self, account: &str) -> Result<Vec<String>, Error> {
        self.change_account(account, |account, _| {
            let mut names: Vec<String> = account.groups.values().map(ToString::to_string).collect();
            names.sort();
            Ok(names)
        })
    }

    /// Sets an account's notifications of a chat group.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownAccount`].
    pub fn set_msg_flag(&self, account: &str, group: &str, flag: MsgFlag) -> Result<(), Error> {
        self.change_account(account, |account, _| {
            account.flags.insert(Arc::from(group), flag);
            Ok(())
        })
    }

    /// Returns an account's notifications of a chat group.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownAccount`].
    pub fn msg_flag(&self, account: &str, group: &str) -> Result<MsgFlag, Error> {
        self.change_account(account, |account, _| Ok(account.flag(group)))
    }

    fn change_account<T>(
        &self,
        account: &str,
        change: impl FnOnce(&mut Account, u64) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut state = self.lock();
        let now = state.now();
        change(state.account(account).ok_or_else(|| unknown(account))?, now)
    }
}
