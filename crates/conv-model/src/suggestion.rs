//! Messages that events state, shown in a list until a pass has read it.

use std::sync::Arc;

use crate::{
    AccountId, Conversation, ConversationId, Known, LastMessage, Peer, ProvisionalFacets, Timestamp,
};

/// A message as an event states it: what a row may show of it before a pass has read the list.
///
/// It is a hint. A store shows it over the cloud's row for a while and never keeps it as the cloud's
/// word; see [`suggested`] for what it can do to a row.
///
/// ```
/// use std::sync::Arc;
///
/// use conv_model::{Conversation, ConversationId, Suggestion, Timestamp, suggested};
///
/// let alice = ConversationId::c2c("alice")?;
/// let mut row = Conversation::new(alice.clone());
/// row.listing.time = Some(Timestamp::from_secs(1_700_000_000));
/// row.unread.count = Some(3);
///
/// let message = Suggestion::new(alice, "1_2_1700000005", Timestamp::from_secs(1_700_000_005));
/// let shown = suggested(&row, row.unread.count, [&message.unread()]);
/// assert_eq!(shown.unread.count, Some(4));
/// assert!(shown.provisional.unread && shown.provisional.time);
/// # Ok::<(), conv_model::ParseIdError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Suggestion {
    /// The ID of the conversation.
    pub id: ConversationId,
    /// The name of the message in its conversation: equal for the same message.
    pub key: Arc<str>,
    /// The sender; `None` if the event does not name one.
    pub from_account: Option<AccountId>,
    /// The cloud's time of the message; zero if it is not known, as of a recall.
    pub time: Timestamp,
    /// The number of unread messages that it adds.
    pub unread: u32,
    /// The message to show; `None` leaves the last message as it is.
    pub last_message: Option<Arc<LastMessage>>,
    /// True if the message was recalled: it shows no text, and counts as read.
    pub is_recalled: bool,
}

impl Suggestion {
    /// A message that raises the time of its row alone.
    pub fn new(id: ConversationId, key: impl Into<Arc<str>>, time: Timestamp) -> Self {
        Self {
            id,
            key: key.into(),
            from_account: None,
            time,
            unread: 0,
            last_message: None,
            is_recalled: false,
        }
    }

    /// The recall of a message.
    pub fn recall(id: ConversationId, key: impl Into<Arc<str>>) -> Self {
        Self { is_recalled: true, ..Self::new(id, key, Timestamp::ZERO) }
    }

    /// Counts the message as unread.
    #[must_use]
    pub fn unread(self) -> Self {
        Self { unread: 1, ..self }
    }

    /// Names the sender.
    #[must_use]
    pub fn from_account(self, account: AccountId) -> Self {
        Self { from_account: Some(account), ..self }
    }

    /// Shows the message.
    #[must_use]
    pub fn showing(self, message: impl Into<Arc<LastMessage>>) -> Self {
        Self { last_message: Some(message.into()), ..self }
    }

    /// Returns it as it is for one account: a message of its own, or of an unknown sender, is not unread.
    #[must_use]
    pub fn for_account(self, account: &AccountId) -> Self {
        let is_of_other = self.from_account.as_ref().is_some_and(|from| from != account);
        Self { unread: if is_of_other { self.unread } else { 0 }, ..self }
    }

    /// Takes back what the message shows, but not the time: the row keeps its place.
    pub fn take_back(&mut self) {
        (self.unread, self.last_message, self.is_recalled) = (0, None, true);
    }
}

/// Returns a row as it is shown over the cloud's `base` while messages of it are suggested.
///
/// It raises the time, adds to an unread count that is known, and shows the newest message where the
/// last message is known. It never lowers a time or makes anything known, and changes nothing else. The
/// order of the suggestions does not matter.
///
/// `counted_from` is the count of the base when the first of the suggestions came. If the cloud has
/// counted some of them since, they do not count twice.
pub fn suggested<'a>(
    base: &Conversation,
    counted_from: Option<u32>,
    suggestions: impl IntoIterator<Item = &'a Suggestion>,
) -> Conversation {
    let mut row = base.clone();
    let mut added = 0_u32;
    for suggestion in suggestions.into_iter().filter(|suggestion| suggestion.id == base.id) {
        added = added.saturating_add(suggestion.unread);
        if base.listing.time.unwrap_or_default() < suggestion.time {
            row.listing.time = row.listing.time.max(Some(suggestion.time));
        }
        if let Some(message) = &suggestion.last_message {
            // Compared with both: among messages without a sequence "newer" is no order.
            let is_newer =
                |than: &Known<_>| is_newer_than(message, suggestion.time, &base.id, than);
            let is_known = base.listing.time.is_some_and(|held| held > suggestion.time);
            if !is_known && is_newer(&base.last_message) && is_newer(&row.last_message) {
                row.last_message = Known::Value(Arc::clone(message));
            }
        }
    }
    if let Some(count) = base.unread.count.filter(|_| added > 0) {
        row.unread.count = Some(raised(count, counted_from.unwrap_or(count), added));
    }
    row.clear_hidden();
    row.provisional = ProvisionalFacets {
        time: row.listing.time != base.listing.time,
        unread: row.unread != base.unread,
        last_message: row.last_message != base.last_message,
    };
    row
}

/// Adds unread messages to a count that was `from` before they came. A lower one was read since.
fn raised(count: u32, from: u32, added: u32) -> u32 {
    match count < from {
        true => count.saturating_add(added),
        false => count.max(from.saturating_add(added)),
    }
}

/// Returns true if a message comes after another one of its conversation. Where no last message is
/// known, none was asked for.
fn is_newer_than(
    message: &LastMessage,
    time: Timestamp,
    id: &ConversationId,
    than: &Known<Arc<LastMessage>>,
) -> bool {
    match than {
        Known::Unknown => false,
        Known::Nothing => true,
        // Times are whole seconds: in a group the sequence alone orders.
        Known::Value(last) => match id.peer() {
            Peer::Group(_) if last.sequence != 0 && message.sequence != 0 => {
                message.sequence > last.sequence
            }
            _ => (Some(time), message.sequence) > (last.time, last.sequence),
        },
    }
}
