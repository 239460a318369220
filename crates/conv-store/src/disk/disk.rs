//! What the writer thread does.

use std::{
    mem,
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    Durability,
    account::Account,
    files::Files,
    journal::Journal,
    records,
    row_file::{Changes, RowFile},
};
use crate::{
    StoreError, Write,
    disk::commit::{Disk, Home, Job, Work},
};

#[derive(Debug)]
pub(super) struct FilesDisk<R: RowFile> {
    files: Arc<Files<R>>,
    durability: Durability,
    journal: Journal,
    /// The accounts that the group changes.
    changing: Vec<Arc<Account>>,
    /// The accounts whose rows the group changes.
    written: Vec<Arc<Account>>,
    /// The accounts with changes written behind that are not in the tally yet.
    unsettled: Vec<Arc<Account>>,
    /// What the rows are not given yet.
    left: Vec<Left>,
    /// Since when something waits to be settled that was written behind, or to the journal.
    behind: Option<Instant>,
}

/// Changes of an account's rows.
type Left = (Arc<Account>, Changes);

/// How long that may wait.
const BEHIND: Duration = Duration::from_millis(500);

impl<R: RowFile> FilesDisk<R> {
    pub(super) fn new(files: Arc<Files<R>>, durability: Durability, journal: Journal) -> Self {
        let (changing, written, unsettled, left) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { files, durability, journal, changing, written, unsettled, left, behind: None }
    }

    /// Whether the writes follow what is there.
    ///
    /// While rows cannot be read nobody knows, and local state does not ask: an account has one
    /// store, and all numbers are read again once rows are back.
    fn admit(&mut self, account: &Arc<Account>, writes: &[Write]) -> Result<(), StoreError> {
        let mut state = account.state();
        if self.files.rows.has_failed() {
            return Ok(());
        }
        let state = self.files.known(account, &mut state)?;
        if state.lost.is_some() && !state.is_loss_loaded {
            return Err(StoreError::Conflict);
        }
        let mut last = state.seq;
        for write in writes {
            if last != Some(write.expected) {
                return Err(StoreError::Conflict);
            }
            last = Some(write.seq);
        }
        // Should writing fail, who wrote loads anew, which sets it right.
        state.seq = last;
        state.is_changing = true;
        self.changing.push(Arc::clone(account));
        Ok(())
    }

    /// Gives the rows their changes, or leaves that for later where the journal will have them.
    fn commit_rows(&mut self, account: &Arc<Account>, writes: &[Write]) -> Result<(), StoreError> {
        let mut state = account.state();
        for write in writes.iter().filter(|write| Home::Rows.is_of(write)) {
            let changes = records::changes(account, write, state.named);
            if self.durability == Durability::Process {
                self.journal.note(account.prefix, state.rows, write.seq, &changes)?;
                self.left.push((Arc::clone(account), changes));
            } else {
                self.files.rows.with(|file, _| file.write(&changes))?;
            }
            state.note(write);
        }
        self.written.push(Arc::clone(account));
        Ok(())
    }

    /// Records the group's row changes as acknowledged, in the account and in the tally. Changes that
    /// are written behind enter the tally once they are settled: a kill may take them before.
    fn acknowledge(&mut self) {
        for account in mem::take(&mut self.written) {
            let mark = account.state().acknowledge();
            if self.durability == Durability::WriteBehind {
                if !self.unsettled.iter().any(|other| Arc::ptr_eq(other, &account)) {
                    self.unsettled.push(account);
                }
            } else {
                self.files.note(account.prefix, mark);
            }
        }
    }

    /// Adds the changes that were written behind, and are settled now, to the tally.
    fn note_settled(&mut self) {
        for account in mem::take(&mut self.unsettled) {
            let acknowledged = account.state().acknowledged;
            if let Some(mark) = acknowledged {
                self.files.note(account.prefix, mark);
            }
        }
    }

    /// Makes what was noted survive the end of the process: by the journal, unless it is too much.
    fn keep(&mut self) -> Result<(), StoreError> {
        // Taken also where there is trouble: what is refused here must not come with the next group.
        let (noted, left) = (self.journal.take(), mem::take(&mut self.left));
        let Some(noted) = noted else {
            self.give(&left)?;
            return self.settle_all();
        };
        self.files.rows.with(|_, _| self.journal.append(noted))?;
        self.left = left;
        self.behind.get_or_insert_with(Instant::now);
        Ok(())
    }

