//! The SDK's calls that change conversations.

use std::{collections::BTreeMap, sync::Arc};

use conv_model::{ConversationId, IfNewer, MarkType, Mutation, ReadMark, RemindType, Timestamp};

use super::{Accepted, Change, accept::not_listed};
use crate::{Conversations, Error};

/// The messages of a conversation.
struct Shown {
    newest: ReadMark,
    unread: u32,
}

/// # Changes
///
/// Each call returns once the change is durable and the list shows it, without asking the cloud; a
/// [`Change`] follows it from there. It is sent in the background by the
/// [`writer`](crate::ConversationsBuilder::writer); without one it waits for a later process that has
/// one. If the cloud refuses it for good, the list shows the cloud's value again, and
/// [`outcomes`](Conversations::outcomes) says so.
///
/// An error means that nothing was accepted. A call for several conversations accepts those it can,
/// and names the others.
impl Conversations {
    /// Pins a conversation, or unpins it. At most 50 can be pinned.
    ///
    /// # Errors
    /// [`Error::Refused`] if the list has no such conversation (2500) or 50 are pinned (51012);
    /// [`Error::Source`] if the writer cannot do it; [`Error::Store`] if it could not be stored.
    #[doc(alias = "pinConversation")]
    pub async fn pin_conversation(
        &self,
        id: &ConversationId,
        is_pinned: bool,
    ) -> Result<Change, Error> {
        self.accept_one(Mutation::Pin { id: id.clone(), is_pinned }).await
    }

    /// Sets a mark of conversations, or clears it.
    ///
    /// ```
    /// # use conv_api::{Conversations, MarkType, testing::ScriptedSource};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let source = ScriptedSource::with_rows(3);
    /// # let conversations = Conversations::builder("user_0001").source(source).build().await?;
    /// # conversations.sync().await?;
    /// # let alice = conversations.snapshot().rows().next().unwrap().id.clone();
    /// let nobody = "C2Cnobody".parse()?;
    /// let ids = [alice.clone(), nobody];
    /// let accepted = conversations.mark_conversation(&ids, MarkType::STAR, true).await?;
    /// assert_eq!(accepted.success_conversation_id_list, [alice]);
    /// assert_eq!(accepted.failure_conversation_id_list[0].code, 2500);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As of [`pin_conversation`](Self::pin_conversation), if no conversation can be changed;
    /// [`Error::NotInPlan`] if the cloud said lately that the app's plan has no marks.
    #[doc(alias = "markConversation")]
    pub async fn mark_conversation(
        &self,
        ids: &[ConversationId],
        mark_type: MarkType,
        enable_mark: bool,
    ) -> Result<Accepted, Error> {
        let mark =
            |id: &ConversationId| Mutation::Mark { id: id.clone(), mark_type, is_set: enable_mark };
        self.accept_each(ids, mark).await
    }

    /// Sets the app's own text of conversations, at most 256 bytes; an empty one clears it.
    ///
    /// # Errors
    /// As of [`pin_conversation`](Self::pin_conversation), if no conversation can be changed.
    #[doc(alias = "setConversationCustomData")]
    pub async fn set_conversation_custom_data(
        &self,
        ids: &[ConversationId],
        custom_data: &str,
    ) -> Result<Accepted, Error> {
        let custom_data: Arc<str> = custom_data.into();
        let set = |id: &ConversationId| Mutation::CustomData {
            id: id.clone(),
            custom_data: Arc::clone(&custom_data),
        };
        self.accept_each(ids, set).await
    }

    /// Deletes conversations, and their messages if `clear_history`. If a newer message comes before
    /// the deletion is sent, it fails and the conversation shows again; see
    /// [`delete_conversation_with`](Self::delete_conversation_with).
    ///
    /// # Errors
    /// As of [`pin_conversation`](Self::pin_conversation), if no conversation can be changed.
    #[doc(alias = "deleteConversation")]
    pub async fn delete_conversation(
        &self,
        ids: &[ConversationId],
        clear_history: bool,
    ) -> Result<Accepted, Error> {
        self.delete_conversation_with(ids, clear_history, IfNewer::default()).await
    }

    /// Deletes conversations. `if_newer` says what happens if a message that the user has not seen
    /// comes before the deletion is sent, which may be days later.
    ///
    /// # Errors
    /// As of [`pin_conversation`](Self::pin_conversation), if no conversation can be changed.
    #[doc(alias = "deleteConversation")]
    pub async fn delete_conversation_with(
        &self,
        ids: &[ConversationId],
        clear_history: bool,
        if_newer: IfNewer,
    ) -> Result<Accepted, Error> {
        self.delete_conversation_seen(ids, clear_history, if_newer, &BTreeMap::new()).await
    }

