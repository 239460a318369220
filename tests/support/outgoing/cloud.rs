//! The cloud behind a network that loses, delays and refuses, and whose reads are stale.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use async_trait::async_trait;
use conv_api::{
    AccountId, ConversationId, ConversationPatch, ConversationSource, ConversationWriter,
    ErrorClass, IfNewer, ListingPatch, SourceError, Timestamp,
    model::{Cursor, Slot},
    sync::{
        Capabilities, FullProfile, Groups, HydrateRequest, Hydrated, MarkItem, Page,
        ProfileRequest, PullRequest, Retry, SourceRow, WriteCall, WriteCapabilities, WriteKind,
        WriteRequest, Written,
    },
};
use fastrand::Rng;
use tokio::time::Instant;

use super::{
    judge::Broken,
    world::{Habits, START, World, error, refused},
};

#[derive(Debug)]
pub struct State {
    pub rng: Rng,
    pub world: World,
    habits: Habits,
    start: Instant,
    /// The delay until a read shows a write.
    pub lag: Duration,
    history: Vec<(Duration, World)>,
    page: usize,
    /// The listings that are being read, each as it was at its first page.
    copies: BTreeMap<u64, World>,
    /// Of 100 calls, how many fail.
    pub faults: u8,
    pub is_online: bool,
    /// Calls that arrive after their callers gave up.
    late: Vec<(Duration, WriteCall)>,
    /// The calls under way of each process.
    flights: BTreeMap<(usize, WriteKind), u32>,
    /// When others changed a slot last.
    pub foreign: BTreeMap<Slot, Duration>,
    /// The state that the user saw when it last deleted a conversation.
    pub deletions: BTreeMap<ConversationId, (u64, IfNewer)>,
    /// When the message came that is the newest of a conversation.
    messages: BTreeMap<ConversationId, Duration>,
    /// When the last complete pass began.
    pub passed: Option<Duration>,
    /// The process that may send, if several share the store; the calls of all others are those of
    /// strangers. A call whose process dies or stops may arrive later.
    pub holder: Option<Option<usize>>,
    pub broken: BTreeMap<Broken, String>,
}

/// The cloud, as one of the processes reaches it.
#[derive(Clone, Debug)]
pub struct OutCloud {
    state: Arc<Mutex<State>>,
    pub process: usize,
}

/// A call under way, until it is answered or dropped.
struct Flight {
    cloud: OutCloud,
    kind: WriteKind,
    /// The call until its fate is sealed.
    call: Option<WriteCall>,
}

impl Drop for Flight {
    fn drop(&mut self) {
        let mut state = self.cloud.lock();
        *state.flights.entry((self.cloud.process, self.kind)).or_default() -= 1;
        if let Some(call) = self.call.take().filter(|_| state.holder.is_some()) {
            if state.is_online && state.rng.bool() {
                let at = state.now() + Duration::from_millis(state.rng.u64(..5_000));
                state.late.push((at, call));
            }
        }
    }
}

enum Fate {
    Answer,
    LostBefore,
    LostAfter,
    Late,
    Refused(SourceError),
}

impl OutCloud {
    pub fn new(mut rng: Rng) -> Self {
        let habits = Habits {
            merges_created: rng.bool(),
            merges_renamed: rng.bool(),
            deletes_absent: rng.bool(),
            creates_empty: rng.bool(),
        };
        let mut state = State {
            world: World::default(),
            habits,
            start: Instant::now(),
            lag: Duration::from_millis(*rng.choice(&[0, 900, 4_000, 8_000]).unwrap()),
            history: Vec::new(),
            page: rng.usize(2..8),
            copies: BTreeMap::new(),
            faults: 0,
            is_online: true,
            late: Vec::new(),
            flights: BTreeMap::new(),
            foreign: BTreeMap::new(),
            deletions: BTreeMap::new(),
            messages: BTreeMap::new(),
            passed: None,
            holder: None,
            broken: BTreeMap::new(),
            rng,
        };
        for place in 0..state.rng.u64(2..9) {
            let id = match place % 3 {
                0 => ConversationId::group(&format!("g{place}")),
                _ => ConversationId::c2c(&format!("u{place}")),
            };
            state.world.message(&id.unwrap(), START - 100 * place);
        }
        state.history.push((Duration::ZERO, state.world.clone()));
        Self { state: Arc::new(Mutex::new(state)), process: 0 }
    }

