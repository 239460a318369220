//! Facts that an event states of its own.

use std::sync::Arc;

use conv_model::{
    AccountId, Conversation, ConversationId, ConversationPatch, GroupType, Known, LastMessage,
    ListingPatch, Peer, Suggestion, Timestamp,
};

use super::{EventKind, Message, Who, marks::row_with};

/// The seconds by which a message's time may be ahead of this host's clock.
const MAX_AHEAD: u64 = 60;

/// The degree to which the facts in events are believed until a pass has read them. The signature of a
/// call does not cover its body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Trust {
    /// Not at all: an event only marks lists as dirty, for the next pass.
    #[default]
    Dirty,
    /// The time of a message moves its row up at once, and it counts as unread.
    Bump,
    /// Also the message is shown at once.
    Preview,
}

/// A fact that an event states of a row, to be covered by the next pass. It can only move a row up, count
/// a message and show it: never lower a time, remove a row, or create one.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Provisional {
    /// The accounts whose row it is.
    pub who: Who,
    /// The row.
    pub row: ConversationId,
    /// The message. Of one that was recalled, the names alone are known.
    pub message: Message,
    /// The sender, where the event names one.
    pub from: Option<AccountId>,
    /// The fact.
    pub fact: Fact,
}

/// A fact about a message, as an event states it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fact {
    /// It was sent.
    Sent,
    /// It was there before, and its content changed.
    Edited,
    /// It was recalled.
    Recalled,
}

impl Provisional {
    pub(super) fn of(kind: &EventKind) -> Vec<Self> {
        match kind {
            EventKind::C2cSent { from, to, message, delivered: true, online_only: false } => {
                Self::of_both(from, to, message, Fact::Sent)
            }
            EventKind::C2cEdited { from, to, message } => {
                Self::of_both(from, to, message, Fact::Edited)
            }
            EventKind::C2cRecalled { from, to, key: Some(key) } => {
                let message = Message { key: Some(Arc::clone(key)), ..Message::default() };
                Self::of_both(from, to, &message, Fact::Recalled)
            }
            EventKind::GroupSent { group_type: Some(GroupType::AvChatRoom), .. } => Vec::new(),
            EventKind::GroupSent { row, from, message, online_only: false, .. } => {
                vec![Self::of_group(row, from.clone(), message, Fact::Sent)]
            }
            EventKind::GroupEdited { row, message } => {
                vec![Self::of_group(row, None, message, Fact::Edited)]
            }
            EventKind::GroupRecalled { row, sequences } => {
                let message =
                    |sequence: &u64| Message { sequence: *sequence, ..Message::default() };
                let recalled = sequences.iter().map(message);
                recalled.map(|it| Self::of_group(row, None, &it, Fact::Recalled)).collect()
            }
            _ => Vec::new(),
        }
    }

    fn of_both(from: &AccountId, to: &AccountId, message: &Message, fact: Fact) -> Vec<Self> {
        let of = |who: &AccountId, with: &AccountId| {
            let (who, message, from) =
                (Who::Account(who.clone()), message.clone(), Some(from.clone()));
            row_with(with).map(|row| Self { who, row, message, from, fact })
        };
        let second = if from == to { None } else { of(to, from) };
        of(from, to).into_iter().chain(second).collect()
    }

    fn of_group(
        row: &ConversationId,
        from: Option<AccountId>,
        message: &Message,
        fact: Fact,
    ) -> Self {
        let who = Who::Holders(row.clone());
        Self { who, row: row.clone(), message: message.clone(), from, fact }
    }

    /// Returns what a store shows of it at this level of trust, see
    /// [`Accounts::suggest`](https://docs.rs/conv-api/latest/conv_api/struct.Accounts.html#method.suggest);
    /// `None` if the level does not ask for it. `now` bounds the time of a message: one from the future
    /// would hold the top of the list. An edit waits for its message to be read.
    ///
    /// The suggestion is that of any account:
    /// [`Suggestion::for_account`](conv_model::Suggestion::for_account) is that of one.
    pub fn suggestion(&self, trust: Trust, now: Timestamp) -> Option<Suggestion> {
        if trust == Trust::Dirty {
            return None;
        }
        let key = self.key()?;
        let suggestion = match self.fact {
            Fact::Recalled => return Some(Suggestion::recall(self.row.clone(), key)),
            Fact::Edited => return None,
            Fact::Sent => Suggestion::new(self.row.clone(), key, self.time(now)?).unread(),
        };
        let suggestion = match &self.from {
            Some(from) => suggestion.from_account(from.clone()),
            None => suggestion,
        };
        Some(match &self.message.content {
            Some(content) if trust >= Trust::Preview => suggestion.showing(Arc::clone(content)),
            _ => suggestion,
        })
    }

    /// Returns the name of the message in its conversation: the cloud's key, in a group the sequence.
    fn key(&self) -> Option<Arc<str>> {
        let sequence = self.message.sequence;
        match self.row.peer() {
            Peer::Group(_) => (sequence != 0).then(|| sequence.to_string().into()),
            _ => self.message.key.clone(),
        }
    }

    /// Returns the time of the message, unless it is ahead of this host's clock.
    fn time(&self, now: Timestamp) -> Option<Timestamp> {
        self.message.time.filter(|time| *time <= now.plus_secs(MAX_AHEAD))
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
        if held.id != self.row || trust == Trust::Dirty || self.fact == Fact::Recalled {
            return None;
        }
        let may_show = trust >= Trust::Preview;
        let mut patch = ConversationPatch::new(held.id.clone());
        if self.fact == Fact::Edited {
            patch.last_message = Known::Value(may_show.then(|| self.edited(held))??);
            return Some(patch);
        }
        let time = self.time(now)?;
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
