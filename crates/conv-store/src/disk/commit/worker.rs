//! The thread: takes queued jobs, writes them, makes them durable, answers.

use std::{
    collections::{HashSet, VecDeque},
    sync::{
        Arc,
        mpsc::{Receiver, RecvError, RecvTimeoutError},
    },
    time::Duration,
};

use super::{Disk, Message, Queued, Target};
use crate::{StoreError, disk::fs::caught};

/// The cap on jobs per group. More would delay the answer to the first of them.
const GROUP_JOBS: usize = 64;

pub(super) struct Worker<D: Disk> {
    disk: D,
    inbox: Receiver<Message<D::Account>>,
    waiting: VecDeque<Queued<D::Account>>,
    closing: bool,
    /// Set by a panic: the disk's state is unknown from then on.
    failed: Option<StoreError>,
}

impl<D: Disk> Worker<D> {
    pub(super) fn new(disk: D, inbox: Receiver<Message<D::Account>>) -> Self {
        Self { disk, inbox, waiting: VecDeque::new(), closing: false, failed: None }
    }

    /// Runs jobs until the last handle is dropped, or one asks to close.
    pub(super) fn run(mut self) -> Result<(), StoreError> {
        while let Some(group) = self.next_group() {
            let answers = self.commit(&group);
            for (queued, answer) in group.into_iter().zip(answers) {
                // The caller may have gone; the job is done all the same.
                let _ = queued.answer.send(answer);
            }
            // Only a panic counts here.
            let _ = self.guarded(|disk| {
                disk.finish();
                Ok(())
            });
        }
        let Self { disk, failed, .. } = self;
        match failed {
            None => caught(|| disk.close()),
            // After a panic it is only dropped.
            Some(error) => caught(|| {
                drop(disk);
                Err(error)
            }),
        }
    }

    /// Returns the next group: the first job of each account, in the order of the queue.
    fn next_group(&mut self) -> Option<Vec<Queued<D::Account>>> {
        self.flush_due();
        if self.waiting.is_empty() && !self.closing {
            match self.receive() {
                Ok(message) => self.take(message),
                Err(_) => self.closing = true,
            }
        }
        while !self.closing {
            let Ok(message) = self.inbox.try_recv() else {
                break;
            };
            self.take(message);
        }
        let group = self.pick();
        (!group.is_empty()).then_some(group)
    }

    /// Waits for a message, and meanwhile flushes what falls due.
    fn receive(&mut self) -> Result<Message<D::Account>, RecvError> {
        while let Some(wait) = self.due() {
            match self.inbox.recv_timeout(wait) {
                Err(RecvTimeoutError::Timeout) => self.flush_due(),
                Err(RecvTimeoutError::Disconnected) => break,
                Ok(message) => return Ok(message),
            }
        }
        self.inbox.recv()
    }

    /// Returns the time until a flush is due. A disk that panicked has none.
    fn due(&self) -> Option<Duration> {
        self.failed.is_none().then(|| self.disk.due()).flatten()
    }

    fn flush_due(&mut self) {
        if self.due() == Some(Duration::ZERO) {
            // Only a panic counts here.
            let _ = self.guarded(|disk| {
                disk.flush_due();
                Ok(())
            });
        }
    }

    fn take(&mut self, message: Message<D::Account>) {
        match message {
            Message::Job(queued) => self.waiting.push_back(queued),
            Message::Close => self.closing = true,
        }
    }

    fn pick(&mut self) -> Vec<Queued<D::Account>> {
        let mut accounts = HashSet::new();
        let mut group = Vec::new();
        let mut later = VecDeque::new();
        while let Some(queued) = self.waiting.pop_front() {
            let account = Arc::as_ptr(&queued.job.account);
            if group.len() < GROUP_JOBS && accounts.insert(account) {
                group.push(queued);
            } else {
                later.push_back(queued);
            }
        }
        self.waiting = later;
        group
    }

    /// Writes a group and makes it durable, target by target.
    fn commit(&mut self, group: &[Queued<D::Account>]) -> Vec<Result<(), StoreError>> {
        let mut answers: Vec<_> =
            group.iter().map(|queued| self.guarded(|disk| disk.begin(&queued.job))).collect();
        for target in Target::IN_ORDER {
            let mut parts: Vec<_> = group
                .iter()
                .map(|queued| &queued.job)
                .zip(&mut answers)
                .filter(|(job, answer)| answer.is_ok() && job.touches(target))
                .collect();
            for (job, answer) in &mut parts {
                **answer = self.guarded(|disk| disk.write(job, target));
            }
            if parts.is_empty() {
                continue;
            }
            let synced = self.guarded(|disk| disk.sync(target));
            for (_, answer) in parts.into_iter().filter(|(_, answer)| answer.is_ok()) {
                answer.clone_from(&synced);
            }
        }
        answers
    }

    /// Runs the disk's code, unless it panicked before.
    fn guarded(
        &mut self,
        work: impl FnOnce(&mut D) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let mut answer = None;
        let ended = caught(|| {
            answer = Some(work(&mut self.disk));
            Ok(())
        });
        self.failed = ended.err();
        self.failed.clone().map_or(answer.unwrap_or(Ok(())), Err)
    }
}