    pub fn lock(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap();
        state.deliver();
        state
    }

    async fn delay(&self) {
        let delay = self.lock().rng.u64(1..1_500);
        tokio::time::sleep(Duration::from_millis(delay)).await;
    }

    /// Returns the failure of a call that reads, if it fails.
    fn read_fault(&self) -> Result<(), SourceError> {
        let mut state = self.lock();
        let fails = !state.is_online || state.rng.u8(..100) < state.faults;
        if fails { Err(SourceError::TimedOut) } else { Ok(()) }
    }
}

impl State {
    pub fn now(&self) -> Duration {
        self.start.elapsed()
    }

    pub fn time(&self) -> u64 {
        START + self.now().as_secs()
    }

    /// Lets others change the list: another device, a message, a call whose caller is gone.
    pub fn foreign(&mut self, change: impl FnOnce(&mut World, u64)) {
        let (before, now) = (self.world.clone(), self.time());
        change(&mut self.world, now);
        self.note_foreign(&before);
        self.record();
    }

    pub fn message(&mut self, id: &ConversationId) {
        self.foreign(|world, now| world.message(id, now));
        let now = self.now();
        self.messages.insert(id.clone(), now);
    }

    pub fn by_other_device(&mut self, call: &WriteCall) {
        let habits = self.habits;
        // The cloud answers it as it likes.
        self.foreign(|world, _| drop(world.apply(call, habits)));
    }

    fn deliver(&mut self) {
        let now = self.now();
        while let Some(place) = self.late.iter().position(|(at, _)| *at <= now) {
            let (_, call) = self.late.remove(place);
            self.by_other_device(&call);
        }
    }

    pub fn is_delivered(&self) -> bool {
        self.late.is_empty()
    }

    fn record(&mut self) {
        let now = self.now();
        self.history.push((now, self.world.clone()));
    }

    /// The list as a read shows it now.
    fn stale(&self) -> World {
        let known = self.now().saturating_sub(self.lag);
        let seen = self.history.iter().rev().find(|(at, _)| *at <= known);
        seen.or(self.history.first()).map(|(_, world)| world.clone()).unwrap()
    }

    fn fate(&mut self, items: usize) -> Fate {
        if !self.is_online {
            return Fate::LostBefore;
        }
        if self.rng.u8(..100) >= self.faults {
            return Fate::Answer;
        }
        let refused = |code, class, retry| Fate::Refused(error(code, class, retry));
        match self.rng.u8(..16) {
            0 | 1 => Fate::LostBefore,
            2..=4 => Fate::LostAfter,
            5 | 6 => Fate::Late,
            7 | 8 => refused(60007, ErrorClass::RateLimited, Retry::BackOff),
            9 => refused(50004, ErrorClass::Transient, Retry::BackOff),
            10 => refused(51007, ErrorClass::Cloud, Retry::Once),
            11 | 12 => refused(70001, ErrorClass::Auth, Retry::Reauthenticate),
            13 => refused(70003, ErrorClass::Auth, Retry::Never),
            14 if items > 1 => refused(51006, ErrorClass::InvalidArgument, Retry::Never),
            _ => refused(50002, ErrorClass::InvalidArgument, Retry::Never),
        }
    }

    fn apply(&mut self, process: usize, call: &WriteCall) -> Result<Written, SourceError> {
        let before = self.world.clone();
        let answer = match items(call) {
            None => self.world.apply(call, self.habits).map(|()| Written::whole()),
            Some(items) => self.each(items),
        };
        if self.holder.is_some_and(|holder| holder != Some(process)) {
            self.note_foreign(&before);
        }
        self.record();
        answer
    }

