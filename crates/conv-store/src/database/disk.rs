//! What the writer thread does.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use super::{Durability, account::Account, files::Files, records, row_file::RowFile};
use crate::{
    StoreError, Write,
    writer::{Disk, Home, Job, Work},
};

#[derive(Debug)]
pub(super) struct FilesDisk<R: RowFile> {
    files: Arc<Files<R>>,
    durability: Durability,
    /// Since when something written behind waits to be settled.
    behind: Option<Instant>,
}

/// How long what is written behind may wait.
const BEHIND: Duration = Duration::from_millis(500);

impl<R: RowFile> FilesDisk<R> {
    pub(super) fn new(files: Arc<Files<R>>, durability: Durability) -> Self {
        Self { files, durability, behind: None }
    }

    /// Whether the writes follow what is there.
    ///
    /// While rows cannot be read nobody knows, and local state does not ask: an account has one
    /// store, and all numbers are read again once rows are back.
    fn admit(&self, account: &Account, writes: &[Write]) -> Result<(), StoreError> {
        let mut gate = account.gate();
        if self.files.rows.has_failed() {
            return Ok(());
        }
        let gate = self.files.known(account, &mut gate)?;
        let mut last = gate.seq;
        for write in writes {
            if last != Some(write.expected) {
                return Err(StoreError::Conflict);
            }
            last = Some(write.seq);
        }
        // Should writing fail, who wrote loads anew, which sets it right.
        gate.seq = last;
        Ok(())
    }

    fn commit_rows(&self, account: &Account, writes: &[Write]) -> Result<(), StoreError> {
        let mut gate = account.gate();
        for write in writes.iter().filter(|write| Home::Rows.is_of(write)) {
            let changes = records::changes(account, write, gate.named);
            self.files.rows.with(|file, _| file.write(&changes))?;
            gate.named = true;
        }
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
            // A draft must not be saved by a job that then fails for its rows.
            Work::Commit(_) if job.touches(Home::Rows) => self.files.rows.revive(),
            _ => Ok(()),
        }?;
        match &job.work {
            Work::Commit(writes) => self.admit(&job.account, writes),
            Work::Settle => self.settle(Durability::Disk),
            Work::Revive => self.files.rows.revive(),
            Work::Forget => {
                // No write that still waits may bring it back.
                job.account.close();
                self.files.rows.revive()
            }
        }
    }

    fn write(&mut self, job: &Job<Account>, home: Home) -> Result<(), StoreError> {
        let account = &*job.account;
        match (&job.work, home) {
            (Work::Commit(writes), Home::Local) => {
                let writes = writes.iter().filter(|write| Home::Local.is_of(write));
                self.files.with_local(|log| log.append(&account.id, writes))
            }
            (Work::Commit(writes), Home::Rows) => self.commit_rows(account, writes),
            (Work::Forget, Home::Local) => self.files.with_local(|log| log.forget(&account.id)),
            (Work::Forget, Home::Rows) => {
                let _gate = account.gate();
                self.files.rows.with(|file, _| records::wipe(file, account.prefix))?;
                // Also where rows are written behind, what was forgotten stays so.
                self.settle(Durability::Process)
            }
            (Work::Settle | Work::Revive, _) => Ok(()),
        }
    }

    fn sync(&mut self, home: Home) -> Result<(), StoreError> {
        match (home, self.durability) {
            (Home::Local, _) => self.files.with_local(|log| log.sync()),
            (Home::Rows, Durability::WriteBehind) => {
                self.behind.get_or_insert_with(Instant::now);
                Ok(())
            }
            (Home::Rows, durability) => self.settle(durability),
        }
    }

    fn due(&self) -> Option<Duration> {
        self.behind.map(|since| BEHIND.saturating_sub(since.elapsed()))
    }

    fn tidy(&mut self) {
        self.behind = None;
        // Should it fail, who writes next finds the rows opened anew, and loads what is left.
        let _ = self.settle(Durability::Process);
    }

    fn close(self) -> Result<(), StoreError> {
        let settled = self.settle(Durability::Disk);
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
