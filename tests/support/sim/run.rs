//! One pass after another of a seed, judged as they go.

use std::{
    collections::{BTreeMap, BTreeSet},
    future::{Future as _, poll_fn},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    sync::Arc,
    task::Poll,
};

use conv_api::{
    Conversation, ConversationId, ConversationQuery, ConversationStore, Coverage, Facet,
    SourceError, StoreError,
    model::{Commit, Delta, PassStatus, Rank, Removal, Seq, SyncStep},
    store::{IndexedStore, MemoryEngine},
    sync::{PullOptions, Puller},
};
use fastrand::Rng;

use super::{
    clock::SeededClock,
    cloud::{SLOWEST_SECS, SimCloud, Weather},
    engine::LossyEngine,
    paging::{CursorKind, Shape},
    witness::{Broken, held, top},
    world::{Row, World},
};

/// A cloud, a store, and another process at the same records.
pub(super) struct Sim {
    pub(super) rng: Rng,
    pub(super) cloud: SimCloud,
    engine: LossyEngine,
    pub(super) store: IndexedStore,
    /// Another process at the same records.
    pub(super) other: IndexedStore,
    limit: usize,
    /// True if there are other writers.
    pub(super) others: bool,
    /// True if another device writes through the source, which may lack a part of the list.
    pub(super) devices: bool,
    /// The source lacked a part of the list at a moment of the pass.
    was_partial: bool,
    pub(super) reads_unread: bool,
    pub(super) drafts: BTreeMap<ConversationId, String>,
    /// Rows that others listed during the pass.
    pub(super) outside: BTreeMap<ConversationId, Row>,
    /// Unread counts that others stored during the pass, each with the moment.
    pub(super) counted: BTreeMap<ConversationId, (u64, u32)>,
    /// The last write of the other process.
    pub(super) other_written: Seq,
    /// A change that a dead process had under way: it reaches the store after another pass began.
    late: Option<Delta>,
    pub(super) broken: BTreeSet<Broken>,
}

/// The end of a step of a pass, for its driver.
enum Turn {
    Next,
    Over,
}

impl Sim {
    pub(super) async fn new(seed: u64, kind: CursorKind) -> Self {
        let mut rng = Rng::with_seed(seed);
        let world = World::new(&mut rng);
        let shape = Shape::new(kind, &mut rng);
        let limit = *rng.choice(&[12, 25, 100]).unwrap();
        // The plan is that of the source's own list.
        let limit = if kind == CursorKind::Mirrored { 10_000 } else { limit };
        let records = MemoryEngine::default();
        let engine = LossyEngine::new(records.clone(), rng.fork());
        Self {
            cloud: SimCloud::new(rng.fork(), world, shape),
            store: IndexedStore::open(engine.clone()).await.unwrap(),
            other: IndexedStore::open(records).await.unwrap(),
            engine,
            rng,
            limit,
            others: false,
            devices: false,
            was_partial: false,
            reads_unread: false,
            drafts: BTreeMap::new(),
            outside: BTreeMap::new(),
            counted: BTreeMap::new(),
            other_written: Seq::ZERO,
            late: None,
            broken: BTreeSet::new(),
        }
    }

    pub(super) fn set_weather(&mut self) {
        let is_outage = self.rng.u8(..10) == 0;
        let faults = if is_outage { 100 } else { self.rng.u8(0..=40) };
        let odd_times = if self.rng.bool() { self.rng.u8(0..=100) } else { 0 };
        let changes = self.rng.u8(0..=60);
        self.cloud.lock().weather = Weather { faults, changes, odd_times, relents: false };
        self.engine.set_faults(if self.rng.u8(..4) == 0 { 5 } else { 0 });
    }

    /// The process dies and another one opens the store. The cloud may refuse every cursor that
    /// the dead one had, for ever and in any words.
    pub(super) async fn reopen(&mut self) {
        self.store = IndexedStore::open(self.engine.clone()).await.unwrap();
        if self.coverage() == Coverage::Complete {
            self.broken.insert(Broken::Complete);
        }
        if self.rng.bool() {
            let checkpoint = self.store.snapshot().sync().checkpoint.clone();
            self.cloud.lock().refused.extend(checkpoint.map(|place| place.cursor));
        }
    }

