//! The difference of two lists.

use std::{collections::BTreeMap, sync::Arc};

use conv_api::{Conversation, ConversationId, Snapshot};

/// The rows of a snapshot by their IDs.
pub(super) type Rows = BTreeMap<ConversationId, Arc<Conversation>>;

/// The numbers of rows that one list lacks, has in addition, and has with other content than
/// another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Difference {
    pub(super) missing: usize,
    pub(super) surplus: usize,
    pub(super) changed: usize,
}

impl Difference {
    /// Returns the difference of `ours` from `theirs`.
    pub(super) fn between(ours: &Rows, theirs: &Rows) -> Self {
        let mut difference = Self::default();
        for (id, row) in ours {
            match theirs.get(id) {
                Some(other) => difference.changed += usize::from(!is_same(row, other)),
                None => difference.surplus += 1,
            }
        }
        difference.missing = theirs.keys().filter(|id| !ours.contains_key(*id)).count();
        difference
    }
}

pub(super) fn rows(snapshot: &Snapshot) -> Rows {
    snapshot.rows().map(|row| (row.id.clone(), Arc::clone(row))).collect()
}

/// Returns true if two readings agree about a conversation, including its absence.
pub(super) fn agree(a: Option<&Arc<Conversation>>, b: Option<&Arc<Conversation>>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => is_same(a, b),
        (None, None) => true,
        _ => false,
    }
}

/// Returns true if the cloud's content of both is the same. Ignores local state, and facets that
/// were read for only one of them.
fn is_same(a: &Conversation, b: &Conversation) -> bool {
    let is_unread_same = match (a.unread.count, b.unread.count) {
        (Some(a), Some(b)) => a == b,
        _ => true,
    };
    let are_messages_known = a.last_message.is_known() && b.last_message.is_known();
    let is_message_same = !are_messages_known || a.last_message == b.last_message;
    a.listing == b.listing
        && a.profile.name == b.profile.name
        && a.profile.avatar == b.profile.avatar
        && is_unread_same
        && is_message_same
}
