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
    commits: Tree<Logged>,
    /// Readers at this number or later can go on from the log.
    since: Seq,
    /// The last stored write at that number.
    written: Seq,
    /// Set if rows showed what events stated at that number.
    was_provisional: bool,
    /// The epoch of the list, and the number from which on it has that.
    epoch: Option<u64>,
    epoch_since: Seq,
    changes: usize,
}

#[derive(Clone, Debug)]
struct Logged {
    commit: Arc<Commit>,
    /// Set if rows show what events stated after it.
    is_provisional: bool,
}

impl Entry for Logged {
    type Key = Seq;

    fn key(&self) -> Seq {
        self.commit.seq
    }

    fn compare(&self, key: &Seq) -> Ordering {
        self.commit.seq.cmp(key)
    }
}

impl Log {
    /// Starts an empty log at a number, and at a stored write.
    pub(crate) fn new(since: Seq, written: Seq, epoch: Option<u64>) -> Self {
        Self { since, written, epoch, epoch_since: since, ..Self::default() }
    }

    /// Drops all commits and starts again at a number.
    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn restart(&mut self, since: Seq) {
        if self.commits.len() > 0 {
            self.commits = Tree::default();
        }
        (self.since, self.written, self.changes) = (since, since, 0);
    }

    /// Appends a commit and drops the oldest ones beyond the caps. `is_provisional`: rows show what
    /// events stated.
    pub(crate) fn push(&mut self, commit: Arc<Commit>, is_provisional: bool) {
        self.changes = self.changes.saturating_add(commit.changes.len());
        if commit.sync.epoch != self.epoch {
            (self.epoch, self.epoch_since) = (commit.sync.epoch, commit.seq);
        }
        self.commits.insert(Logged { commit, is_provisional });
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
        if let Some(Logged { commit, is_provisional }) = self.commits.remove(&oldest) {
            self.changes = self.changes.saturating_sub(commit.changes.len());
            (self.written, self.was_provisional) = (commit.written, is_provisional);
        }
        self.since = oldest;
    }

    /// Returns the commits after a number; `None` if some of them are gone.
    pub(crate) fn after(&self, since: Seq) -> Option<Vec<Arc<Commit>>> {
        let commits = || self.commits.from(&since.next()).map(|it| Arc::clone(&it.commit));
        (since >= self.since).then(|| commits().collect())
    }

    /// Returns the commits after a stored write of the present epoch; `None` if some of them are gone,
    /// or if no commit ends at that write with rows as they are stored.
    ///
    /// Another process's commits end at other writes: what a reader there saw between two of ours is
    /// not known here.
    pub(crate) fn after_write(&self, written: Seq) -> Option<Vec<Arc<Commit>>> {
        let is_start = self.written == written && !self.was_provisional;
        let mut reached = is_start.then_some(self.since);
        let ends_there = |it: &&Logged| it.commit.written == written && !it.is_provisional;
        for Logged { commit, .. } in self.commits.iter().filter(ends_there) {
            reached = Some(commit.seq);
        }
        self.after(reached.filter(|seq| *seq >= self.epoch_since)?)
    }
}

#[cfg(test)]
mod tests {
    use conv_model::SyncState;

    use super::*;

    fn log(commits: u64) -> Log {
        let mut log = Log::new(Seq::new(10), Seq::new(10), None);
        for number in 11..11 + commits {
            log.push(
                Arc::new(Commit::new(Seq::new(number), Arc::new(SyncState::default()))),
                false,
            );
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
    fn a_position_is_found_by_the_last_commit_that_ends_there() {
        let mut log = Log::new(Seq::new(10), Seq::new(10), None);
        for (number, written) in [(11, 10), (12, 12), (13, 12), (14, 17), (15, 18)] {
            let mut commit = Commit::new(Seq::new(number), Arc::new(SyncState::default()));
            commit.written = Seq::new(written);
            log.push(Arc::new(commit), false);
        }
        let after = |log: &Log, written| {
            let commits = log.after_write(Seq::new(written));
            commits.map(|commits| commits.iter().map(|c| c.seq.as_u64()).collect::<Vec<_>>())
        };
        assert_eq!(after(&log, 10), Some(vec![12, 13, 14, 15]));
        assert_eq!(after(&log, 12), Some(vec![14, 15]));
        assert_eq!(after(&log, 18), Some(vec![]));
        assert_eq!([9, 13, 16, 19].map(|written| after(&log, written)), [const { None }; 4]);
        // Another epoch: writes of the one before are gone.
        let mut sync = SyncState::default();
        sync.epoch = Some(7);
        log.push(Arc::new(Commit::new(Seq::new(19), Arc::new(sync))), false);
        assert_eq!([10, 12, 18].map(|written| after(&log, written)), [const { None }; 3]);
        assert_eq!(after(&log, 19), Some(vec![]));
    }

    #[test]
    fn old_commits_go() {
        let log = log(300);
        assert!(log.after(Seq::new(10 + 43)).is_none());
        assert!(log.after_write(Seq::new(10 + 43)).is_none());
        assert_eq!(log.after_write(Seq::new(10 + 44)).unwrap().len(), COMMITS);
        assert_eq!(log.after(Seq::new(10 + 44)).unwrap().len(), COMMITS);
    }
}
