use std::{
    mem,
    sync::{
        Mutex,
        mpsc::{Receiver, Sender},
    },
};

use conv_model::Seq;
use tokio::task::{JoinHandle, yield_now};

use super::*;
use crate::{Record, Write, disk::fs::is_panic};

/// An account.
#[derive(Debug)]
struct Named(&'static str);

fn named(name: &'static str) -> Arc<Named> {
    Arc::new(Named(name))
}

type Log = Arc<Mutex<Vec<String>>>;

/// Logs its calls, and waits for a signal before each job.
struct Script {
    log: Log,
    go: Receiver<()>,
    /// Set while a write "later" waits to be flushed.
    later: bool,
    /// Set while a write "slow" is to be finished, which waits for a signal too.
    slow: bool,
}

impl Disk for Script {
    type Account = Named;

    fn begin(&mut self, job: &Job<Named>) -> Result<(), StoreError> {
        self.go.recv().ok();
        if job.account.0 == "conflict" { Err(StoreError::Conflict) } else { Ok(()) }
    }

    fn write(&mut self, job: &Job<Named>, target: Target) -> Result<(), StoreError> {
        self.log.lock().unwrap().push(format!("write {}", job.account.0));
        self.later |= job.account.0 == "later";
        self.slow |= job.account.0 == "slow";
        match (job.account.0, target) {
            ("panic", _) => panic!("as scripted"),
            ("full", Target::Local) => Err(StoreError::NoRuntime),
            _ => Ok(()),
        }
    }

    fn sync(&mut self, target: Target) -> Result<(), StoreError> {
        self.log.lock().unwrap().push(format!("sync {target:?}"));
        if target == Target::Local { Err(StoreError::NoRuntime) } else { Ok(()) }
    }

    fn finish(&mut self) {
        if mem::take(&mut self.slow) {
            self.go.recv().ok();
            self.log.lock().unwrap().push("finish".to_owned());
        }
    }

    fn due(&self) -> Option<Duration> {
        self.later.then_some(Duration::ZERO)
    }

    fn flush_due(&mut self) {
        self.log.lock().unwrap().push("flush due".to_owned());
        self.later = false;
    }

    fn close(self) -> Result<(), StoreError> {
        self.log.lock().unwrap().push("close".to_owned());
        Ok(())
    }
}

struct Fixture {
    writer: Writer<Script>,
    log: Log,
    go: Sender<()>,
}

type Answer = JoinHandle<Result<(), StoreError>>;

impl Fixture {
    fn new() -> Self {
        let log = Log::default();
        let (go, released) = mpsc::channel();
        let script = Script { log: Arc::clone(&log), go: released, later: false, slow: false };
        let writer = Writer::start(script).unwrap();
        Self { writer, log, go }
    }

    /// Hands over a job and returns once it is queued.
    async fn hand(&self, account: &Arc<Named>, put: Vec<(Record, Arc<[u8]>)>) -> Answer {
        let room = self.writer.budget.available_permits();
        let mut write = Write::new(Seq::ZERO, Seq::new(1));
        write.put = put;
        let job = Job { account: Arc::clone(account), work: Work::Commit(vec![write]) };
        let writer = self.writer.clone();
        let answer = tokio::spawn(async move { writer.run(job).await });
        while self.writer.budget.available_permits() == room && !answer.is_finished() {
            yield_now().await;
        }
        answer
    }

    async fn row(&self, account: &Arc<Named>) -> Answer {
        self.hand(account, vec![(Record::State, Arc::from([0; 8]))]).await
    }

    async fn draft(&self, account: &Arc<Named>) -> Answer {
        let id = Record::Local("C2Calice".parse().unwrap());
        self.hand(account, vec![(id, Arc::from([0; 8]))]).await
    }

    fn go(&self, times: usize) {
        for _ in 0..times {
            self.go.send(()).unwrap();
        }
    }

    fn log(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }
}

#[tokio::test]
async fn queued_jobs_share_a_sync_and_a_group_has_one_job_per_account() {
    let it = Fixture::new();
    let (first, a, b) = (named("first"), named("a"), named("b"));
    let mut answers = vec![it.row(&first).await];
    for account in [&a, &a, &b, &a, &b] {
        answers.push(it.row(account).await);
    }
    it.go(6);
    for answer in answers {
        answer.await.unwrap().unwrap();
    }
    it.writer.close().await.unwrap();
    let log = it.log().join(", ");
    // The first is alone, or the others were there in time to join it.
    let apart = "write first, sync Rows, write a, write b, sync Rows, \
                 write a, write b, sync Rows, write a, sync Rows, close";
    let joined = "write first, write a, write b, sync Rows, \
                  write a, write b, sync Rows, write a, sync Rows, close";
    assert!(log == apart || log == joined, "{log}");
}

#[tokio::test]
async fn a_refused_job_and_a_target_in_trouble_fail_nobody_else() {
    let it = Fixture::new();
    let conflict = it.row(&named("conflict")).await;
    let draft = it.draft(&named("a")).await;
    let row = it.row(&named("b")).await;
    it.go(3);
    assert!(matches!(conflict.await.unwrap(), Err(StoreError::Conflict)));
    assert!(matches!(draft.await.unwrap(), Err(StoreError::NoRuntime)));
    row.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_panic_is_an_error_now_and_later() {
    let it = Fixture::new();
    let panics = it.row(&named("panic")).await;
    it.go(1);
    let error = panics.await.unwrap().unwrap_err();
    assert!(is_panic(&error), "{error:?}");
    let later = it.row(&named("a")).await;
    assert!(is_panic(&later.await.unwrap().unwrap_err()));
    assert!(is_panic(&it.writer.close().await.unwrap_err()));
    assert_eq!(it.log(), ["write panic"]);
}

#[tokio::test]
async fn a_caller_that_goes_away_leaves_the_job_whole() {
    let it = Fixture::new();
    let gone = it.row(&named("a")).await;
    gone.abort();
    assert!(gone.await.unwrap_err().is_cancelled());
    it.go(1);
    it.writer.close().await.unwrap();
    assert_eq!(it.log(), ["write a", "sync Rows", "close"]);
}

#[tokio::test]
async fn a_job_is_answered_before_its_finishing_work() {
    let it = Fixture::new();
    let answer = it.row(&named("slow")).await;
    it.go(1);
    answer.await.unwrap().unwrap();
    let next = it.row(&named("a")).await;
    assert_eq!(it.log(), ["write slow", "sync Rows"]);
    it.go(2);
    next.await.unwrap().unwrap();
    assert_eq!(it.log(), ["write slow", "sync Rows", "finish", "write a", "sync Rows"]);
}

#[tokio::test]
async fn the_last_handle_ends_the_thread_after_all_that_waits() {
    let it = Fixture::new();
    let mut ended = it.writer.ended.clone();
    let answer = it.row(&named("a")).await;
    it.go(1);
    let Fixture { writer, log, .. } = it;
    drop(writer);
    answer.await.unwrap().unwrap();
    assert!(ended.wait_for(Option::is_some).await.is_ok());
    assert_eq!(log.lock().unwrap().last().unwrap(), "close");
}

#[tokio::test]
async fn a_closed_writer_takes_nothing_more() {
    let it = Fixture::new();
    it.writer.close().await.unwrap();
    it.writer.close().await.unwrap();
    let job = Job { account: named("a"), work: Work::Flush };
    assert!(matches!(it.writer.run(job).await, Err(StoreError::Closed)));
    assert_eq!(it.log(), ["close"]);
}

#[tokio::test]
async fn a_full_queue_waits_and_a_job_larger_than_it_passes() {
    let it = Fixture::new();
    let huge = Arc::from(vec![0; QUEUE_BYTES as usize + 1]);
    let first = it.hand(&named("a"), vec![(Record::State, huge)]).await;
    assert_eq!(it.writer.budget.available_permits(), 0);
    let writer = it.writer.clone();
    let job = Job { account: named("b"), work: Work::Commit(Vec::new()) };
    let waits = tokio::spawn(async move { writer.run(job).await });
    yield_now().await;
    it.go(2);
    first.await.unwrap().unwrap();
    waits.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_delayed_flush_needs_no_further_job() {
    let it = Fixture::new();
    let answer = it.row(&named("later")).await;
    it.go(1);
    answer.await.unwrap().unwrap();
    it.writer.close().await.unwrap();
    assert_eq!(it.log(), ["write later", "sync Rows", "flush due", "close"]);
}
