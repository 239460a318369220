//! Counts over all rows, kept up change by change.

use conv_model::{Conversation, ConversationType, Facet};
use serde::Serialize;

/// Sums over an account's list. A row whose unread state was never fetched counts only as a
/// conversation. So does a group that may be of a type that counts no unread messages: otherwise a sum
/// would shrink as types arrive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Totals {
    /// Rows.
    pub conversations: u64,
    /// Unread messages; muted conversations are left out, as in the SDK's total.
    pub unread: u64,
    /// Conversations with unread messages; muted ones are left out.
    pub unread_conversations: u64,
    /// Conversations with unread mentions of the user, muted or not: some are muted in all but
    /// mentions.
    pub mentioned: u64,
}

impl Totals {
    /// Counts a row.
    pub fn add(&mut self, row: &Conversation) {
        self.each(&Self::of(row), u64::saturating_add);
    }

    /// Subtracts a row, which must have been counted before.
    pub fn subtract(&mut self, row: &Conversation) {
        self.each(&Self::of(row), u64::saturating_sub);
    }

    /// Returns the counts of one row.
    fn of(row: &Conversation) -> Self {
        let counts = !row.unread.is_muted() && row.counts_unread() == Some(true);
        let count = row.unread.count.filter(|_| counts).unwrap_or_default();
        let is_mentioned = row.group_at_info().is_some_and(|mentions| !mentions.is_empty());
        Self {
            conversations: 1,
            unread: count.into(),
            unread_conversations: (count > 0).into(),
            mentioned: is_mentioned.into(),
        }
    }

    fn each(&mut self, other: &Self, join: fn(u64, u64) -> u64) {
        self.conversations = join(self.conversations, other.conversations);
        self.unread = join(self.unread, other.unread);
        self.unread_conversations = join(self.unread_conversations, other.unread_conversations);
        self.mentioned = join(self.mentioned, other.mentioned);
    }
}

/// Counts rows.
impl<'a> FromIterator<&'a Conversation> for Totals {
    fn from_iter<I: IntoIterator<Item = &'a Conversation>>(rows: I) -> Self {
        let mut totals = Self::default();
        rows.into_iter().for_each(|row| totals.add(row));
        totals
    }
}

/// The number of rows that lack each facet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct MissingFacets {
    profile: usize,
    unread: usize,
    last_message: usize,
}

impl MissingFacets {
    pub(crate) fn add(&mut self, row: &Conversation) {
        self.each(&Self::of(row), usize::saturating_add);
    }

    pub(crate) fn subtract(&mut self, row: &Conversation) {
        self.each(&Self::of(row), usize::saturating_sub);
    }

    pub(crate) fn facets(&self) -> Vec<Facet> {
        let counts = [
            (Facet::Profile, self.profile),
            (Facet::Unread, self.unread),
            (Facet::LastMessage, self.last_message),
        ];
        counts.into_iter().filter(|(_, rows)| *rows > 0).map(|(facet, _)| facet).collect()
    }

    fn of(row: &Conversation) -> Self {
        Self {
            profile: lacks_profile(row).into(),
            unread: row.unread.count.is_none().into(),
            last_message: (!row.last_message.is_known()).into(),
        }
    }

    fn each(&mut self, other: &Self, join: fn(usize, usize) -> usize) {
        self.profile = join(self.profile, other.profile);
        self.unread = join(self.unread, other.unread);
        self.last_message = join(self.last_message, other.last_message);
    }
}

/// The system conversation has no profile that could be fetched.
fn lacks_profile(row: &Conversation) -> bool {
    !row.profile.is_known() && row.conversation_type() != ConversationType::System
}
