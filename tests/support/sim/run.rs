//! One seed, from the first call to the verdict.

use std::{
    collections::{BTreeMap, BTreeSet},
    future::Future,
    sync::Arc,
};

use conv_api::{
    ConversationId, ConversationPatch, ConversationQuery, ConversationStore, Coverage,
    ListingPatch, Timestamp, TokioClock,
    model::{Delta, Local, PassStatus, Removal, SyncStep},
    store::{IndexedStore, MemoryEngine},
    sync::{PullOptions, Puller},
};
use fastrand::Rng;

use super::{
    cloud::{SimCloud, Weather},
    paging::{CursorKind, Shape},
    witness::{Broken, held, top},
    world::{Row, World},
};

/// What a seed broke.
#[derive(Clone, Debug)]
pub struct Failure {
    pub seed: u64,
    pub kind: CursorKind,
    pub broken: BTreeSet<Broken>,
}

/// One change of the cloud before and after every call, no faults: S, S2 and the bound.
pub fn churn(seed: u64, kind: CursorKind) -> Result<(), Failure> {
    judge(seed, kind, async {
        let mut sim = Sim::new(seed, kind).await;
        if sim.rng.bool() {
            sim.pass(None).await;
        }
        sim.cloud.lock().weather = Weather { faults: 0, changes: 50 };
        sim.pass(None).await;
        sim.check_bound();
        sim.quiet().await;
        sim.broken
    })
}

/// Faults, changes, crashes, other writers and drafts; then a quiet pass: C, and all that must
/// hold on the way.
pub fn chaos(seed: u64, kind: CursorKind) -> Result<(), Failure> {
    judge(seed, kind, async {
        let mut sim = Sim::new(seed, kind).await;
        for _ in 0..sim.rng.usize(1..=4) {
            sim.cloud.lock().weather =
                Weather { faults: sim.rng.u8(0..=40), changes: sim.rng.u8(0..=60) };
            let crash = sim.rng.bool().then(|| sim.rng.usize(0..25));
            sim.others = true;
            sim.pass(crash).await;
            if crash.is_some() {
                sim.reopen().await;
            }
        }
        sim.others = false;
        sim.quiet().await;
        sim.broken
    })
}

fn judge(
    seed: u64,
    kind: CursorKind,
    run: impl Future<Output = BTreeSet<Broken>>,
) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    let broken = runtime.block_on(run);
    if broken.is_empty() { Ok(()) } else { Err(Failure { seed, kind, broken }) }
}

struct Sim {
    rng: Rng,
    cloud: SimCloud,
    engine: MemoryEngine,
    store: IndexedStore,
    limit: usize,
    /// Whether other writers are about.
    others: bool,
    drafts: BTreeMap<ConversationId, String>,
    /// What a process that died had under way: it reaches the store after another pass began.
    late: Option<Delta>,
    broken: BTreeSet<Broken>,
}

impl Sim {
    async fn new(seed: u64, kind: CursorKind) -> Self {
        let mut rng = Rng::with_seed(seed);
        let world = World::new(&mut rng);
        let shape = Shape::new(kind, &mut rng);
        let limit = *rng.choice(&[12, 25, 100]).unwrap();
        let engine = MemoryEngine::default();
        Self {
            cloud: SimCloud::new(rng.fork(), world, shape),
            store: IndexedStore::open(engine.clone()).await.unwrap(),
            engine,
            rng,
            limit,
            others: false,
            drafts: BTreeMap::new(),
            late: None,
            broken: BTreeSet::new(),
        }
    }

    /// The process dies and another one opens the store.
    async fn reopen(&mut self) {
        self.store = IndexedStore::open(self.engine.clone()).await.unwrap();
        if self.coverage() == Coverage::Complete {
            self.broken.insert(Broken::Complete);
        }
    }

    fn coverage(&self) -> Coverage {
        self.store.snapshot().sync().coverage
    }

    /// One pass, dropped after some of its changes if it is to crash.
    async fn pass(&mut self, crash: Option<usize>) {
        self.cloud.witness(self.limit, self.held().into_keys().collect());
        let options = PullOptions::default().with_plan_limit(self.limit as u32);
        let source = Arc::new(self.cloud.clone());
        let clock = Arc::new(TokioClock::default());
        let state = self.store.snapshot().sync().clone();
        let mut puller = Puller::new(source, clock, "user_0001".parse().unwrap(), options, &state);
        let mut outside = BTreeMap::new();
        let mut is_listed = false;
        for turn in 0.. {
            if crash == Some(turn) {
                self.late = puller.next().await.unwrap_or_default();
                // Its page came, but never got into the store.
                self.cloud.lock().given.clear();
                return;
            }
            match puller.next().await {
                Ok(Some(delta)) => {
                    let is_finish = matches!(delta.step, Some(SyncStep::Finish { .. }));
                    let commit = self.store.apply(delta).await.unwrap();
                    let removed =
                        commit.changes.iter().any(|c| c.removal == Some(Removal::NotInCloud));
                    if removed && !is_finish {
                        self.broken.insert(Broken::Removed);
                    }
                    puller.applied(&commit);
                    self.check_place();
                    self.apply_late().await;
                    if self.is_endless() {
                        return;
                    }
                    if is_finish {
                        is_listed = true;
                        self.judge_complete(&outside);
                    }
                    if self.others && !is_listed {
                        self.others_write(&mut outside).await;
                    }
                }
                Ok(None) => break,
                Err(_) => {
                    if !is_listed && self.coverage() == Coverage::Complete {
                        self.broken.insert(Broken::Complete);
                    }
                    if matches!(self.store.snapshot().sync().status, PassStatus::Running { .. }) {
                        self.broken.insert(Broken::Complete);
                    }
                    break;
                }
            }
        }
        self.check_outside(&outside);
        self.check_drafts();
    }

