//! The jobs of the thread.

use std::sync::Arc;

use crate::{Record, Write};

/// A job for one account.
#[derive(Debug)]
pub(crate) struct Job<A> {
    /// The account. A group holds at most one job per account.
    pub(crate) account: Arc<A>,
    pub(crate) work: Work,
}

/// The work of a job.
#[derive(Debug)]
pub(crate) enum Work {
    /// Applies writes in order: all, or none if another writer was first.
    Commit(Vec<Write>),
    /// Makes everything written so far durable, whatever the level.
    Flush,
    /// Does nothing; its answer says that all jobs before it are done.
    Barrier,
    /// A barrier that also opens rows that failed again.
    Reopen,
    /// Removes everything of the account.
    Forget,
}

/// The place of a record. Each target is made durable on its own, so a draft is accepted even if
/// the rows fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// The file of rows and sync states.
    Rows,
    /// The log of local state.
    Local,
}

impl Target {
    /// Local state first: a job that the log has no room for leaves the rows alone.
    pub(crate) const IN_ORDER: [Self; 2] = [Self::Local, Self::Rows];

    /// Returns true if a write goes here. A write holds local records or others, never both.
    pub(crate) fn is_of(self, write: &Write) -> bool {
        let mut records = write.put.iter().map(|(record, _)| record).chain(&write.delete);
        records.next().is_some_and(Record::is_local) == (self == Self::Local)
    }
}

impl<A> Job<A> {
    /// Returns the bytes that it holds while it is queued.
    pub(crate) fn bytes(&self) -> usize {
        match &self.work {
            Work::Commit(writes) => writes.iter().flat_map(|write| &write.put).map(size).sum(),
            Work::Flush | Work::Barrier | Work::Reopen | Work::Forget => 0,
        }
    }

    /// Returns true if it writes to a target.
    pub(crate) fn touches(&self, target: Target) -> bool {
        match &self.work {
            Work::Commit(writes) => writes.iter().any(|write| target.is_of(write)),
            Work::Flush | Work::Barrier | Work::Reopen => false,
            Work::Forget => true,
        }
    }
}

fn size((_, bytes): &(Record, Arc<[u8]>)) -> usize {
    bytes.len()
}
