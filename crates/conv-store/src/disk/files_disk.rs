//! The disk of the commit thread: the files of a database, at its level of durability.

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
    disk::commit::{Disk, Job, Target, Work},
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
    unflushed: Vec<Arc<Account>>,
    /// The changes that the journal has, or will have, and the file of rows has not.
    unapplied: Vec<Unapplied>,
    /// The time of the first change that is written behind, or to the journal, and not flushed.
    unflushed_since: Option<Instant>,
}

/// Changes of an account's rows.
type Unapplied = (Arc<Account>, Changes);

/// The longest time that a change stays unflushed.
const FLUSH_AFTER: Duration = Duration::from_millis(500);

impl<R: RowFile> FilesDisk<R> {
    pub(super) fn new(files: Arc<Files<R>>, durability: Durability, journal: Journal) -> Self {
        let (changing, written, unflushed) = (Vec::new(), Vec::new(), Vec::new());
        let (unapplied, unflushed_since) = (Vec::new(), None);
        Self {
            files,
            durability,
            journal,
            changing,
            written,
            unflushed,
            unapplied,
            unflushed_since,
        }
    }

    /// Refuses writes that do not follow the account's last write.
    ///
    /// While the rows cannot be read the last number is unknown, and local state is written unchecked:
    /// an account has one store, and all numbers are read again once the rows are open.
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
        // If the write fails, the store loads again, which corrects the number.
        state.seq = last;
        state.is_changing = true;
        self.changing.push(Arc::clone(account));
        Ok(())
    }

    /// Writes changes to the file of rows, or notes them for the journal.
    fn commit_rows(&mut self, account: &Arc<Account>, writes: &[Write]) -> Result<(), StoreError> {
        let mut state = account.state();
        for write in writes.iter().filter(|write| Target::Rows.is_of(write)) {
            let changes = records::changes(account, write, state.named);
            if self.durability == Durability::Process {
                self.journal.note(account.prefix, state.rows, write.seq, &changes)?;
                self.unapplied.push((Arc::clone(account), changes));
            } else {
                self.files.rows.with(|file, _| file.write(&changes))?;
            }
            state.note(write);
        }
        self.written.push(Arc::clone(account));
        Ok(())
    }

    /// Records the group's row changes as acknowledged, in the account and in the tally. Changes that
    /// are written behind enter the tally once they are flushed: a kill may take them before.
    fn acknowledge(&mut self) {
        for account in mem::take(&mut self.written) {
            let mark = account.state().acknowledge();
            if self.durability == Durability::WriteBehind {
                if !self.unflushed.iter().any(|other| Arc::ptr_eq(other, &account)) {
                    self.unflushed.push(account);
                }
            } else {
                self.files.note(account.prefix, mark);
            }
        }
    }

    /// Adds the changes that were written behind, and are flushed now, to the tally.
    fn note_flushed(&mut self) {
        for account in mem::take(&mut self.unflushed) {
            let acknowledged = account.state().acknowledged;
            if let Some(mark) = acknowledged {
                self.files.note(account.prefix, mark);
            }
        }
    }

    /// Makes the noted changes survive the end of the process: by the journal, unless they are large.
    fn append(&mut self) -> Result<(), StoreError> {
        // Taken also on failure: changes that are refused here must not go with the next group.
        let (noted, unapplied) = (self.journal.take(), mem::take(&mut self.unapplied));
        let Some(noted) = noted else {
            self.apply(&unapplied)?;
            return self.flush_all();
        };
        self.files.rows.with(|_, _| self.journal.append(noted))?;
        self.unapplied = unapplied;
        self.unflushed_since.get_or_insert_with(Instant::now);
        Ok(())
    }

    /// Writes changes to the file of rows.
    fn apply(&self, unapplied: &[Unapplied]) -> Result<(), StoreError> {
        unapplied.iter().try_for_each(|(account, changes)| {
            let _state = account.state();
            self.files.rows.with(|file, _| file.write(changes))
        })
    }

    /// Makes all changes survive the end of the process without the journal, and empties that.
    fn flush_all(&mut self) -> Result<(), StoreError> {
        self.unflushed_since = None;
        self.flush(Durability::Process)?;
        self.note_flushed();
        self.journal.clear()
    }

    /// Makes all changes survive a power cut. Rows that failed are reopened, which applies what the
    /// journal has.
    fn flush_to_disk(&mut self) -> Result<(), StoreError> {
        self.files.rows.reopen()?;
        self.flush(Durability::Disk)?;
        self.note_flushed();
        Ok(())
    }

    fn flush(&self, durability: Durability) -> Result<(), StoreError> {
        self.files.rows.with(|file, _| file.flush(durability))
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
            Work::Commit(_) if job.touches(Target::Rows) => self.files.rows.reopen(),
            _ => Ok(()),
        }?;
        match &job.work {
            Work::Commit(writes) => self.admit(&job.account, writes),
            Work::Flush => self.flush_to_disk(),
            Work::Barrier => Ok(()),
            Work::Reopen => self.files.rows.reopen(),
            Work::Forget => {
                // No write that still waits may bring it back.
                job.account.close();
                self.files.rows.reopen()
            }
        }
    }

    fn write(&mut self, job: &Job<Account>, target: Target) -> Result<(), StoreError> {
        let account = &job.account;
        match (&job.work, target) {
            (Work::Commit(writes), Target::Local) => {
                let writes = writes.iter().filter(|write| Target::Local.is_of(write));
                self.files.with_local(|log| log.append(&account.id, writes))
            }
            (Work::Commit(writes), Target::Rows) => self.commit_rows(account, writes),
            (Work::Forget, Target::Local) => self.files.with_local(|log| log.forget(&account.id)),
            (Work::Forget, Target::Rows) => {
                self.flush_all()?;
                self.journal.clear_durably()?;
                // Before the wipe, or a crash in the middle of it would look like a loss.
                self.files.forget_mark(account.prefix)?;
                let _state = account.state();
                self.files.rows.with(|file, _| records::wipe(file, account.prefix))?;
                // At every level: a power cut must not bring back a forgotten user.
                self.flush(Durability::Disk)
            }
            (Work::Flush | Work::Barrier | Work::Reopen, _) => Ok(()),
        }
    }

    fn sync(&mut self, target: Target) -> Result<(), StoreError> {
        match (target, self.durability) {
            (Target::Local, _) => return self.files.with_local(|log| log.sync()),
            (Target::Rows, Durability::WriteBehind) => {
                self.unflushed_since.get_or_insert_with(Instant::now);
                // If another write of the group closed the file, this one is gone with it.
                self.files.rows.with(|_, _| Ok(()))
            }
            (Target::Rows, Durability::Process) => self.append(),
            (Target::Rows, Durability::Disk) => self.flush(Durability::Disk),
        }?;
        self.acknowledge();
        Ok(())
    }

    fn finish(&mut self) {
        // If it fails, the rows are opened again, which applies what the journal has.
        let unapplied = mem::take(&mut self.unapplied);
        let _ = self.apply(&unapplied);
        self.written.clear();
        for account in self.changing.drain(..) {
            account.state().is_changing = false;
        }
    }

    fn due(&self) -> Option<Duration> {
        self.unflushed_since.map(|since| FLUSH_AFTER.saturating_sub(since.elapsed()))
    }

    fn flush_due(&mut self) {
        // If it fails, the next write finds the rows opened again, with what the journal has, and its
        // store loads the rest.
        let _ = self.flush_all();
    }

    fn close(mut self) -> Result<(), StoreError> {
        let flushed = self.flush_to_disk().and_then(|()| self.journal.clear());
        if flushed.is_ok() {
            self.files.close_term();
        }
        self.files.close();
        flushed
    }
}

impl<R: RowFile> Drop for FilesDisk<R> {
    /// Closes the files, also after a panic.
    fn drop(&mut self) {
        self.files.close();
    }
}
