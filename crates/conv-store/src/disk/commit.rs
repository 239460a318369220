//! One thread per database that writes for all its accounts, with group commit.
//!
//! For engines that block: the thread writes all queued jobs, makes them durable once, then answers
//! them. So a hundred accounts that write at the same time cost one flush, and no async thread ever
//! waits for a disk.
//!
//! A group passes through the phases of [`Disk`] in this order, with local state before rows. A job
//! whose phase failed skips the ones after it, up to its answer. Levels are those of
//! [`Durability`](crate::disk::Durability).
//!
//! | phase | [`Target::Local`] | [`Target::Rows`] | if it fails |
//! | --- | --- | --- | --- |
//! | [`begin`](Disk::begin), per job | compares the job's numbers with the last write, unless the rows have failed | opens rows that failed again, then compares the numbers | this job gets the error, and nothing of it is written |
//! | [`write`](Disk::write), per job | appends the records to the log | `Process`: notes the changes for the journal; other levels: writes them to the file | this job gets the error. Trouble with the log: its rows are not written. Trouble with the file: the file counts as failed, so the other jobs of the group that touch it fail with it |
//! | [`sync`](Disk::sync), once | syncs the log, at every level | `WriteBehind`: checks that the file has not failed; `Process`: appends the notes to the journal, or writes and flushes the file if they are large; `Disk`: flushes the file | each job of the group that touched this target gets the error; the other target's jobs do not |
//! | *the answers* | | | |
//! | [`finish`](Disk::finish), once | nothing | `Process`: writes to the file what the journal has; then accounts can be loaded again | no job: the file counts as failed. The next job that touches rows, or a load, opens it again, which applies the journal |
//! | [`flush_due`](Disk::flush_due), half a second after the first unflushed change | nothing | `WriteBehind` and `Process`: flushes the file, then empties the journal | no job, as above; at `WriteBehind` the next load reports what is gone |
//!
//! A panic in any phase ends the use of the disk: the thread answers every later job with that error.
//! Panics of the file of rows are caught before, and count as its failure.

mod job;
mod worker;

use std::{
    fmt,
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot, watch};

use crate::StoreError;

pub(crate) use self::job::{Job, Target, Work};
use self::worker::Worker;

/// A storage that blocks, used by one thread alone.
pub(crate) trait Disk: Send + 'static {
    /// The state of an account between its jobs.
    type Account: Send + Sync + 'static;

    /// Accepts a job, or refuses it before anything of it is written.
    fn begin(&mut self, job: &Job<Self::Account>) -> Result<(), StoreError>;

    /// Writes the part of a job that goes to a target. It need not be durable before
    /// [`sync`](Self::sync).
    fn write(&mut self, job: &Job<Self::Account>, target: Target) -> Result<(), StoreError>;

    /// Makes durable what was written to a target since the last time. An error is the answer to
    /// every job of the group that touched this target.
    fn sync(&mut self, target: Target) -> Result<(), StoreError>;

    /// Does the work that no answer depends on, after all jobs of a group are answered.
    fn finish(&mut self);

    /// Returns the time until [`flush_due`](Self::flush_due) is due; `None` if nothing is unflushed.
    fn due(&self) -> Option<Duration>;

    /// Flushes the changes that were left for later. The next use shows an error.
    fn flush_due(&mut self);

    /// Makes everything durable, whatever the level, and closes the files.
    fn close(self) -> Result<(), StoreError>;
}

/// A handle to the thread; clones share it. When the last handle is dropped, the thread does the jobs
/// that are queued and ends.
pub(crate) struct Writer<D: Disk> {
    jobs: mpsc::Sender<Message<D::Account>>,
    budget: Arc<Semaphore>,
    ended: watch::Receiver<Option<Result<(), StoreError>>>,
}

/// A message to the thread.
enum Message<A> {
    Job(Queued<A>),
    Close,
}

/// A queued job, with its share of the queue's bytes.
struct Queued<A> {
    job: Job<A>,
    answer: oneshot::Sender<Result<(), StoreError>>,
    _share: OwnedSemaphorePermit,
}

/// The cap on queued bytes.
const QUEUE_BYTES: u32 = 16 << 20;
/// The cap on queued jobs: each counts for at least its share of the bytes.
const QUEUE_JOBS: u32 = 1024;

impl<D: Disk> Writer<D> {
    /// Starts the thread.
    pub(crate) fn start(disk: D) -> Result<Self, StoreError> {
        let (jobs, inbox) = mpsc::channel();
        let (end, ended) = watch::channel(None);
        let worker = Worker::new(disk, inbox);
        thread::Builder::new()
            .name("conv-store-writer".to_owned())
            .spawn(move || {
                let result = worker.run();
                // An error means that no caller waits for the end.
                let _ = end.send(Some(result));
            })
            .map_err(|error| StoreError::io("starting the commit thread", error))?;
        Ok(Self { jobs, budget: Arc::new(Semaphore::new(QUEUE_BYTES as usize)), ended })
    }

    /// Runs a job, once there is room in the queue. Dropping the future leaves the job whole or not
    /// begun.
    pub(crate) async fn run(&self, job: Job<D::Account>) -> Result<(), StoreError> {
        let share = share(job.bytes());
        let permit = Arc::clone(&self.budget).acquire_many_owned(share).await;
        let permit = permit.map_err(|_| StoreError::Closed)?;
        let (answer, answered) = oneshot::channel();
        self.jobs
            .send(Message::Job(Queued { job, answer, _share: permit }))
            .map_err(|_| StoreError::Closed)?;
        answered.await.map_err(|_| StoreError::Closed)?
    }

    /// Ends the thread after the jobs queued so far, and waits for that. Every call returns the same
    /// answer.
    pub(crate) async fn close(&self) -> Result<(), StoreError> {
        // An error says that the thread has ended already.
        let _ = self.jobs.send(Message::Close);
        let mut ended = self.ended.clone();
        match ended.wait_for(Option::is_some).await {
            Ok(result) => result.clone().unwrap_or(Ok(())),
            Err(_) => Err(StoreError::Closed),
        }
    }
}

/// Returns a job's share of the queue. A job larger than the queue takes all of it: otherwise it would
/// wait forever.
fn share(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX).clamp(QUEUE_BYTES / QUEUE_JOBS, QUEUE_BYTES)
}

impl<D: Disk> Clone for Writer<D> {
    fn clone(&self) -> Self {
        Self {
            jobs: self.jobs.clone(),
            budget: Arc::clone(&self.budget),
            ended: self.ended.clone(),
        }
    }
}

impl<D: Disk> fmt::Debug for Writer<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer")
            .field("room", &self.budget.available_permits())
            .field("ended", &self.ended.borrow().is_some())
            .finish()
    }
}

#[cfg(test)]
mod tests;
