//! The cloud behind a network that loses, repeats, refuses and delays.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use async_trait::async_trait;
use conv_api::{
    AccountId, ConversationId, ConversationPatch, ConversationSource, Coverage, ErrorClass, Facet,
    ListingPatch, SourceError, Timestamp,
    model::{Cursor, SkippedRow},
    sync::{
        Capabilities, Changes, ChangesRequest, CursorPromise, FullProfile, Groups, HydrateRequest,
        Hydrated, ListingOrder, Page, ProfileRequest, PullRequest, Retry, SourceRow, Upstream,
    },
};
use fastrand::Rng;

use super::{
    paging::{Copies, CursorKind, Shape},
    witness::Witness,
    world::{Row, World},
};

/// The behaviour of the network and the cloud.
#[derive(Clone, Copy, Debug, Default)]
pub struct Weather {
    /// Of 100 calls, how many fail; 100 is an outage.
    pub faults: u8,
    /// Of 100 calls, how many have a change of the cloud before and after them.
    pub changes: u8,
    /// Of 100 answers, how many carry an odd time or none.
    pub odd_times: u8,
    /// True if every question is answered after a few failures at most: none of them is final, and
    /// the signature is refused once per question.
    pub relents: bool,
}

/// The longest that a page takes.
pub const SLOWEST_SECS: u64 = 20;

/// The failures in a row that a cloud which relents gives to one question.
const MAX_FAILURES: u32 = 3;

#[derive(Debug)]
pub struct State {
    pub rng: Rng,
    pub world: World,
    pub shape: Shape,
    pub weather: Weather,
    pub witness: Option<Witness>,
    pub list_calls: usize,
    /// The longest list while the pass ran: bounds the calls it may take.
    pub longest: usize,
    /// The rows of the newest page that went before each cursor.
    pub given: BTreeMap<Cursor, Vec<ConversationId>>,
    /// Cursors from before a crash, which the cloud refuses in words of its own until it gives
    /// them again.
    pub refused: BTreeSet<Cursor>,
    /// Counts questions about unread counts and what other writers say of them.
    pub tick: u64,
    /// The time at which the unread count of a row was last asked for.
    pub asked: BTreeMap<ConversationId, u64>,
    /// The number of failures in a row of each question, and true if its signature was refused.
    failed: BTreeMap<String, (u32, bool)>,
    copies: Copies,
    /// The rows of each change so far, for a source that gives changes.
    log: Vec<Vec<ConversationId>>,
    /// The source does not have the whole list of its own cloud.
    pub is_partial: bool,
}

#[derive(Clone, Debug)]
pub struct SimCloud(Arc<Mutex<State>>);

impl SimCloud {
    pub fn new(rng: Rng, world: World, shape: Shape) -> Self {
        let state = State {
            rng,
            longest: world.rows.len(),
            world,
            shape,
            weather: Weather::default(),
            witness: None,
            list_calls: 0,
            given: BTreeMap::new(),
            refused: BTreeSet::new(),
            tick: 0,
            asked: BTreeMap::new(),
            failed: BTreeMap::new(),
            copies: Copies::default(),
            log: Vec::new(),
            is_partial: false,
        };
        Self(Arc::new(Mutex::new(state)))
    }

    pub fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// A pass begins, as far as the judge is concerned.
    pub fn witness(&self, limit: usize, held: BTreeSet<ConversationId>) {
        let mut state = self.lock();
        let cap = state.shape.server_cap.unwrap_or(usize::MAX);
        state.witness = Some(Witness::new(&state.world, limit.min(cap), held));
        state.list_calls = 0;
        state.longest = state.world.rows.len();
    }
}

impl State {
    pub fn change(&mut self) {
        let ids = self.world.change(&mut self.rng);
        self.changed(ids);
    }

    /// Another device of the user writes through the source.
    pub fn write(&mut self, rng: &mut Rng) {
        let ids = self.world.write(rng);
        if !ids.is_empty() {
            self.changed(ids);
        }
    }

