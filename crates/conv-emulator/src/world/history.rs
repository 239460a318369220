//! The levers that change what is kept of messages. The world keeps the last one.

use super::{Kept, Message, Peer, World, unknown};
use crate::Error;

impl World {
    /// The last message is recalled, and history says so: `MsgFlagBits` 8 for a user's
    /// conversation, `IsPlaceMsg` 2 for a group's. Its text is still there. The conversation's time
    /// and unread count stay.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownAccount`], [`Error::UnknownConversation`], [`Error::BadConversationId`].
    pub fn recall_last_message(&self, account: &str, conversation: &str) -> Result<(), Error> {
        self.keep(account, conversation, Kept::Recalled)
    }

    /// The last message is deleted, or has expired: a user's conversation answers without it, a
    /// group's with a placeholder (`IsPlaceMsg` 1). The conversation's time and unread count stay.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownAccount`], [`Error::UnknownConversation`], [`Error::BadConversationId`].
    pub fn delete_last_message(&self, account: &str, conversation: &str) -> Result<(), Error> {
        self.keep(account, conversation, Kept::Deleted)
    }

    /// The history is cleared: `MsgList` and `RspMsgList` are empty, nothing is unread, and the
    /// conversation is an empty one, as after [`World::set_empty`]. Its time stays. A group's
    /// history is cleared for all.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownAccount`], [`Error::UnknownConversation`], [`Error::BadConversationId`].
    pub fn clear_history(&self, account: &str, conversation: &str) -> Result<(), Error> {
        self.keep(account, conversation, Kept::Cleared)?;
        self.set_empty(account, conversation, true)
    }

    /// A message that only those who are online receive. The conversation moves to now, and nothing
    /// else changes: history still ends with the message before, and nothing more is unread.
    /// Returns the time.
    ///
    /// That history never has such a message is documented. Whether it moves the conversation is
    /// not: that it does is what a client has more trouble with.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownAccount`], [`Error::UnknownConversation`], [`Error::BadConversationId`].
    pub fn say_online_only(&self, account: &str, conversation: &str) -> Result<u64, Error> {
        let now = self.now();
        self.change_row(account, conversation, |row| row.time = now)?;
        Ok(now)
    }

    /// A new message in a chat group, for those who are in it: their conversations move to now and
    /// have one more unread, those of accounts that left stay as they are. Returns its time.
    ///
    /// [`World::say`] moves the conversation of one account, whether or not it is in the group.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownGroup`].
    pub fn say_to_group(&self, group: &str, text: &str) -> Result<u64, Error> {
        let mut state = self.lock();
        let now = state.now();
        let (accounts, directory) = state.accounts_and_directory();
        let held = directory.groups.get_mut(group);
        let held = held.ok_or_else(|| Error::UnknownGroup(group.to_owned()))?;
        held.last = Message {
            time: now,
            seq: held.last.seq.saturating_add(1),
            text: Some(text.into()),
            kept: Kept::Whole,
        };
        for account in accounts {
            if account.member_since(group, held).is_none() {
                continue;
            }
            if let Some(row) = account.rows.get_mut(&Peer::group(group)) {
                row.time = now;
                row.last = held.last.clone();
                row.receive(now);
            }
        }
        Ok(now)
    }

    fn keep(&self, account: &str, conversation: &str, kept: Kept) -> Result<(), Error> {
        let peer: Peer = conversation.parse()?;
        let mut state = self.lock();
        let (held, directory) =
            state.account_and_directory(account).ok_or_else(|| unknown(account))?;
        let row = held.rows.get_mut(&peer);
        let row = row.ok_or_else(|| Error::UnknownConversation(conversation.to_owned()))?;
        row.last.kept = kept;
        if let Peer::Group(id) = &peer {
            if let Some(group) = directory.groups.get_mut(id) {
                group.last.kept = kept;
            }
        }
        Ok(())
    }
}
