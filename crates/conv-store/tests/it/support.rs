//! Helpers of several tests.

use std::{
    fmt,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use async_trait::async_trait;
use conv_model::{
    ConversationId, ConversationPatch, Delta, Finished, ListingPatch, PassId, Seq, SyncScope,
    SyncStep, Timestamp,
};
use conv_store::{Engine, Loaded, MemoryEngine, Record, StoreError, Write};
use tokio::{runtime::Handle, sync::Semaphore};

pub(crate) fn user(name: &str) -> ConversationId {
    ConversationId::c2c(name).unwrap()
}

/// A patch that lists a user with a time.
pub(crate) fn at(name: &str, time: u64) -> ConversationPatch {
    let mut patch = ConversationPatch::new(user(name));
    patch.listing = Some(ListingPatch::at(Timestamp::from_secs(1_700_000_000 + time)));
    patch
}

/// A patch that names a user.
pub(crate) fn named(name: &str, shown: &str) -> ConversationPatch {
    let mut patch = ConversationPatch::new(user(name));
    patch.profile.name = Some(shown.into());
    patch
}

/// Begins a pass.
pub(crate) fn begin(pass: u64) -> Delta {
    let step = SyncStep::Begin { scope: SyncScope::new(100, 1), resume: false };
    Delta::step(PassId::new(pass), step)
}

/// Ends a pass whose list is complete.
pub(crate) fn finish(pass: u64) -> Delta {
    let finished = Finished::new(Some(Timestamp::from_secs(1)), Vec::new(), SyncScope::new(100, 1));
    Delta::step(
        PassId::new(pass),
        SyncStep::Finish { finished, upstream: None, skipped: Vec::new(), broken: Vec::new() },
    )
}

/// A failure of a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// It fails before anything is written.
    Before,
    /// All is written, and it fails nevertheless.
    After,
    /// Somebody else wrote.
    Conflict,
    /// It panics.
    Panic,
}

/// Records in memory that report each write, and fail on command.
#[derive(Clone)]
pub(crate) struct Probe(Arc<Inner>);

struct Inner {
    engine: MemoryEngine,
    calls: Mutex<Vec<Vec<Write>>>,
    troubles: Mutex<Vec<Trouble>>,
    always: Mutex<Option<Trouble>>,
    load_fails: AtomicBool,
    follow_fails: AtomicUsize,
    loads: AtomicUsize,
    gate: Semaphore,
}

impl Probe {
    pub(crate) fn new() -> Self {
        Self::over(MemoryEngine::new())
    }

    pub(crate) fn over(engine: MemoryEngine) -> Self {
        Self(Arc::new(Inner {
            engine,
            calls: Mutex::default(),
            troubles: Mutex::default(),
            always: Mutex::default(),
            load_fails: AtomicBool::new(false),
            follow_fails: AtomicUsize::new(0),
            loads: AtomicUsize::new(0),
            gate: Semaphore::new(Semaphore::MAX_PERMITS),
        }))
    }

    pub(crate) fn memory(&self) -> MemoryEngine {
        self.0.engine.clone()
    }

    /// The next commit meets this.
    pub(crate) fn next(&self, trouble: Trouble) {
        self.0.troubles.lock().unwrap().push(trouble);
    }

    /// Every commit meets this.
    pub(crate) fn always(&self, trouble: Option<Trouble>) {
        *self.0.always.lock().unwrap() = trouble;
    }

    pub(crate) fn fail_loads(&self, fails: bool) {
        self.0.load_fails.store(fails, Ordering::SeqCst);
    }

    /// So many calls that wait for others' writes fail, from the next one on.
    pub(crate) fn fail_follows(&self, times: usize) {
        self.0.follow_fails.store(times, Ordering::SeqCst);
    }

    pub(crate) fn loads(&self) -> usize {
        self.0.loads.load(Ordering::SeqCst)
    }

    /// From now on commits wait, and closing does.
    pub(crate) fn hold(&self) {
        self.0.gate.forget_permits(Semaphore::MAX_PERMITS);
    }

    /// Lets one of them go on.
    pub(crate) fn release_one(&self) {
        self.0.gate.add_permits(1);
    }

    /// Lets all of them go on.
    pub(crate) fn release(&self) {
        self.0.gate.add_permits(Semaphore::MAX_PERMITS);
    }

    /// The writes of each call so far.
    pub(crate) fn calls(&self) -> Vec<Vec<Write>> {
        self.0.calls.lock().unwrap().clone()
    }

    /// The number of handles of this engine, the test's own among them.
    pub(crate) fn holders(&self) -> usize {
        Arc::strong_count(&self.0)
    }

    pub(crate) async fn records(&self) -> Vec<(Record, Arc<[u8]>)> {
        self.0.engine.load().await.unwrap().records
    }

    /// Changes the bytes of every record.
    pub(crate) async fn damage(&self, change: impl Fn(&Record, &[u8]) -> Vec<u8>) {
        let loaded = self.0.engine.load().await.unwrap();
        let mut write = Write::new(loaded.seq, loaded.seq.next());
        for (record, bytes) in loaded.records {
            let bytes = change(&record, &bytes).into();
            write.put.push((record, bytes));
        }
        self.0.engine.commit(&[write]).await.unwrap();
    }

    /// The writes of the last call.
    pub(crate) fn last(&self) -> Vec<Write> {
        self.calls().pop().unwrap_or_default()
    }
}

pub(crate) fn trouble() -> StoreError {
    StoreError::io("testing", std::io::Error::other("trouble"))
}

#[async_trait]
impl Engine for Probe {
    async fn load(&self) -> Result<Loaded, StoreError> {
        self.0.loads.fetch_add(1, Ordering::SeqCst);
        if self.0.load_fails.load(Ordering::SeqCst) {
            return Err(trouble());
        }
        self.0.engine.load().await
    }

    async fn commit(&self, writes: &[Write]) -> Result<(), StoreError> {
        // A task that waits with a timer, for instance, needs it.
        Handle::current();
        self.0.calls.lock().unwrap().push(writes.to_vec());
        self.0.gate.acquire().await.unwrap().forget();
        let next = self.0.troubles.lock().unwrap().pop();
        let always = *self.0.always.lock().unwrap();
        match next.or(always) {
            Some(Trouble::Before) => Err(trouble()),
            Some(Trouble::Conflict) => Err(StoreError::Conflict),
            Some(Trouble::Panic) => panic!("as scripted"),
            Some(Trouble::After) => {
                self.0.engine.commit(writes).await?;
                Err(trouble())
            }
            None => self.0.engine.commit(writes).await,
        }
    }

    async fn follow(&self, since: Seq) -> Result<(), StoreError> {
        self.0.engine.follow(since).await?;
        let fails = &self.0.follow_fails;
        let left =
            fails.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        left.map_or(Ok(()), |_| Err(trouble()))
    }

    async fn close(&self) -> Result<(), StoreError> {
        drop(self.0.gate.acquire().await.unwrap());
        self.0.engine.close().await
    }
}

impl fmt::Debug for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Probe")
    }
}
