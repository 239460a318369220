//! For tests of crates that build on this one: a source without a network, and the state machine
//! inside a [`Puller`](crate::Puller), to drive it by hand. No stable API.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use conv_model::{
    AccountId, ConversationId, ConversationPatch, Cursor, Facet, ListingPatch, Timestamp,
};

use crate::{
    Capabilities, ConversationSource, FullProfile, Groups, HydrateRequest, Hydrated, Page,
    ProfileRequest, PullRequest, SourceError, SourceRow,
};

pub use crate::{
    pull::{CallId, Delay, Effect, Input, Pull, SYNC_RULES},
    send::{SendEffect, SendId, SendInput, Sender},
};

/// The time of [`ScriptedSource`]'s cloud, in seconds since 1970.
pub const NOW: Timestamp = Timestamp::from_secs(1_775_000_000);

/// A call that a [`ScriptedSource`] answered.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Call {
    /// A page, at a cursor.
    Pull(Option<Cursor>),
    /// A facet of some conversations.
    Hydrate(Facet, Vec<ConversationId>),
    /// One profile.
    Profile(ConversationId),
    /// Group names.
    Groups,
}

/// A cloud with a fixed list, paged by offset, whose calls can be made to fail.
#[derive(Debug)]
pub struct ScriptedSource {
    capabilities: Capabilities,
    page_size: usize,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    rows: Vec<SourceRow>,
    groups: Vec<(u64, std::sync::Arc<str>)>,
    answers: VecDeque<Option<Result<Page, SourceError>>>,
    hydrations: VecDeque<SourceError>,
    namings: VecDeque<SourceError>,
    /// Set if the cloud gives no time.
    is_timeless: bool,
    calls: Vec<Call>,
}

impl ScriptedSource {
    /// Makes a cloud that lists these rows.
    pub fn new(rows: impl IntoIterator<Item = SourceRow>) -> Self {
        let inner = Inner { rows: rows.into_iter().collect(), ..Inner::default() };
        Self { capabilities: Capabilities::default(), page_size: 100, inner: Mutex::new(inner) }
    }

    /// Makes a cloud that lists `count` users, each a second older than the one before.
    pub fn with_rows(count: u32) -> Self {
        Self::new((0..count).filter_map(|n| {
            let id = ConversationId::c2c(&format!("user_{n:04}")).ok()?;
            let time = NOW.as_secs().saturating_sub(u64::from(n));
            Some(row(id, Timestamp::from_secs(time)))
        }))
    }

    /// Sets the page size; 100 by default.
    #[must_use]
    pub fn page_size(self, rows: usize) -> Self {
        Self { page_size: rows.max(1), ..self }
    }

    /// Sets the capabilities.
    #[must_use]
    pub fn with_capabilities(self, capabilities: Capabilities) -> Self {
        Self { capabilities, ..self }
    }

    /// Replaces the list.
    pub fn set_rows(&self, rows: impl IntoIterator<Item = SourceRow>) {
        self.lock().rows = rows.into_iter().collect();
    }

    /// Sets the names of the conversation groups.
    pub fn set_groups(&self, groups: &[(u64, &str)]) {
        self.lock().groups = groups.iter().map(|(id, name)| (*id, (*name).into())).collect();
    }

    /// Scripts the answer to the next page that has none yet, whatever the request.
    pub fn answer(&self, answer: Result<Page, SourceError>) {
        self.lock().answers.push_back(Some(answer));
    }

    /// Scripts the next page that has no answer yet to come from the list.
    pub fn answer_from_list(&self) {
        self.lock().answers.push_back(None);
    }

    /// Makes the next `hydrate` fail.
    pub fn fail_hydration(&self, error: SourceError) {
        self.lock().hydrations.push_back(error);
    }

    /// Makes the next reading of group names fail.
    pub fn fail_groups(&self, error: SourceError) {
        self.lock().namings.push_back(error);
    }

    /// Makes the cloud give no time from here on.
    pub fn give_no_time(&self) {
        self.lock().is_timeless = true;
    }

    /// Returns the calls answered so far, oldest first.
    pub fn calls(&self) -> Vec<Call> {
        self.lock().calls.clone()
    }

    /// Returns the number of pages asked for so far.
    pub fn pulls(&self) -> usize {
        self.lock().calls.iter().filter(|call| matches!(call, Call::Pull(_))).count()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Makes a row of a list.
pub fn row(id: ConversationId, time: Timestamp) -> SourceRow {
    let mut patch = ConversationPatch::new(id);
    let mut listing = ListingPatch::at(time);
    listing.is_pinned = Some(false);
    patch.listing = Some(listing);
    SourceRow::new(patch)
}

/// Returns the facet that every conversation here has: a name made from its ID, or nothing unread.
fn facet(facet: Facet, id: &ConversationId, now: Option<Timestamp>) -> ConversationPatch {
    let mut patch = ConversationPatch::new(id.clone());
    match facet {
        Facet::Unread => patch.unread.count = Some(0),
        _ => {
            patch.profile.name = Some(format!("Name of {id}").into());
            patch.profile.avatar = Some("".into());
            patch.profile.read_at = now;
        }
    }
    patch
}

impl Inner {
    fn now(&self) -> Option<Timestamp> {
        (!self.is_timeless).then_some(NOW)
    }
}

#[async_trait]
impl ConversationSource for ScriptedSource {
    fn capabilities(&self) -> Capabilities {
        self.capabilities.clone()
    }

    async fn pull(&self, request: &PullRequest) -> Result<Page, SourceError> {
        let mut inner = self.lock();
        inner.calls.push(Call::Pull(request.cursor.clone()));
        if let Some(Some(answer)) = inner.answers.pop_front() {
            return answer;
        }
        let start = match &request.cursor {
            None => 0,
            Some(cursor) => cursor.as_str().parse().map_err(|_| SourceError::CursorExpired)?,
        };
        let rows: Vec<_> = inner.rows.iter().skip(start).take(self.page_size).cloned().collect();
        let end = start.saturating_add(rows.len());
        let next = (end < inner.rows.len()).then(|| Cursor::new(end.to_string()));
        Ok(Page::new(rows, next, inner.now()))
    }

    async fn hydrate(&self, request: &HydrateRequest) -> Result<Hydrated, SourceError> {
        let mut inner = self.lock();
        inner.calls.push(Call::Hydrate(request.facet, request.ids.clone()));
        match inner.hydrations.pop_front() {
            Some(error) => Err(error),
            None => {
                let found = request.ids.iter().map(|id| facet(request.facet, id, inner.now()));
                Ok(Hydrated::new(found.collect(), Vec::new()))
            }
        }
    }

    async fn profile(&self, request: &ProfileRequest) -> Result<FullProfile, SourceError> {
        let mut inner = self.lock();
        inner.calls.push(Call::Profile(request.id.clone()));
        if inner.rows.iter().any(|row| row.patch.id == request.id) {
            Ok(FullProfile::new(facet(Facet::Profile, &request.id, inner.now())))
        } else {
            Err(SourceError::NotFound)
        }
    }

    async fn groups(&self, _account: &AccountId) -> Result<Groups, SourceError> {
        let mut inner = self.lock();
        inner.calls.push(Call::Groups);
        match inner.namings.pop_front() {
            Some(error) => Err(error),
            None => Ok(Groups::new(inner.groups.clone(), inner.now())),
        }
    }
}

mod mirror;
mod view;
mod writer;

pub use self::{
    mirror::{MirrorCall, MirrorSource},
    view::MemoryView,
    writer::{Habits, Script, ScriptedWriter},
};
