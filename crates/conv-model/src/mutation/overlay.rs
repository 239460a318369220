//! Computes what a row shows while mutations of it are pending.

use std::sync::Arc;

use super::{GroupTarget, Mutation, ReadMark};
use crate::{Conversation, Known, Timestamp};

/// Returns a row as mutations leave it, or `None` if one of them deletes it.
///
/// `base` is what the cloud said last and is not changed; so dropping a mutation uncovers the newest
/// base. Mutations of other conversations leave the row as it is; a group that is renamed or deleted
/// changes every row that is in it.
pub fn overlay<'a>(
    base: &Conversation,
    mutations: impl IntoIterator<Item = &'a Mutation>,
) -> Option<Conversation> {
    let mut row = base.clone();
    for mutation in mutations {
        if mutation.conversation_id().is_none_or(|id| *id == base.id) && !mutation.show(&mut row) {
            return None;
        }
    }
    Some(row)
}

impl Mutation {
    /// Sets the value in a row of its own conversation; false if that hides the row.
    pub(crate) fn show(&self, row: &mut Conversation) -> bool {
        match self {
            Self::Pin { is_pinned, .. } => row.listing.is_pinned = *is_pinned,
            Self::Mark { mark_type, is_set, .. } => {
                let marks = row.listing.marks;
                row.listing.marks =
                    if *is_set { marks.with(*mark_type) } else { marks.without(*mark_type) };
            }
            Self::CustomData { custom_data, .. } => {
                row.listing.custom_data = Arc::clone(custom_data);
            }
            Self::Member { group_name, is_member, .. } => match is_member {
                true => insert(&mut row.listing.groups, group_name.as_arc()),
                false => drop(remove(&mut row.listing.groups, group_name.as_str())),
            },
            Self::Group { group_name, target } => show_group(row, group_name.as_str(), target),
            Self::Delete { seen, clears_history, .. } => {
                return show_news(row, *seen, *clears_history);
            }
            Self::Read { until, count, .. } => show_read(row, *until, *count),
            Self::Remind { remind_type, .. } => row.unread.remind_type = Some(remind_type.clone()),
        }
        true
    }
}

/// Names are ascending, each once.
fn insert(names: &mut Vec<Arc<str>>, name: &Arc<str>) {
    if let Err(place) = names.binary_search(name) {
        names.insert(place, Arc::clone(name));
    }
}

fn remove(names: &mut Vec<Arc<str>>, name: &str) -> bool {
    let place = names.binary_search_by(|known| known.as_ref().cmp(name));
    place.map(|place| names.remove(place)).is_ok()
}

fn show_group(row: &mut Conversation, name: &str, target: &GroupTarget) {
    match target {
        GroupTarget::Present => {}
        GroupTarget::Absent => drop(remove(&mut row.listing.groups, name)),
        GroupTarget::Named(new) => {
            if remove(&mut row.listing.groups, name) {
                insert(&mut row.listing.groups, new.as_arc());
            }
        }
    }
}

/// A deleted row shows again once the cloud has a message newer than the newest one that the user
/// saw. If the history was cleared, no older message shows.
fn show_news(row: &mut Conversation, seen: Timestamp, clears_history: bool) -> bool {
    if row.listing.time.unwrap_or(Timestamp::ZERO) <= seen {
        return false;
    }
    let time = row.last_message.value().and_then(|message| message.time);
    if clears_history && time.is_some_and(|time| time <= seen) {
        row.last_message = Known::Nothing;
    }
    true
}

/// Messages that the user saw are not unread. The number of newer messages is known only as far as
/// the cloud's count still includes those that the user saw; at least one is unread.
fn show_read(row: &mut Conversation, until: ReadMark, count: u32) {
    let newest = newest(row);
    let unread = &mut row.unread;
    if newest <= until.time {
        unread.count = unread.count.map(|_| 0);
        unread.group_at_info = unread.group_at_info.take().map(|_| Arc::default());
    } else if let Some(base) = unread.count.filter(|base| *base >= count) {
        unread.count = Some((base - count).max(1).min(base));
    }
}

/// Returns the time of a row's newest message.
pub(crate) fn newest(row: &Conversation) -> Timestamp {
    let message = row.last_message.value().and_then(|message| message.time);
    message.max(row.listing.time).unwrap_or(Timestamp::ZERO)
}
