//! The methods that change conversations.

use std::time::Duration;

use super::{Account, GroupType, Kept, Label, Message, Peer, Row, State, User, World, unknown};
use crate::Error;

impl World {
    /// Adds a conversation to a list, or moves one to this time. Creates an unknown peer.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownAccount`], [`Error::BadConversationId`].
    pub fn insert(&self, account: &str, conversation: &str, time: u64) -> Result<(), Error> {
        let peer: Peer = conversation.parse()?;
        insert(&mut self.lock(), account, &peer, time).map(drop)
    }

    /// Removes a conversation from a list. Marks and groups stay, as they are stored apart.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownAccount`], [`Error::UnknownConversation`], [`Error::BadConversationId`].
    pub fn remove(&self, account: &str, conversation: &str) -> Result<(), Error> {
        let peer: Peer = conversation.parse()?;
        let mut state = self.lock();
        let account = state.account(account).ok_or_else(|| unknown(account))?;
        account.rows.remove(&peer).map(drop).ok_or_else(|| absent(conversation))
    }

    /// Empties a list, its marks and its groups.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownAccount`].
    pub fn clear(&self, account: &str) -> Result<(), Error> {
        let mut state = self.lock();
        *state.account(account).ok_or_else(|| unknown(account))? = Account::default();
        Ok(())
    }

    /// Adds a new message: the conversation moves to now, and has one more unread. Creates a
    /// conversation that is not in the list. Returns the message's time.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownAccount`], [`Error::BadConversationId`].
    pub fn touch(&self, account: &str, conversation: &str) -> Result<u64, Error> {
        self.message(account, conversation, None)
    }

    /// Like [`World::touch`], with the text of the message.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownAccount`], [`Error::BadConversationId`].
    pub fn say(&self, account: &str, conversation: &str, text: &str) -> Result<u64, Error> {
        self.message(account, conversation, Some(text))
    }

    /// Recalls the newest message without a trace: the conversation's time goes **down** to that of
    /// an earlier message. Returns the time. [`World::recall_last_message`] recalls it visibly.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownAccount`], [`Error::UnknownConversation`], [`Error::BadConversationId`].
    pub fn recall(&self, account: &str, conversation: &str, by: Duration) -> Result<u64, Error> {
        let peer: Peer = conversation.parse()?;
        let mut state = self.lock();
        let (held, directory) =
            state.account_and_directory(account).ok_or_else(|| unknown(account))?;
        let row = held.rows.get_mut(&peer).ok_or_else(|| absent(conversation))?;
        row.time = row.time.saturating_sub(by.as_secs());
        row.last =
            Message { time: row.time, seq: row.last.seq.saturating_sub(1), ..Message::default() };
        row.unread = row.unread.saturating_sub(1);
        if let Some(group) = directory.groups.get_mut(peer.id()) {
            group.last = row.last.clone();
        }
        Ok(row.time)
    }

    /// Pins a conversation.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownAccount`], [`Error::UnknownConversation`], [`Error::BadConversationId`].
    pub fn pin(&self, account: &str, conversation: &str) -> Result<(), Error> {
        self.change_row(account, conversation, |row| row.pinned = true)
    }

    /// Unpins a conversation.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownAccount`], [`Error::UnknownConversation`], [`Error::BadConversationId`].
    pub fn unpin(&self, account: &str, conversation: &str) -> Result<(), Error> {
        self.change_row(account, conversation, |row| row.pinned = false)
    }

    /// Sets a conversation's unread count.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownAccount`], [`Error::UnknownConversation`], [`Error::BadConversationId`].
    pub fn set_unread(&self, account: &str, conversation: &str, unread: u32) -> Result<(), Error> {
        self.change_row(account, conversation, |row| row.unread = unread)
    }

    /// Sets whether a conversation is empty, that is, without history: it is then returned only to
    /// callers that ask for empty ones.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownAccount`], [`Error::UnknownConversation`], [`Error::BadConversationId`].
    pub fn set_empty(&self, account: &str, conversation: &str, empty: bool) -> Result<(), Error> {
        self.change_row(account, conversation, |row| {
            row.empty = empty;
            if empty {
                row.unread = 0;
            }
        })
    }

    /// Sets and clears marks, given as values: star 1, unread 2, fold 4, hide 8, and the app's own
    /// from 2³² on. The conversation need not be in the list.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownAccount`], [`Error::BadConversationId`].
    pub fn mark(
        &self,
        account: &str,
        conversation: &str,
        set: u64,
        clear: u64,
    ) -> Result<(), Error> {
        self.change_label(account, conversation, |label| {
            label.marks = (label.marks | set) & !clear;
        })
    }

