//! About how much memory a list takes.

use std::{mem::size_of, sync::Arc};

use conv_model::{
    Conversation, LastMessage, Local, Pending, RowChange, Slot, Suggestion, SyncState,
};

use crate::{
    Snapshot,
    list::{
        row::Row,
        state::{LocalEntry, State},
    },
};

/// So many rows are measured; the others are taken to be like them.
const SAMPLE: usize = 512;
/// The two counts of an `Arc`, and what an allocator adds.
const SHARED: usize = 32;
/// Local state, without its text and bytes.
const LOCAL: usize = 32 + SHARED;
/// A mutation in its slot, with some text.
const MUTATION: usize =
    size_of::<Pending>() + 2 * SHARED + size_of::<Slot>() + 3 * size_of::<usize>();
/// The size of a row's place in the index by ID.
const PLACE: usize = 12;

impl Snapshot {
    /// Returns the approximate memory of the list, in bytes: rows, indexes, local state, pending
    /// mutations with the cloud's rows that they change, and the commits that it remembers. The
    /// number is estimated from a few hundred rows, so that it costs little to ask; it is good to
    /// about a tenth for a list just loaded, and a guess for the commits. Data shared with other
    /// snapshots counts in each.
    pub fn heap_bytes(&self) -> usize {
        let state = self.state();
        let rows = mean(self.rows().map(row_bytes), self.len());
        // A row that is new has none before it; of the others that one is kept by the log alone.
        let change = size_of::<RowChange>() + rows.bytes() / 2;
        let locals = mean(state.locals.iter().map(local_entry_bytes), state.locals.len());
        rows.total()
            .saturating_add(locals.total())
            .saturating_add(outbox_bytes(state))
            .saturating_add(state.log.changes().saturating_mul(change))
            .saturating_add(size_of::<State>() + size_of::<SyncState>())
    }
}

/// Returns the bytes of messages that events stated, of mutations, and of the cloud's rows beside those
/// that the list shows.
fn outbox_bytes(state: &State) -> usize {
    if state.outbox.is_empty() && state.suggestions.is_empty() {
        return 0;
    }
    let mutations = state.outbox.pending().count();
    let kept = state.rows.iter().filter(|row| row.has_base()).chain(state.hidden_rows());
    let bases: usize = kept.map(|row| base_bytes(row.base())).sum();
    let suggestions: usize = state.suggestions.iter().map(suggestion_bytes).sum();
    let own = suggestions.saturating_add(mutations.saturating_mul(MUTATION));
    bases.saturating_add(own)
}

/// A row of the cloud. Its texts are shared with the row that the list shows.
fn base_bytes(row: &Conversation) -> usize {
    let groups = row.listing.groups.capacity() * size_of::<Arc<str>>();
    size_of::<Conversation>() + SHARED + groups
}

/// The measured memory of several things.
struct Measured {
    bytes: usize,
    sample: usize,
    count: usize,
}

impl Measured {
    /// The mean of one thing.
    fn bytes(&self) -> usize {
        self.bytes.checked_div(self.sample).unwrap_or_default()
    }

    fn total(&self) -> usize {
        self.bytes().saturating_mul(self.count)
    }
}

fn mean(sizes: impl Iterator<Item = usize>, count: usize) -> Measured {
    let (mut bytes, mut sample) = (0_usize, 0);
    for size in sizes.take(SAMPLE) {
        bytes = bytes.saturating_add(size);
        sample += 1;
    }
    Measured { bytes, sample, count }
}

fn row_bytes(row: &Arc<Conversation>) -> usize {
    let listing = &row.listing;
    let texts =
        [Some(&listing.custom_data), row.profile.name.as_ref(), row.profile.avatar.as_ref()];
    let texts: usize = texts.into_iter().chain([row.profile.remark.as_ref()]).map(text).sum();
    let id = row.id.as_str().len() + SHARED;
    // The names of groups are shared by all rows.
    let groups = listing.groups.capacity() * size_of::<Arc<str>>();
    let message = row.last_message.value().map_or(0, |message| message_bytes(message));
    let entries = size_of::<Row>() + PLACE;
    size_of::<Conversation>()
        + SHARED
        + id
        + texts
        + groups
        + message
        + local_bytes(&row.local)
        + entries
}

fn message_bytes(message: &LastMessage) -> usize {
    let payload = message.payload.as_ref().map_or(0, |payload| payload.as_json().len() + SHARED);
    let texts =
        [&message.from_account, &message.nick, &message.name_card, &message.cloud_custom_data];
    let texts: usize = texts.into_iter().map(|it| text(Some(it))).sum();
    size_of::<LastMessage>() + SHARED + payload + texts
}

fn suggestion_bytes(suggestion: &Suggestion) -> usize {
    let message = suggestion.last_message.as_ref().map_or(0, |message| message_bytes(message));
    size_of::<Suggestion>() + 2 * SHARED + text(Some(&suggestion.key)) + message
}

fn local_entry_bytes(entry: &LocalEntry) -> usize {
    size_of::<LocalEntry>() + local_bytes(&entry.local)
}

fn local_bytes(local: &Local) -> usize {
    if *local == Local::default() {
        return 0;
    }
    let data = local.data_bytes().map_or(0, |data| data.len() + SHARED);
    LOCAL + text(local.draft_text()) + data
}

/// An empty text takes nothing.
fn text(text: Option<&Arc<str>>) -> usize {
    text.filter(|text| !text.is_empty()).map_or(0, |text| text.len() + SHARED)
}

#[cfg(test)]
mod tests {
    use conv_model::ConversationId;

    use super::*;

    fn list(rows: usize, name: &str) -> usize {
        let rows = (0..rows).map(|number| {
            let mut row =
                Conversation::new(ConversationId::c2c(&format!("user_{number:05}")).unwrap());
            row.profile.name = Some(name.into());
            row
        });
        Snapshot::of(rows, SyncState::default()).heap_bytes()
    }

    #[test]
    fn an_estimate_grows_with_rows_and_texts_also_beyond_the_sample() {
        let empty = list(0, "");
        let (few, many) = (list(SAMPLE, "x") - empty, list(4 * SAMPLE, "x") - empty);
        assert!((few * 39 / 10..=few * 41 / 10).contains(&many), "{few}, {many}");
        let longer = list(SAMPLE, &"x".repeat(101)) - empty;
        assert_eq!(longer - few, 100 * SAMPLE);
    }

    #[test]
    fn local_state_counts() {
        let draft = |id: &str| {
            let mut row = Conversation::new(ConversationId::c2c(id).unwrap());
            row.local = Local::draft("x".repeat(10_000));
            Snapshot::of([row], SyncState::default()).heap_bytes()
        };
        assert!((10_000..30_000).contains(&draft("alice")));
    }
}
