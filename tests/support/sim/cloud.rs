//! The cloud behind a network that loses, repeats, refuses and delays.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use async_trait::async_trait;
use conv_api::{
    AccountId, ConversationId, ConversationPatch, ConversationSource, ErrorClass, ListingPatch,
    SourceError, Timestamp,
    model::{Cursor, SkippedRow},
    sync::{
        Capabilities, CursorPromise, FullProfile, Groups, HydrateRequest, Hydrated, ListingOrder,
        Page, ProfileRequest, PullRequest, Retry, SourceRow,
    },
};
use fastrand::Rng;

use super::{
    paging::{Copies, CursorKind, Shape},
    witness::Witness,
    world::World,
};

/// How the network and the cloud behave.
#[derive(Clone, Copy, Debug, Default)]
pub struct Weather {
    /// Of 100 calls, how many fail.
    pub faults: u8,
    /// Of 100 calls, how many have a change of the cloud before and after them.
    pub changes: u8,
}

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
    copies: Copies,
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
            copies: Copies::default(),
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
        (self.rng.u8(..100) < self.weather.faults).then(|| match self.rng.u8(..10) {
            0..=2 => Fault::Lost,
            3 | 4 => Fault::LostAfterwards,
            5 => Fault::Refused(60007, ErrorClass::RateLimited, Retry::BackOff),
            6 => Fault::Refused(50004, ErrorClass::Transient, Retry::BackOff),
            7 => Fault::Refused(70001, ErrorClass::Auth, Retry::Resign),
            8 => Fault::Expired,
            _ if self.rng.bool() => Fault::Standing,
            _ => Fault::BadRow,
        })
    }

    fn page(&mut self, cursor: Option<&str>) -> Result<Page, SourceError> {
        let answer = self.copies.page(&self.world, &self.shape, cursor);
        let mut answer = answer.ok_or(SourceError::CursorExpired)?;
        self.rng.shuffle(&mut answer.rows);
        let rows = answer.rows.into_iter().map(|(id, row)| {
            let mut patch = ConversationPatch::new(id);
            let mut listing = ListingPatch::at(Timestamp::from_secs(row.time));
            listing.is_pinned = Some(row.pinned);
            patch.listing = Some(listing);
            SourceRow::new(patch)
        });
        let next = answer.next.map(Cursor::new);
        Ok(Page::new(rows.collect(), next, Some(Timestamp::from_secs(self.world.now))))
    }

    /// A page whose answer arrives.
    fn give(&mut self, page: Page) -> Page {
        if let Some(cursor) = &page.next {
            let ids = page.rows.iter().map(|row| row.patch.id.clone());
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
}

#[async_trait]
impl ConversationSource for SimCloud {
    fn capabilities(&self) -> Capabilities {
        let mut capabilities = Capabilities::default();
        if self.lock().shape.cursor == CursorKind::Promised {
            capabilities.order = ListingOrder::NewestFirst;
            capabilities.cursors = CursorPromise::Exact;
        }
        capabilities
    }

    async fn pull(&self, request: &PullRequest) -> Result<Page, SourceError> {
        let delay = self.lock().rng.u64(1..200);
        tokio::time::sleep(Duration::from_millis(delay)).await;
        let mut state = self.lock();
        state.list_calls += 1;
        state.maybe_change();
        let fault = state.fault();
        if let Some(Fault::Lost) = fault {
            return Err(SourceError::TimedOut);
        }
        let mut page = state.page(request.cursor.as_ref().map(Cursor::as_str))?;
        state.maybe_change();
        match fault {
            Some(Fault::LostAfterwards) => Err(SourceError::Protocol { what: "cut".into() }),
            Some(Fault::Refused(code, class, retry)) => {
                let message = "refused".to_owned();
                Err(SourceError::Cloud { code, class, retry, message, retry_after: None })
            }
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
            _ => Ok(state.give(page)),
        }
    }

    async fn hydrate(&self, request: &HydrateRequest) -> Result<Hydrated, SourceError> {
        tokio::time::sleep(Duration::from_millis(7)).await;
        let mut state = self.lock();
        if state.rng.u8(..100) < state.weather.faults {
            return Err(SourceError::TimedOut);
        }
        let now = Timestamp::from_secs(state.world.now);
        let named = request.ids.iter().map(|id| {
            let mut patch = ConversationPatch::new(id.clone());
            patch.profile.name = Some(format!("Name of {id}").into());
            patch.profile.read_at = Some(now);
            patch
        });
        Ok(Hydrated::new(named.collect(), Vec::new()))
    }

    async fn profile(&self, _: &ProfileRequest) -> Result<FullProfile, SourceError> {
        Err(SourceError::NotFound)
    }

    async fn groups(&self, _: &AccountId) -> Result<Groups, SourceError> {
        Ok(Groups::default())
    }
}