    fn changed(&mut self, ids: Vec<ConversationId>) {
        // Groups were renamed: all rows show other names.
        let all = || self.world.rows.keys().cloned().collect();
        self.log.push(if ids.is_empty() { all() } else { ids.clone() });
        self.longest = self.longest.max(self.world.rows.len());
        if let Some(witness) = &mut self.witness {
            witness.changed(&self.world, &ids);
        }
    }

    fn maybe_change(&mut self) {
        if self.rng.u8(..100) < self.weather.changes {
            self.change();
        }
    }

    fn fault(&mut self) -> Option<Fault> {
        (self.rng.u8(..100) < self.weather.faults).then(|| match self.rng.u8(..12) {
            0..=2 => Fault::Lost,
            3 | 4 => Fault::LostAfterwards,
            5 => Fault::Refused(60007, ErrorClass::RateLimited, Retry::BackOff),
            6 => Fault::Refused(50004, ErrorClass::Transient, Retry::BackOff),
            7 => Fault::Refused(70001, ErrorClass::Auth, Retry::Reauthenticate),
            8 => Fault::Expired,
            9 if self.rng.bool() => Fault::Standing,
            9 => Fault::BadRow,
            10 if self.rng.bool() => Fault::NamelessRow,
            10 => Fault::LostRows,
            _ => Fault::Panic,
        })
    }

    /// Returns the failure of a call for a facet, for group names, or for a page of a cloud that
    /// relents.
    fn passing_fault(&mut self, question: String) -> Option<SourceError> {
        if !self.weather.relents {
            return (self.rng.u8(..100) < self.weather.faults).then_some(SourceError::TimedOut);
        }
        let (failures, is_refused) = self.failed.get(&question).copied().unwrap_or_default();
        if failures == MAX_FAILURES || self.rng.u8(..100) >= self.weather.faults {
            self.failed.remove(&question);
            return None;
        }
        let refuses = !is_refused && self.rng.bool();
        self.failed.insert(question, (failures + u32::from(!refuses), is_refused || refuses));
        Some(match refuses {
            true => refused(70001, ErrorClass::Auth, Retry::Reauthenticate),
            false => SourceError::Http { status: 503, retry_after: None },
        })
    }

    /// The cloud's time, as an answer carries it.
    fn time(&mut self) -> Option<Timestamp> {
        let now = self.world.now;
        if self.rng.u8(..100) >= self.weather.odd_times {
            return Some(Timestamp::from_secs(now));
        }
        let odd = [None, Some(1_000), Some(now + 300_000_000), Some(now - 90_000)];
        let time = self.rng.choice(odd).flatten();
        time.map(Timestamp::from_secs)
    }

    fn lose_rows(&mut self, page: &mut Page, count: usize, reason: &str) {
        for _ in 0..count {
            let Some(row) = page.rows.pop() else { return };
            if let Some(witness) = &mut self.witness {
                witness.blind(&row.patch.id);
            }
            page.skipped.push(SkippedRow::new(None, reason));
        }
    }

    fn page(&mut self, cursor: Option<&str>) -> Result<Page, SourceError> {
        let answer = self.copies.page(&self.world, &self.shape, cursor);
        let mut answer = answer.ok_or(SourceError::CursorExpired)?;
        self.rng.shuffle(&mut answer.rows);
        let rows = answer.rows.into_iter().map(|(id, row)| self.row(id, row)).collect();
        let next = answer.next.map(Cursor::new);
        let mut page = Page::new(rows, next, self.time());
        page.upstream = self.is_mirror().then(|| self.upstream());
        Ok(page)
    }

    fn is_mirror(&self) -> bool {
        self.shape.cursor == CursorKind::Mirrored
    }

    fn row(&self, id: ConversationId, row: Row) -> SourceRow {
        let mut patch = ConversationPatch::new(id);
        let mut listing = ListingPatch::at(Timestamp::from_secs(row.time));
        listing.is_pinned = Some(row.pinned);
        let numbers: Vec<u64> = World::group_of(&patch.id).into_iter().collect();
        if self.is_mirror() {
            let groups = self.world.groups();
            let named = groups.into_iter().filter(|(number, _)| numbers.contains(number));
            listing.groups = Some(named.map(|(_, name)| name).collect());
            patch.profile.name = Some(format!("Name of {}", patch.id).into());
            patch.profile.read_at = Some(Timestamp::from_secs(self.world.now));
            patch.unread.count = Some(World::unread(&patch.id));
        }
        patch.listing = Some(listing);
        let mut row = SourceRow::new(patch);
        row.group_ids = (!self.is_mirror()).then_some(numbers);
        row
    }

