//! The effects of writes on one account, from commands and from tests.

use std::time::Duration;

use super::{Account, Applied, Message, Peer, Row, applied::MAX_LOGGED};
use crate::{ReadBack, lag::Due};

/// The newest messages of a conversation whose times are kept, to count those after a time.
const MAX_ARRIVED: usize = 100;
/// The older states of an account that readers may still be shown.
const MAX_STALE: usize = 32;

/// An account's notifications of a chat group: `MsgFlag` on the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MsgFlag {
    /// Messages arrive and notify.
    #[default]
    AcceptAndNotify,
    /// Messages arrive and do not notify.
    AcceptNotNotify,
    /// Messages do not arrive.
    Discard,
}

impl MsgFlag {
    /// The value of the `MsgFlag` field.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AcceptAndNotify => "AcceptAndNotify",
            Self::AcceptNotNotify => "AcceptNotNotify",
            Self::Discard => "Discard",
        }
    }

    pub(crate) fn of(text: &str) -> Option<Self> {
        let all = [Self::AcceptAndNotify, Self::AcceptNotNotify, Self::Discard];
        all.into_iter().find(|flag| flag.as_str() == text)
    }
}

impl Row {
    /// Counts a message that arrives at this second.
    pub(super) fn receive(&mut self, time: u64) {
        self.empty = false;
        self.unread = self.unread.saturating_add(1);
        if self.arrived.len() >= MAX_ARRIVED {
            self.arrived.pop_front();
        }
        self.arrived.push_back(time);
    }

    /// Reads what is not newer than this second. Returns true if anything changed.
    pub(crate) fn read(&mut self, until: u64, back: ReadBack) -> bool {
        let goes_back = until < self.read_until;
        if goes_back && back == ReadBack::Ignored {
            return false;
        }
        let newer = self.arrived.iter().filter(|time| **time > until).count();
        let newer = u32::try_from(newer).unwrap_or(u32::MAX);
        let unread = match () {
            () if self.last.time <= until => 0,
            () if goes_back => newer.max(self.unread),
            // The newest message is later than `until`, also where no arrival is known.
            () => newer.max(1).min(self.unread),
        };
        let changed = unread != self.unread || until != self.read_until;
        (self.unread, self.read_until) = (unread, until);
        changed
    }
}

impl Account {
    /// Takes a row out of the list. Its last message is kept for the history, unless that is
    /// cleared too. Returns true if the list held it.
    pub(crate) fn delete(&mut self, peer: &Peer, clear_history: bool) -> bool {
        let row = self.rows.remove(peer);
        let held = row.is_some();
        if clear_history {
            self.deleted.remove(peer);
        } else if let Some(row) = row.filter(|row| !row.empty) {
            self.deleted.insert(peer.clone(), row.last);
        }
        held
    }

    /// The last message of a conversation's history, whether or not the list holds its row.
    pub(crate) fn last_message(&self, peer: &Peer) -> Option<&Message> {
        match self.rows.get(peer) {
            Some(row) => Some(&row.last).filter(|_| !row.empty),
            None => self.deleted.get(peer),
        }
    }

    /// Puts a row without a message into the list, or one with what its history still has.
    pub(crate) fn insert_silently(&mut self, peer: &Peer) -> &mut Row {
        let last = self.deleted.get(peer).map(|last| last.time);
        let row = self.insert(peer.clone(), last.unwrap_or_default());
        row.empty = last.is_none();
        row
    }

    pub(crate) fn pinned(&self) -> usize {
        self.rows.values().filter(|row| row.pinned).count()
    }

    pub(crate) fn flag(&self, group: &str) -> MsgFlag {
        self.flags.get(group).copied().unwrap_or_default()
    }

    /// Puts the members of a conversation group into another one, and ends it.
    pub(crate) fn merge_groups(&mut self, from: u32, into: u32, now: u64) {
        let members: Vec<Peer> = self.members(from).map(|(peer, _)| peer.clone()).collect();
        for peer in members {
            self.join_group(&peer, into, now);
        }
        self.drop_group(from, now);
    }

    /// The member of a conversation group whose labels have not changed for the longest time.
    pub(crate) fn oldest_member(&self, group: u32) -> Option<Peer> {
        let oldest = self.members(group).min_by_key(|(_, label)| (label.changed, label.serial));
        oldest.map(|(peer, _)| peer.clone())
    }

    /// The conversation with marks or a custom text whose labels have not changed for the longest
    /// time.
    pub(crate) fn oldest_marked(&self) -> Option<Peer> {
        let marked = self.labels.iter().filter(|(_, label)| label.is_marked());
        let oldest = marked.min_by_key(|(_, label)| (label.changed, label.serial));
        oldest.map(|(peer, _)| peer.clone())
    }

    fn members(&self, group: u32) -> impl Iterator<Item = (&Peer, &super::Label)> {
        self.labels.iter().filter(move |(_, label)| label.groups.contains(&group))
    }

    pub(crate) fn log(&mut self, applied: Applied) {
        if self.writes.len() >= MAX_LOGGED {
            self.writes.pop_front();
        }
        self.writes.push_back(applied);
    }

    /// Returns the state that reading commands see: an older one while a fault holds the newer one
    /// back.
    pub(crate) fn shown(&self) -> &Account {
        self.stale.front().map_or(self, |(_, copy)| copy)
    }

    /// Shows readers this state until then. An older state that they are still shown comes first,
    /// as on a replica that lags behind.
    pub(crate) fn show_until(&mut self, due: Due, copy: Account) {
        if self.stale.len() >= MAX_STALE {
            self.stale.pop_front();
        }
        self.stale.push_back((due, copy));
    }

    pub(super) fn expire(&mut self, now: Duration, served: u64) {
        self.stale.retain(|(due, _)| !due.is_past(now, served));
    }

    /// Goes back to a copy made before. The logs and what readers are shown stay.
    pub(crate) fn restore(&mut self, copy: Account) {
        let held = std::mem::replace(self, copy);
        self.snapshots = held.snapshots;
        self.stale = held.stale;
        self.writes = held.writes;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(arrivals: &[u64], unread: u32) -> Row {
        let mut account = Account::default();
        let row = account.insert(Peer::user("a"), arrivals.last().copied().unwrap_or(50));
        for time in arrivals {
            row.receive(*time);
        }
        row.unread = unread;
        row.clone()
    }

    #[test]
    fn messages_after_the_time_stay_unread() {
        let mut held = row(&[10, 20, 20, 30], 4);
        assert!(held.read(20, ReadBack::Ignored));
        assert_eq!(held.unread, 1);
        assert!(!held.read(20, ReadBack::Ignored), "a repeat changes nothing");
        assert!(held.read(30, ReadBack::Ignored));
        assert_eq!(held.unread, 0);
    }

    #[test]
    fn a_row_of_unknown_arrivals_keeps_one_unread_if_its_newest_message_is_later() {
        let mut held = row(&[], 7);
        held.read(49, ReadBack::Ignored);
        assert_eq!(held.unread, 1);
        held.read(50, ReadBack::Ignored);
        assert_eq!(held.unread, 0);
    }

    #[test]
    fn an_earlier_time_is_ignored_or_unreads() {
        let mut held = row(&[10, 20, 30], 3);
        held.read(30, ReadBack::Ignored);
        assert!(!held.read(10, ReadBack::Ignored));
        assert_eq!(held.unread, 0);
        assert!(held.read(10, ReadBack::Unreads));
        assert_eq!(held.unread, 2);
    }
}
