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
    /// Writes, in order; the first that is refused ends it.
    Commit(Vec<Write>),
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
    pub(crate) const ALL: [Self; 2] = [Self::Rows, Self::Local];
}

impl<A> Job<A> {
    /// The bytes it holds while it waits.
    pub(crate) fn bytes(&self) -> usize {
        match &self.work {
            Work::Commit(writes) => writes.iter().flat_map(|write| &write.put).map(size).sum(),
            Work::Forget => 0,
        }
    }

    /// Whether it writes to a home.
    pub(crate) fn touches(&self, home: Home) -> bool {
        match &self.work {
            Work::Commit(writes) => writes.iter().any(|write| home_of(write) == home),
            Work::Forget => true,
        }
    }
}

/// The home of a write. It holds local records or others, so any of them tells.
pub(crate) fn home_of(write: &Write) -> Home {
    let mut records = write.put.iter().map(|(record, _)| record).chain(&write.delete);
    match records.next() {
        Some(Record::Local(_)) => Home::Local,
        _ => Home::Rows,
    }
}

fn size((_, bytes): &(Record, Arc<[u8]>)) -> usize {
    bytes.len()
}