    /// Sets a conversation's custom text (`CustomMark`); an empty one removes it.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownAccount`], [`Error::BadConversationId`].
    pub fn set_custom_mark(
        &self,
        account: &str,
        conversation: &str,
        text: &str,
    ) -> Result<(), Error> {
        self.change_label(account, conversation, |label| label.custom = text.into())
    }

    /// Adds a conversation to a conversation group, and creates the group if needed.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownAccount`], [`Error::BadConversationId`].
    pub fn group(&self, account: &str, conversation: &str, name: &str) -> Result<(), Error> {
        let peer: Peer = conversation.parse()?;
        let mut state = self.lock();
        let now = state.now();
        let account = state.account(account).ok_or_else(|| unknown(account))?;
        let id = account.create_group(name);
        account.join_group(&peer, id, now);
        Ok(())
    }

    /// Removes a conversation from all its conversation groups.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownAccount`], [`Error::BadConversationId`].
    pub fn ungroup_all(&self, account: &str, conversation: &str) -> Result<(), Error> {
        self.change_label(account, conversation, |label| label.groups.clear())
    }

    /// Renames a conversation group. Its number stays.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownAccount`], [`Error::UnknownGroup`], [`Error::GroupExists`] if another group
    /// of the account has the new name.
    pub fn rename_conversation_group(
        &self,
        account: &str,
        old: &str,
        new: &str,
    ) -> Result<(), Error> {
        let mut state = self.lock();
        let account = state.account(account).ok_or_else(|| unknown(account))?;
        let id = account.group_id(old).ok_or_else(|| Error::UnknownGroup(old.to_owned()))?;
        if account.group_id(new).is_some_and(|other| other != id) {
            return Err(Error::GroupExists(new.to_owned()));
        }
        account.groups.insert(id, new.into());
        Ok(())
    }

    /// Removes a conversation from a conversation group.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownAccount`], [`Error::UnknownGroup`], [`Error::BadConversationId`].
    pub fn ungroup(&self, account: &str, conversation: &str, name: &str) -> Result<(), Error> {
        let peer: Peer = conversation.parse()?;
        let mut state = self.lock();
        let now = state.now();
        let account = state.account(account).ok_or_else(|| unknown(account))?;
        let id = account.group_id(name).ok_or_else(|| Error::UnknownGroup(name.to_owned()))?;
        account.leave_group(&peer, id, now);
        Ok(())
    }

    fn message(&self, account: &str, conversation: &str, text: Option<&str>) -> Result<u64, Error> {
        let peer: Peer = conversation.parse()?;
        let mut state = self.lock();
        let now = state.now();
        let row = insert(&mut state, account, &peer, now)?;
        row.last.seq = row.last.seq.saturating_add(1);
        row.last.text = text.map(Into::into);
        row.last.kept = Kept::Whole;
        row.receive(now);
        let last = row.last.clone();
        if let Peer::Group(id) = &peer {
            if let Some(group) = state.directory.groups.get_mut(id) {
                group.last = last;
            }
        }
        Ok(now)
    }

    pub(super) fn change_row<T>(
        &self,
        account: &str,
        conversation: &str,
        change: impl FnOnce(&mut Row) -> T,
    ) -> Result<T, Error> {
        let peer: Peer = conversation.parse()?;
        let mut state = self.lock();
        let account = state.account(account).ok_or_else(|| unknown(account))?;
        account.rows.get_mut(&peer).map(change).ok_or_else(|| absent(conversation))
    }

    fn change_label(
        &self,
        account: &str,
        conversation: &str,
        change: impl FnOnce(&mut Label),
    ) -> Result<(), Error> {
        let peer: Peer = conversation.parse()?;
        let mut state = self.lock();
        let now = state.now();
        let account = state.account(account).ok_or_else(|| unknown(account))?;
        account.relabel(&peer, now, change);
        Ok(())
    }
}

/// Adds a row at this time, or moves it there. Creates its peer if needed.
fn insert<'a>(
    state: &'a mut State,
    account: &str,
    peer: &Peer,
    time: u64,
) -> Result<&'a mut Row, Error> {
    let now = state.now();
    let (held, directory) = state.account_and_directory(account).ok_or_else(|| unknown(account))?;
    match peer {
        Peer::User(id) if !directory.users.contains_key(id) => {
            directory.add_user(id, User::default());
        }
        Peer::Group(id) if !directory.groups.contains_key(id) => {
            directory.add_group(id, GroupType::Public, id, now);
        }
        _ => {}
    }
    Ok(held.insert(peer.clone(), time))
}

fn absent(conversation: &str) -> Error {
    Error::UnknownConversation(conversation.to_owned())
}