    fn judge_complete(&mut self, outside: &BTreeMap<ConversationId, Row>) {
        if self.coverage() != Coverage::Complete {
            self.broken.insert(Broken::Complete);
        }
        let outside = outside.keys().cloned().collect();
        let held = self.held();
        let state = self.cloud.lock();
        let witness = state.witness.as_ref().unwrap();
        self.broken.extend(witness.judge(&state.world, &held, &outside));
    }

    /// Whatever comes of a pass before the newest must be refused.
    async fn apply_late(&mut self) {
        if let Some(delta) = self.late.take() {
            if self.store.apply(delta).await.is_ok() {
                self.broken.insert(Broken::Late);
            }
        }
    }

    /// Gives up a pass that has long taken too many calls.
    fn is_endless(&mut self) -> bool {
        let is_endless = self.cloud.lock().list_calls > 2_000;
        if is_endless {
            self.broken.insert(Broken::Bound);
        }
        is_endless
    }

    /// A webhook tells of a message, and the user writes a draft.
    async fn others_write(&mut self, outside: &mut BTreeMap<ConversationId, Row>) {
        if self.rng.u8(..10) == 0 {
            let ids: Vec<_> = self.cloud.lock().world.rows.keys().cloned().collect();
            let Some(id) = self.rng.choice(ids) else {
                return;
            };
            let time = self.cloud.lock().world.now + 1_000;
            let mut patch = ConversationPatch::new(id.clone());
            let mut listing = ListingPatch::at(Timestamp::from_secs(time));
            listing.is_pinned = Some(false);
            patch.listing = Some(listing);
            let commit = self.store.apply(Delta::listed([patch])).await.unwrap();
            // What says nothing new changes nothing, and is not guarded.
            if !commit.changes.is_empty() {
                outside.insert(id, Row { time, pinned: false });
            }
        }
        if self.rng.u8(..10) == 0 {
            let id = ConversationId::c2c(&format!("u{:03}", self.rng.u8(..80))).unwrap();
            let text = format!("draft {}", self.rng.u32(..));
            self.store.put_local(id.clone(), Local::draft(text.as_str())).await.unwrap();
            self.drafts.insert(id, text);
        }
    }

    fn check_outside(&mut self, outside: &BTreeMap<ConversationId, Row>) {
        let held = self.held();
        if outside.iter().any(|(id, row)| held.get(id) != Some(row)) {
            self.broken.insert(Broken::Outside);
        }
    }

    /// The rows before the stored place in a listing came in the same write.
    fn check_place(&mut self) {
        let snapshot = self.store.snapshot();
        let state = self.cloud.lock();
        let place = snapshot.sync().checkpoint.as_ref();
        let given = place.and_then(|place| state.given.get(&place.cursor));
        if given.is_some_and(|ids| ids.iter().any(|id| snapshot.get(id).is_none())) {
            self.broken.insert(Broken::Torn);
        }
    }

    fn check_drafts(&mut self) {
        let snapshot = self.store.snapshot();
        let is_kept = |(id, text): (&ConversationId, &String)| {
            let is_it = |local: &Local| local.draft_text().is_some_and(|draft| **draft == **text);
            snapshot.local(id).as_ref().is_some_and(is_it)
                && snapshot.get(id).is_none_or(|row| is_it(&row.local))
        };
        if !self.drafts.iter().all(is_kept) {
            self.broken.insert(Broken::Local);
        }
    }

    /// The faults end and the cloud stands still: one pass later the list is the cloud's.
    async fn quiet(&mut self) {
        self.cloud.lock().weather = Weather::default();
        self.pass(None).await;
        self.check_bound();
        let held = self.held();
        let state = self.cloud.lock();
        let limit = self.limit.min(state.shape.server_cap.unwrap_or(usize::MAX));
        if held != top(&state.world, limit) || self.coverage() != Coverage::Complete {
            self.broken.insert(Broken::Exact);
        }
    }

    /// At most four listings of the pages there were, and the rest of a resumed one.
    fn check_bound(&mut self) {
        let state = self.cloud.lock();
        let pages = state.longest.div_ceil(state.shape.page);
        if state.list_calls > 5 * (pages + 3) {
            self.broken.insert(Broken::Bound);
        }
    }

    fn held(&self) -> BTreeMap<ConversationId, Row> {
        let rows = self.store.snapshot().list(&ConversationQuery::All);
        rows.iter().map(|row| held(row)).collect()
    }
}