    fn note_foreign(&mut self, before: &World) {
        let at = self.now();
        for slot in self.world.touched(before) {
            self.foreign.insert(slot, at);
        }
    }

    /// Applies item by item; some fail, some are left out of the answer.
    fn each(&mut self, items: Vec<(ConversationId, WriteCall)>) -> Result<Written, SourceError> {
        let mut results = Vec::new();
        for (id, item) in items {
            let is_bad = self.rng.u8(..100) < self.faults / 3;
            match self.rng.u8(..4) {
                0 if is_bad => {
                    results.push((id, Err(refused(50001, ErrorClass::InvalidArgument))));
                }
                1 if is_bad => {
                    results.push((id, Err(error(50004, ErrorClass::Transient, Retry::BackOff))));
                }
                _ => {
                    let is_missing = is_bad && self.rng.bool();
                    if is_bad && !is_missing {
                        continue;
                    }
                    self.world.apply(&item, self.habits)?;
                    if !is_missing {
                        results.push((id, Ok(())));
                    }
                }
            }
        }
        Ok(Written::items(results))
    }

    /// A deletion must not take what the list knew to be newer than what the user saw.
    fn check_deletion(&mut self, call: &WriteCall) {
        let WriteCall::Delete { id, clears_history, .. } = call else { return };
        let Some((seen, if_newer)) = self.deletions.get(id).copied() else { return };
        let is_newer = self.world.time_of(id).is_some_and(|time| time > seen);
        let may_take = match if_newer {
            IfNewer::GiveUp => false,
            IfNewer::KeepHistory => !clears_history,
            _ => true,
        };
        let came = self.messages.get(id).copied().unwrap_or_default();
        let was_shown = self.passed.is_some_and(|passed| came + self.lag < passed);
        if is_newer && !may_take && was_shown {
            self.broken.insert(Broken::Deleted, format!("{id} at {:?}", self.now()));
        }
    }

    fn groups(&self) -> Groups {
        let names = self.stale().groups.into_iter().collect();
        Groups::new(names, Some(Timestamp::from_secs(self.time())))
    }
}

/// The items of a call that answers per item, each as a call of its own.
fn items(call: &WriteCall) -> Option<Vec<(ConversationId, WriteCall)>> {
    Some(match call {
        WriteCall::Mark { items } => {
            let one =
                |item: &MarkItem| (item.id.clone(), WriteCall::Mark { items: vec![item.clone()] });
            items.iter().map(one).collect()
        }
        WriteCall::CustomData { items } => {
            let one = |item: &(ConversationId, Arc<str>)| {
                (item.0.clone(), WriteCall::CustomData { items: vec![item.clone()] })
            };
            items.iter().map(one).collect()
        }
        WriteCall::Members { name, items } => {
            let one = |item: &(ConversationId, bool)| {
                let call = WriteCall::Members { name: name.clone(), items: vec![item.clone()] };
                (item.0.clone(), call)
            };
            items.iter().map(one).collect()
        }
        _ => return None,
    })
}

#[async_trait]
impl ConversationWriter for OutCloud {
    fn write_capabilities(&self) -> WriteCapabilities {
        let mut capabilities = WriteCapabilities::default();
        (capabilities.pins, capabilities.items, capabilities.members) = (3, 4, 4);
        capabilities
    }