    fn upstream(&self) -> Upstream {
        let mut upstream = Upstream::default();
        upstream.coverage = if self.is_partial { Coverage::Partial } else { Coverage::Complete };
        upstream.as_of = Some(Timestamp::from_secs(self.world.now));
        upstream.conversations = Some(self.world.rows.len() as u64);
        upstream.position = Some(Cursor::new(self.log.len().to_string()));
        upstream
    }

    fn changes(&mut self, since: &str) -> Result<Changes, SourceError> {
        let since: usize = since.parse().unwrap();
        let changed: BTreeSet<_> = self.log.iter().skip(since).flatten().cloned().collect();
        // Its log is short.
        if self.log.len() - since > 40 {
            return Err(SourceError::CursorExpired);
        }
        if self.log.len() == since && !self.is_partial {
            return Ok(Changes::default());
        }
        let (mut rows, mut removed) = (Vec::new(), Vec::new());
        for id in changed {
            match self.world.rows.get(&id) {
                Some(row) => rows.push(self.row(id, *row)),
                None => removed.push(id),
            }
        }
        Ok(Changes::new(rows, removed, self.upstream()))
    }

    /// A page whose answer arrives.
    fn give(&mut self, page: Page) -> Page {
        if let Some(cursor) = &page.next {
            let ids = page.rows.iter().map(|row| row.patch.id.clone());
            self.refused.remove(cursor);
            self.given.insert(cursor.clone(), ids.collect());
        }
        page
    }
}

enum Fault {
    /// The call does not arrive.
    Lost,
    /// The answer does not arrive.
    LostAfterwards,
    Refused(i32, ErrorClass, Retry),
    Expired,
    /// The next page is said to begin where this one does.
    Standing,
    /// A row of the page cannot be read.
    BadRow,
    /// Nor can its ID.
    NamelessRow,
    /// The page lost its rows.
    LostRows,
    /// The source panics.
    Panic,
}

/// Ends the call as a panic does, without a word on the standard error.
fn panic() -> ! {
    std::panic::resume_unwind(Box::new("the source panics"))
}

#[async_trait]
impl ConversationSource for SimCloud {
    fn capabilities(&self) -> Capabilities {
        let mut capabilities = Capabilities::default();
        capabilities.facets.push(Facet::Unread);
        let cursor = self.lock().shape.cursor;
        if cursor.is_promised() {
            capabilities.order = ListingOrder::NewestFirst;
            capabilities.cursors = CursorPromise::Exact;
        }
        if cursor == CursorKind::Mirrored {
            // Its rows have all that it knows.
            capabilities.facets.clear();
            capabilities.offers_changes = true;
        }
        capabilities
    }

    async fn pull(&self, request: &PullRequest) -> Result<Page, SourceError> {
        // If every question is answered in the end, a pass must take longer than a call may.
        let delay = {
            let mut state = self.lock();
            let slowest = if state.weather.relents { SLOWEST_SECS * 1_000 } else { 200 };
            state.rng.u64(1..slowest)
        };
        tokio::time::sleep(Duration::from_millis(delay)).await;
        let mut state = self.lock();
        state.list_calls += 1;
        state.maybe_change();
        let fault = if state.weather.relents {
            if let Some(error) = state.passing_fault(format!("{:?}", request.cursor)) {
                return Err(error);
            }
            None
        } else {
            state.fault()
        };
        match fault {
            Some(Fault::Lost) => return Err(SourceError::TimedOut),
            Some(Fault::Panic) => {
                drop(state);
                panic();
            }
            _ => {}
        }
        if request.cursor.as_ref().is_some_and(|cursor| state.refused.contains(cursor)) {
            return Err(refused(50002, ErrorClass::Cloud, Retry::Never));
        }
        let mut page = state.page(request.cursor.as_ref().map(Cursor::as_str))?;
        state.maybe_change();
        match fault {
            Some(Fault::LostAfterwards) => Err(SourceError::Protocol { what: "cut".into() }),
            Some(Fault::Refused(code, class, retry)) => Err(refused(code, class, retry)),
            Some(Fault::Expired) if request.cursor.is_some() => Err(SourceError::CursorExpired),
            Some(Fault::Standing) if request.cursor.is_some() => {
                page.next.clone_from(&request.cursor);
                Ok(page)
            }
            Some(Fault::BadRow) => {
                if let Some(row) = page.rows.pop() {
                    if let Some(witness) = &mut state.witness {
                        witness.excuse(&row.patch.id);
                    }
                    page.skipped.push(SkippedRow::new(Some(row.patch.id), "bad row"));
                }
                Ok(state.give(page))
            }
            Some(Fault::NamelessRow) => {
                state.lose_rows(&mut page, 1, "row without an ID");
                Ok(state.give(page))
            }
            Some(Fault::LostRows) => {
                state.lose_rows(&mut page, usize::MAX, "page without rows");
                Ok(state.give(page))
            }
            _ => Ok(state.give(page)),
        }
    }

