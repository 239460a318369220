//! One account's recent-contact list, and its labels.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use super::{
    applied::Applied,
    directory::{Group, Message},
    edits::MsgFlag,
    peer::Peer,
};
use crate::lag::Due;

/// A row of the recent-contact list.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) pinned: bool,
    /// Set if the history was cleared: the row is returned only to callers that ask for empty
    /// conversations.
    pub(crate) empty: bool,
    pub(crate) unread: u32,
    /// Breaks ties between rows of one second. Unique in its account, and never reused.
    pub(crate) serial: u32,
    /// The time that the list shows. It may be later than the last message's: some events move a
    /// conversation without a message in its history.
    pub(crate) time: u64,
    /// The last message of a user's conversation. A group's is stored with the group.
    pub(crate) last: Message,
    /// The times of its newest messages, to count those after a time.
    pub(crate) arrived: VecDeque<u64>,
    /// The latest second that it was read up to; 0 for never.
    pub(crate) read_until: u64,
}

/// An account's membership of a chat group, independent of its list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Membership {
    Left,
    /// The second since which it is a member.
    Joined(u64),
}

/// An account's marks, custom text and groups of a conversation.
///
/// Labels live apart from the list: one may belong to a conversation that the list does not hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Label {
    pub(crate) marks: u64,
    pub(crate) custom: Box<str>,
    pub(crate) groups: Vec<u32>,
    pub(crate) changed: u64,
    /// Breaks ties between labels that changed in one second.
    pub(crate) serial: u64,
}

impl Label {
    pub(crate) fn is_blank(&self) -> bool {
        self.marks == 0 && self.custom.is_empty() && self.groups.is_empty()
    }

    pub(crate) fn is_marked(&self) -> bool {
        self.marks != 0 || !self.custom.is_empty()
    }
}

/// A listing frozen at its first call.
#[derive(Debug)]
pub(crate) struct Snapshot {
    pub(crate) id: u64,
    pub(crate) rows: Vec<(Peer, Row, Label)>,
}

/// The filter of a listing's rows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View {
    pub(crate) pins_matter: bool,
    pub(crate) empty_too: bool,
    pub(crate) limit: usize,
    pub(crate) oldest: u64,
}

impl View {
    /// Returns the oldest second that `retention` keeps.
    pub(crate) fn oldest(now: u64, retention: Option<Duration>) -> u64 {
        retention.map_or(0, |kept| now.saturating_sub(kept.as_secs()))
    }
}

#[derive(Debug, Default)]
pub(crate) struct Account {
    pub(crate) rows: BTreeMap<Peer, Row>,
    pub(crate) labels: BTreeMap<Peer, Label>,
    pub(crate) groups: BTreeMap<u32, Box<str>>,
    pub(crate) snapshots: VecDeque<Snapshot>,
    /// Explicit memberships of chat groups. An account is also in the other groups of its list.
    pub(crate) memberships: BTreeMap<Arc<str>, Membership>,
    /// The account's notifications of chat groups, where they were set.
    pub(crate) flags: BTreeMap<Arc<str>, MsgFlag>,
    /// The last messages of conversations whose rows were deleted without their history.
    pub(crate) deleted: BTreeMap<Peer, Message>,
    /// Older states that readers are shown, oldest first, each until its end.
    pub(crate) stale: VecDeque<(Due, Account)>,
    /// The writes that commands applied, oldest first.
    pub(crate) writes: VecDeque<Applied>,
    last_serial: u32,
    last_group: u32,
    last_label: u64,
}

impl Account {
    /// A copy of what commands read and write, without logs and older states.
    pub(crate) fn copy(&self) -> Self {
        Self {
            rows: self.rows.clone(),
            labels: self.labels.clone(),
            groups: self.groups.clone(),
            memberships: self.memberships.clone(),
            flags: self.flags.clone(),
            deleted: self.deleted.clone(),
            last_serial: self.last_serial,
            last_group: self.last_group,
            last_label: self.last_label,
            ..Self::default()
        }
    }

    /// Returns the rows of a listing, in the cloud's order: pinned first, newest first, then by
    /// serial. The limit counts pinned rows first.
    pub(crate) fn order(&self, view: View) -> Vec<(&Peer, &Row)> {
        let mut rows: Vec<_> = self
            .rows
            .iter()
            .filter(|(_, row)| view.empty_too || !row.empty)
            .filter(|(_, row)| row.time >= view.oldest)
            .collect();
        rows.sort_by_key(|(_, row)| {
            let pinned = view.pins_matter && row.pinned;
            (!pinned, std::cmp::Reverse(row.time), row.serial)
        });
        rows.truncate(view.limit);
        rows
    }

    /// Adds a row at this time, or moves it there.
    pub(crate) fn insert(&mut self, peer: Peer, time: u64) -> &mut Row {
        let serials = &mut self.last_serial;
        let last = self.deleted.remove(&peer).unwrap_or_default();
        let row = self.rows.entry(peer).or_insert_with(|| {
            *serials = serials.saturating_add(1);
            Row {
                pinned: false,
                empty: false,
                unread: 0,
                serial: *serials,
                time,
                last,
                arrived: VecDeque::new(),
                read_until: 0,
            }
        });
        row.time = time;
        row.last.time = time;
        row
    }

