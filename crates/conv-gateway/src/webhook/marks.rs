//! The meaning of an event for lists, as data.

use conv_model::{AccountId, ConversationId, GroupType};

use super::{Event, EventKind, Platform, Provisional};

/// The meaning of an event for lists. Without marks, it changes no list.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Marks {
    /// The work, in no order. Any number of the same is one: let them coalesce.
    pub marks: Vec<Mark>,
    /// Facts that the event states of its own, to be covered by the next pass.
    pub provisional: Vec<Provisional>,
    /// True if the event is the echo of a call of our own administrator: it may settle a change that
    /// waits to be seen, and needs no pass of its own.
    pub is_own_echo: bool,
}

/// One piece of work.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Mark {
    /// The accounts concerned.
    pub who: Who,
    /// The part of their lists to read again.
    pub work: Work,
}

/// The accounts that a mark concerns. An account that is not kept here is ignored: an event creates
/// nothing.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Who {
    /// One account.
    Account(AccountId),
    /// Every account whose list holds this row. Group events do not name the members.
    Holders(ConversationId),
}

/// The work that an event asks for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Work {
    /// A pass over the list, in which this row moved, appeared or went.
    Listing(ConversationId),
    /// Name and avatar of a row; no pass is needed.
    Profile(ConversationId),
    /// The last message of a row, if last messages are kept at all; no pass is needed.
    LastMessage(ConversationId),
    /// The unread state of some rows; no pass is needed.
    Unread(UnreadRows),
}

/// The rows whose unread state changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct UnreadRows {
    /// True for every one-to-one row of the list.
    pub all_c2c: bool,
    /// These rows as well.
    pub rows: Vec<ConversationId>,
}

impl Event {
    /// Returns the lists to read again, and the facts that need no reading. `admin` is the
    /// administrator in whose name this backend calls the cloud, if any:
    /// [`Verifier::admin`](super::Verifier::admin).
    pub fn marks(&self, admin: Option<&str>) -> Marks {
        let operator = self.operator.as_ref().map(AccountId::as_str);
        Marks {
            marks: marks(&self.kind),
            provisional: Provisional::of(&self.kind),
            is_own_echo: self.platform == Platform::Rest && operator.is_some() && operator == admin,
        }
    }
}

fn marks(kind: &EventKind) -> Vec<Mark> {
    match kind {
        EventKind::C2cSent { online_only: true, .. } => Vec::new(),
        // The sender's list shows the failed message; the other user got nothing.
        EventKind::C2cSent { from, to, delivered: false, .. } => {
            row_with(to).map(|row| account(from, Work::Listing(row))).into_iter().collect()
        }
        EventKind::C2cSent { from, to, .. } => both(from, to, Work::Listing),
        EventKind::C2cEdited { from, to, .. } => both(from, to, Work::LastMessage),
        EventKind::C2cRecalled { from, to, .. } => {
            let mut marks = both(from, to, Work::LastMessage);
            marks.extend(row_with(from).map(|row| account(to, unread(row))));
            marks
        }
        // The peer's row shows when it was read.
        EventKind::C2cRead { reader, peer, .. } => both(reader, peer, unread),
        EventKind::ReadAll { reader, groups } => {
            let rows = groups.iter().map(|group| group.row.clone()).collect();
            vec![account(reader, Work::Unread(UnreadRows { all_c2c: true, rows }))]
        }
        _ => group_marks(kind),
    }
}

fn group_marks(kind: &EventKind) -> Vec<Mark> {
    match kind {
        EventKind::GroupSent { online_only: true, .. } => Vec::new(),
        // Thousands of messages per second, and no row in any list.
        EventKind::GroupSent { group_type: Some(GroupType::AvChatRoom), .. } => Vec::new(),
        EventKind::GroupSent { row, from, .. } => {
            let from = from.iter().map(|from| account(from, Work::Listing(row.clone())));
            from.chain([holders(row, Work::Listing(row.clone()))]).collect()
        }
        EventKind::GroupEdited { row, .. } => vec![holders(row, Work::LastMessage(row.clone()))],
        EventKind::GroupRecalled { row, .. } => {
            vec![holders(row, Work::LastMessage(row.clone())), holders(row, unread(row.clone()))]
        }
        EventKind::GroupCreated { row, members } | EventKind::MembersLeft { row, members } => {
            each(members, row).collect()
        }
        // The others' rows show the number of members.
        EventKind::MembersJoined { row, members } => {
            each(members, row).chain([holders(row, Work::Profile(row.clone()))]).collect()
        }
        EventKind::GroupDestroyed { row, members } => {
            each(members, row).chain([holders(row, Work::Listing(row.clone()))]).collect()
        }
        EventKind::GroupChanged { row, .. } => vec![holders(row, Work::Profile(row.clone()))],
        EventKind::TopicCreated { row, community } => {
            vec![holders(community, Work::Listing(row.clone()))]
        }
        EventKind::TopicsDestroyed { rows } => {
            rows.iter().map(|row| holders(row, Work::Listing(row.clone()))).collect()
        }
        EventKind::ProfileChanged { user, .. } => {
            let row = row_with(user);
            row.map(|row| holders(&row, Work::Profile(row.clone()))).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

/// Returns the row of a one-to-one conversation with a user, in the list of the other.
pub(super) fn row_with(with: &AccountId) -> Option<ConversationId> {
    ConversationId::c2c(with.as_str()).ok()
}

/// Returns the work for each of two users on the row of the other, once if they are the same.
fn both(one: &AccountId, other: &AccountId, work: impl Fn(ConversationId) -> Work) -> Vec<Mark> {
    let first = row_with(other).map(|row| account(one, work(row)));
    let second = row_with(one).filter(|_| one != other);
    first.into_iter().chain(second.map(|row| account(other, work(row)))).collect()
}

fn each(members: &[AccountId], row: &ConversationId) -> impl Iterator<Item = Mark> {
    members.iter().map(|member| account(member, Work::Listing(row.clone())))
}

fn unread(row: ConversationId) -> Work {
    Work::Unread(UnreadRows { all_c2c: false, rows: vec![row] })
}

fn account(account: &AccountId, work: Work) -> Mark {
    Mark { who: Who::Account(account.clone()), work }
}

fn holders(row: &ConversationId, work: Work) -> Mark {
    Mark { who: Who::Holders(row.clone()), work }
}
