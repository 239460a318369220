//! What the writer thread does for sled.

use std::sync::Arc;

use super::{Durability, account::Account, files::Files};
use crate::{
    StoreError, Write,
    writer::{Disk, Home, Job, Work},
};

#[derive(Debug)]
pub(super) struct SledDisk {
    files: Arc<Files>,
    durability: Durability,
}

impl SledDisk {
    pub(super) fn new(files: Arc<Files>, durability: Durability) -> Self {
        Self { files, durability }
    }

    /// Whether the writes follow what is there.
    fn admit(&self, account: &Account, writes: &[Write]) -> Result<(), StoreError> {
        let mut gate = account.gate();
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
            self.files.rows.write(account, write, gate.named)?;
            gate.named = true;
        }
        Ok(())
    }

    fn settle(&self) -> Result<(), StoreError> {
        self.files.rows.flush()?;
        self.files.rows.sync()
    }
}

impl Disk for SledDisk {
    type Account = Account;

    fn begin(&mut self, job: &Job<Account>) -> Result<(), StoreError> {
        match &job.work {
            Work::Commit(_) if job.account.is_closed() => Err(StoreError::Closed),
            // A draft must not be saved by a job that then fails for its rows.
            Work::Commit(_) if job.touches(Home::Rows) => self.files.rows.check(),
            _ => Ok(()),
        }?;
        match &job.work {
            Work::Commit(writes) => self.admit(&job.account, writes),
            Work::Settle => self.settle(),
            Work::Forget => {
                // No write that still waits may bring it back.
                job.account.close();
                Ok(())
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
                self.files.rows.wipe(account.prefix)?;
                // Also where rows are written behind, what was forgotten stays so.
                self.files.rows.flush()
            }
            (Work::Settle, _) => Ok(()),
        }
    }

    fn sync(&mut self, home: Home) -> Result<(), StoreError> {
        match (home, self.durability) {
            (Home::Local, _) => self.files.with_local(|log| log.sync()),
            (Home::Rows, Durability::WriteBehind) => Ok(()),
            (Home::Rows, Durability::Process) => self.files.rows.flush(),
            (Home::Rows, Durability::Disk) => self.settle(),
        }
    }

    fn close(self) -> Result<(), StoreError> {
        let settled = self.settle();
        self.files.close();
        settled
    }
}

impl Drop for SledDisk {
    /// Also after a panic the files are let go of.
    fn drop(&mut self) {
        self.files.close();
    }
}