    fn coverage(&self) -> Coverage {
        self.store.snapshot().sync().coverage
    }

    fn puller(&mut self) -> Puller {
        let mut options = PullOptions::default().with_plan_limit(self.limit as u32);
        if self.reads_unread {
            options = options.with_facet(Facet::Unread);
        }
        let source = Arc::new(self.cloud.clone());
        let clock = Arc::new(SeededClock::new(self.rng.fork()));
        let snapshot = self.store.snapshot();
        let account = "user_0001".parse().unwrap();
        let puller = Puller::new(source, clock, account, options, snapshot.sync());
        let store = self.store.clone();
        let rows = snapshot.list(&ConversationQuery::All);
        let ranks = rows.iter().map(|row| (row.id.clone(), Rank::of(&row.listing)));
        puller.with_written(Arc::new(move || store.snapshot().written())).with_list(ranks)
    }

    /// One pass, dropped after some of its changes if it is to crash. Returns the rows that it
    /// changed in the store.
    pub(super) async fn pass(&mut self, crash: Option<usize>) -> usize {
        self.cloud.witness(self.limit, self.held().into_keys().collect());
        self.outside.clear();
        self.counted.clear();
        self.was_partial = self.cloud.lock().is_partial;
        let mut puller = self.puller();
        let (mut is_listed, mut changed) = (false, 0);
        for turn in 0.. {
            if crash == Some(turn) {
                self.late = next(&mut puller).await.and_then(Result::ok).flatten();
                // Its page came, but never got into the store.
                self.cloud.lock().given.clear();
                return changed;
            }
            let delta = match next(&mut puller).await {
                Some(Ok(Some(delta))) => delta,
                Some(Err(_)) => {
                    self.check_failed(is_listed);
                    break;
                }
                Some(Ok(None)) | None => break,
            };
            let begins = matches!(delta.step, Some(SyncStep::Begin { .. }));
            let finishes = matches!(delta.step, Some(SyncStep::Finish { .. }));
            match self.store.apply(delta).await {
                Ok(commit) => {
                    changed += commit.changes.len();
                    self.check_commit(&commit, finishes);
                    puller.applied(&commit);
                }
                // Its beginning was stored before, and the acknowledgement lost.
                Err(StoreError::Superseded(_)) if begins => {
                    puller = self.puller();
                    continue;
                }
                Err(_) => break,
            }
            is_listed |= finishes;
            if matches!(self.after_commit(finishes, is_listed).await, Turn::Over) {
                return changed;
            }
        }
        // A page that came as the pass ended never got into the store, and its cursor may be spelt
        // like the stored one.
        self.cloud.lock().given.clear();
        self.check_outside();
        self.check_drafts();
        changed
    }

    async fn after_commit(&mut self, finishes: bool, is_listed: bool) -> Turn {
        self.check_place();
        self.check_counts();
        self.apply_late().await;
        if self.is_endless() {
            return Turn::Over;
        }
        if finishes {
            self.judge_complete();
        }
        if self.others {
            self.others_count().await;
        }
        if self.others && !is_listed {
            self.others_write().await;
        }
        if self.devices {
            self.device_writes().await;
        }
        Turn::Next
    }

    fn check_commit(&mut self, commit: &Commit, finishes: bool) {
        let is_gone = |c: &conv_api::model::RowChange| c.removal == Some(Removal::NotInCloud);
        if commit.changes.iter().any(is_gone) && !finishes {
            self.broken.insert(Broken::Removed);
        }
    }

    fn check_failed(&mut self, is_listed: bool) {
        let is_complete = !is_listed && self.coverage() == Coverage::Complete;
        let is_running = matches!(self.store.snapshot().sync().status, PassStatus::Running { .. });
        if is_complete || is_running {
            self.broken.insert(Broken::Complete);
        }
    }

