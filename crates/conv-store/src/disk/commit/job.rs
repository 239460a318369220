//! What the thread is asked to do.

use std::sync::Arc;

use crate::{Record, Write};

/// Something to do for one account.
#[derive(Debug)]
pub(crate) struct Job<A> {
    /// Whose. A group holds at most one job of each.
    pub(crate) account: Arc<A>,
    /// What.
    pub(crate) work: Work,
}

/// What to do.
#[derive(Debug)]
pub(crate) enum Work {
    /// Writes, in order: all, or none if somebody else wrote.
    Commit(Vec<Write>),
    /// Everything written so far becomes durable, whatever the level.
    Settle,
    /// Reopens rows that failed.
    Reopen,
    /// Does nothing, after all earlier jobs of the account.
    Barrier,
    /// Everything of the account goes.
    Forget,
}

/// Where records live. Each home is made durable on its own, so that trouble with the rows is no
/// reason to refuse a draft.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Home {
    /// Rows and sync state.
    Rows,
    /// Local state.
    Local,
}

impl Home {
    /// Local state first: a job that it has no room for leaves the rows alone.
    pub(crate) const IN_ORDER: [Self; 2] = [Self::Local, Self::Rows];

    /// Whether it is the home of a write. That holds local records or others, so any of them tells.
    pub(crate) fn is_of(self, write: &Write) -> bool {
        let mut records = write.put.iter().map(|(record, _)| record).chain(&write.delete);
        matches!(records.next(), Some(Record::Local(_))) == (self == Self::Local)
    }
}

impl<A> Job<A> {
    /// The bytes it holds while it waits.
    pub(crate) fn bytes(&self) -> usize {
        match &self.work {
            Work::Commit(writes) => writes.iter().flat_map(|write| &write.put).map(size).sum(),
            Work::Settle | Work::Reopen | Work::Barrier | Work::Forget => 0,
        }
    }

    /// Whether it writes to a home.
    pub(crate) fn touches(&self, home: Home) -> bool {
        match &self.work {
            Work::Commit(writes) => writes.iter().any(|write| home.is_of(write)),
            Work::Settle | Work::Reopen | Work::Barrier => false,
            Work::Forget => true,
        }
    }
}

fn size((_, bytes): &(Record, Arc<[u8]>)) -> usize {
    bytes.len()
}
