//! Blocking work on a thread of its own: what an async caller pays at least.

use std::{sync::mpsc, thread};

use tokio::{runtime::Runtime, sync::oneshot};

use crate::ours::runtime;

type Job<T> = (Box<dyn FnOnce(&T) + Send>, oneshot::Sender<()>);

/// Something that one thread alone works with, for an async caller on another.
pub struct Threaded<T> {
    jobs: mpsc::Sender<Job<T>>,
    runtime: Runtime,
}

impl<T: Send + 'static> Threaded<T> {
    pub fn new(what: T) -> Self {
        let (jobs, inbox) = mpsc::channel::<Job<T>>();
        thread::spawn(move || {
            for (work, done) in inbox {
                work(&what);
                done.send(()).unwrap();
            }
        });
        Self { jobs, runtime: runtime() }
    }

    /// Has something done, and waits for it as a future does.
    pub fn run(&self, work: impl FnOnce(&T) + Send + 'static) {
        let (done, is_done) = oneshot::channel();
        self.runtime.block_on(async {
            self.jobs.send((Box::new(work), done)).unwrap();
            is_done.await.unwrap();
        });
    }
}
