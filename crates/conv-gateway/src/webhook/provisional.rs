//! Facts that an event states of its own.

use std::sync::Arc;

use conv_model::{
    AccountId, Conversation, ConversationId, ConversationPatch, GroupType, Known, LastMessage,
    ListingPatch, Peer, Timestamp,
};

use super::{EventKind, Message, Who, marks::row_with};

/// The seconds by which a message's time may be ahead of this host's clock.
const MAX_AHEAD: u64 = 60;

/// The degree to which the facts in events are believed until a pass has read them. The signature of a
/// call does not cover its body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Trust {
    /// Not at all: an event only names lists to read.
    #[default]
    Hint,
    /// The time of a message moves its row up at once.
    Bump,
    /// Also the text of a message is shown at once.
    Preview,
}

/// A fact that an event states of a row, to be covered by the next pass. It can only move a row up and set
/// its last message: never lower a time, remove a row, or create one.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Provisional {
    /// The accounts whose row it is.
    pub who: Who,
    /// The row.
    pub row: ConversationId,
    /// The message.
    pub message: Message,
    /// True if the message was there before, and only its content changed.
    pub is_edit: bool,
}

impl Provisional {
    pub(super) fn of(kind: &EventKind) -> Vec<Self> {
        match kind {
            EventKind::C2cSent { from, to, message, delivered: true, online_only: false } => {
                Self::of_both(from, to, message, false)
            }
            EventKind::C2cEdited { from, to, message } => Self::of_both(from, to, message, true),
            EventKind::GroupSent { group_type: Some(GroupType::AvChatRoom), .. } => Vec::new(),
            EventKind::GroupSent { row, message, online_only: false, .. } => {
                vec![Self::of_group(row, message, false)]
            }
            EventKind::GroupEdited { row, message } => vec![Self::of_group(row, message, true)],
            _ => Vec::new(),
        }
    }

    fn of_both(from: &AccountId, to: &AccountId, message: &Message, is_edit: bool) -> Vec<Self> {
        let of = |who: &AccountId, with: &AccountId| {
            let (who, message) = (Who::Account(who.clone()), message.clone());
            row_with(with).map(|row| Self { who, row, message, is_edit })
        };
        let second = if from == to { None } else { of(to, from) };
        of(from, to).into_iter().chain(second).collect()
    }

    fn of_group(row: &ConversationId, message: &Message, is_edit: bool) -> Self {
        let who = Who::Holders(row.clone());
        Self { who, row: row.clone(), message: message.clone(), is_edit }
    }

    /// Returns the patch that `held` takes at this level of trust; `None` if the event has nothing
    /// newer. `now` bounds the time of a message: one from the future would hold the top of the list.
    ///
    /// A last message that is unknown stays so: where none is fetched, later events would be missed.
    pub fn patch(
        &self,
        trust: Trust,
        held: &Conversation,
        now: Timestamp,
    ) -> Option<ConversationPatch> {
        if held.id != self.row || trust == Trust::Hint {
            return None;
        }
        let may_show = trust >= Trust::Preview;
        let mut patch = ConversationPatch::new(held.id.clone());
        if self.is_edit {
            patch.last_message = Known::Value(may_show.then(|| self.edited(held))??);
            return Some(patch);
        }
        let time = self.message.time.filter(|time| *time <= now.plus_secs(MAX_AHEAD))?;
        if held.listing.time.is_none_or(|held| held < time) {
            patch.listing = Some(ListingPatch::at(time));
        }
        if let Some(message) = self.message.content.clone() {
            if may_show && self.is_newest(held, time) {
                patch.last_message = Known::Value(message);
            }
        }
        patch.may_change(held).then_some(patch)
    }

    /// Returns true if the message comes after all that is known of the row.
    fn is_newest(&self, held: &Conversation, time: Timestamp) -> bool {
        if held.listing.time.is_some_and(|held| held > time) {
            return false;
        }
        let sequence = self.message.sequence;
        match &held.last_message {
            Known::Unknown => false,
            Known::Nothing => true,
            // Times are whole seconds: in a group the sequence alone orders.
            Known::Value(last) => match held.id.peer() {
                Peer::Group(_) if last.sequence != 0 && sequence != 0 => sequence > last.sequence,
                _ => (Some(time), sequence) > (last.time, last.sequence),
            },
        }
    }

    /// Returns the last message with its new content, if it is the message that was edited.
    fn edited(&self, held: &Conversation) -> Option<Arc<LastMessage>> {
        let (last, content) = (held.last_message.value()?, self.message.content.as_ref()?);
        let is_it = last.sequence == self.message.sequence
            && (held.id.group_id().is_some() || last.time == self.message.time);
        if !is_it || last.is_revoked || last.sequence == 0 {
            return None;
        }
        let mut edited = LastMessage::clone(last);
        edited.kind = content.kind.clone();
        edited.payload = content.payload.clone();
        // A group's event leaves it out.
        if !content.cloud_custom_data.is_empty() {
            edited.cloud_custom_data = content.cloud_custom_data.clone();
        }
        (edited != **last).then(|| Arc::new(edited))
    }
}
