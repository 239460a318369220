//! The true content of a list, for tests to compare with.

use super::account::{Account, View};

/// A row of a complete listing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Listed {
    /// The conversation ID, in the web SDK's form.
    pub id: String,
    /// The conversation's time in seconds.
    pub time: u64,
    /// Set if it is pinned.
    pub pinned: bool,
    /// Its marks as a set of bits.
    pub marks: u64,
    /// Its custom text, or an empty text.
    pub custom_mark: String,
    /// The names of the conversation groups it is in, sorted.
    pub groups: Vec<String>,
    /// Its unread count.
    pub unread: u32,
}

pub(super) fn of(account: &Account, view: View) -> Vec<Listed> {
    let mut rows: Vec<_> = account.order(view);
    // The cloud breaks ties at the limit by its own serials; the listed rows are then sorted by ID.
    rows.sort_by_key(|(peer, row)| (!row.pinned, std::cmp::Reverse(row.time), *peer));
    rows.into_iter()
        .map(|(peer, row)| {
            let label = account.labels.get(peer).cloned().unwrap_or_default();
            let names = label.groups.iter().filter_map(|id| account.groups.get(id));
            let mut groups: Vec<String> = names.map(|name| name.to_string()).collect();
            groups.sort();
            Listed {
                id: peer.to_string(),
                time: row.time,
                pinned: row.pinned,
                marks: label.marks,
                custom_mark: label.custom.into(),
                groups,
                unread: row.unread,
            }
        })
        .collect()
}