    async fn changes(&self, request: &ChangesRequest) -> Result<Changes, SourceError> {
        let delay = self.lock().rng.u64(1..200);
        tokio::time::sleep(Duration::from_millis(delay)).await;
        let mut state = self.lock();
        state.list_calls += 1;
        state.maybe_change();
        let fault = if state.weather.relents {
            if let Some(error) = state.passing_fault(format!("{request:?}")) {
                return Err(error);
            }
            None
        } else {
            state.fault()
        };
        let changes = state.changes(request.since.as_str());
        state.maybe_change();
        let answer = match fault {
            Some(Fault::Lost) => Err(SourceError::TimedOut),
            Some(Fault::LostAfterwards) => Err(SourceError::Protocol { what: "cut".into() }),
            Some(Fault::Refused(code, class, retry)) => Err(refused(code, class, retry)),
            Some(Fault::Expired) => Err(SourceError::CursorExpired),
            Some(Fault::Standing) => Err(SourceError::Unsupported { what: "changes".into() }),
            Some(Fault::Panic) => {
                drop(state);
                panic();
            }
            _ => changes,
        };
        let is_refused =
            matches!(answer, Err(SourceError::CursorExpired | SourceError::Unsupported { .. }));
        if let Some(witness) = state.witness.as_mut().filter(|_| is_refused) {
            witness.is_head_alone = true;
        }
        answer
    }

    async fn hydrate(&self, request: &HydrateRequest) -> Result<Hydrated, SourceError> {
        let delay = {
            let mut state = self.lock();
            if request.facet == Facet::Unread {
                state.tick += 1;
                let tick = state.tick;
                state.asked.extend(request.ids.iter().map(|id| (id.clone(), tick)));
            }
            state.rng.u64(1..200)
        };
        tokio::time::sleep(Duration::from_millis(delay)).await;
        let mut state = self.lock();
        if let Some(error) = state.passing_fault(format!("{:?}", request)) {
            return Err(error);
        }
        let now = state.time();
        let found = request.ids.iter().map(|id| {
            let mut patch = ConversationPatch::new(id.clone());
            match request.facet {
                Facet::Unread => patch.unread.count = Some(World::unread(id)),
                _ => {
                    patch.profile.name = Some(format!("Name of {id}").into());
                    patch.profile.read_at = now;
                }
            }
            patch
        });
        Ok(Hydrated::new(found.collect(), Vec::new()))
    }

    async fn profile(&self, _: &ProfileRequest) -> Result<FullProfile, SourceError> {
        Err(SourceError::NotFound)
    }

    async fn groups(&self, _: &AccountId) -> Result<Groups, SourceError> {
        let delay = self.lock().rng.u64(1..400);
        tokio::time::sleep(Duration::from_millis(delay)).await;
        let mut state = self.lock();
        if let Some(error) = state.passing_fault("groups".into()) {
            return Err(error);
        }
        let time = state.time();
        Ok(Groups::new(state.world.groups(), time))
    }
}

fn refused(code: i32, class: ErrorClass, retry: Retry) -> SourceError {
    SourceError::Cloud { code, class, retry, message: "refused".into(), retry_after: None }
}