    /// Deletes conversations for a user who saw an older list than this one, such as that of a device:
    /// `seen` has, per conversation, the time of the newest message that he saw, zero if there was
    /// none. A newer message counts as not seen, also if the list shows it already. For a conversation
    /// without an entry, and one whose entry is later, it is the newest message that the list shows.
    ///
    /// # Errors
    /// As of [`pin_conversation`](Self::pin_conversation), if no conversation can be changed.
    #[doc(alias = "deleteConversation")]
    pub async fn delete_conversation_seen(
        &self,
        ids: &[ConversationId],
        clear_history: bool,
        if_newer: IfNewer,
        seen: &BTreeMap<ConversationId, Timestamp>,
    ) -> Result<Accepted, Error> {
        let snapshot = self.snapshot();
        let delete = |id: &ConversationId| {
            let shown = snapshot.get(id).and_then(|row| row.listing.time).unwrap_or_default();
            let seen = seen.get(id).map_or(shown, |seen| shown.min(*seen));
            Mutation::Delete { id: id.clone(), seen, clears_history: clear_history, if_newer }
        };
        self.accept_each(ids, delete).await
    }

    /// Marks a conversation as read, up to the newest message that the list shows. A group can only be
    /// marked as read if [`SendOptions::read_groups`](conv_sync::SendOptions::read_groups) is on.
    ///
    /// # Errors
    /// As of [`pin_conversation`](Self::pin_conversation).
    #[doc(alias = "setMessageRead")]
    pub async fn set_message_read(&self, id: &ConversationId) -> Result<Change, Error> {
        let shown = self.shown(id)?;
        self.read_to(id, shown.newest, shown.unread).await
    }

    /// Marks a conversation as read up to a message, for a user who saw an older list than this one,
    /// such as that of a device. Newer messages stay unread. It never reads more than
    /// [`set_message_read`](Self::set_message_read) does. The time zero reads nothing where the list shows
    /// a message: the change is [unchanged](Change::is_unchanged).
    ///
    /// # Errors
    /// As of [`set_message_read`](Self::set_message_read).
    #[doc(alias = "setMessageRead")]
    pub async fn set_message_read_until(
        &self,
        id: &ConversationId,
        until: ReadMark,
    ) -> Result<Change, Error> {
        let shown = self.shown(id)?;
        if until.time >= shown.newest.time {
            return self.read_to(id, shown.newest, shown.unread).await;
        }
        let sequence = until.sequence.min(shown.newest.sequence);
        let until = ReadMark::new(until.time, sequence);
        if until == ReadMark::default() {
            // The user saw no message. The cloud would refuse the call.
            return Ok(Change::new(self, None, Mutation::Read { id: id.clone(), until, count: 0 }));
        }
        // How many of the unread messages the user saw is not known: all count until the cloud says it.
        self.read_to(id, until, 0).await
    }

    async fn read_to(
        &self,
        id: &ConversationId,
        until: ReadMark,
        count: u32,
    ) -> Result<Change, Error> {
        self.accept_one(Mutation::Read { id: id.clone(), until, count }).await
    }

    /// Returns the messages of a conversation as the list shows them.
    fn shown(&self, id: &ConversationId) -> Result<Shown, Error> {
        let row = self.snapshot().get(id).ok_or_else(|| not_listed(id))?;
        let message = row.last_message.value();
        let time = message.and_then(|message| message.time).max(row.listing.time);
        let sequence = message.map_or(0, |message| message.sequence);
        let newest = ReadMark::new(time.unwrap_or_default(), sequence);
        Ok(Shown { newest, unread: row.unread.count.unwrap_or(0) })
    }

    /// Sets how new messages of groups are announced. No call of the cloud's documented API does so
    /// for a conversation with a user.
    ///
    /// # Errors
    /// As of [`pin_conversation`](Self::pin_conversation), if no conversation can be changed.
    #[doc(alias = "setMessageRemindType")]
    pub async fn set_message_remind_type(
        &self,
        ids: &[ConversationId],
        remind_type: RemindType,
    ) -> Result<Accepted, Error> {
        let remind = |id: &ConversationId| Mutation::Remind {
            id: id.clone(),
            remind_type: remind_type.clone(),
        };
        self.accept_each(ids, remind).await
    }
}
