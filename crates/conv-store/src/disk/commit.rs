//! One thread a database that writes for all its accounts, with group commit.
//!
//! For engines that block: what waits is written in one go, made durable once, then answered. So a
//! hundred accounts that write at the same time cost one flush, and no async thread ever waits for
//! a disk.

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

pub(crate) use self::job::{Home, Job, Work};
use self::worker::Worker;

/// A storage that blocks, used by one thread alone.
pub(crate) trait Disk: Send + 'static {
    /// What is known of an account between its jobs.
    type Account: Send + Sync + 'static;

    /// Takes a job on, or refuses it before anything of it is written.
    fn begin(&mut self, job: &Job<Self::Account>) -> Result<(), StoreError>;

    /// Writes the part of a job that goes to a home. It need not be durable before
    /// [`sync`](Self::sync).
    fn write(&mut self, job: &Job<Self::Account>, home: Home) -> Result<(), StoreError>;

    /// Makes durable what was written to a home since the last time. An error is the answer to
    /// every job of the group that touched this home.
    fn sync(&mut self, home: Home) -> Result<(), StoreError>;

    /// Does what no answer needs to wait for, once all of a group were given theirs.
    fn finish(&mut self);

    /// How long what was left for later may still wait; `None` if there is nothing.
    fn due(&self) -> Option<Duration>;

    /// Makes durable what was left for later. An error shows when it is used next.
    fn tidy(&mut self);

    /// Makes everything durable, whatever the level, and lets go of files.
    fn close(self) -> Result<(), StoreError>;
}

/// A handle to the thread; clones share it. The thread ends, after all that was handed to it, when
/// the last handle is gone.
pub(crate) struct Writer<D: Disk> {
    jobs: mpsc::Sender<Message<D::Account>>,
    budget: Arc<Semaphore>,
    ended: watch::Receiver<Option<Result<(), StoreError>>>,
}

/// What the thread is told.
enum Message<A> {
    Job(Queued<A>),
    Close,
}

/// A job that waits for its turn, with its share of the queue.
struct Queued<A> {
    job: Job<A>,
    answer: oneshot::Sender<Result<(), StoreError>>,
    _share: OwnedSemaphorePermit,
}

/// The bytes that may wait.
const QUEUE_BYTES: u32 = 16 << 20;
/// The jobs that may wait: each counts for at least its share of the bytes.
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
                // Nobody needs to be waiting for it.
                let _ = end.send(Some(result));
            })
            .map_err(|error| StoreError::io("starting the writer thread", error))?;
        Ok(Self { jobs, budget: Arc::new(Semaphore::new(QUEUE_BYTES as usize)), ended })
    }

    /// Has a job done, once there is room in the queue. Dropping the future leaves the job whole
    /// or not begun.
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

    /// Ends the thread after all that was handed to it so far, and waits for that. Every call
    /// gives the same answer.
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

/// What a job takes of the queue. One larger than the queue takes all of it, else it would wait
/// for ever.
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
