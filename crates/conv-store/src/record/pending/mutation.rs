//! A mutation as it is stored.

use conv_model::{GroupTarget, IfNewer, MarkType, Mutation, ReadMark, Timestamp};
use serde::{Deserialize, Serialize};

/// New kinds go to the end.
#[derive(Serialize, Deserialize)]
pub(super) enum MutationBody<'a> {
    Pin {
        id: &'a str,
        is_pinned: bool,
    },
    Mark {
        id: &'a str,
        bit: u32,
        is_set: bool,
    },
    CustomData {
        id: &'a str,
        text: &'a str,
    },
    Member {
        id: &'a str,
        group: &'a str,
        is_member: bool,
    },
    Group {
        group: &'a str,
        #[serde(borrow)]
        target: TargetBody<'a>,
    },
    Delete {
        id: &'a str,
        seen: u64,
        clears_history: bool,
        if_newer: IfNewerBody,
    },
    Read {
        id: &'a str,
        time: u64,
        sequence: u64,
        count: u32,
    },
    Remind {
        id: &'a str,
        remind_type: &'a str,
    },
}

#[derive(Serialize, Deserialize)]
pub(super) enum TargetBody<'a> {
    Present,
    Absent,
    Named(&'a str),
}

#[derive(Clone, Copy, Serialize, Deserialize)]
pub(super) enum IfNewerBody {
    GiveUp,
    KeepHistory,
    Delete,
}

impl<'a> MutationBody<'a> {
    /// Returns the form of a mutation; `None` for a kind that this version does not know.
    pub(super) fn of(mutation: &'a Mutation) -> Option<Self> {
        Some(match mutation {
            Mutation::Pin { id, is_pinned } => Self::Pin { id: id.as_str(), is_pinned: *is_pinned },
            Mutation::Mark { id, mark_type, is_set } => {
                Self::Mark { id: id.as_str(), bit: mark_type.bit(), is_set: *is_set }
            }
            Mutation::CustomData { id, custom_data } => {
                Self::CustomData { id: id.as_str(), text: custom_data }
            }
            Mutation::Member { id, group_name, is_member } => {
                Self::Member { id: id.as_str(), group: group_name.as_str(), is_member: *is_member }
            }
            Mutation::Group { group_name, target } => {
                Self::Group { group: group_name.as_str(), target: TargetBody::of(target)? }
            }
            Mutation::Delete { id, seen, clears_history, if_newer } => Self::Delete {
                id: id.as_str(),
                seen: seen.as_secs(),
                clears_history: *clears_history,
                if_newer: IfNewerBody::of(*if_newer)?,
            },
            Mutation::Read { id, until, count } => Self::Read {
                id: id.as_str(),
                time: until.time.as_secs(),
                sequence: until.sequence,
                count: *count,
            },
            Mutation::Remind { id, remind_type } => {
                Self::Remind { id: id.as_str(), remind_type: remind_type.as_str() }
            }
            _ => return None,
        })
    }

    /// Returns the mutation; `None` if a part of it is not valid.
    pub(super) fn read(&self) -> Option<Mutation> {
        Some(match *self {
            Self::Pin { id, is_pinned } => Mutation::Pin { id: id.parse().ok()?, is_pinned },
            Self::Mark { id, bit, is_set } => Mutation::Mark {
                id: id.parse().ok()?,
                mark_type: MarkType::from_bit(bit).ok()?,
                is_set,
            },
            Self::CustomData { id, text } => {
                Mutation::CustomData { id: id.parse().ok()?, custom_data: text.into() }
            }
            Self::Member { id, group, is_member } => Mutation::Member {
                id: id.parse().ok()?,
                group_name: group.parse().ok()?,
                is_member,
            },
            Self::Group { group, ref target } => {
                Mutation::Group { group_name: group.parse().ok()?, target: target.read()? }
            }
            Self::Delete { id, seen, clears_history, if_newer } => Mutation::Delete {
                id: id.parse().ok()?,
                seen: Timestamp::from_secs(seen),
                clears_history,
                if_newer: if_newer.read(),
            },
            Self::Read { id, time, sequence, count } => Mutation::Read {
                id: id.parse().ok()?,
                until: ReadMark::new(Timestamp::from_secs(time), sequence),
                count,
            },
            Self::Remind { id, remind_type } => {
                Mutation::Remind { id: id.parse().ok()?, remind_type: remind_type.into() }
            }
        })
    }
}

impl<'a> TargetBody<'a> {
    fn of(target: &'a GroupTarget) -> Option<Self> {
        Some(match target {
            GroupTarget::Present => Self::Present,
            GroupTarget::Absent => Self::Absent,
            GroupTarget::Named(name) => Self::Named(name.as_str()),
            _ => return None,
        })
    }

    fn read(&self) -> Option<GroupTarget> {
        Some(match self {
            Self::Present => GroupTarget::Present,
            Self::Absent => GroupTarget::Absent,
            Self::Named(name) => GroupTarget::Named(name.parse().ok()?),
        })
    }
}

impl IfNewerBody {
    fn of(if_newer: IfNewer) -> Option<Self> {
        Some(match if_newer {
            IfNewer::GiveUp => Self::GiveUp,
            IfNewer::KeepHistory => Self::KeepHistory,
            IfNewer::Delete => Self::Delete,
            _ => return None,
        })
    }

    fn read(self) -> IfNewer {
        match self {
            Self::GiveUp => IfNewer::GiveUp,
            Self::KeepHistory => IfNewer::KeepHistory,
            Self::Delete => IfNewer::Delete,
        }
    }
}