    async fn write(&self, request: &WriteRequest) -> Result<Written, SourceError> {
        let call = &request.call;
        let fate = {
            let mut state = self.lock();
            let flights = state.flights.entry((self.process, call.kind())).or_default();
            *flights += 1;
            if *flights > 1 {
                state.broken.insert(Broken::Parallel, format!("{call:?}"));
            }
            state.check_deletion(call);
            state.fate(call.ids().len())
        };
        let is_lost = matches!(fate, Fate::LostBefore | Fate::Refused(_));
        let sent = (!is_lost).then(|| call.clone());
        let mut flight = Flight { cloud: self.clone(), kind: call.kind(), call: sent };
        self.delay().await;
        flight.call = None;
        let answer = {
            let mut state = self.lock();
            match fate {
                Fate::Answer => state.apply(self.process, call),
                Fate::LostBefore => Err(SourceError::TimedOut),
                Fate::LostAfter => state.apply(self.process, call).and(Err(SourceError::TimedOut)),
                Fate::Late => {
                    let at = state.now() + Duration::from_secs(state.rng.u64(1..30));
                    state.late.push((at, call.clone()));
                    Err(SourceError::TimedOut)
                }
                // It is said to have failed, and that may be wrong.
                Fate::Refused(error) if error.code() == Some(50004) && state.rng.bool() => {
                    state.apply(self.process, call).and(Err(error))
                }
                Fate::Refused(error) => Err(error),
            }
        };
        self.delay().await;
        answer
    }

    async fn look(&self, _: &AccountId) -> Result<Groups, SourceError> {
        self.delay().await;
        self.read_fault()?;
        Ok(self.lock().groups())
    }
}

#[async_trait]
impl ConversationSource for OutCloud {
    fn capabilities(&self) -> Capabilities {
        Capabilities::default()
    }

    async fn pull(&self, request: &PullRequest) -> Result<Page, SourceError> {
        self.delay().await;
        self.read_fault()?;
        let mut state = self.lock();
        let place = request.cursor.as_ref().map(|cursor| {
            let (copy, place) = cursor.as_str().split_once(':').unwrap();
            (copy.parse::<u64>().unwrap(), place.parse::<usize>().unwrap())
        });
        let (copy, place) = place.unwrap_or_else(|| {
            let copy = state.copies.keys().last().map_or(1, |last| last + 1);
            let world = state.stale();
            state.copies.insert(copy, world);
            (copy, 0)
        });
        let world = state.copies.get(&copy).ok_or(SourceError::CursorExpired)?;
        let mut rows: Vec<_> = world.rows().into_iter().collect();
        rows.sort_by_key(|(id, row)| (!row.is_pinned, std::cmp::Reverse(row.time), id.clone()));
        let end = (place + state.page).min(rows.len());
        let next = (end < rows.len()).then(|| Cursor::new(format!("{copy}:{end}")));
        let page = rows.drain(..end).skip(place).map(|(id, row)| {
            let mut patch = ConversationPatch::new(id);
            let mut listing = ListingPatch::at(Timestamp::from_secs(row.time));
            listing.is_pinned = Some(row.is_pinned);
            listing.marks = Some(row.marks);
            listing.custom_data = Some(row.custom_data);
            patch.listing = Some(listing);
            let groups = world.group_ids(&patch.id);
            let mut row = SourceRow::new(patch);
            row.group_ids = Some(groups);
            row
        });
        let page = page.collect();
        Ok(Page::new(page, next, Some(Timestamp::from_secs(state.time()))))
    }

    async fn hydrate(&self, request: &HydrateRequest) -> Result<Hydrated, SourceError> {
        self.delay().await;
        self.read_fault()?;
        let now = Timestamp::from_secs(self.lock().time());
        let found = request.ids.iter().map(|id| {
            let mut patch = ConversationPatch::new(id.clone());
            patch.profile.name = Some(format!("Name of {id}").into());
            patch.profile.read_at = Some(now);
            patch
        });
        Ok(Hydrated::new(found.collect(), Vec::new()))
    }

    async fn profile(&self, _: &ProfileRequest) -> Result<FullProfile, SourceError> {
        Err(SourceError::NotFound)
    }

    async fn groups(&self, _: &AccountId) -> Result<Groups, SourceError> {
        self.delay().await;
        self.read_fault()?;
        Ok(self.lock().groups())
    }
}