    fn judge_complete(&mut self) {
        let snapshot = self.store.snapshot();
        let is_partial = self.cloud.lock().is_partial;
        let is_complete = self.coverage() == Coverage::Complete;
        if is_complete == is_partial && is_partial == self.was_partial {
            self.broken.insert(Broken::Complete);
        }
        if !is_complete {
            return;
        }
        let as_of = snapshot.sync().finished.as_ref().and_then(|finished| finished.as_of);
        if as_of.is_some_and(|time| time.is_zero()) {
            self.broken.insert(Broken::Time);
        }
        let outside = self.outside.keys().cloned().collect();
        let held = self.held();
        let state = self.cloud.lock();
        let witness = state.witness.as_ref().unwrap();
        // Here names of groups are late, but they come.
        let rows = snapshot.list(&ConversationQuery::All);
        let are_named = rows.iter().all(|row| state.world.names_groups_of(row));
        if state.weather.relents && !are_named {
            self.broken.insert(Broken::Unnamed);
        }
        let unconfirmed = &snapshot.sync().unconfirmed;
        self.broken.extend(witness.judge(&state.world, &held, &outside, unconfirmed));
    }

    /// Every change of a pass before the newest must be refused.
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

    /// The rows before the stored place in a listing came in the same write. At a lower limit some
    /// of them are held back.
    fn check_place(&mut self) {
        let snapshot = self.store.snapshot();
        let state = self.cloud.lock();
        let place = snapshot.sync().checkpoint.as_ref().filter(|_| self.limit == 100);
        let given = place.and_then(|place| state.given.get(&place.cursor));
        if given.is_some_and(|ids| ids.iter().any(|id| snapshot.get(id).is_none())) {
            self.broken.insert(Broken::Torn);
        }
    }

    /// The faults end and the cloud no longer changes: one pass later the list is the cloud's, and
    /// another pass, which one seed of four makes, changes nothing.
    pub(super) async fn quiet(&mut self) {
        self.cloud.lock().weather = Weather::default();
        self.engine.set_faults(0);
        self.pass(None).await;
        self.check_bound();
        self.check_exact();
        let is_tried = self.broken.is_empty() && self.rng.u8(..4) == 0;
        if is_tried && self.pass(None).await > 0 {
            self.broken.insert(Broken::Flicker);
        }
    }

    pub(super) fn check_exact(&mut self) {
        let snapshot = self.store.snapshot();
        let held = self.held();
        let state = self.cloud.lock();
        let limit = self.limit.min(state.shape.server_cap.unwrap_or(usize::MAX));
        if held != top(&state.world, limit) || snapshot.sync().coverage != Coverage::Complete {
            self.broken.insert(Broken::Exact);
        }
        let is_whole = |row: &Conversation| {
            let unread = self.reads_unread.then(|| World::unread(&row.id));
            row.profile.is_known()
                && state.world.names_groups_of(row)
                && (unread.is_none() || row.unread.count == unread)
        };
        let rows = snapshot.list(&ConversationQuery::All);
        if !rows.iter().all(|row| is_whole(row)) {
            self.broken.insert(Broken::Unnamed);
        }
        // The head was asked for a page's time ago, and no name is from another time.
        let now = state.world.now;
        let is_now = |time: u64| time <= now && time + SLOWEST_SECS >= now;
        let as_of = snapshot.sync().finished.as_ref().and_then(|finished| finished.as_of);
        let is_recent = |row: &Conversation| {
            let read_at = row.profile.read_at.map(|time| time.as_secs());
            read_at.is_some_and(|time| time <= now && time + 86_400 >= now)
        };
        if !as_of.is_some_and(|time| is_now(time.as_secs()))
            || !rows.iter().all(|row| is_recent(row))
        {
            self.broken.insert(Broken::Time);
        }
    }

    /// At most four listings of the pages there were, and the rest of a resumed one.
    pub(super) fn check_bound(&mut self) {
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

/// The next change of a pass; `None` if its source panicked, and the pass with it.
async fn next(puller: &mut Puller) -> Option<Result<Option<Delta>, SourceError>> {
    let mut next = pin!(puller.next());
    poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| next.as_mut().poll(cx))) {
        Ok(Poll::Ready(answer)) => Poll::Ready(Some(answer)),
        Ok(Poll::Pending) => Poll::Pending,
        Err(_) => Poll::Ready(None),
    })
    .await
}
