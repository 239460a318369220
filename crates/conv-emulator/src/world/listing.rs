//! The truth about a list, for tests to compare with.

use super::account::{Account, View};

/// A row that a complete listing holds.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Listed {
    /// The conversation ID, as the web SDK writes it.
    pub id: String,
    /// The conversation's time in seconds.
    pub time: u64,
    /// Whether it is pinned.
    pub pinned: bool,
    /// All its marks in one set of bits.
    pub marks: u64,
    /// Its own text, or nothing.
    pub custom_mark: String,
    /// The names of the conversation groups it is in, sorted.
    pub groups: Vec<String>,
    /// Its unread count.
    pub unread: u32,
}

pub(super) fn of(account: &Account, view: View) -> Vec<Listed> {
    let mut rows: Vec<_> = account.order(view);
    // The cloud breaks a tie at the limit by its own serials; what is listed is shown by ID.
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
