//! The newest commits, for readers that keep a number instead of a queue.

use std::{cmp::Ordering, sync::Arc};

use conv_model::{Commit, Seq};

use crate::list::tree::{Entry, Tree};

/// The cap on commits.
const COMMITS: usize = 256;
/// The cap on changes of rows. The newest commit is kept, however many it has.
const CHANGES: usize = 2048;

/// Commits without a gap up to the newest.
#[derive(Clone, Debug, Default)]
pub(crate) struct Log {
    commits: Tree<Arc<Commit>>,
    /// Readers at this number or later can go on from the log.
    since: Seq,
    changes: usize,
}

impl Entry for Arc<Commit> {
    type Key = Seq;

    fn key(&self) -> Seq {
        self.seq
    }

    fn compare(&self, key: &Seq) -> Ordering {
        self.seq.cmp(key)
    }
}

impl Log {
    /// Starts an empty log at a number.
    pub(crate) fn new(since: Seq) -> Self {
        Self { since, ..Self::default() }
    }

    /// Drops all commits and starts again at a number.
    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn restart(&mut self, since: Seq) {
        if self.commits.len() > 0 {
            self.commits = Tree::default();
        }
        (self.since, self.changes) = (since, 0);
    }

    /// Appends a commit and drops the oldest ones beyond the caps.
    pub(crate) fn push(&mut self, commit: Arc<Commit>) {
        self.changes = self.changes.saturating_add(commit.changes.len());
        self.commits.insert(commit);
        while self.commits.len() > 1 && (self.commits.len() > COMMITS || self.changes > CHANGES) {
            self.drop_oldest();
        }
    }

    /// Returns the number of changes of rows in it.
    pub(crate) fn changes(&self) -> usize {
        self.changes
    }

    fn drop_oldest(&mut self) {
        let Some(oldest) = self.commits.iter().next().map(Entry::key) else { return };
        if let Some(commit) = self.commits.remove(&oldest) {
            self.changes = self.changes.saturating_sub(commit.changes.len());
        }
        self.since = oldest;
    }

    /// Returns the commits after a number; `None` if some of them are gone.
    pub(crate) fn after(&self, since: Seq) -> Option<Vec<Arc<Commit>>> {
        (since >= self.since).then(|| self.commits.from(&since.next()).cloned().collect())
    }
}

#[cfg(test)]
mod tests {
    use conv_model::SyncState;

    use super::*;

    fn log(commits: u64) -> Log {
        let mut log = Log::new(Seq::new(10));
        for number in 11..11 + commits {
            log.push(Arc::new(Commit::new(Seq::new(number), Arc::new(SyncState::default()))));
        }
        log
    }

    #[test]
    fn a_reader_gets_the_commits_after_its_number() {
        let after = log(3).after(Seq::new(11)).unwrap();
        assert_eq!(after.iter().map(|c| c.seq.as_u64()).collect::<Vec<_>>(), [12, 13]);
    }

    #[test]
    fn a_reader_from_before_the_log_must_read_all_rows() {
        assert!(log(0).after(Seq::new(9)).is_none());
        assert!(log(0).after(Seq::new(10)).is_some_and(|commits| commits.is_empty()));
    }

    #[test]
    fn old_commits_go() {
        let log = log(300);
        assert!(log.after(Seq::new(10 + 43)).is_none());
        assert_eq!(log.after(Seq::new(10 + 44)).unwrap().len(), COMMITS);
    }
}