    fn give(&self, left: &[Left]) -> Result<(), StoreError> {
        left.iter().try_for_each(|(account, changes)| {
            let _state = account.state();
            self.files.rows.with(|file, _| file.write(changes))
        })
    }

    /// Makes all that was written survive the end of the process, without the journal.
    fn settle_all(&mut self) -> Result<(), StoreError> {
        self.behind = None;
        self.settle(Durability::Process)?;
        self.note_settled();
        self.journal.clear()
    }

    /// Also what rows that failed had acknowledged: the journal gives it to them anew.
    fn settle_on_disk(&mut self) -> Result<(), StoreError> {
        self.files.rows.reopen()?;
        self.settle(Durability::Disk)?;
        self.note_settled();
        Ok(())
    }

    fn settle(&self, durability: Durability) -> Result<(), StoreError> {
        self.files.rows.with(|file, _| file.settle(durability))
    }
}

impl<R: RowFile> Disk for FilesDisk<R> {
    type Account = Account;

    fn begin(&mut self, job: &Job<Account>) -> Result<(), StoreError> {
        match &job.work {
            Work::Commit(_) if job.account.is_closed() => Err(StoreError::Closed),
            Work::Commit(_) | Work::Forget if !self.files.is_writable() => {
                self.files.check_writable()
            }
            // A draft must not be saved by a job that then fails for its rows.
            Work::Commit(_) if job.touches(Home::Rows) => self.files.rows.reopen(),
            _ => Ok(()),
        }?;
        match &job.work {
            Work::Commit(writes) => self.admit(&job.account, writes),
            Work::Settle => self.settle_on_disk(),
            Work::Reopen => self.files.rows.reopen(),
            Work::Barrier => Ok(()),
            Work::Forget => {
                // No write that still waits may bring it back.
                job.account.close();
                self.files.rows.reopen()
            }
        }
    }

    fn write(&mut self, job: &Job<Account>, home: Home) -> Result<(), StoreError> {
        let account = &job.account;
        match (&job.work, home) {
            (Work::Commit(writes), Home::Local) => {
                let writes = writes.iter().filter(|write| Home::Local.is_of(write));
                self.files.with_local(|log| log.append(&account.id, writes))
            }
            (Work::Commit(writes), Home::Rows) => self.commit_rows(account, writes),
            (Work::Forget, Home::Local) => self.files.with_local(|log| log.forget(&account.id)),
            (Work::Forget, Home::Rows) => {
                self.settle_all()?;
                self.journal.clear_durably()?;
                // Before the wipe, or a crash in the middle of it would look like a loss.
                self.files.forget_mark(account.prefix)?;
                let _state = account.state();
                self.files.rows.with(|file, _| records::wipe(file, account.prefix))?;
                // At every level: a power cut must not bring back a forgotten user.
                self.settle(Durability::Disk)
            }
            (Work::Settle | Work::Reopen | Work::Barrier, _) => Ok(()),
        }
    }

    fn sync(&mut self, home: Home) -> Result<(), StoreError> {
        match (home, self.durability) {
            (Home::Local, _) => return self.files.with_local(|log| log.sync()),
            (Home::Rows, Durability::WriteBehind) => {
                self.behind.get_or_insert_with(Instant::now);
                // If another write of the group closed the file, this one is gone with it.
                self.files.rows.with(|_, _| Ok(()))
            }
            (Home::Rows, Durability::Process) => self.keep(),
            (Home::Rows, Durability::Disk) => self.settle(Durability::Disk),
        }?;
        self.acknowledge();
        Ok(())
    }

    fn finish(&mut self) {
        // Should it fail, the rows are opened anew, and are given what the journal has of them.
        let left = mem::take(&mut self.left);
        let _ = self.give(&left);
        self.written.clear();
        for account in self.changing.drain(..) {
            account.state().is_changing = false;
        }
    }

    fn due(&self) -> Option<Duration> {
        self.behind.map(|since| BEHIND.saturating_sub(since.elapsed()))
    }

    fn tidy(&mut self) {
        // Should it fail, who writes next finds the rows opened anew, with what the journal has, and
        // loads what is left.
        let _ = self.settle_all();
    }

    fn close(mut self) -> Result<(), StoreError> {
        let settled = self.settle_on_disk().and_then(|()| self.journal.clear());
        self.files.close();
        settled
    }
}

impl<R: RowFile> Drop for FilesDisk<R> {
    /// Also after a panic the files are let go of.
    fn drop(&mut self) {
        self.files.close();
    }
}
