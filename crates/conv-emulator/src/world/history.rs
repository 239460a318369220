//! The methods that change the history. The world keeps only the last message.

use super::{Kept, Message, Peer, World, unknown};
use crate::Error;

impl World {
    /// Recalls the last message visibly: `MsgFlagBits` is 8 in a user's conversation, `IsPlaceMsg`
    /// 2 in a group's. Its text remains, and so do the conversation's time and unread count.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownAccount`], [`Error::UnknownConversation`], [`Error::BadConversationId`].
    pub fn recall_last_message(&self, account: &str, conversation: &str) -> Result<(), Error> {
        self.keep(account, conversation, Kept::Recalled)
    }

    /// Deletes the last message, or lets it expire: a user's conversation answers without it, a
    /// group's with a placeholder (`IsPlaceMsg` 1). The conversation's time and unread count stay.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownAccount`], [`Error::UnknownConversation`], [`Error::BadConversationId`].
    pub fn delete_last_message(&self, account: &str, conversation: &str) -> Result<(), Error> {
        self.keep(account, conversation, Kept::Deleted)
    }

    /// Clears the history: `MsgList` and `RspMsgList` are empty, nothing is unread, and the
    /// conversation is empty, as after [`World::set_empty`]. Its time stays. A group's history is
    /// cleared for all members.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownAccount`], [`Error::UnknownConversation`], [`Error::BadConversationId`].
    pub fn clear_history(&self, account: &str, conversation: &str) -> Result<(), Error> {
        self.keep(account, conversation, Kept::Cleared)?;
        self.set_empty(account, conversation, true)
    }

    /// Sends a message that only online users receive. The conversation moves to now, and nothing
    /// else changes: the history still ends with the previous message, and the unread count stays.
    /// Returns the time.
    ///
    /// The documentation says that the history never has such a message, but not whether it moves
    /// the conversation. The emulator moves it, the harder case for a client.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownAccount`], [`Error::UnknownConversation`], [`Error::BadConversationId`].
    pub fn say_online_only(&self, account: &str, conversation: &str) -> Result<u64, Error> {
        let now = self.now();
        self.change_row(account, conversation, |row| row.time = now)?;
        Ok(now)
    }

    /// Adds a new message to a chat group for its members: their conversations move to now and have
    /// one more unread; those of accounts that left stay unchanged. Returns its time.
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
