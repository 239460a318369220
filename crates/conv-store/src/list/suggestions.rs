//! Messages that events state, between the cloud's rows and the outbox. They are in memory alone.
//!
//! A pass that begins after a message came is to find it, so once that one has finished the message is
//! dropped, confirmed or not. If none finishes, time ends it.

use std::{cmp::Ordering, sync::Arc, time::Duration};

use conv_model::{
    Conversation, ConversationId, Delta, PassId, Suggestion, SyncStep, Timestamp, suggested,
};
use tokio::time::Instant;

use crate::list::{
    epoch::random,
    tree::{Entry, Tree},
};

/// The cap on rows with suggestions. A message for a further row waits for the pass.
const ROWS: usize = 128;
/// The cap on messages per row. For a further one the two oldest are counted together.
const MESSAGES: usize = 16;
/// The time after which a message is dropped if no pass covered it.
const KEPT: Duration = Duration::from_secs(60);

/// The suggestions of an account, by row. A copy costs a pointer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Suggestions {
    rows: Tree<SuggestedRow>,
    /// The epoch of positions in a list with suggestions. It belongs to one opening of a store.
    epoch: Option<u64>,
}

#[derive(Clone, Debug)]
struct SuggestedRow {
    id: ConversationId,
    /// In the order in which they came.
    messages: Vec<Held>,
}

/// A suggestion, and what ends it.
#[derive(Clone, Debug)]
struct Held {
    suggestion: Suggestion,
    /// True if it counts for several messages. Their keys are forgotten, and a recall finds none of them:
    /// so their texts are not kept either.
    is_merged: bool,
    /// The cloud's count of unread messages when it came.
    counted_from: Option<u32>,
    /// The newest pass that had begun: a later one covers it.
    pass: PassId,
    until: Instant,
}

/// Sorted by ID.
impl Entry for SuggestedRow {
    type Key = ConversationId;

    fn key(&self) -> ConversationId {
        self.id.clone()
    }

    fn compare(&self, key: &ConversationId) -> Ordering {
        self.id.cmp(key)
    }
}

impl SuggestedRow {
    fn shows(&self) -> bool {
        self.messages.iter().any(|held| !held.suggestion.time.is_zero())
    }

    /// Adds a message, or takes one back. Returns false if that is known already.
    fn add(&mut self, held: Held) -> bool {
        let key = &held.suggestion.key;
        let is_it = |known: &&mut Held| !known.is_merged && known.suggestion.key == *key;
        let known = self.messages.iter_mut().find(is_it);
        match known.map(|known| &mut known.suggestion) {
            Some(known) if held.suggestion.is_recalled && !known.is_recalled => known.take_back(),
            Some(_) => return false,
            None => self.push(held),
        }
        true
    }

    fn push(&mut self, held: Held) {
        if self.messages.len() >= MESSAGES {
            self.merge_oldest();
        }
        self.messages.push(held);
    }

    /// Counts the two oldest messages together that do not show. Recalled ones go last: a message may
    /// come after its recall, or twice, and the key of the recall keeps it from showing.
    fn merge_oldest(&mut self) {
        let mut places: Vec<usize> = (0..self.messages.len()).collect();
        let is_needed = |Held { suggestion, .. }: &Held| {
            (suggestion.is_recalled, suggestion.last_message.is_some())
        };
        places.sort_by_key(|at| self.messages.get(*at).map(is_needed));
        let [one, other, ..] = places[..] else { return };
        let later = self.messages.remove(one.max(other));
        self.messages.iter_mut().skip(one.min(other)).take(1).for_each(|held| held.merge(&later));
    }

    /// Drops the messages that do not show, which may be large.
    fn keep_newest(&mut self, base: &Conversation) {
        let shown = self.over(base).last_message;
        for held in &mut self.messages {
            let message = &mut held.suggestion.last_message;
            message.take_if(|message| shown.value().is_none_or(|it| !Arc::ptr_eq(it, message)));
        }
    }

    fn over(&self, base: &Conversation) -> Conversation {
        let counted = self.messages.iter().find(|held| held.suggestion.unread > 0);
        let counted_from = counted.and_then(|held| held.counted_from);
        suggested(base, counted_from, self.messages.iter().map(|held| &held.suggestion))
    }
}

impl Held {
    /// Counts a later message with this one. What ends them is what ends the one that stays shorter by
    /// time, and longer by passes.
    fn merge(&mut self, later: &Self) {
        let (own, suggestion) = (&mut self.suggestion, &later.suggestion);
        if own.unread == 0 {
            self.counted_from = later.counted_from;
        }
        own.unread = own.unread.saturating_add(suggestion.unread);
        own.time = own.time.max(suggestion.time);
        (own.last_message, own.is_recalled, self.is_merged) = (None, false, true);
        self.pass = self.pass.max(later.pass);
        self.until = self.until.min(later.until);
    }
}

impl Suggestions {
    /// Returns true if a row may show what an event stated.
    pub(crate) fn show_any(&self) -> bool {
        self.rows.iter().any(SuggestedRow::shows)
    }

    pub(crate) fn shows(&self, id: &ConversationId) -> bool {
        self.rows.get(id).is_some_and(SuggestedRow::shows)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.len() == 0
    }