    /// Returns since when the account is in a chat group; `None` if it is not.
    pub(crate) fn member_since(&self, id: &str, group: &Group) -> Option<u64> {
        match self.memberships.get(id) {
            Some(Membership::Joined(since)) => Some(*since),
            Some(Membership::Left) => None,
            None => self.rows.contains_key(&Peer::group(id)).then_some(group.created),
        }
    }

    /// Returns the chat groups that the account may be in, each with its row, if there is one.
    /// [`Account::member_since`] says which it is in.
    pub(crate) fn known_groups(&self) -> BTreeMap<&str, Option<&Row>> {
        let listed = self.rows.iter().filter_map(|(peer, row)| match peer {
            Peer::Group(id) => Some((&**id, Some(row))),
            Peer::User(_) => None,
        });
        let mut groups: BTreeMap<&str, Option<&Row>> = listed.collect();
        for id in self.memberships.keys() {
            groups.entry(id).or_default();
        }
        groups
    }

    /// Changes a label, and removes it once it is empty.
    pub(crate) fn relabel(&mut self, peer: &Peer, now: u64, change: impl FnOnce(&mut Label)) {
        let label = self.labels.entry(peer.clone()).or_default();
        let before = label.clone();
        change(label);
        if *label != before {
            self.last_label = self.last_label.saturating_add(1);
            (label.changed, label.serial) = (now, self.last_label);
        }
        if label.is_blank() {
            self.labels.remove(peer);
        }
    }

    pub(crate) fn marked(&self) -> usize {
        self.labels.values().filter(|label| label.is_marked()).count()
    }

    pub(crate) fn group_id(&self, name: &str) -> Option<u32> {
        self.groups.iter().find(|(_, held)| &***held == name).map(|(id, _)| *id)
    }

    pub(crate) fn group_size(&self, id: u32) -> usize {
        self.labels.values().filter(|label| label.groups.contains(&id)).count()
    }

    pub(crate) fn create_group(&mut self, name: &str) -> u32 {
        if let Some(id) = self.group_id(name) {
            return id;
        }
        self.last_group = self.last_group.saturating_add(1);
        self.groups.insert(self.last_group, name.into());
        self.last_group
    }

    pub(crate) fn drop_group(&mut self, id: u32, now: u64) {
        self.groups.remove(&id);
        self.labels.retain(|_, label| {
            if label.groups.contains(&id) {
                label.groups.retain(|held| *held != id);
                label.changed = now;
            }
            !label.is_blank()
        });
    }

    pub(crate) fn join_group(&mut self, peer: &Peer, id: u32, now: u64) {
        self.relabel(peer, now, |label| {
            if !label.groups.contains(&id) {
                label.groups.push(id);
                label.groups.sort_unstable();
            }
        });
    }

    pub(crate) fn leave_group(&mut self, peer: &Peer, id: u32, now: u64) {
        self.relabel(peer, now, |label| label.groups.retain(|held| *held != id));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(rows: &[(&str, u64, bool)]) -> Account {
        let mut account = Account::default();
        for (id, time, pinned) in rows {
            account.insert(Peer::user(id), *time).pinned = *pinned;
        }
        account
    }

    const ALL: View = View { pins_matter: true, empty_too: true, limit: 500, oldest: 0 };

    fn ids(account: &Account, view: View) -> Vec<String> {
        account.order(view).iter().map(|(peer, _)| peer.id().to_owned()).collect()
    }

    #[test]
    fn pinned_rows_come_first_and_count_first_toward_the_limit() {
        let account = account(&[("old", 1, true), ("new", 9, false), ("mid", 5, false)]);
        assert_eq!(ids(&account, ALL), ["old", "new", "mid"]);
        assert_eq!(ids(&account, View { limit: 2, ..ALL }), ["old", "new"]);
        assert_eq!(ids(&account, View { pins_matter: false, ..ALL }), ["new", "mid", "old"]);
    }

    #[test]
    fn rows_past_their_retention_and_empty_rows_can_be_left_out() {
        let mut account = account(&[("old", 1, false), ("new", 9, false)]);
        assert_eq!(ids(&account, View { oldest: 2, ..ALL }), ["new"]);
        account.rows.get_mut(&Peer::user("new")).unwrap().empty = true;
        assert_eq!(ids(&account, View { empty_too: false, ..ALL }), ["old"]);
    }

    #[test]
    fn a_label_with_nothing_on_it_is_forgotten() {
        let mut account = Account::default();
        let peer = Peer::user("a");
        let id = account.create_group("Suppliers");
        account.join_group(&peer, id, 1);
        assert_eq!(account.group_size(id), 1);
        account.drop_group(id, 2);
        assert!(account.labels.is_empty());
        assert_ne!(account.create_group("Suppliers"), id, "an ID is never used again");
    }
}