    pub(crate) fn epoch(&self) -> Option<u64> {
        self.epoch
    }

    /// Iterates over all suggestions.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Suggestion> {
        self.rows.iter().flat_map(|row| row.messages.iter().map(|held| &held.suggestion))
    }

    /// Returns a row as it shows over the cloud's.
    pub(crate) fn over(&self, base: &Arc<Conversation>) -> Arc<Conversation> {
        let Some(row) = self.rows.get(&base.id) else { return Arc::clone(base) };
        let shown = row.over(base);
        if shown == **base { Arc::clone(base) } else { shown.into() }
    }

    /// Takes in a message of a row. Returns false if that changes nothing.
    pub(crate) fn add(
        &mut self,
        mut suggestion: Suggestion,
        base: &Conversation,
        pass: PassId,
        now: Instant,
    ) -> bool {
        let known = self.rows.get(&base.id);
        if known.is_none() && self.rows.len() >= ROWS {
            return false;
        }
        // The cloud's count has it, as far as is known.
        if base.listing.time.is_some_and(|time| time >= suggestion.time) {
            suggestion.unread = 0;
        }
        let counted_from = base.unread.count;
        let until = now + KEPT;
        let held = Held { suggestion, is_merged: false, counted_from, pass, until };
        let mut row = known
            .cloned()
            .unwrap_or_else(|| SuggestedRow { id: base.id.clone(), messages: Vec::new() });
        if !row.add(held) {
            return false;
        }
        row.keep_newest(base);
        self.rows.insert(row);
        self.epoch.get_or_insert_with(random);
        true
    }

    /// Drops the suggestions of a row.
    pub(crate) fn remove(&mut self, id: &ConversationId) {
        if self.rows.get(id).is_some() {
            self.rows.remove(id);
        }
    }

    /// Drops what a change of the cloud's rows covers. Returns the rows that had some of it.
    ///
    /// The end of a pass covers what came before it began. A facet that was read outside of a pass, or by
    /// such a pass, is newer than what an event said of it.
    pub(crate) fn cover(&mut self, delta: &Delta) -> Vec<ConversationId> {
        if self.is_empty() {
            return Vec::new();
        }
        let mut rows = match (delta.pass, &delta.step) {
            (Some(pass), Some(SyncStep::Finish { .. })) => self.cover_before(pass),
            _ => Vec::new(),
        };
        for patch in delta.listed.iter().chain(&delta.updates) {
            let Some(mut row) = self.rows.get(&patch.id).cloned() else { continue };
            let (unread, message) = (patch.unread.count.is_some(), patch.last_message.is_known());
            if !unread && !message {
                continue;
            }
            for held in &mut row.messages {
                if delta.pass.is_none_or(|pass| pass > held.pass) {
                    let suggestion = &mut held.suggestion;
                    suggestion.unread = if unread { 0 } else { suggestion.unread };
                    suggestion.last_message.take_if(|_| message);
                }
            }
            self.rows.insert(row);
            rows.push(patch.id.clone());
        }
        rows
    }

    /// Drops what came before a pass that has finished began. Returns the rows that had some of it.
    pub(crate) fn cover_before(&mut self, pass: PassId) -> Vec<ConversationId> {
        self.retain(|held| held.pass >= pass)
    }

    /// Counts the messages of a row up to this time as read.
    pub(crate) fn read_to(&mut self, id: &ConversationId, until: Timestamp) {
        let Some(mut row) = self.rows.get(id).cloned() else { return };
        let read = row.messages.iter_mut().filter(|held| held.suggestion.time <= until);
        read.for_each(|held| held.suggestion.unread = 0);
        self.rows.insert(row);
    }

    /// Notes the number of the newest pass after it was lowered by a loss. Greater numbers are given
    /// again, to passes that begin after all messages that came so far.
    pub(crate) fn renumber(&mut self, newest: PassId) {
        let is_later = |row: &&SuggestedRow| row.messages.iter().any(|held| held.pass > newest);
        let rows: Vec<_> = self.rows.iter().filter(is_later).cloned().collect();
        for mut row in rows {
            row.messages.iter_mut().for_each(|held| held.pass = held.pass.min(newest));
            self.rows.insert(row);
        }
    }

    /// Drops what is too old. Returns the rows that had some of it.
    pub(crate) fn expire(&mut self, now: Instant) -> Vec<ConversationId> {
        self.retain(|held| held.until > now)
    }

    /// Returns the moment at which the next one is too old.
    pub(crate) fn next_end(&self) -> Option<Instant> {
        let held = self.rows.iter().flat_map(|row| &row.messages);
        held.map(|held| held.until).min()
    }

    fn retain(&mut self, stays: impl Fn(&Held) -> bool) -> Vec<ConversationId> {
        let goes = |row: &&SuggestedRow| !row.messages.iter().all(&stays);
        let rows: Vec<_> = self.rows.iter().filter(goes).cloned().collect();
        let mut ids = Vec::with_capacity(rows.len());
        for mut row in rows {
            row.messages.retain(&stays);
            ids.push(row.id.clone());
            match row.messages.is_empty() {
                true => drop(self.rows.remove(&row.id)),
                false => drop(self.rows.insert(row)),
            }
        }
        ids
    }
}
